"""The model: two embeddings, an encoder, a decoder."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("s2s_keras")
class EncoderDecoder(keras.Model):
    """An encoder-decoder over token ids: the probability of a target given a source.

    Id 0 is padding and stands at the end of a row. Padding changes no output at a real position, a
    later target token changes no earlier output, and a row's outputs do not depend on its batch.

    Args:
        vocabulary_size: number of token ids, the same for source and target.
        embedding_units: size of an embedded token.
        encoder: a layer from `(batch, source, features)` and a mask to an `Encoded`.
        decoder: a layer with `start`, `step` and `call` (see `s2s_keras.layers`), whose
            `output_units` are `embedding_units` if the softmax is tied.
        dropout: share of the embedded tokens' and of the readout's values dropped in training
            (Zaremba et al. 2014, section 3: on what is not recurrent).
        tied_softmax: whether the target's embedding is the softmax's matrix too (Press & Wolf
            2017). Embedded tokens are multiplied by the square root of `embedding_units`, as in
            Vaswani et al. 2017, section 3.4, so that one table suits both.

    Call arguments:
        inputs: a dictionary of `source` int32 `(batch, source)`, the source's ids with the end id
            last, and `target` int32 `(batch, target)`, the begin id and then the target's ids
            (teacher forcing).
        return_attention_scores: whether to return the attention's weights too.

    Returns:
        Logits `(batch, target, vocabulary)`: the i-th row belongs to the token after the i-th of
        `target`. With `return_attention_scores`, also the weights `(batch, target, source)`: where
        the decoder looked for that token.
    """

    def __init__(
        self,
        vocabulary_size,
        embedding_units,
        encoder,
        decoder,
        dropout=0.0,
        tied_softmax=True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        self.embedding_units = embedding_units
        self.encoder = encoder
        self.decoder = decoder
        self.dropout_rate = dropout
        self.tied_softmax = tied_softmax
        # So that the values of a scaled embedding have variance one, and so have tied logits.
        spread = keras.initializers.RandomNormal(stddev=embedding_units**-0.5)
        self.source_embedding = keras.layers.Embedding(
            vocabulary_size, embedding_units, spread, name="source_embedding"
        )
        self.target_embedding = keras.layers.ReversibleEmbedding(
            vocabulary_size,
            embedding_units,
            tie_weights=tied_softmax,
            embeddings_initializer=spread.clone(),
            name="target_embedding",
        )
        self.dropout = keras.layers.Dropout(dropout, name="dropout")

    def build(self, input_shape=None):
        """Creates the weights; their shapes do not depend on the inputs'."""
        embedded_shape = (None, None, self.embedding_units)
        self.source_embedding.build()
        self.target_embedding.build()
        if not self.encoder.built:  # a saved one comes built
            self.encoder.build(embedded_shape)
        if not self.decoder.built:
            self.decoder.build(
                embedded_shape, self.encoder.annotation_units, self.encoder.state_units
            )
        self.built = True

    def call(self, inputs, training=None, return_attention_scores=False):
        """See the class."""
        encoded = self.encode(inputs["source"], training=training)
        embedded = self._embed(self.target_embedding, inputs["target"])
        embedded = self.dropout(embedded, training=training)
        readouts, weights = self.decoder(embedded, encoded)
        logits = self._project(self.dropout(readouts, training=training))
        return (logits, weights) if return_attention_scores else logits

    def encode(self, source, training=None):
        """Encodes source ids `(batch, source)` to an `Encoded`."""
        embedded = self._embed(self.source_embedding, source)
        embedded = self.dropout(embedded, training=training)
        return self.encoder(embedded, mask=ops.not_equal(source, 0))

    def start(self, source):
        """The decoder's state before the first token, for source ids `(batch, source)`."""
        return self.decoder.start(self.encode(source))

    def step(self, token, state):
        """Reads one token a row.

        Args:
            token: int32 `(batch,)`.
            state: what `start` or the step before gave.

        Returns:
            The logits of the next token `(batch, vocabulary)`, the next state, and the attention's
            weights `(batch, source)`.
        """
        embedded = self._embed(self.target_embedding, token)
        readout, state, weights = self.decoder.step(embedded, state)
        return self._project(readout), state, weights

    def _embed(self, embedding, ids):
        return embedding(ids) * self.embedding_units**0.5

    def _project(self, readouts):
        return self.target_embedding(readouts, reverse=True)

    def get_config(self):
        """The arguments of the constructor."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding_units": self.embedding_units,
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
            "dropout": self.dropout_rate,
            "tied_softmax": self.tied_softmax,
        }

    @classmethod
    def from_config(cls, config):
        """A model from what `get_config` gives, with new weights."""
        layers = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("encoder", "decoder")
        }
        return cls(**{**config, **layers})
