"""The model: two embeddings, an encoder, a decoder."""

import keras
from keras import ops

from s2s_keras.layers import TokenEmbedding
from s2s_keras.layers.dropout import Dropout
from s2s_keras.layers.rows import flatten_rows

_PARTS = ("encoder", "decoder", "source_embedding")


@keras.saving.register_keras_serializable("s2s_keras")
class EncoderDecoder(keras.Model):
    """An encoder-decoder: the probability of a target, a row of ids, given a source.

    Target id 0 is padding and stands at the end of a row. Padding changes no output at a real
    position, a later target token changes no earlier output, and a row's outputs do not depend on
    its batch.

    Args:
        vocabulary_size: number of target ids, and of source ids where the source is token ids.
        embedding_units: size of an embedded token.
        encoder: a layer from `(batch, source, features)` and a mask to an `Encoded`.
        decoder: a layer with `start`, `step`, `grow` and `call` (see `s2s_keras.layers`), whose
            `output_units` are `embedding_units`.
        dropout: share of the embedded tokens' and of the readout's values dropped in training
            (Zaremba et al. 2014, section 3: on what is not recurrent).
        tied_softmax: whether the target's embedding is the softmax's matrix too (Press & Wolf
            2017).
        shared_embedding: whether source and target share one table, which a joint vocabulary
            allows (Vaswani et al. 2017, section 3.4).
        source_embedding: for a source that is no token ids, the layer that embeds it, such as
            `FeatureEmbedding`.

    Call arguments:
        inputs: a dictionary of `source`, for token ids int32 `(batch, source)` with the end id
            last, and `target` int32 `(batch, target)`, the begin id and then the target's ids
            (teacher forcing).
        return_attention_scores: whether to return the attention's weights too.

    Returns:
        Logits `(batch, target, vocabulary)`: the i-th row belongs to the token after the i-th of
        `target`. With `return_attention_scores`, also the weights `(batch, target, source)`: where
        the decoder looked for that token. Logits are float32 in every precision.
    """

    def __init__(
        self,
        vocabulary_size,
        embedding_units,
        encoder,
        decoder,
        dropout=0.0,
        tied_softmax=True,
        shared_embedding=False,
        source_embedding=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        self.embedding_units = embedding_units
        self.encoder = encoder
        self.decoder = decoder
        self.dropout_rate = dropout
        self.tied_softmax = tied_softmax
        self.shared_embedding = shared_embedding
        self.own_source_embedding = source_embedding
        self.target_embedding = TokenEmbedding(
            vocabulary_size, embedding_units, tie_weights=tied_softmax, name="target_embedding"
        )
        if source_embedding is not None:
            self.source_embedding = source_embedding
        elif shared_embedding:
            self.source_embedding = self.target_embedding
        else:
            self.source_embedding = TokenEmbedding(
                vocabulary_size, embedding_units, name="source_embedding"
            )
        self.dropout = Dropout(dropout, name="dropout")

    @property
    def max_length(self):
        """The most tokens of a source and of a target; None where there is no limit."""
        limits = [getattr(part, "max_length", None) for part in (self.encoder, self.decoder)]
        return min((limit for limit in limits if limit is not None), default=None)

    def build(self, input_shape=None):
        """Creates the weights; their shapes do not depend on the inputs'."""
        embedded_shape = (None, None, self.embedding_units)
        for embedding in (self.source_embedding, self.target_embedding):
            if not embedding.built:
                embedding.build()
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
        embedded = self.dropout(self.target_embedding(inputs["target"]), training=training)
        readouts, weights = self.decoder(embedded, encoded, training=training)
        logits = self._project(self.dropout(readouts, training=training))
        return (logits, weights) if return_attention_scores else logits

    def encode(self, source, training=None):
        """Encodes a source, for token ids `(batch, source)`, to an `Encoded`."""
        mask = self.source_embedding.compute_mask(source)
        embedded = self.dropout(self.source_embedding(source), training=training)
        return self.encoder(embedded, mask=mask, training=training)

    def start(self, source, width=1, length=None):
        """The decoder's state before the first token.

        Args:
            source: for token ids int32 `(batch, source)`.
            width: how many hypotheses of each source will be read.
            length: the most steps that will follow, which a Transformer decoder must know.
        """
        return self.decoder.start(self.encode(source), width, length)

    def step(self, token, position, state):
        """Reads one token of each hypothesis.

        Args:
            token: int32 `(batch, width)`.
            position: int32 scalar, how many tokens were read before.
            state: what `start` or the step before gave.

        Returns:
            The logits of the next token `(batch, width, vocabulary)`, the next state, and the
            attention's weights `(batch, width, source)`.
        """
        embedded = self.target_embedding(token, training=False)
        readouts, state, weights = self.decoder.step(embedded, position, state)
        logits = self.target_embedding.logits(flatten_rows(readouts))
        logits = ops.cast(logits, "float32")
        shape = (*ops.shape(token), self.vocabulary_size)
        return ops.reshape(logits, shape), state, weights

    def grow(self, state, length):
        """The state, with room for `length` steps in all."""
        return self.decoder.grow(state, length)

    def _project(self, readouts):
        return ops.cast(self.target_embedding(readouts, reverse=True), "float32")

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
            "shared_embedding": self.shared_embedding,
            "source_embedding": keras.saving.serialize_keras_object(self.own_source_embedding),
        }

    @classmethod
    def from_config(cls, config):
        """A model from what `get_config` gives, with new weights."""
        layers = {name: keras.saving.deserialize_keras_object(config[name]) for name in _PARTS}
        return cls(**{**config, **layers})
