import keras
import numpy as np
import pytest

from s2s_keras.errors import InputError
from s2s_keras.layers import Encoded, MultiplicativeAttention

MASK = np.array([[True, True, True], [True, False, False], [False, False, False]])
RANDOM = np.random.default_rng(0)
ANNOTATIONS = RANDOM.normal(size=(3, 3, 4)).astype("float32")
ENCODED = Encoded(ANNOTATIONS, MASK, ANNOTATIONS[:, 0], ANNOTATIONS[:, 0])


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def build(score, query_units):
    keras.utils.set_random_seed(2)
    attention = MultiplicativeAttention(score)
    attention.build((None, None, query_units), 4)
    return attention


@pytest.mark.parametrize(("score", "query_units"), [("general", 5), ("dot", 4), ("scaled-dot", 4)])
def test_is_the_papers_formula(score, query_units):
    attention = build(score, query_units)
    query = RANDOM.normal(size=(3, 2, query_units)).astype("float32")
    w = {"dot": np.eye(4), "scaled-dot": np.eye(4) / 4**0.5}.get(score)
    if score == "general":
        w = numpy(attention.key_kernel).T / query_units**0.5
    memory = attention.start(ENCODED)
    weights = numpy(attention(query, memory))
    contexts = numpy(attention.context(weights, memory))
    for row, length in ((0, 3), (1, 1)):
        for hypothesis in range(2):
            scores = [query[row, hypothesis] @ w @ ANNOTATIONS[row, j] for j in range(length)]
            expected = np.exp(scores) / np.exp(scores).sum()
            np.testing.assert_allclose(weights[row, hypothesis, :length], expected, rtol=1e-4)
            context = expected @ ANNOTATIONS[row, :length]
            np.testing.assert_allclose(contexts[row, hypothesis], context, rtol=1e-4, atol=1e-6)


def test_equals_keras_attention():
    query = RANDOM.normal(size=(3, 2, 4)).astype("float32")
    attention = build("dot", 4)
    memory = attention.start(ENCODED)
    context = numpy(attention.context(attention(query, memory), memory))
    expected = keras.layers.Attention()([query, ANNOTATIONS], mask=[None, MASK])
    # Keras gives a row without a real position uniform weights, we give it none.
    np.testing.assert_allclose(context[:2], numpy(expected)[:2], rtol=1e-4, atol=1e-6)
    assert not context[2].any()


def test_padding_gets_no_weight():
    attention = build("general", 5)
    query = RANDOM.normal(size=(3, 1, 5)).astype("float32")
    weights = numpy(attention(query, attention.start(ENCODED)))[:, 0]
    assert not weights[~MASK].any()
    np.testing.assert_allclose(weights.sum(axis=-1), [1, 1, 0], atol=1e-6)


@pytest.mark.parametrize("score", ["dot", "scaled-dot"])
def test_a_score_without_weights_needs_one_size(score):
    with pytest.raises(InputError, match=f"{score} needs .* as an annotation has, 4, not 5"):
        build(score, 5)


def test_an_unknown_score_is_refused():
    with pytest.raises(InputError, match="unknown attention score 'cosine'"):
        MultiplicativeAttention("cosine")
