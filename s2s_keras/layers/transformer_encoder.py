"""The Transformer's encoder."""

import keras
from keras import ops

from s2s_keras.layers.dot_product_attention import mask_to_bias
from s2s_keras.layers.encoded import Encoded
from s2s_keras.layers.feed_forward import FeedForward
from s2s_keras.layers.multi_head_attention import SelfAttention
from s2s_keras.layers.residual import Residual
from s2s_keras.layers.transformer_stack import TransformerStack


@keras.saving.register_keras_serializable("s2s_keras")
class EncoderBlock(keras.layers.Layer):
    """One layer of the encoder: self-attention, then the feed-forward network.

    Vaswani et al. 2017, section 3.1. Arguments as for `TransformerEncoder`.

    Call arguments:
        inputs: `(batch, source, units)`.
        bias: float32 `(batch, 1, 1, source)`, which rules out padding; see `mask_to_bias`.

    Returns:
        `(batch, source, units)`.
    """

    def __init__(self, heads, feed_forward_units, dropout, inner_dropout, norm, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.attention = SelfAttention(heads, inner_dropout, name="attention")
        self.attention_residual = Residual(norm, dropout, name="attention_residual")
        self.feed_forward = FeedForward(feed_forward_units, inner_dropout, name="feed_forward")
        self.feed_forward_residual = Residual(norm, dropout, name="feed_forward_residual")

    def build(self, input_shape):
        """Creates the weights for inputs of `input_shape`, `(batch, source, units)`."""
        for layer in (
            self.attention,
            self.attention_residual,
            self.feed_forward,
            self.feed_forward_residual,
        ):
            layer.build(input_shape)
        self.built = True

    def call(self, inputs, bias, training=None):
        """See the class."""
        residual = self.attention_residual
        outputs = self.attention(residual.before(inputs), bias=bias, training=training)
        inputs = residual.after(inputs, outputs, training)
        residual = self.feed_forward_residual
        outputs = self.feed_forward(residual.before(inputs), training=training)
        return residual.after(inputs, outputs, training)


@keras.saving.register_keras_serializable("s2s_keras")
class TransformerEncoder(TransformerStack):
    """The Transformer's encoder (Vaswani et al. 2017, section 3.1).

    It adds positions to its inputs, so these must have the width of the whole stack.

    Args: see `TransformerStack`.

    Call arguments:
        inputs: `(batch, source, units)`.
        mask: `(batch, source)`, boolean, False at padding.

    Returns:
        An `Encoded`. `annotations` have `units` units; `state` and `summary` are their mean over
        the real positions.
    """

    block_class = EncoderBlock

    @property
    def annotation_units(self):
        """Size of an annotation, of the state and of the summary."""
        return self.units

    state_units = annotation_units

    def build(self, input_shape):
        """Creates the weights for inputs of `input_shape`, `(batch, source, units)`."""
        self.build_stack(input_shape)
        for block in self.blocks:
            block.build(input_shape)
        self.built = True

    def call(self, inputs, mask, training=None):
        """See the class."""
        outputs = self.dropout(self.positions(inputs), training=training)
        bias = mask_to_bias(ops.expand_dims(ops.expand_dims(mask, 1), 1))
        for block in self.blocks:
            outputs = block(outputs, bias=bias, training=training)
        return Encoded.with_mean(self.normalize(outputs), mask)
