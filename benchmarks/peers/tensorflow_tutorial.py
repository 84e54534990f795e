"""TensorFlow's tutorial "Neural machine translation with attention", as written.

Reimplemented from https://www.tensorflow.org/text/tutorials/nmt_with_attention (the version with
`MultiHeadAttention`, written for Keras 2).

As written:
- Sizes: 256 units in every embedding, state and attention head; batches of 64 pairs.
- Encoder: an embedding that masks id 0, and a bidirectional GRU whose directions are summed.
- Decoder: an embedding of its own that masks id 0; a GRU that starts from zeros and does not see
  the source; after it `MultiHeadAttention` with one head over the encoder's outputs, which also
  returns its weights; the sum of both, `LayerNormalization`, and a `Dense` layer with bias for the
  logits. No dropout. GRUs have the recurrent initializer `glorot_uniform`.
- Training: the mean cross-entropy over real tokens, computed as the loss and once more as a
  metric; an accuracy by argmax over the vocabulary; Adam with its defaults; `compile` and `fit`.
  The mask is taken off the logits, so that Keras does not weight the loss by it once more.
- Batches: pairs shuffled over the whole corpus, then padded to the longest of each batch, source
  and target each for itself. No bucketing, and no prefetching.

Changed:
- The ids come from a token file, the same for all peers, in place of two `TextVectorization` layers
  of 5,000 words in the data pipeline, which do not run so in Keras 3. This saves the tutorial the
  time of its text processing.
- Vocabulary: that of the token file (8,000 ids) on either side.
- The corpus, and no part of it held out or validated on.
- No progress bar, no early stopping.
- The attention's weights are not stored on the layers.
"""

import functools

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from benchmarks.training_setup import FittedPeer


class TutorialModel(keras.Model):
    """The tutorial's model: `(source, target)` ids to logits `(batch, target, vocabulary)`."""

    def __init__(self, vocabulary_size, units):
        super().__init__()
        self.source_embedding = layers.Embedding(vocabulary_size, units, mask_zero=True)
        self.encoder = layers.Bidirectional(_gru(units), merge_mode="sum")
        self.target_embedding = layers.Embedding(vocabulary_size, units, mask_zero=True)
        self.decoder = _gru(units)
        self.attention = layers.MultiHeadAttention(num_heads=1, key_dim=units)
        self.add = layers.Add()
        self.normalization = layers.LayerNormalization()
        self.logits = layers.Dense(vocabulary_size)

    def call(self, inputs):
        """See the class."""
        source, target = inputs
        annotations = self.encoder(self.source_embedding(source))
        states = self.decoder(self.target_embedding(target))
        context, _ = self.attention(query=states, value=annotations, return_attention_scores=True)
        logits = self.logits(self.normalization(self.add([states, context])))
        if hasattr(logits, "_keras_mask"):
            del logits._keras_mask
        return logits


def _gru(units):
    return layers.GRU(units, return_sequences=True, recurrent_initializer="glorot_uniform")


def masked_loss(labels, logits):
    """Mean cross-entropy over the labels that are not 0."""
    losses = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    real = ops.cast(ops.not_equal(labels, 0), losses.dtype)
    return ops.sum(losses * real) / ops.sum(real)


def masked_accuracy(labels, logits):
    """Labels with the highest logit, as a share of those that are not 0.

    As in the tutorial, padding that is predicted at padding counts as a match.
    """
    matches = ops.equal(labels, ops.cast(ops.argmax(logits, axis=-1), labels.dtype))
    real = ops.cast(ops.not_equal(labels, 0), "float32")
    return ops.sum(ops.cast(matches, "float32")) / ops.sum(real)


def build_model(vocabulary_size, units):
    """The tutorial's model, compiled."""
    model = TutorialModel(vocabulary_size, units)
    model((tf.zeros((1, 1), tf.int32), tf.zeros((1, 1), tf.int32)))  # creates the weights
    model.compile(optimizer="adam", loss=masked_loss, metrics=[masked_accuracy, masked_loss])
    return model


def padded_batches(pairs, sentences, seed):
    """Batches without end of `sentences` shuffled pairs: `((source, target), labels)`."""
    dataset = ragged_pairs(pairs)
    dataset = dataset.shuffle(len(dataset), seed=seed, reshuffle_each_iteration=False)
    return dataset.batch(sentences).map(pad_batch, tf.data.AUTOTUNE).repeat()


def ragged_pairs(pairs):
    """A dataset of `(source, target)`, each a row of ids, in the order of `TokenPairs`."""
    return tf.data.Dataset.from_tensor_slices((_ragged(pairs.sources), _ragged(pairs.targets)))


def _ragged(rows):
    return tf.RaggedTensor.from_row_lengths(np.concatenate(rows), [len(row) for row in rows])


def pad_batch(source, target):
    """A batch of `ragged_pairs` as `((source, target), labels)`, padded with id 0."""
    return (source.to_tensor(), target[:, :-1].to_tensor()), target[:, 1:].to_tensor()


Peer = functools.partial(FittedPeer, build_model, padded_batches)
