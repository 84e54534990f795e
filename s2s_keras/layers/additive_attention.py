"""Bahdanau's attention."""

import keras
from keras import ops

from s2s_keras.layers.attention import Attention, masked_softmax
from s2s_keras.layers.rows import matmul_rows


@keras.saving.register_keras_serializable("s2s_keras")
class AdditiveAttention(Attention):
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
        query: `(batch, width, query_units)`.
        memory: what `start(encoded)` gives: `keys` U h_j `(batch, source, units)`, `values` h_j
            `(batch, source, annotation_units)` and `mask` `(batch, source)`, boolean. Masked
            positions get weight zero, and so does every position of a row that is all padding.
        position: ignored.

    Returns:
        The weights `(batch, width, source)`, which sum to one.
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, query_shape, annotation_units):
        """Creates the weights.

        Args:
            query_shape: shape of a query, `(batch, width, query_units)`.
            annotation_units: size of an annotation.
        """
        self.query_kernel = self.add_weight((query_shape[-1], self.units), name="query_kernel")
        self.key_kernel = self.add_weight((annotation_units, self.units), name="key_kernel")
        self.score_vector = self.add_weight((self.units, 1), name="score_vector")
        self.built = True

    def start(self, encoded):
        """The memory of an `Encoded` source; see the class."""
        keys = matmul_rows(encoded.annotations, self.key_kernel)
        return {"keys": keys, "values": encoded.annotations, "mask": encoded.mask}

    def call(self, query, memory, position=None):
        """See the class."""
        projected_query = ops.expand_dims(matmul_rows(query, self.query_kernel), 2)
        compared = ops.tanh(projected_query + ops.expand_dims(memory["keys"], 1))
        scores = ops.squeeze(matmul_rows(compared, self.score_vector), -1)
        return masked_softmax(scores, ops.expand_dims(memory["mask"], 1))

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "units": self.units}
