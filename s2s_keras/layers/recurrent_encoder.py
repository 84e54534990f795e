"""A recurrence over the source."""

import keras
from keras import ops

from s2s_keras.layers.cells import make_cells
from s2s_keras.layers.dropout import Dropout
from s2s_keras.layers.encoded import Encoded
from s2s_keras.layers.scan import scan_time


@keras.saving.register_keras_serializable("s2s_keras")
class RecurrentEncoder(keras.layers.Layer):
    """A recurrence in one direction or both (Bahdanau et al. 2015, section 3.2 and A.2.1).

    The annotation h_j of a position is the forward output, which has read the source up to it,
    beside the backward output, which has read the source from its end back to it. Both directions
    step in the same loop.

    With several layers, each reads the annotations of the one below it, both directions of them.
    With `residual`, the annotations of a layer are added to those of the one below, from the second
    layer on (Wu et al. 2016, section 3.1).

    Padding must stand at the end. It leaves a state as it was: the forward state stays that of the
    last real token, the backward one is zero until it meets the last real token.

    Args:
        units: size of each direction's output.
        cell: `gru`, `lstm` or `simple_rnn`.
        layers: number of layers.
        bidirectional: whether there is a backward direction.
        residual: see above.
        dropout: share of the values dropped between layers, in training (Zaremba et al. 2014).

    Call arguments:
        inputs: `(batch, source, features)`.
        mask: `(batch, source)`, boolean, False at padding.

    Returns:
        An `Encoded`. `annotations` have `units` units a direction. `state` is the top layer's
        forward output after the last token, with `units` units; the backward output after the first
        token is not part of it, because a decoder that starts from that knows its first word
        without looking. `summary` has both.
    """

    def __init__(
        self,
        units,
        cell="gru",
        layers=1,
        bidirectional=True,
        residual=False,
        dropout=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.units = units
        self.cell = cell
        self.layers = layers
        self.bidirectional = bidirectional
        self.residual = residual
        self.dropout_rate = dropout
        names = [f"forward_{index}" for index in range(layers)]
        self.forward_cells = make_cells(cell, units, names)
        names = [f"backward_{index}" for index in range(layers if bidirectional else 0)]
        self.backward_cells = make_cells(cell, units, names)
        self.dropout = Dropout(dropout, name="dropout")

    @property
    def annotation_units(self):
        """Size of an annotation, and of the summary."""
        return 2 * self.units if self.bidirectional else self.units

    @property
    def state_units(self):
        """Size of the state."""
        return self.units

    def build(self, input_shape):
        """Creates the weights for inputs of `input_shape`, `(batch, source, features)`."""
        for index in range(self.layers):
            for cell in self._cells_of(index):
                cell.build(input_shape)
            input_shape = (None, None, self.annotation_units)
        self.built = True

    def call(self, inputs, mask, training=None):
        """See the class."""
        real = ops.cast(ops.expand_dims(mask, -1), inputs.dtype)
        annotations, last = _read(self._cells_of(0), inputs, real)
        for index in range(1, self.layers):
            below = annotations
            inputs = self.dropout(below, training=training)
            annotations, last = _read(self._cells_of(index), inputs, real)
            if self.residual:
                annotations = annotations + below
        return Encoded(
            annotations=annotations * real,
            mask=mask,
            state=last[0],
            summary=ops.concatenate(last, axis=-1),
        )

    def _cells_of(self, layer):
        return [cells[layer] for cells in (self.forward_cells, self.backward_cells) if cells]

    def get_config(self):
        """The arguments of the constructor."""
        return {
            **super().get_config(),
            "units": self.units,
            "cell": self.cell,
            "layers": self.layers,
            "bidirectional": self.bidirectional,
            "residual": self.residual,
            "dropout": self.dropout_rate,
        }


def _keep(sequence):
    return sequence


def _reverse(sequence):
    return ops.flip(sequence, axis=1)


def _read(cells, inputs, real):
    """Runs the first of `cells` forwards and the second, if any, backwards, in one loop.

    Returns:
        The outputs `(batch, source, units of all cells)`, and a list of each cell's last output.
    """
    directions = list(zip(cells, (_keep, _reverse), strict=False))
    inputs = [turn(each) for cell, turn in directions for each in (cell.project(inputs), real)]

    def step(states, inputs, time):
        parts = zip(cells, states, inputs[::2], inputs[1::2], strict=True)
        return tuple(
            ops.where(real > 0, cell(projected, state), state)
            for cell, state, projected, real in parts
        )

    zeros = tuple(cell.initial_state(ops.shape(real)[0]) for cell in cells)
    sequences = scan_time(step, zeros, inputs)
    outputs = [cell.output(states) for cell, states in zip(cells, sequences, strict=True)]
    last = [output[:, -1] for output in outputs]
    turned = [turn(output) for (_, turn), output in zip(directions, outputs, strict=True)]
    return ops.concatenate(turned, axis=-1), last
