"""Scaled dot-product attention, on which multi-head attentions stand."""

from keras import ops

# Large, finite, and a number in float16 too, to which Keras casts what a layer is called with.
MASKED = -3e4


def mask_to_bias(mask):
    """What to add to scores so that masked positions get weight zero.

    Args:
        mask: boolean, True at positions that may be looked at.

    Returns:
        0 where `mask` is True, `MASKED` elsewhere, in float32.
    """
    return ops.cast(ops.where(mask, 0.0, MASKED), "float32")


def dot_product_weights(query, keys, bias, softmax=ops.softmax):
    """The weights of scaled dot-product attention (Vaswani et al. 2017, section 3.2.1).

        softmax(Q K^T / sqrt(d) + bias)

    Args:
        query: Q / sqrt(d), `(batch, heads, queries, d)`.
        keys: K^T, `(batch, heads, d, positions)`: laid out as the product wants them, since
            decoding multiplies the same keys at every step.
        bias: float32, broadcast to `(batch, heads, queries, positions)`; see `mask_to_bias`. A
            query for which every position is masked looks at them as if none was.
        softmax: `ops.softmax`, or `softmax_of_few`.

    Returns:
        `(batch, heads, queries, positions)`, to be multiplied with the values V.
    """
    scores = ops.cast(ops.matmul(query, keys), "float32")
    return ops.cast(softmax(scores + ops.cast(bias, "float32")), query.dtype)


def softmax_of_few(scores):
    """Softmax over the last axis, for the few queries of a decoding step.

    The operator behind `ops.softmax` may wait for its threads ten times as long as it computes.
    """
    powers = ops.exp(scores - ops.max(scores, axis=-1, keepdims=True))
    return powers / ops.sum(powers, axis=-1, keepdims=True)


def split_heads(inputs, heads, time=None):
    """The heads apart, `(batch, heads, time, d)`.

    Args:
        inputs: `(batch, time, heads * d)`, or with `time`, `(batch * time, heads * d)`.
        heads: an integer.
        time: an integer.
    """
    units = inputs.shape[-1] // heads
    if time == 1:  # Then there is nothing to swap.
        return ops.reshape(inputs, (-1, heads, 1, units))
    # A loop that carries what comes of this wants to know the batch again if it knew it before.
    batch = -1 if time or inputs.shape[0] is None else inputs.shape[0]
    time = time or ops.shape(inputs)[1]
    return ops.swapaxes(ops.reshape(inputs, (batch, time, heads, units)), 1, 2)


def merge_heads(inputs):
    """`(batch, heads, time, d)` to `(batch, time, heads * d)`."""
    _, heads, time, units = ops.shape(inputs)
    batch = -1 if inputs.shape[0] is None else inputs.shape[0]
    return ops.reshape(ops.swapaxes(inputs, 1, 2), (batch, time, heads * units))


def merge_heads_to_rows(inputs):
    """`(batch, heads, time, d)` to `(batch * time, heads * d)`."""
    _, heads, time, units = inputs.shape
    if time != 1:
        inputs = ops.swapaxes(inputs, 1, 2)
    return ops.reshape(inputs, (-1, heads * units))
