"""TensorFlow's tutorial "Neural machine translation with a Transformer and Keras", as written.

Reimplemented from https://www.tensorflow.org/text/tutorials/transformer (written for Keras 2).

As written:
- Sizes: 4 + 4 layers, width 128, feed-forward 512, 8 heads. `MultiHeadAttention` is given
  `key_dim = d_model`, so each head is as wide as the model, not an eighth of it. Dropout 0.1.
- Post-norm layers, each a layer that adds and normalises for itself; sinusoidal positions, the
  halves of sines and cosines side by side; an embedding for each side, which masks id 0; a `Dense`
  layer with bias for the logits. Cross-attention also returns its weights.
- Training: the mean cross-entropy over real tokens; an accuracy by argmax over the vocabulary; Adam
  (0.9, 0.98, 1e-9) with the schedule of Vaswani et al. 2017 over 4,000 warm-up steps; `compile` and
  `fit`. The mask is taken off the logits.
- Batches: pairs shuffled in a buffer of 20,000, then padded to the longest of each batch, source
  and target each for itself; prefetched. No bucketing.

Changed:
- The ids come from a token file, the same for all peers, in place of a tokenizer in the data
  pipeline. This saves the tutorial the time of its text processing.
- The corpus, its 8,000 ids on either side, and no part of it held out or validated on.
- No progress bar. The attention's weights are not stored on the layers.

In Keras 3 the tutorial's own layers drop the masks, so padding changes its outputs; left so.
"""

import functools

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from benchmarks.peers.tensorflow_tutorial import masked_loss, pad_batch, ragged_pairs
from benchmarks.training_setup import FittedPeer


def positional_encoding(length, depth):
    """Encodings `(length, depth)`, sines in the first half and cosines in the second."""
    rates = 1 / 10000 ** (np.arange(depth // 2) / (depth / 2))
    angles = np.arange(length)[:, None] * rates
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=-1).astype("float32")


class PositionalEmbedding(layers.Layer):
    """Ids `(batch, time)` to vectors with their positions, and a mask."""

    def __init__(self, vocabulary_size, units):
        super().__init__()
        self.units = units
        self.embedding = layers.Embedding(vocabulary_size, units, mask_zero=True)
        self.encodings = positional_encoding(2048, units)

    def call(self, inputs):
        """See the class."""
        length = ops.shape(inputs)[1]
        encodings = ops.convert_to_tensor(self.encodings)[None, :length]
        return self.embedding(inputs) * self.units**0.5 + encodings

    def compute_mask(self, inputs, mask=None):
        """False at padding."""
        return self.embedding.compute_mask(inputs)


class Attention(layers.Layer):
    """Multi-head attention of `inputs` to `context`, added to them and normalised."""

    def __init__(self, heads, key_dim, dropout, **how):
        super().__init__()
        self.how = how
        self.attention = layers.MultiHeadAttention(heads, key_dim, dropout=dropout)
        self.normalization = layers.LayerNormalization()
        self.add = layers.Add()

    def call(self, inputs, context):
        """See the class."""
        outputs = self.attention(query=inputs, key=context, value=context, **self.how)
        if "return_attention_scores" in self.how:
            outputs, _ = outputs
        return self.normalization(self.add([inputs, outputs]))


class FeedForward(layers.Layer):
    """Two dense layers, added to their inputs and normalised."""

    def __init__(self, units, hidden_units, dropout):
        super().__init__()
        self.network = keras.Sequential(
            [
                layers.Dense(hidden_units, activation="relu"),
                layers.Dense(units),
                layers.Dropout(dropout),
            ]
        )
        self.add = layers.Add()
        self.normalization = layers.LayerNormalization()

    def call(self, inputs):
        """See the class."""
        return self.normalization(self.add([inputs, self.network(inputs)]))


class TutorialTransformer(keras.Model):
    """The tutorial's model: `(source, target)` ids to logits `(batch, target, vocabulary)`."""

    def __init__(self, vocabulary_size, units, layer_count, heads, feed_forward_units, dropout):
        super().__init__()

        def attention(**how):
            return Attention(heads, key_dim=units, dropout=dropout, **how)

        def feed_forward():
            return FeedForward(units, feed_forward_units, dropout)

        self.source_embedding = PositionalEmbedding(vocabulary_size, units)
        self.target_embedding = PositionalEmbedding(vocabulary_size, units)
        self.dropout = layers.Dropout(dropout)
        self.encoders = [(attention(), feed_forward()) for _ in range(layer_count)]
        self.decoders = [
            (
                attention(use_causal_mask=True),
                attention(return_attention_scores=True),
                feed_forward(),
            )
            for _ in range(layer_count)
        ]
        self.logits = layers.Dense(vocabulary_size)

    def call(self, inputs):
        """See the class."""
        source, target = inputs
        context = self.dropout(self.source_embedding(source))
        for self_attention, feed_forward in self.encoders:
            context = feed_forward(self_attention(context, context))
        hidden = self.dropout(self.target_embedding(target))
        for self_attention, cross_attention, feed_forward in self.decoders:
            hidden = self_attention(hidden, hidden)
            hidden = feed_forward(cross_attention(hidden, context))
        logits = self.logits(hidden)
        if hasattr(logits, "_keras_mask"):
            del logits._keras_mask
        return logits


class PaperSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate of Vaswani et al. 2017, section 5.3."""

    def __init__(self, units, warmup_steps=4000):
        self.units, self.warmup_steps = units, warmup_steps

    def __call__(self, step):
        """The rate at `step`."""
        step = ops.cast(step, "float32")
        return self.units**-0.5 * ops.minimum(ops.rsqrt(step), step * self.warmup_steps**-1.5)


def masked_accuracy(labels, logits):
    """Labels with the highest logit, as a share of those that are not 0."""
    labels = ops.cast(labels, "int32")
    matches = ops.equal(labels, ops.cast(ops.argmax(logits, axis=2), "int32"))
    real = ops.not_equal(labels, 0)
    matches = ops.cast(ops.logical_and(matches, real), "float32")
    return ops.sum(matches) / ops.sum(ops.cast(real, "float32"))


def build_model(vocabulary_size, units, layers, heads, feed_forward_units, dropout=0.1):
    """The tutorial's model, compiled."""
    sizes = (vocabulary_size, units, layers, heads, feed_forward_units, dropout)
    model = TutorialTransformer(*sizes)
    model((np.ones((1, 1), "int32"), np.ones((1, 1), "int32")))  # creates the weights
    model.compile(
        loss=masked_loss,
        optimizer=keras.optimizers.Adam(
            PaperSchedule(units), beta_1=0.9, beta_2=0.98, epsilon=1e-9
        ),
        metrics=[masked_accuracy],
    )
    return model


def padded_batches(pairs, sentences, seed):
    """Batches without end of `sentences` shuffled pairs: `((source, target), labels)`."""
    dataset = ragged_pairs(pairs).shuffle(20_000, seed=seed, reshuffle_each_iteration=False)
    dataset = dataset.batch(sentences).map(pad_batch, tf.data.AUTOTUNE).repeat()
    return dataset.prefetch(tf.data.AUTOTUNE)


Peer = functools.partial(FittedPeer, build_model, padded_batches)
