"""A GRU decoder that looks at the source before each step."""

import keras
from keras import ops

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
    there). `initial` holds W_s, `readout` W_t.

    A later token changes no earlier output, so padding at the end of a target needs no mask here.

    Args:
        units: size of the state s.
        output_units: size of the readout t.
        attention: a layer with `start(encoded)` and `call(query, memory)`, such as
            `AdditiveAttention` or `FixedContext`.

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
        self.context = keras.layers.Dense(3 * units, use_bias=False, name="context")
        self.readout = keras.layers.Dense(output_units, activation="tanh", name="readout")

    def build(self, embedded_shape, annotation_units, state_units):
        """Creates the weights.

        Args:
            embedded_shape: shape of the embedded target, `(batch, target, features)`.
            annotation_units: size of the encoder's annotations.
            state_units: size of the encoder's state.
        """
        source = (None, None, annotation_units)
        self.initial.build((None, state_units))
        if not self.attention.built:  # a saved one comes built
            self.attention.build((None, self.units), {"values": source})
        self.cell.build(embedded_shape)
        self.context.build((None, annotation_units))
        self.readout.build((None, self.units + annotation_units + embedded_shape[-1]))
        self.built = True

    def start(self, encoded):
        """The state before the first token: `hidden` `(batch, units)` and `memory`."""
        return {"hidden": self.initial(encoded.state), "memory": self.attention.start(encoded)}

    def step(self, embedded, state):
        """Reads one token `(batch, features)`: its readout, the next state, and the weights."""
        memory = state["memory"]
        projected = self.cell.project(embedded)
        hidden, context, weights = self._recur(projected, state["hidden"], memory)
        return self._read_out(embedded, hidden, context), dict(state, hidden=hidden), weights

    def call(self, embedded, encoded):
        """See the class."""
        state = self.start(encoded)
        hidden, memory = state["hidden"], state["memory"]

        def step(carry, inputs):
            return self._recur(*inputs, carry[0], memory)

        # Only the shapes of this first context and these first weights matter.
        first = (hidden, *self.attention(hidden, memory))
        hidden, context, weights = scan_time(step, first, (self.cell.project(embedded),))
        return self._read_out(embedded, hidden, context), weights

    def _recur(self, projected, hidden, memory):
        context, weights = self.attention(hidden, memory)
        return self.cell(projected + self.context(context), hidden), context, weights

    def _read_out(self, embedded, hidden, context):
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
