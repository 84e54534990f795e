"""A Transformer of KerasHub's layers.

`TransformerEncoder` and `TransformerDecoder` in pre-norm form with one more normalisation at the
end of each stack, `SinePositionEncoding`, and Keras's `ReversibleEmbedding` as the one table for
source, target and softmax. KerasHub has no encoder-decoder model of these parts, so the model
around them is ours; the masks of real positions are given to the layers.
"""

import keras
import keras_hub
from keras import layers, ops


class HubModel(keras.Model):
    """A dictionary of `source` and `target` ids to logits `(batch, target, vocabulary)`."""

    def __init__(self, vocabulary_size, units, layer_count, heads, feed_forward_units, dropout):
        super().__init__()
        self.units = units
        self.heads = heads
        settings = {
            "intermediate_dim": feed_forward_units,
            "num_heads": heads,
            "dropout": dropout,
            "normalize_first": True,
        }
        hub = keras_hub.layers
        self.embedding = layers.ReversibleEmbedding(
            vocabulary_size,
            units,
            embeddings_initializer=keras.initializers.RandomNormal(stddev=units**-0.5),
        )
        self.positions = hub.SinePositionEncoding()
        self.dropout = layers.Dropout(dropout)
        self.encoders = [hub.TransformerEncoder(**settings) for _ in range(layer_count)]
        self.decoders = [hub.TransformerDecoder(**settings) for _ in range(layer_count)]
        self.encoder_norm = layers.LayerNormalization(epsilon=1e-5)
        self.decoder_norm = layers.LayerNormalization(epsilon=1e-5)

    def build(self, input_shape=None):
        """Creates the weights."""
        shape = (None, None, self.units)
        self.embedding.build()
        for layer in (*self.encoders, self.encoder_norm, self.decoder_norm):
            layer.build(shape)
        for layer in self.decoders:
            layer.build(shape, shape)
        self.built = True

    def call(self, inputs, training=None):
        """See the class."""
        encoded, mask = self.encode(inputs["source"], training=training)
        hidden = self.embed(inputs["target"], training=training)
        for layer in self.decoders:
            hidden = layer(hidden, encoded, encoder_padding_mask=mask, training=training)
        return self.embedding(self.decoder_norm(hidden), reverse=True)

    def encode(self, source, training=None):
        """Source ids to annotations `(batch, source, units)` and the mask of real positions."""
        mask = ops.not_equal(source, 0)
        hidden = self.embed(source, training=training)
        for layer in self.encoders:
            hidden = layer(hidden, padding_mask=mask, training=training)
        return self.encoder_norm(hidden), mask

    def embed(self, ids, position=0, training=None):
        """Ids `(batch, time)`, the first of them at `position`, to vectors."""
        embedded = self.embedding(ids) * self.units**0.5
        embedded = embedded + self.positions(embedded, start_index=position)
        return self.dropout(embedded, training=training)


def build_model(vocabulary_size, units, layers, heads, feed_forward_units, dropout=0.1):
    """The model, with new weights."""
    model = HubModel(vocabulary_size, units, layers, heads, feed_forward_units, dropout)
    model.build()
    return model
