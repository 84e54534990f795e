"""This project's attention model, trained as `s2s_keras.training.train` trains it.

The full recurrence (Bahdanau et al. 2015): attention inside the decoder's loop, in a readout that
sees state, context and token; batches of similar lengths; loss with label smoothing, accuracy,
Adam with a warm-up, a cosine and clipping, in the settings that `s2s-keras train` has.

Two settings are not those of the preset `gru-attention` but the tutorial's, so that both are of one
size: all states have `units` units, and there is no dropout.

A batch holds as many padded tokens as make it `sentences` pairs in the mean over an epoch, so that
it has as many real target tokens as the tutorial's, in the mean.
"""

import functools

import keras

from benchmarks.timed_fit import timed_fit
from benchmarks.token_file import read_token_file
from s2s_keras.layers import AdditiveAttention, RecurrentDecoder, RecurrentEncoder
from s2s_keras.models import EncoderDecoder, MaskedCrossentropy, TokenAccuracy
from s2s_keras.pipeline import Batches, to_dataset
from s2s_keras.training.settings import Settings


def build_model(vocabulary_size, units):
    """The model, compiled."""
    model = EncoderDecoder(
        vocabulary_size,
        embedding_units=units,
        encoder=RecurrentEncoder(units),
        decoder=RecurrentDecoder(units, output_units=units, attention=AdditiveAttention(units)),
    )
    model.build()
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=10_000,
        warmup_target=Settings.learning_rate,
        warmup_steps=Settings.warmup_steps,
    )
    model.compile(
        optimizer=keras.optimizers.Adam(schedule, global_clipnorm=Settings.clip_norm),
        loss=MaskedCrossentropy(Settings.label_smoothing),
        weighted_metrics=[TokenAccuracy()],
    )
    return model


def bucketed_batches(pairs, sentences, seed):
    """Batches by length without end, of `sentences` pairs in the mean."""
    # An epoch's batches are its padded tokens over those of a batch, and its pairs over theirs.
    width = Batches(pairs, batch_tokens=1).widths.mean()
    return to_dataset(Batches(pairs, round(sentences * width), seed).stream)


class Peer:
    """See the module.

    Args:
        tokens: path of a token file.
        vocabulary_size: number of ids.
        units: size of embeddings and of every state.
        sentences: pairs a batch, in the mean.
        warmup: updates before the first measurement.
    """

    def __init__(self, tokens, vocabulary_size, units, sentences, warmup):
        keras.utils.set_random_seed(0)
        self.dataset = functools.partial(bucketed_batches, read_token_file(tokens), sentences)
        self.model = build_model(vocabulary_size, units)
        self.about = {"parameters": self.model.count_params()}
        self.model.fit(self.dataset(seed=0), steps_per_epoch=warmup, verbose=0)

    def measure(self, number, steps):
        """Times `steps` updates; see `timed_fit`."""
        return timed_fit(self.model, self.dataset(seed=number + 1), steps)
