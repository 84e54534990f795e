"""Multi-head attention: of a sequence to itself, and of one sequence to another."""

import keras
from keras import ops

from s2s_keras.layers.dot_product_attention import (
    dot_product_weights,
    merge_heads,
    merge_heads_to_rows,
    softmax_of_few,
    split_heads,
)
from s2s_keras.layers.dropout import Dropout
from s2s_keras.layers.rows import matmul_rows


class _MultiHead(keras.layers.Layer):
    """What both kinds have in common: heads, dropout of weights, the output projection W_O."""

    def __init__(self, heads, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.heads = heads
        self.dropout_rate = dropout
        self.dropout = Dropout(dropout, name="dropout")

    def _kernel(self, name, rows, columns):
        return self.add_weight((rows, columns), "glorot_uniform", name=name)

    def _check(self, units):
        if units % self.heads:
            raise ValueError(f"{units} units cannot be split into {self.heads} heads of one size")

    def _scale(self, tensor):
        """Over sqrt(d). Keys may be divided in place of the queries that they meet."""
        return tensor * (self.units // self.heads) ** -0.5

    def _attend(self, query, keys, values, bias, training=None):
        """Contexts `(batch, heads, queries, d)`, weights `(batch, heads, queries, positions)`."""
        weights = dot_product_weights(query, keys, bias)
        return ops.matmul(self.dropout(weights, training=training), values), weights

    def _attend_in_step(self, query, keys, values, bias):
        """As `_attend`, with the contexts as rows `(batch * queries, heads * d)`."""
        weights = dot_product_weights(query, keys, bias, softmax_of_few)
        return merge_heads_to_rows(ops.matmul(weights, values)), weights

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
        query, keys, values = self._project(matmul_rows(inputs, self.kernel))
        contexts, _ = self._attend(query, keys, values, bias, training)
        return matmul_rows(merge_heads(contexts), self.output_kernel)

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
            inputs: `(batch * width, units)`, one row a hypothesis.
            slot: int32 scalar, the first of the `width` slots to write to.
            cache: what `start` or the step before gave.
            bias: float32 `(batch, 1, width, slots)`, which rules out all slots but those that the
                hypothesis descends from and its own.

        Returns:
            The outputs `(batch * width, units)`, and the cache with the inputs' keys and values.
        """
        query, keys, values = self._project(ops.matmul(inputs, self.kernel), bias.shape[2])
        # Outside of `call`, Keras leaves weights in 32 bits where the cache has 16.
        keys, values = (ops.cast(each, self.compute_dtype) for each in (keys, values))
        cache = {
            "keys": ops.slice_update(cache["keys"], (0, 0, 0, slot), keys),
            "values": ops.slice_update(cache["values"], (0, 0, slot, 0), values),
        }
        contexts, _ = self._attend_in_step(query, cache["keys"], cache["values"], bias)
        return ops.matmul(contexts, self.output_kernel), cache

    def _project(self, projected, time=None):
        """Queries over sqrt(d), transposed keys, and values: `(batch, heads, ...)`."""
        query, keys, values = ops.split(split_heads(projected, 3 * self.heads, time), 3, axis=1)
        return self._scale(query), ops.swapaxes(keys, 2, 3), values


@keras.saving.register_keras_serializable("s2s_keras")
class CrossAttention(_MultiHead):
    """Multi-head attention of a target to a source (Vaswani et al. 2017, section 3.2.3).

    `query_kernel` holds W_Q, `source_kernel` W_K and W_V side by side, `output_kernel` W_O, each of
    all heads. The source's keys and values are computed once, by `start`.

    Args:
        heads: number of heads, which divides the size of the queries.
        dropout: share of the attention's weights dropped in training.

    Call arguments:
        inputs: `(batch, queries, units)`.
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

        `keys`, over sqrt(d), are `(batch, heads, d, source)`; `values` have the last two swapped.
        """
        projected = matmul_rows(annotations, self.source_kernel)
        keys, values = ops.split(split_heads(projected, 2 * self.heads), 2, axis=1)
        return {"keys": self._scale(ops.swapaxes(keys, 2, 3)), "values": values}

    def call(self, inputs, memory, bias, training=None):
        """See the class."""
        query = split_heads(matmul_rows(inputs, self.query_kernel), self.heads)
        contexts, weights = self._attend(query, memory["keys"], memory["values"], bias, training)
        return matmul_rows(merge_heads(contexts), self.output_kernel), weights

    def step(self, inputs, width, memory, bias):
        """As `call`, for rows `(batch * width, units)` and outputs of that shape."""
        query = split_heads(ops.matmul(inputs, self.query_kernel), self.heads, width)
        contexts, weights = self._attend_in_step(query, memory["keys"], memory["values"], bias)
        return ops.matmul(contexts, self.output_kernel), weights
