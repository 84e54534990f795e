import keras
import numpy as np
import pytest

from s2s_keras.layers import CrossAttention, Encoded, MultiHeadContext, SelfAttention
from s2s_keras.layers.dot_product_attention import mask_to_bias

HEADS, UNITS = 2, 6
RANDOM = np.random.default_rng(0)
INPUTS = RANDOM.normal(size=(2, 5, UNITS)).astype("float32")
SOURCE = RANDOM.normal(size=(2, 4, 9)).astype("float32")
REAL = np.arange(4) < np.array([4, 2])[:, None]
EARLIER = np.tril(np.ones((5, 5), bool))


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.fixture
def self_attention():
    keras.utils.set_random_seed(1)
    layer = SelfAttention(HEADS)
    layer.build(INPUTS.shape)
    return layer


def keras_attention(query, source, output, shapes):
    """Keras's layer with our weights; `source` holds the kernels of keys and values."""
    theirs = keras.layers.MultiHeadAttention(HEADS, UNITS // HEADS, use_bias=False)
    theirs.build(*shapes)
    keys, values = np.split(numpy(source), 2, axis=1)
    kernels = [each.reshape(-1, HEADS, UNITS // HEADS) for each in (numpy(query), keys, values)]
    theirs.set_weights([*kernels, numpy(output).reshape(HEADS, UNITS // HEADS, UNITS)])
    return theirs


def test_self_attention_equals_that_of_keras(self_attention):
    query, source = np.split(numpy(self_attention.kernel), [UNITS], axis=1)
    output = self_attention.output_kernel
    theirs = keras_attention(query, source, output, (INPUTS.shape, INPUTS.shape))
    expected = theirs(INPUTS, INPUTS, attention_mask=EARLIER[None])
    given = self_attention(INPUTS, bias=mask_to_bias(EARLIER[None, None]))
    np.testing.assert_allclose(numpy(given), numpy(expected), atol=1e-6)


def test_cross_attention_equals_that_of_keras():
    layer = CrossAttention(HEADS)
    layer.build(INPUTS.shape, SOURCE.shape[-1])
    bias = mask_to_bias(REAL[:, None, None])
    given, weights = layer(INPUTS, memory=layer.start(SOURCE), bias=bias)
    theirs = keras_attention(
        layer.query_kernel, layer.source_kernel, layer.output_kernel, (INPUTS.shape, SOURCE.shape)
    )
    mask = np.broadcast_to(REAL[:, None], (2, 5, 4))
    expected, expected_weights = theirs(
        INPUTS, SOURCE, attention_mask=mask, return_attention_scores=True
    )
    np.testing.assert_allclose(numpy(given), numpy(expected), atol=1e-6)
    np.testing.assert_allclose(numpy(weights), numpy(expected_weights), atol=1e-6)
    assert not numpy(weights)[1, :, :, 2:].any()


def test_cached_steps_equal_the_whole_sequence(self_attention):
    """Two slots too few at first: the cache grows on the way."""
    whole = numpy(self_attention(INPUTS, bias=mask_to_bias(EARLIER[None, None])))
    cache = self_attention.start(2, 3)
    for time in range(5):
        if time == 3:
            cache = self_attention.grow(cache, 4)
        slots = cache["values"].shape[2]
        bias = mask_to_bias((np.arange(slots) <= time)[None, None, None])
        one, cache = self_attention.step(INPUTS[:, time], time, cache, bias)
        np.testing.assert_allclose(numpy(one), whole[:, time], atol=1e-6)


def test_heads_must_divide_the_units():
    with pytest.raises(ValueError, match="6 units cannot be split into 4 heads"):
        SelfAttention(4).build((None, None, 6))


def test_inside_a_recurrence_it_is_the_same_formula():
    layer = MultiHeadContext(HEADS, head_units=3)
    layer.build((None, None, UNITS), SOURCE.shape[-1])
    memory = layer.start(Encoded(SOURCE, REAL, None, None))
    query = INPUTS[:, :3]
    weights = layer(query, memory)
    context = layer.context(weights, memory)
    identity = np.eye(UNITS, dtype="float32")
    theirs = keras_attention(
        layer.query_kernel, layer.source_kernel, identity, (query.shape, SOURCE.shape)
    )
    mask = np.broadcast_to(REAL[:, None], (2, 3, 4))
    expected, scores = theirs(query, SOURCE, attention_mask=mask, return_attention_scores=True)
    np.testing.assert_allclose(numpy(context), numpy(expected), atol=1e-6)
    np.testing.assert_allclose(
        numpy(layer.source_weights(weights, memory)), numpy(scores).mean(axis=1), atol=1e-6
    )
    kernel = RANDOM.normal(size=(UNITS, 7)).astype("float32")
    projected = keras.ops.matmul(weights, layer.project(memory, kernel))
    np.testing.assert_allclose(numpy(projected), numpy(context) @ kernel, atol=1e-5)
