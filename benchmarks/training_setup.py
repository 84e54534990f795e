"""What peers that train with Keras on bucketed batches have in common."""

import functools

import keras

from benchmarks.timed_fit import timed_fit
from benchmarks.token_file import read_token_file
from s2s_keras.models.recipe import Recipe
from s2s_keras.models.schedules import build_schedule
from s2s_keras.pipeline import Batches, to_dataset
from s2s_keras.training.adam import Adam
from s2s_keras.training.learner import compile_with

# How `s2s-keras train` trains what asks for nothing else.
RECIPE = Recipe()


def bucketed(pairs, sentences, seed):
    """The `Batches` by length that hold `sentences` pairs in the mean over an epoch."""
    # An epoch's batches are its padded tokens over those of a batch, and its pairs over theirs.
    width = Batches(pairs, batch_tokens=1).widths.mean()
    return Batches(pairs, round(sentences * width), seed)


def bucketed_batches(pairs, sentences, seed):
    """Batches by length without end, of `sentences` pairs in the mean, as a `tf.data.Dataset`."""
    return to_dataset(bucketed(pairs, sentences, seed).stream)


def compile_for_training(model):
    """Compiles a model with the loss, the metric and the optimizer of `s2s-keras train`."""
    schedule = build_schedule(RECIPE, units=None, total_steps=10_000)
    optimizer = Adam(schedule, beta_2=RECIPE.beta_2, global_clipnorm=RECIPE.clip_norm)
    compile_with(model, RECIPE, optimizer)


class FittedPeer:
    """A peer that Keras fits.

    Args:
        build: a function of the settings below and `sizes` that gives a compiled model.
        batches: a function `(pairs, sentences, seed)` that gives a dataset.
        tokens: path of a token file.
        vocabulary_size: number of ids.
        sentences: pairs a batch, in the mean.
        warmup: updates before the first measurement.
        sizes: further arguments of `build`.
    """

    def __init__(self, build, batches, tokens, vocabulary_size, sentences, warmup, **sizes):
        keras.utils.set_random_seed(0)
        self.dataset = functools.partial(batches, read_token_file(tokens), sentences)
        self.model = build(vocabulary_size, **sizes)
        self.about = {"parameters": self.model.count_params()}
        self.model.fit(self.dataset(seed=0), steps_per_epoch=warmup, verbose=0)

    def measure(self, number, steps):
        """Times `steps` updates; see `timed_fit`."""
        return timed_fit(self.model, self.dataset(seed=number + 1), steps)
