"""The cells that a recurrence can be made of."""

from s2s_keras.errors import InputError
from s2s_keras.layers.gru_cell import GRUCell
from s2s_keras.layers.lstm_cell import LSTMCell
from s2s_keras.layers.simple_rnn_cell import SimpleRNNCell

CELLS = {"gru": GRUCell, "lstm": LSTMCell, "simple_rnn": SimpleRNNCell}


def make_cells(kind, units, names):
    """A list of new cells, one a name.

    Args:
        kind: one of `CELLS`.
        units: size of each cell's output.
        names: the cells' names.

    Raises:
        InputError: if there is no such kind.
    """
    if kind not in CELLS:
        raise InputError(f"unknown cell {kind!r}: choose one of {', '.join(CELLS)}")
    return [CELLS[kind](units, name=name) for name in names]
