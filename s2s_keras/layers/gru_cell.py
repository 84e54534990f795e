"""The gated recurrent unit, one step at a time."""

import keras
from keras import ops

from s2s_keras.layers.recurrent_cell import RecurrentCell
from s2s_keras.layers.rows import matmul_rows


@keras.saving.register_keras_serializable("s2s_keras")
class GRUCell(RecurrentCell):
    """A gated recurrent unit (Cho et al. 2014, section 2.3), in the variant of Keras's `GRU`.

    With the input x_t and the previous state h_{t-1}:

        z_t = sigmoid(W_z x_t + b_z + U_z h_{t-1} + c_z)         update gate
        r_t = sigmoid(W_r x_t + b_r + U_r h_{t-1} + c_r)         reset gate
        g_t = tanh(W_g x_t + b_g + r_t * (U_g h_{t-1} + c_g))    candidate
        h_t = z_t * h_{t-1} + (1 - z_t) * g_t

    The reset gate acts after the product with U_g (the paper has it before), so that one matrix
    product serves all three. `kernel` holds W, `recurrent_kernel` U, and the two rows of `bias`
    b and c, each ordered z, r, g: the weights of `keras.layers.GRU(reset_after=True)`.

    Args, call arguments and returns: see `RecurrentCell`. The state is the output, h.

    Example:
        >>> cell = GRUCell(4)
        >>> cell.build((None, 3))
        >>> cell(cell.project(keras.ops.ones((2, 3))), keras.ops.zeros((2, 4))).shape
        (2, 4)
    """

    gates = 3

    def add_bias(self, width):
        """Creates the bias, b above c."""
        return self.add_weight((2, width), "zeros", name="bias")

    def project(self, inputs):
        """W x + b for inputs `(..., features)`: `(..., 3 * units)`."""
        return matmul_rows(inputs, self.kernel) + self.bias[0]

    def call(self, projected, state):
        """One step; see the class."""
        recurrent = matmul_rows(state, self.recurrent_kernel) + self.bias[1]
        x_z, x_r, x_g = ops.split(projected, 3, axis=-1)
        h_z, h_r, h_g = ops.split(recurrent, 3, axis=-1)
        update = ops.sigmoid(x_z + h_z)
        reset = ops.sigmoid(x_r + h_r)
        candidate = ops.tanh(x_g + reset * h_g)
        return candidate + update * (state - candidate)
