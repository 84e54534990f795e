import keras
import numpy as np
import pytest

from s2s_keras.layers import AdditiveAttention, Encoded, FixedContext

MASK = np.array([[True, True, True], [True, False, False], [False, False, False]])


@pytest.fixture
def encoded():
    random = np.random.default_rng(0)
    annotations = random.normal(size=(3, 3, 4)).astype("float32")
    state, summary = random.normal(size=(2, 3, 4)).astype("float32")
    return Encoded(annotations, MASK, state, summary)


@pytest.fixture
def attention():
    keras.utils.set_random_seed(2)
    attention = AdditiveAttention(6)
    attention.build((None, None, 5), 4)
    return attention


QUERY = np.random.default_rng(1).normal(size=(3, 1, 5)).astype("float32")


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def attend(attention, encoded):
    memory = attention.start(encoded)
    weights = attention(QUERY, memory)
    context = attention.context(weights, memory)
    return context[:, 0], attention.source_weights(weights, memory)[:, 0]


def test_is_the_papers_formula(attention, encoded):
    context, weights = attend(attention, encoded)
    w, u, v = (numpy(each) for each in attention.weights)
    for row, length in ((0, 3), (1, 1)):
        scores = [
            v[:, 0] @ np.tanh(QUERY[row, 0] @ w + encoded.annotations[row, j] @ u)
            for j in range(length)
        ]
        expected = np.exp(scores) / np.exp(scores).sum()
        np.testing.assert_allclose(numpy(weights)[row, :length], expected, rtol=1e-5)
        np.testing.assert_allclose(
            numpy(context)[row], expected @ encoded.annotations[row, :length], rtol=1e-4
        )


def test_padding_gets_no_weight(attention, encoded):
    context, weights = attend(attention, encoded)
    assert not numpy(weights)[~MASK].any()
    np.testing.assert_allclose(numpy(weights).sum(axis=-1), [1, 1, 0], atol=1e-6)
    assert not numpy(context)[2].any()


def test_equals_keras_additive_attention_where_the_projections_are_done_before(attention, encoded):
    theirs = keras.layers.AdditiveAttention(use_scale=True)
    w, u, v = attention.weights
    query = keras.ops.matmul(QUERY, w)
    keys = keras.ops.matmul(encoded.annotations, u)
    theirs.build([query.shape, encoded.annotations.shape, keys.shape])
    theirs.set_weights([numpy(v)[:, 0]])
    expected = theirs([query, encoded.annotations, keys], mask=[None, MASK])
    context, _ = attend(attention, encoded)
    # Keras gives a row without a real position uniform weights, we give it none.
    np.testing.assert_allclose(numpy(context)[:2], numpy(expected)[:2, 0], rtol=1e-4)


def test_a_fixed_context_is_the_encoders_summary_and_looks_nowhere(encoded):
    attention = FixedContext()
    attention.build((None, None, 5), 4)
    context, weights = attend(attention, encoded)
    np.testing.assert_array_equal(numpy(context), encoded.summary)
    assert weights.shape == (3, 3)
    assert not numpy(weights).any()


@pytest.mark.parametrize("make", [lambda: AdditiveAttention(6), FixedContext])
def test_projected_values_give_projected_contexts(make, encoded):
    attention = make()
    attention.build((None, None, 5), 4)
    memory = attention.start(encoded)
    weights = attention(QUERY, memory)
    kernel = np.random.default_rng(3).normal(size=(4, 9)).astype("float32")
    expected = numpy(attention.context(weights, memory)) @ kernel
    given = keras.ops.matmul(weights, attention.project(memory, kernel))
    np.testing.assert_allclose(numpy(given), expected, atol=1e-5)
