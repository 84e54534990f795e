"""Token ids to vectors, and vectors to logits."""

import keras
from keras import ops

from s2s_keras.layers.rows import flatten_rows, matmul_rows
from s2s_keras.special_ids import PADDING


@keras.saving.register_keras_serializable("s2s_keras")
class TokenEmbedding(keras.layers.ReversibleEmbedding):
    """An embedding table that is the softmax's matrix too, if tied (Press & Wolf 2017).

    Embedded tokens are multiplied by the square root of `output_dim` (Vaswani et al. 2017, section
    3.4) and the table starts with a standard deviation of one over that root, so that embedded
    tokens and tied logits both start with a variance of one.

    Args:
        input_dim: number of token ids.
        output_dim: size of an embedded token.
        tie_weights: whether `reverse` uses the same table, transposed.

    Call arguments:
        inputs: ids int32 `(batch, time)`; with `reverse`, vectors `(batch, time, output_dim)`.
        reverse: whether to compute logits.

    Returns:
        Vectors `(batch, time, output_dim)`; with `reverse`, logits `(batch, time, input_dim)`.
    """

    def __init__(self, input_dim, output_dim, tie_weights=True, **kwargs):
        kwargs.setdefault(
            "embeddings_initializer", keras.initializers.RandomNormal(stddev=output_dim**-0.5)
        )
        super().__init__(input_dim, output_dim, tie_weights=tie_weights, **kwargs)

    def call(self, inputs, reverse=False, training=None):
        """See the class."""
        if not reverse:
            look_up = _look_up_for_training if training else _look_up
            embedded = look_up(self.embeddings, inputs) * self.output_dim**0.5
            return ops.cast(embedded, self.compute_dtype)
        kernel = ops.transpose(self.embeddings) if self.tie_weights else self.reverse_embeddings
        return matmul_rows(inputs, kernel)

    def logits(self, rows):
        """Logits `(rows, input_dim)` of the few rows `(rows, output_dim)` of a decoding step.

        A layer of 16 bits that calls this has 16-bit products here too, unlike with `reverse`.
        """
        if not self.tie_weights:
            return ops.matmul(rows, self.reverse_embeddings)
        # The table is by far the larger factor: put first, it is read as it lies in memory.
        return ops.transpose(ops.matmul(self.embeddings, ops.transpose(rows)))

    def compute_mask(self, inputs, mask=None):
        """False at padding, `(batch, time)`."""
        return ops.not_equal(inputs, PADDING)


def _look_up(table, ids):
    return ops.take(table, ids, axis=0)


def _look_up_for_training(table, ids):
    """`table[ids]`, whose gradient is scattered into a table of zeros.

    TensorFlow's own gradient sorts the ids first, which takes several times as long.
    """

    @ops.custom_gradient
    def look_up(table):
        def gradient(upstream):
            rows = flatten_rows(upstream)
            return ops.scatter(ops.reshape(ids, (-1, 1)), rows, ops.shape(table))

        return _look_up(table, ids), gradient

    return look_up(ops.copy(table))  # a tensor, where the table is a variable
