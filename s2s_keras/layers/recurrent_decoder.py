"""A GRU decoder that looks at the source before each step."""

import keras
from keras import ops

from s2s_keras.layers.decoder_state import DecoderState
from s2s_keras.layers.gru_cell import GRUCell
from s2s_keras.layers.scan import scan_time


@keras.saving.register_keras_serializable("s2s_keras")
class RecurrentDecoder(keras.layers.Layer):
    """A GRU decoder with attention inside the recurrence (Bahdanau et al. 2015, appendix A).

    For the i-th target token, with y_{i-1} the embedding of the token before it:

        s_0 = tanh(W_s h)                  h: the encoder's state
        c_i = attention(s_{i-1}, source)   the previous state asks
        s_i = GRU([y_{i-1}; c_i], s_{i-1})
        t_i = tanh(W_t [s_i; c_i; y_{i-1}])

    t_i is the readout, from which the model computes its logits (the paper has a maxout layer
    there). `initial` holds W_s, `readout` W_t, and `context_kernel` the part of the GRU's kernel
    that c_i meets.

    A later token changes no earlier output, so padding at the end of a target needs no mask here.

    Args:
        units: size of the state s.
        output_units: size of the readout t.
        attention: an `Attention`.

    Call arguments:
        embedded: `(batch, target, features)`, the embedded target without its last token.
        encoded: an `Encoded`.

    Returns:
        The readouts `(batch, target, output_units)` and the attention's weights
        `(batch, target, source)`.
    """

    def __init__(self, units, output_units, attention, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.output_units = output_units
        self.attention = attention
        self.initial = keras.layers.Dense(units, activation="tanh", name="initial")
        self.cell = GRUCell(units, name="cell")
        self.readout = keras.layers.Dense(output_units, activation="tanh", name="readout")

    def build(self, embedded_shape, annotation_units, state_units):
        """Creates the weights.

        Args:
            embedded_shape: shape of the embedded target, `(batch, target, features)`.
            annotation_units: size of the encoder's annotations.
            state_units: size of the encoder's state.
        """
        value_units = self.attention.value_units(annotation_units)
        self.initial.build((None, state_units))
        if not self.attention.built:  # a saved one comes built
            self.attention.build((None, None, self.units), annotation_units)
        self.cell.build(embedded_shape)
        self.context_kernel = self.add_weight((value_units, 3 * self.units), name="context_kernel")
        self.readout.build((None, None, self.units + value_units + embedded_shape[-1]))
        self.built = True

    def start(self, encoded, width=1, length=None):
        """The state before the first token, for `width` hypotheses; `length` does not matter."""
        hidden = ops.expand_dims(self.initial(encoded.state), 1)
        return DecoderState(self._memory(encoded), {"hidden": ops.repeat(hidden, width, axis=1)})

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
        projected = self.cell.project(embedded)
        hidden, weights = self._recur(projected, state.own["hidden"], memory, position)
        readout = self._read_out(embedded, hidden, weights, memory)
        weights = self.attention.source_weights(weights, memory)
        return readout, DecoderState(memory, {"hidden": hidden}), weights

    def call(self, embedded, encoded, training=None):
        """See the class."""
        (memory, own) = self.start(encoded)
        hidden = own["hidden"]

        def step(carry, inputs, position):
            return self._recur(ops.expand_dims(inputs[0], 1), carry[0], memory, position)

        # Only the shape of these first weights matters.
        first = (hidden, self.attention(hidden, memory, position=0))
        hidden, weights = scan_time(step, first, (self.cell.project(embedded),))
        hidden, weights = (ops.squeeze(each, 2) for each in (hidden, weights))
        readouts = self._read_out(embedded, hidden, weights, memory)
        return readouts, self.attention.source_weights(weights, memory)

    def _memory(self, encoded):
        memory = self.attention.start(encoded)
        return {**memory, "gates": self.attention.project(memory, self.context_kernel)}

    def _recur(self, projected, hidden, memory, position):
        weights = self.attention(hidden, memory, position=position)
        return self.cell(projected + ops.matmul(weights, memory["gates"]), hidden), weights

    def _read_out(self, embedded, hidden, weights, memory):
        context = self.attention.context(weights, memory)
        return self.readout(ops.concatenate([hidden, context, embedded], axis=-1))

    def get_config(self):
        """The arguments of the constructor."""
        return {
            **super().get_config(),
            "units": self.units,
            "output_units": self.output_units,
            "attention": keras.saving.serialize_keras_object(self.attention),
        }

    @classmethod
    def from_config(cls, config):
        """A decoder from what `get_config` gives."""
        attention = keras.saving.deserialize_keras_object(config["attention"])
        return cls(**{**config, "attention": attention})
