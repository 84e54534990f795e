"""A bidirectional recurrence over the source."""

import keras
from keras import ops

from s2s_keras.layers.encoded import Encoded
from s2s_keras.layers.gru_cell import GRUCell
from s2s_keras.layers.scan import scan_time


@keras.saving.register_keras_serializable("s2s_keras")
class RecurrentEncoder(keras.layers.Layer):
    """A bidirectional GRU (Bahdanau et al. 2015, section 3.2 and appendix A.2.1).

    The annotation h_j of a position is the forward state, which has read the source up to it,
    beside the backward state, which has read the source from its end back to it. Both directions
    step in the same loop.

    Padding must stand at the end. It leaves a state as it was: the forward state stays that of the
    last real token, the backward one is zero until it meets the last real token.

    Args:
        units: size of each direction's state.

    Call arguments:
        inputs: `(batch, source, features)`.
        mask: `(batch, source)`, boolean, False at padding.

    Returns:
        An `Encoded`. `annotations` have `2 * units` units. `state` is the forward state after the
        last token, with `units` units; the backward state after the first token is not part of it,
        because a decoder that starts from that knows its first word without looking. `summary` has
        both.
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.units = units
        self.forward_cell = GRUCell(units, name="forward")
        self.backward_cell = GRUCell(units, name="backward")

    @property
    def annotation_units(self):
        """Size of an annotation, and of the summary."""
        return 2 * self.units

    @property
    def state_units(self):
        """Size of the state."""
        return self.units

    def build(self, input_shape):
        """Creates the weights for inputs of `input_shape`, `(batch, source, features)`."""
        self.forward_cell.build(input_shape)
        self.backward_cell.build(input_shape)
        self.built = True

    def call(self, inputs, mask, training=None):
        """See the class."""
        real = ops.cast(ops.expand_dims(mask, -1), inputs.dtype)
        steps = (
            self.forward_cell.project(inputs),
            real,
            ops.flip(self.backward_cell.project(inputs), axis=1),
            ops.flip(real, axis=1),
        )
        zeros = self.forward_cell.initial_state(ops.shape(inputs)[0])
        forwards, backwards = scan_time(self._step, (zeros, zeros), steps)
        annotations = ops.concatenate([forwards, ops.flip(backwards, axis=1)], axis=-1)
        return Encoded(
            annotations=annotations * real,
            mask=mask,
            state=forwards[:, -1],
            summary=ops.concatenate([forwards[:, -1], backwards[:, -1]], axis=-1),
        )

    def _step(self, states, inputs, time):
        forward, backward = states
        projected, real, projected_back, real_back = inputs
        return (
            ops.where(real > 0, self.forward_cell(projected, forward), forward),
            ops.where(real_back > 0, self.backward_cell(projected_back, backward), backward),
        )

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "units": self.units}
