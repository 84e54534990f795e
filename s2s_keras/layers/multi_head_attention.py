"""Multi-head attention: of a sequence to itself, and of one sequence to another."""

import keras
from keras import ops

from s2s_keras.layers.dot_product_attention import (
    dot_product_weights,
    merge_heads,
    split_heads,
)


class _MultiHead(keras.layers.Layer):
    """What both kinds have in common: heads, dropout of weights, the output projection W_O."""

    def __init__(self, heads, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.heads = heads
        self.dropout_rate = dropout
        self.dropout = keras.layers.Dropout(dropout, name="dropout")

    def _kernel(self, name, rows, columns):
        return self.add_weight((rows, columns), "glorot_uniform", name=name)

    def _check(self, units):
        if units % self.heads:
            raise ValueError(f"{units} units cannot be split into {self.heads} heads of one size")

    def _attend(self, query, keys, values, bias, training=None):
        """Outputs `(batch, queries, units)` and weights `(batch, heads, queries, positions)`."""
        weights = dot_product_weights(query, keys, bias)
        contexts = ops.matmul(self.dropout(weights, training=training), values)
        return ops.matmul(merge_heads(contexts), self.output_kernel), weights

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "heads": self.heads, "dropout": self.dropout_rate}


@keras.saving.register_keras_serializable("s2s_keras")
class SelfAttention(_MultiHead):
    """Multi-head attention of a sequence to itself (Vaswani et al. 2017, section 3.2.2).

    With X the inputs, and for each head the queries X W_Q, keys X W_K, values X W_V:

        head = softmax(X W_Q (X W_K)^T / sqrt(d)) X W_V
        outputs = [head_1; ...; head_n] W_O

    `kernel` holds W_Q, W_K and W_V of all heads side by side, so that one product serves all;
    `output_kernel` holds W_O. There are no biases, as in the paper.

    Decoding keeps the keys and values of what was read in a cache of fixed size. Its slots hold the
    `width` hypotheses of position 0, then those of position 1, and so on. Keys stay where they are
    when hypotheses change places: a hypothesis knows by its bias which slots are its own past.

    Args:
        heads: number of heads, which divides the size of the inputs.
        dropout: share of the attention's weights dropped in training.

    Call arguments:
        inputs: `(batch, time, units)`.
        bias: float32, broadcast to `(batch, heads, time, time)`; see `mask_to_bias`.

    Returns:
        `(batch, time, units)`.
    """

    def build(self, input_shape):
        """Creates the weights for inputs of `input_shape`, `(batch, time, units)`."""
        self.units = input_shape[-1]
        self._check(self.units)
        self.kernel = self._kernel("kernel", self.units, 3 * self.units)
        self.output_kernel = self._kernel("output_kernel", self.units, self.units)
        self.built = True

    def call(self, inputs, bias, training=None):
        """See the class."""
        return self._attend(*self._project(inputs), bias, training)[0]

    def start(self, batch, slots):
        """An empty cache: `keys` `(batch, heads, d, slots)`, `values` with the last two swapped."""
        units = self.units // self.heads
        return {
            "keys": ops.zeros((batch, self.heads, units, slots), self.compute_dtype),
            "values": ops.zeros((batch, self.heads, slots, units), self.compute_dtype),
        }

    def grow(self, cache, slots):
        """The cache with `slots` more slots at its end."""
        keys, values = cache["keys"], cache["values"]
        return {
            "keys": ops.pad(keys, ((0, 0), (0, 0), (0, 0), (0, slots))),
            "values": ops.pad(values, ((0, 0), (0, 0), (0, slots), (0, 0))),
        }

    def step(self, inputs, slot, cache, bias):
        """Attends to what was read, and to the inputs themselves.

        Args:
            inputs: `(batch, width, units)`, one vector a hypothesis.
            slot: int32 scalar, the first of the `width` slots to write to.
            cache: what `start` or the step before gave.
            bias: float32 `(batch, 1, width, slots)`, which rules out all slots but those that the
                hypothesis descends from and its own.

        Returns:
            The outputs `(batch, width, units)`, and the cache with the inputs' keys and values.
        """
        query, keys, values = self._project(inputs)
        cache = {
            "keys": ops.slice_update(cache["keys"], (0, 0, 0, slot), keys),
            "values": ops.slice_update(cache["values"], (0, 0, slot, 0), values),
        }
        return self._attend(query, cache["keys"], cache["values"], bias)[0], cache

    def _project(self, inputs):
        """Queries over sqrt(d), transposed keys, and values: `(batch, heads, ...)`."""
        projected = split_heads(ops.matmul(inputs, self.kernel), 3 * self.heads)
        query, keys, values = ops.split(projected, 3, axis=1)
        return query * (self.units // self.heads) ** -0.5, ops.swapaxes(keys, 2, 3), values


@keras.saving.register_keras_serializable("s2s_keras")
class CrossAttention(_MultiHead):
    """Multi-head attention of a target to a source (Vaswani et al. 2017, section 3.2.3).

    `query_kernel` holds W_Q, `source_kernel` W_K and W_V side by side, `output_kernel` W_O, each of
    all heads. The source's keys and values are computed once, by `start`.

    Args:
        heads: number of heads, which divides the size of the queries.
        dropout: share of the attention's weights dropped in training.

    Call arguments:
        inputs: `(batch, queries, units)`: the positions of a target, or the hypotheses of a step.
        memory: what `start` gives.
        bias: float32, broadcast to `(batch, heads, queries, source)`; see `mask_to_bias`.

    Returns:
        The outputs `(batch, queries, units)` and the weights `(batch, heads, queries, source)`.
    """

    def build(self, input_shape, annotation_units):
        """Creates the weights for inputs of `input_shape`, `(batch, queries, units)`."""
        self.units = input_shape[-1]
        self._check(self.units)
        self.query_kernel = self._kernel("query_kernel", self.units, self.units)
        self.source_kernel = self._kernel("source_kernel", annotation_units, 2 * self.units)
        self.output_kernel = self._kernel("output_kernel", self.units, self.units)
        self.built = True

    def start(self, annotations):
        """The memory of `annotations` `(batch, source, annotation_units)`.

        `keys` are `(batch, heads, d, source)`, `values` `(batch, heads, source, d)`.
        """
        projected = split_heads(ops.matmul(annotations, self.source_kernel), 2 * self.heads)
        keys, values = ops.split(projected, 2, axis=1)
        return {"keys": ops.swapaxes(keys, 2, 3), "values": values}

    def call(self, inputs, memory, bias, training=None):
        """See the class."""
        query = ops.matmul(inputs, self.query_kernel) * (self.units // self.heads) ** -0.5
        query = split_heads(query, self.heads)
        return self._attend(query, memory["keys"], memory["values"], bias, training)
