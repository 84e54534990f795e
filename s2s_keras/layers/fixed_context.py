"""A context that does not change: what a decoder without attention sees of the source."""

import keras
from keras import ops

from s2s_keras.layers.attention import Attention


@keras.saving.register_keras_serializable("s2s_keras")
class FixedContext(Attention):
    """Gives every step the same summary c of the source (Cho et al. 2014, section 2.2).

    It takes the place of an attention, so that a model with one and a model without differ in
    nothing else. Its one value is the summary; it looks at no position of the source.

    Call arguments:
        query: `(batch, width, query_units)`; only its shape matters.
        memory: what `start(encoded)` gives: `values`, the summary `(batch, 1, annotation_units)`,
            and `mask` `(batch, source)`.
        position: ignored.

    Returns:
        The weights `(batch, width, 1)` of the one value, all one.
    """

    def build(self, query_shape, annotation_units):
        """Creates nothing: there are no weights to learn."""
        self.built = True

    def start(self, encoded):
        """The memory of an `Encoded` source; see the class."""
        return {"values": ops.expand_dims(encoded.summary, 1), "mask": encoded.mask}

    def call(self, query, memory, position=None):
        """See the class."""
        return ops.ones_like(query[..., :1])

    def source_weights(self, weights, memory):
        """All zero, `(batch, width, source)`."""
        return ops.zeros_like(weights) * ops.cast(ops.expand_dims(memory["mask"], 1), weights.dtype)
