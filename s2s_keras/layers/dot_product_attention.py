"""Scaled dot-product attention, on which multi-head attentions stand."""

from keras import ops

from s2s_keras.layers.attention import NEVER


def mask_to_bias(mask, dtype="float32"):
    """What to add to scores so that masked positions get weight zero.

    Args:
        mask: boolean, True at positions that may be looked at.
        dtype: of the result.

    Returns:
        0 where `mask` is True, a large negative number elsewhere.
    """
    return ops.cast(ops.where(mask, 0.0, NEVER), dtype)


def dot_product_attention(query, keys, values, bias):
    """Scaled dot-product attention (Vaswani et al. 2017, section 3.2.1), a head at a time.

        softmax(Q K^T / sqrt(d) + bias) V

    The division by sqrt(d) is left to whoever projects the queries: it is cheaper there.

    Args:
        query: Q / sqrt(d), `(batch, heads, queries, d)`.
        keys: K^T, `(batch, heads, d, positions)`: laid out as the product wants them, since
            decoding multiplies the same keys at every step.
        values: V, `(batch, heads, positions, d)`.
        bias: float32, broadcast to `(batch, heads, queries, positions)`; see `mask_to_bias`. A
            query for which every position is masked looks at all of them alike.

    Returns:
        The contexts `(batch, heads, queries, d)` and the weights
        `(batch, heads, queries, positions)`.
    """
    weights = dot_product_weights(query, keys, bias)
    return ops.matmul(weights, values), weights


def dot_product_weights(query, keys, bias):
    """The weights alone; see `dot_product_attention`."""
    scores = ops.cast(ops.matmul(query, keys), "float32")
    return ops.cast(ops.softmax(scores + bias), query.dtype)


def split_heads(inputs, heads):
    """`(batch, time, heads * d)` to `(batch, heads, time, d)`."""
    batch, time, units = ops.shape(inputs)
    return ops.swapaxes(ops.reshape(inputs, (batch, time, heads, units // heads)), 1, 2)


def merge_heads(inputs):
    """`(batch, heads, time, d)` to `(batch, time, heads * d)`."""
    batch, heads, time, units = ops.shape(inputs)
    return ops.reshape(ops.swapaxes(inputs, 1, 2), (batch, time, heads * units))
