"""The position-wise feed-forward network of a Transformer."""

import keras

from s2s_keras.layers.dropout import Dropout


@keras.saving.register_keras_serializable("s2s_keras")
class FeedForward(keras.layers.Layer):
    """Two dense layers with a ReLU between them, at each position alike.

        FFN(x) = max(0, x W_1 + b_1) W_2 + b_2    (Vaswani et al. 2017, section 3.3)

    Args:
        hidden_units: size of the layer in the middle.
        dropout: share of its values dropped in training.

    Call arguments:
        inputs: `(batch, time, units)`.

    Returns:
        `(batch, time, units)`.
    """

    def __init__(self, hidden_units, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.hidden_units = hidden_units
        self.dropout_rate = dropout
        self.hidden = keras.layers.Dense(hidden_units, activation="relu", name="hidden")
        self.dropout = Dropout(dropout, name="dropout")

    def build(self, input_shape):
        """Creates the weights for inputs of `input_shape`, `(batch, time, units)`."""
        self.hidden.build(input_shape)
        self.outer = keras.layers.Dense(input_shape[-1], name="outer")
        self.outer.build((*input_shape[:-1], self.hidden_units))
        self.built = True

    def call(self, inputs, training=None):
        """See the class."""
        return self.outer(self.dropout(self.hidden(inputs), training=training))

    def get_config(self):
        """The arguments of the constructor."""
        return {
            **super().get_config(),
            "hidden_units": self.hidden_units,
            "dropout": self.dropout_rate,
        }
