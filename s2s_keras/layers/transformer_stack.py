"""What the Transformer's encoder and decoder have in common."""

import keras

from s2s_keras.layers.dropout import Dropout
from s2s_keras.layers.layer_normalization import LayerNormalization
from s2s_keras.layers.positions import make_positions


class TransformerStack(keras.layers.Layer):
    """Positions, dropout, a stack of blocks and, with pre-norm, a last normalisation.

    Args:
        layers: number of blocks.
        heads: number of heads of every attention, which divides the width.
        feed_forward_units: size of the feed-forward networks' hidden layer.
        dropout: share dropped in training of each sublayer's outputs and of the embedded tokens
            with their positions (Vaswani et al. 2017, section 5.4).
        inner_dropout: share dropped in training of the attentions' weights and of the feed-forward
            networks' hidden layer, which the paper's authors do in their code.
        positions: `sinusoidal` or `learned`.
        norm: `pre` or `post`; see `Residual`.
        max_length: number of learned positions.
    """

    block_class = None

    def __init__(
        self,
        layers,
        heads,
        feed_forward_units,
        dropout=0.1,
        inner_dropout=0.0,
        positions="sinusoidal",
        norm="pre",
        max_length=256,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.config = {
            "layers": layers,
            "heads": heads,
            "feed_forward_units": feed_forward_units,
            "dropout": dropout,
            "inner_dropout": inner_dropout,
            "positions": positions,
            "norm": norm,
            "max_length": max_length,
        }
        self.positions = make_positions(positions, max_length, name="positions")
        self.dropout = Dropout(dropout, name="dropout")
        block = (heads, feed_forward_units, dropout, inner_dropout, norm)
        self.blocks = [self.block_class(*block, name=f"block_{index}") for index in range(layers)]
        self.normalization = None
        if norm == "pre":
            self.normalization = LayerNormalization(name="normalization")

    @property
    def max_length(self):
        """The longest sequence whose positions differ; None where there is no limit."""
        return self.config["max_length"] if self.config["positions"] == "learned" else None

    def build_stack(self, input_shape):
        """Creates the weights around the blocks, for inputs `(batch, time, units)`."""
        self.units = input_shape[-1]
        self.positions.build(input_shape)
        if self.normalization is not None:
            self.normalization.build(input_shape)

    def normalize(self, outputs):
        """The last normalisation, where there is one."""
        return outputs if self.normalization is None else self.normalization(outputs)

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), **self.config}
