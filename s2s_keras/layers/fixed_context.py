"""A context that does not change: what a decoder without attention sees of the source."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("s2s_keras")
class FixedContext(keras.layers.Layer):
    """Gives every step the same summary c of the source (Cho et al. 2014, section 2.2).

    It takes the place of an attention, so that a model with one and a model without differ in
    nothing else. It looks at no position: its weights are zero.

    Call arguments:
        query: ignored.
        memory: what `start(encoded)` gives: `summary` `(batch, units)`, `mask` `(batch, source)`.

    Returns:
        The summary and the weights `(batch, source)`, all zero.
    """

    def build(self, query_shape, memory_shape):
        """Creates nothing: there are no weights to learn."""
        self.built = True

    def start(self, encoded):
        """The memory of an `Encoded` source; see the class."""
        return {"summary": encoded.summary, "mask": encoded.mask}

    def call(self, query, memory):
        """See the class."""
        summary = memory["summary"]
        return summary, ops.zeros_like(memory["mask"], dtype=summary.dtype)
