"""The simple recurrent network, one step at a time."""

import keras
from keras import ops

from s2s_keras.layers.recurrent_cell import RecurrentCell
from s2s_keras.layers.rows import matmul_rows


@keras.saving.register_keras_serializable("s2s_keras")
class SimpleRNNCell(RecurrentCell):
    """A simple recurrent network (Elman 1990).

    With the input x_t and the previous state h_{t-1}:

        h_t = tanh(W x_t + U h_{t-1} + b)

    `kernel` holds W, `recurrent_kernel` U and `bias` b: the weights of `keras.layers.SimpleRNN`.

    Args, call arguments and returns: see `RecurrentCell`. The state is the output, h.
    """

    def call(self, projected, state):
        """One step; see the class."""
        return ops.tanh(projected + matmul_rows(state, self.recurrent_kernel))
