"""Luong's global attention."""

import keras
from keras import ops

from s2s_keras.errors import InputError
from s2s_keras.layers.attention import Attention, masked_softmax
from s2s_keras.layers.rows import matmul_rows

SCORES = ("general", "dot", "scaled-dot")


@keras.saving.register_keras_serializable("s2s_keras")
class MultiplicativeAttention(Attention):
    """Multiplicative attention (Luong et al. 2015, section 3.1).

    With the query s (in the paper h_t) and the annotations h_j (in the paper h_s):

        e_j = s . W h_j                    scores, `general`
        e_j = s . h_j                      scores, `dot`
        e_j = s . h_j / sqrt(d)            scores, `scaled-dot`; d: size of the query
        a_j = exp(e_j) / sum_k exp(e_k)    weights, over the real positions
        c   = sum_j a_j h_j                context

    `key_kernel` holds sqrt(d) W, transposed. All but the product with s does not depend on the
    query, so it is computed once a source, by `start`.

    A score is a sum of d products, and where it lies far from the others, one position gets all the
    weight and the gradient vanishes. So the third is scaled (Vaswani et al. 2017, section 3.2.1),
    and W is stored so that an update, which moves each stored number about as far, moves the scores
    as little. Only `dot` is as published; it learns slowly, and least where annotations are large.

    Args:
        score: `general`, `dot` or `scaled-dot`. The last two need queries and annotations of one
            size.

    Call arguments:
        query: `(batch, width, query_units)`.
        memory: what `start(encoded)` gives: `keys` `(batch, source, query_units)`, with which the
            scores are s . keys, `values` h_j `(batch, source, annotation_units)` and `mask`
            `(batch, source)`, boolean. Masked positions get weight zero, and so does every position
            of a row that is all padding.
        position: ignored.

    Returns:
        The weights `(batch, width, source)`, which sum to one.
    """

    def __init__(self, score="general", **kwargs):
        super().__init__(**kwargs)
        if score not in SCORES:
            raise InputError(f"unknown attention score {score!r}: choose from {', '.join(SCORES)}")
        self.score = score

    def build(self, query_shape, annotation_units):
        """Creates the weights.

        Args:
            query_shape: shape of a query, `(batch, width, query_units)`.
            annotation_units: size of an annotation.

        Raises:
            InputError: if W is missing, and queries and annotations differ in size.
        """
        query_units = query_shape[-1]
        if self.score == "general":
            self.key_kernel = self.add_weight((annotation_units, query_units), name="key_kernel")
        elif query_units != annotation_units:
            raise InputError(
                f"the score {self.score} needs a decoder of as many units as an annotation has, "
                f"{annotation_units}, not {query_units}: change one of them, or choose general"
            )
        self.built = True

    def start(self, encoded):
        """The memory of an `Encoded` source; see the class."""
        keys = encoded.annotations
        if self.score == "general":
            keys = matmul_rows(keys, self.key_kernel)
        if self.score != "dot":
            keys = keys * keys.shape[-1] ** -0.5
        return {"keys": keys, "values": encoded.annotations, "mask": encoded.mask}

    def call(self, query, memory, position=None):
        """See the class."""
        return masked_softmax(self.scores(query, memory), ops.expand_dims(memory["mask"], 1))

    def scores(self, query, memory):
        """The scores e `(batch, width, source)`, padding included."""
        return ops.matmul(query, ops.swapaxes(memory["keys"], 1, 2))

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "score": self.score}
