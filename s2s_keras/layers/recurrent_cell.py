"""What the cells of recurrences have in common."""

import keras
from keras import ops

from s2s_keras.layers.rows import matmul_rows


class RecurrentCell(keras.layers.Layer):
    """One step of a recurrence: from an input and the state before it to the next state.

    The part that depends on the input alone is computed by `project` for all time steps in one
    product; `call` does the rest for one step.

    A state is one tensor `(..., state_units)`. What a reader of the recurrence sees of it is
    `output(state)`, `(..., units)`.

    A subclass has `call`, says in `gates` how many blocks of `units` columns its kernels have, and
    overrides `state_units` and `output` if its state is more than its output, and `add_bias` and
    `project` if its bias is more than one row.

    Args:
        units: size of the output.

    Call arguments:
        projected: `(..., gates * units)`, what `project` gives for this step.
        state: `(..., state_units)`.

    Returns:
        The next state, `(..., state_units)`.
    """

    gates = 1

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    @property
    def state_units(self):
        """Size of the state."""
        return self.units

    def build(self, input_shape):
        """Creates the weights for inputs of `input_shape`, `(..., features)`."""
        width = self.gates * self.units
        self.kernel = self.add_weight((input_shape[-1], width), "glorot_uniform", name="kernel")
        self.recurrent_kernel = self.add_weight(
            (self.units, width), "orthogonal", name="recurrent_kernel"
        )
        self.bias = self.add_bias(width)
        self.built = True

    def add_bias(self, width):
        """Creates the bias."""
        return self.add_weight((width,), "zeros", name="bias")

    def project(self, inputs):
        """W x + b for inputs `(..., features)`: `(..., gates * units)`."""
        return matmul_rows(inputs, self.kernel) + self.bias

    def call(self, projected, state):
        """One step; see the class."""
        raise NotImplementedError

    def initial_state(self, batch_size):
        """A state of zeros, `(batch, state_units)`."""
        return ops.zeros((batch_size, self.state_units), dtype=self.compute_dtype)

    def output(self, state):
        """What a reader sees of states `(..., state_units)`: `(..., units)`."""
        return state

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "units": self.units}
