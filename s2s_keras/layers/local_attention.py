"""Luong's local attention."""

import keras
from keras import ops

from s2s_keras.errors import InputError
from s2s_keras.layers.attention import masked_softmax
from s2s_keras.layers.multiplicative_attention import MultiplicativeAttention
from s2s_keras.layers.rows import matmul_rows

ALIGNMENTS = ("monotonic", "predictive")


@keras.saving.register_keras_serializable("s2s_keras")
class LocalAttention(MultiplicativeAttention):
    """Multiplicative attention to a window of the source (Luong et al. 2015, section 3.2).

    For the t-th target token, counted from 0, with the query s and a source of S tokens, only the
    positions j with |j - p_t| <= D count; a_j is the softmax of the scores s . W h_j over them.

        monotonic (local-m):   p_t = min(t, S - 1)
                               weights a_j
        predictive (local-p):  p_t = S sigmoid(v . tanh(W_p s))
                               weights a_j exp(-(j - p_t)^2 / (2 (D / 2)^2))

    The paper does not say where local-m looks when the target is longer than the source; here it
    stays at the last token. The weights of local-p sum to less than one, as in the paper.

    `key_kernel` holds sqrt(d) W, transposed, with d the size of s; `position_kernel` W_p and
    `position_vector` v.

    Args:
        window: D, at least 1: how many positions it sees on either side of p_t.
        alignment: `monotonic` or `predictive`.

    Call arguments:
        query: `(batch, width, query_units)`.
        memory: as for `MultiplicativeAttention`, and `positions` j `(batch, 1, source)` and
            `length` S `(batch, 1, 1)`, both int32. Padding must stand at the end.
        position: t, int32 scalar; needed where the alignment is monotonic.

    Returns:
        The weights `(batch, width, source)`, zero outside the window.
    """

    def __init__(self, window, alignment="predictive", **kwargs):
        super().__init__(score="general", **kwargs)
        if window < 1:
            raise InputError(f"a window of {window} positions is too small: choose 1 or more")
        if alignment not in ALIGNMENTS:
            raise InputError(f"unknown alignment {alignment!r}: choose monotonic or predictive")
        self.window = window
        self.alignment = alignment

    def build(self, query_shape, annotation_units):
        """Creates the weights; see `MultiplicativeAttention`."""
        if self.alignment == "predictive":
            units = query_shape[-1]
            self.position_kernel = self.add_weight((units, units), name="position_kernel")
            self.position_vector = self.add_weight((units, 1), name="position_vector")
        super().build(query_shape, annotation_units)

    def start(self, encoded):
        """The memory of an `Encoded` source; see the class."""
        memory = super().start(encoded)
        # Keras would cast floating-point numbers to half precision, which cannot count far.
        real = ops.cast(encoded.mask, "int32")
        positions = ops.cumsum(ops.ones_like(real), axis=-1) - 1
        length = ops.sum(real, axis=-1)
        return {
            **memory,
            "positions": ops.expand_dims(positions, 1),
            "length": ops.expand_dims(ops.expand_dims(length, -1), -1),
        }

    def call(self, query, memory, position=None):
        """See the class."""
        center = self._center(query, memory, position)
        distance = ops.cast(memory["positions"], "float32") - center
        near = ops.abs(distance) <= self.window
        mask = ops.logical_and(near, ops.expand_dims(memory["mask"], 1))
        weights = masked_softmax(self.scores(query, memory), mask)
        if self.alignment == "predictive":
            nearness = ops.exp(-0.5 * ops.square(distance / (self.window / 2)))
            weights = weights * ops.cast(nearness, weights.dtype)
        return weights

    def _center(self, query, memory, position):
        """p_t, `(batch, width, 1)`, or `(batch, 1, 1)` where it is the same for all hypotheses."""
        if self.alignment == "monotonic":
            return ops.cast(ops.minimum(position, memory["length"] - 1), "float32")
        hidden = ops.cast(ops.tanh(matmul_rows(query, self.position_kernel)), "float32")
        # In half precision a share of a long source would be off by more than a position.
        share = ops.sigmoid(matmul_rows(hidden, ops.cast(self.position_vector, "float32")))
        return ops.cast(memory["length"], "float32") * share

    def get_config(self):
        """The arguments of the constructor."""
        config = super().get_config()
        del config["score"]  # it has no other
        return {**config, "window": self.window, "alignment": self.alignment}
