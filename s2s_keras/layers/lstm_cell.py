"""The long short-term memory, one step at a time."""

import keras
from keras import ops

from s2s_keras.layers.recurrent_cell import RecurrentCell
from s2s_keras.layers.rows import matmul_rows


@keras.saving.register_keras_serializable("s2s_keras")
class LSTMCell(RecurrentCell):
    """A long short-term memory (Hochreiter & Schmidhuber 1997) with forget gate (Gers et al. 2000).

    With the input x_t, the previous output h_{t-1} and the previous memory m_{t-1}:

        i_t = sigmoid(W_i x_t + U_i h_{t-1} + b_i)    input gate
        f_t = sigmoid(W_f x_t + U_f h_{t-1} + b_f)    forget gate
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)       candidate
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + b_o)    output gate
        m_t = f_t * m_{t-1} + i_t * g_t
        h_t = o_t * tanh(m_t)

    `kernel` holds W, `recurrent_kernel` U and `bias` b, each ordered i, f, g, o: the weights of
    `keras.layers.LSTM`. b_f starts at one, so that a new cell remembers (Gers et al. 2000).

    Args, call arguments and returns: see `RecurrentCell`. The state is h beside m, `2 * units`.
    """

    gates = 4

    @property
    def state_units(self):
        """Size of the state."""
        return 2 * self.units

    def add_bias(self, width):
        """Creates the bias."""

        def start(shape, dtype=None):
            blocks = (0.0, 1.0, 0.0, 0.0)
            return ops.repeat(ops.convert_to_tensor(blocks, dtype), self.units)

        return self.add_weight((width,), start, name="bias")

    def call(self, projected, state):
        """One step; see the class."""
        output, memory = ops.split(state, 2, axis=-1)
        gates = projected + matmul_rows(output, self.recurrent_kernel)
        admit, keep, candidate, show = ops.split(gates, 4, axis=-1)
        memory = ops.sigmoid(keep) * memory + ops.sigmoid(admit) * ops.tanh(candidate)
        output = ops.sigmoid(show) * ops.tanh(memory)
        return ops.concatenate([output, memory], axis=-1)

    def output(self, state):
        """The h of states `(..., 2 * units)`: `(..., units)`."""
        return state[..., : self.units]
