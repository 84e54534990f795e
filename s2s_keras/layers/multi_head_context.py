"""Multi-head attention inside a recurrence."""

import keras
from keras import ops

from s2s_keras.layers.attention import Attention
from s2s_keras.layers.dot_product_attention import (
    dot_product_weights,
    mask_to_bias,
    merge_heads,
    split_heads,
)
from s2s_keras.layers.rows import matmul_rows


@keras.saving.register_keras_serializable("s2s_keras")
class MultiHeadContext(Attention):
    """Multi-head attention (Vaswani et al. 2017, section 3.2.2) for a recurrent decoder.

    `query_kernel` holds W_Q, `source_kernel` W_K and W_V side by side. The context is the heads'
    contexts side by side; what the decoder does with it takes the place of W_O.

    Args:
        heads: number of heads.
        head_units: size d of a head's queries, keys and values.

    Call arguments:
        query: `(batch, width, query_units)`.
        memory: what `start(encoded)` gives: `keys` `(batch, heads, head_units, source)`, `values`
            `(batch, heads, source, head_units)`, and `bias` `(batch, 1, 1, source)`.
        position: ignored.

    Returns:
        The weights `(batch, width, heads * source)`: those of the first head, then of the second.
    """

    def __init__(self, heads, head_units, **kwargs):
        super().__init__(**kwargs)
        self.heads = heads
        self.head_units = head_units

    def build(self, query_shape, annotation_units):
        """Creates the weights.

        Args:
            query_shape: shape of a query, `(batch, width, query_units)`.
            annotation_units: size of an annotation.
        """
        units = self.heads * self.head_units
        self.query_kernel = self.add_weight((query_shape[-1], units), name="query_kernel")
        self.source_kernel = self.add_weight((annotation_units, 2 * units), name="source_kernel")
        self.built = True

    def value_units(self, annotation_units):
        """The size of a context: that of all heads together."""
        return self.heads * self.head_units

    def start(self, encoded):
        """The memory of an `Encoded` source; see the class."""
        projected = matmul_rows(encoded.annotations, self.source_kernel)
        keys, values = ops.split(split_heads(projected, 2 * self.heads), 2, axis=1)
        bias = mask_to_bias(ops.expand_dims(ops.expand_dims(encoded.mask, 1), 1))
        return {"keys": ops.swapaxes(keys, 2, 3), "values": values, "bias": bias}

    def call(self, query, memory, position=None):
        """See the class."""
        query = matmul_rows(query, self.query_kernel) * self.head_units**-0.5
        query = split_heads(query, self.heads)
        weights = dot_product_weights(query, memory["keys"], memory["bias"])
        # A source that is all padding has weights otherwise, all equal.
        weights = ops.where(memory["bias"] == 0, weights, ops.zeros_like(weights))
        return ops.concatenate(ops.unstack(weights, self.heads, axis=1), axis=-1)

    def context(self, weights, memory):
        """The contexts `(batch, width, heads * head_units)`."""
        return merge_heads(ops.matmul(self._of_heads(weights), memory["values"]))

    def project(self, memory, kernel):
        """The values of each head times its rows of `kernel`, `(batch, heads * source, units)`."""
        kernel = ops.reshape(kernel, (self.heads, self.head_units, -1))
        projected = ops.matmul(memory["values"], kernel)
        batch, heads, source, units = ops.shape(projected)
        return ops.reshape(projected, (batch, heads * source, units))

    def source_weights(self, weights, memory):
        """The mean over the heads, `(batch, width, source)`."""
        return ops.mean(self._of_heads(weights), axis=1)

    def _of_heads(self, weights):
        """`(batch, width, heads * source)` to `(batch, heads, width, source)`."""
        # Source is unknown in graphs, where `split_heads` needs what it splits.
        return ops.stack(ops.split(weights, self.heads, axis=-1), axis=1)

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "heads": self.heads, "head_units": self.head_units}
