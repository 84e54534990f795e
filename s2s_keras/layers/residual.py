"""A residual connection with normalisation and dropout."""

import keras

from s2s_keras.layers.dropout import Dropout
from s2s_keras.layers.layer_normalization import LayerNormalization

NORMS = ("pre", "post")


@keras.saving.register_keras_serializable("s2s_keras")
class Residual(keras.layers.Layer):
    """Adds a sublayer's outputs to its inputs, and normalises.

        post:  LayerNorm(x + dropout(sublayer(x)))    (Vaswani et al. 2017, section 3.1 and 5.4)
        pre:   x + dropout(sublayer(LayerNorm(x)))    (Wang et al. 2019, section 2.1)

    Post-norm is the paper's; pre-norm trains deeper stacks, and wants one more normalisation after
    the last of them.

    Args:
        norm: `pre` or `post`.
        dropout: share of the sublayer's outputs dropped in training.
    """

    def __init__(self, norm="pre", dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        if norm not in NORMS:
            raise ValueError(f"norm={norm!r}: choose {' or '.join(NORMS)}")
        self.norm = norm
        self.dropout_rate = dropout
        self.normalization = LayerNormalization(name="normalization")
        self.dropout = Dropout(dropout, name="dropout")

    def build(self, input_shape):
        """Creates the weights for inputs of `input_shape`, `(batch, time, units)`."""
        self.normalization.build(input_shape)
        self.built = True

    def before(self, inputs):
        """What the sublayer reads."""
        return self.normalization(inputs) if self.norm == "pre" else inputs

    def after(self, inputs, outputs, training=None):
        """The sum of the inputs and the sublayer's outputs."""
        total = inputs + self.dropout(outputs, training=training)
        return self.normalization(total) if self.norm == "post" else total

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "norm": self.norm, "dropout": self.dropout_rate}
