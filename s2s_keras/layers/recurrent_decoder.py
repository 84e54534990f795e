"""A recurrent decoder that looks at the source before each step."""

import keras
from keras import ops

from s2s_keras.layers.cells import make_cells
from s2s_keras.layers.decoder_state import DecoderState
from s2s_keras.layers.dropout import Dropout
from s2s_keras.layers.scan import scan_time


@keras.saving.register_keras_serializable("s2s_keras")
class RecurrentDecoder(keras.layers.Layer):
    """A recurrent decoder with attention inside the recurrence (Bahdanau et al. 2015, appendix A).

    For the i-th target token, with y_{i-1} the embedding of the token before it:

        s_0 = tanh(W_s h)                    h: the encoder's state
        c_i = attention(s_{i-1}, source)     the previous output asks
        s_i = cell([y_{i-1}; c_i], s_{i-1})
        t_i = tanh(W_t [s_i; c_i; y_{i-1}])

    t_i is the readout, from which the model computes its logits (the paper has a maxout layer
    there, which reads s_{i-1} in its appendix and s_i in its equation 4). `initial` holds W_s,
    `readout` W_t, and `context_kernel` the part of the cell's kernel that c_i meets.

    With several layers this is the lowest: its previous output asks (Wu et al. 2016, section 3).
    Each further layer is a recurrence over the outputs of the one below it, with an s_0 of its own,
    and the readout sees the top one's s_i. With `residual`, the outputs of a layer are added to
    those of the one below, from the second layer on (the same, section 3.1).

    A later token changes no earlier output, so padding at the end of a target needs no mask here.

    Args:
        units: size of each layer's output s.
        output_units: size of the readout t.
        attention: an `Attention`.
        cell: `gru`, `lstm` or `simple_rnn`.
        layers: number of layers.
        residual: see above.
        dropout: share of the values dropped between layers, in training (Zaremba et al. 2014).

    Call arguments:
        embedded: `(batch, target, features)`, the embedded target without its last token.
        encoded: an `Encoded`.

    Returns:
        The readouts `(batch, target, output_units)` and the attention's weights
        `(batch, target, source)`.
    """

    def __init__(
        self,
        units,
        output_units,
        attention,
        cell="gru",
        layers=1,
        residual=False,
        dropout=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = units
        self.output_units = output_units
        self.attention = attention
        self.cell = cell
        self.layers = layers
        self.residual = residual
        self.dropout_rate = dropout
        self.cells = make_cells(cell, units, [f"cell_{index}" for index in range(layers)])
        self.initial = keras.layers.Dense(
            sum(cell.state_units for cell in self.cells), activation="tanh", name="initial"
        )
        self.dropout = Dropout(dropout, name="dropout")
        self.readout = keras.layers.Dense(output_units, activation="tanh", name="readout")

    def build(self, embedded_shape, annotation_units, state_units):
        """Creates the weights.

        Args:
            embedded_shape: shape of the embedded target, `(batch, target, features)`.
            annotation_units: size of the encoder's annotations.
            state_units: size of the encoder's state.
        """
        value_units = self.attention.value_units(annotation_units)
        output_shape = (None, None, self.units)
        lowest, *others = self.cells
        self.initial.build((None, state_units))
        if not self.attention.built:  # a saved one comes built
            self.attention.build(output_shape, annotation_units)
        lowest.build(embedded_shape)
        for cell in others:
            cell.build(output_shape)
        width = lowest.gates * self.units
        self.context_kernel = self.add_weight((value_units, width), name="context_kernel")
        self.readout.build((None, None, self.units + value_units + embedded_shape[-1]))
        self.built = True

    def start(self, encoded, width=1, length=None):
        """The state before the first token, for `width` hypotheses; `length` does not matter."""
        initial = ops.repeat(ops.expand_dims(self.initial(encoded.state), 1), width, axis=1)
        states = tuple(ops.split(initial, self.layers, axis=-1))
        return DecoderState(self._memory(encoded), {"states": states})

    def grow(self, state, length):
        """The state itself: it has room for any number of steps."""
        return state

    def step(self, embedded, position, state):
        """Reads one token of each hypothesis.

        Args:
            embedded: `(batch, width, features)`.
            position: int32 scalar, how many tokens were read before.
            state: a `DecoderState`.

        Returns:
            The readouts `(batch, width, output_units)`, the next state, and the weights
            `(batch, width, source)`.
        """
        memory = state.shared
        lowest, *others = self.cells
        first, *states = state.own["states"]
        first, weights = self._attend(lowest.project(embedded), first, memory, position)
        outputs, after = lowest.output(first), [first]
        for cell, before in zip(others, states, strict=True):
            after.append(cell(cell.project(outputs), before))
            outputs = self._add(cell.output(after[-1]), outputs)
        readout = self._read_out(embedded, outputs, weights, memory)
        weights = self.attention.source_weights(weights, memory)
        return readout, DecoderState(memory, {"states": tuple(after)}), weights

    def call(self, embedded, encoded, training=None):
        """See the class."""
        memory, own = self.start(encoded)
        lowest, *others = self.cells
        first, *states = own["states"]
        outputs, weights = self._read_lowest(lowest.project(embedded), first, memory)
        for cell, before in zip(others, states, strict=True):
            inputs = self.dropout(outputs, training=training)
            outputs = self._add(_read(cell, inputs, before), outputs)
        readouts = self._read_out(embedded, outputs, weights, memory)
        return readouts, self.attention.source_weights(weights, memory)

    def _memory(self, encoded):
        memory = self.attention.start(encoded)
        return {**memory, "gates": self.attention.project(memory, self.context_kernel)}

    def _read_lowest(self, projected, state, memory):
        """The lowest layer's outputs and weights for a whole target, in one loop."""

        def step(carry, inputs, position):
            return self._attend(ops.expand_dims(inputs[0], 1), carry[0], memory, position)

        # Only the shape of these first weights matters.
        weights = ops.expand_dims(ops.zeros_like(memory["gates"][..., 0]), 1)
        states, weights = scan_time(step, (state, weights), (projected,))
        return self.cells[0].output(ops.squeeze(states, 2)), ops.squeeze(weights, 2)

    def _attend(self, projected, state, memory, position):
        """One step of the lowest layer: its next state, and the weights."""
        lowest = self.cells[0]
        weights = self.attention(lowest.output(state), memory, position=position)
        return lowest(projected + ops.matmul(weights, memory["gates"]), state), weights

    def _add(self, outputs, below):
        return outputs + below if self.residual else outputs

    def _read_out(self, embedded, outputs, weights, memory):
        context = self.attention.context(weights, memory)
        return self.readout(ops.concatenate([outputs, context, embedded], axis=-1))

    def get_config(self):
        """The arguments of the constructor."""
        return {
            **super().get_config(),
            "units": self.units,
            "output_units": self.output_units,
            "attention": keras.saving.serialize_keras_object(self.attention),
            "cell": self.cell,
            "layers": self.layers,
            "residual": self.residual,
            "dropout": self.dropout_rate,
        }

    @classmethod
    def from_config(cls, config):
        """A decoder from what `get_config` gives."""
        attention = keras.saving.deserialize_keras_object(config["attention"])
        return cls(**{**config, "attention": attention})


def _read(cell, inputs, state):
    """The outputs of a cell that reads a whole sequence `(batch, target, units)`."""

    def step(state, inputs, position):
        return cell(inputs[0], state)

    states = scan_time(step, ops.squeeze(state, 1), (cell.project(inputs),))
    return cell.output(states)
