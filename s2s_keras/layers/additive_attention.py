"""Bahdanau's attention."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("s2s_keras")
class AdditiveAttention(keras.layers.Layer):
    """Additive attention (Bahdanau et al. 2015, section 3.1 and appendix A.1.2).

    With the query s (the decoder's previous state) and the annotations h_j:

        e_j = v . tanh(W s + U h_j)        scores
        a_j = exp(e_j) / sum_k exp(e_k)    weights, over the real positions
        c   = sum_j a_j h_j                context

    `query_kernel` holds W, `key_kernel` U, `score_vector` v. U h_j does not depend on the query, so
    it is computed once a source, by `start`.

    Args:
        units: size of the hidden layer that compares query and annotation.

    Call arguments:
        query: `(batch, query_units)`.
        memory: what `start(encoded)` gives: `keys` U h_j `(batch, source, units)`, `values` h_j
            `(batch, source, value_units)` and `mask` `(batch, source)`, boolean. Masked positions
            get weight zero, and so does every position of a row that is all padding.

    Returns:
        The context `(batch, value_units)` and the weights `(batch, source)`, which sum to one.
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, query_shape, memory_shape):
        """Creates the weights.

        Args:
            query_shape: shape of a query, `(batch, query_units)`.
            memory_shape: shapes of the memory's tensors; that of `values` decides.
        """
        values_shape = memory_shape["values"]
        self.query_kernel = self.add_weight((query_shape[-1], self.units), name="query_kernel")
        self.key_kernel = self.add_weight((values_shape[-1], self.units), name="key_kernel")
        self.score_vector = self.add_weight((self.units, 1), name="score_vector")
        self.built = True

    def start(self, encoded):
        """The memory of an `Encoded` source; see the class."""
        keys = ops.matmul(encoded.annotations, self.key_kernel)
        return {"keys": keys, "values": encoded.annotations, "mask": encoded.mask}

    def call(self, query, memory):
        """See the class."""
        projected_query = ops.expand_dims(ops.matmul(query, self.query_kernel), 1)
        scores = ops.matmul(ops.tanh(projected_query + memory["keys"]), self.score_vector)
        # Large and finite: minus infinity would give NaN where a whole row is masked.
        scores = ops.where(memory["mask"], ops.squeeze(scores, -1), -1e9)
        weights = ops.where(memory["mask"], ops.softmax(scores), 0.0)
        context = ops.matmul(ops.expand_dims(weights, 1), memory["values"])
        return ops.squeeze(context, 1), weights

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "units": self.units}
