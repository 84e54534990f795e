"""Trains on JAX, where TensorFlow need not be installed, from a file of token ids.

    s2s-keras reproduce RECIPE --output DIR --tokens tokens.npz      here, with TensorFlow
    KERAS_BACKEND=jax python recipes/train_on_jax.py tokens.npz weights.npz      there
    s2s-keras reproduce RECIPE --output DIR --weights weights.npz    here again

There it takes Keras, JAX, NumPy and this repository. All epochs of the recipe are trained, and the
weights that come back are the average of the last ones: what stops a training early is the BLEU of
translations, for which there is no tokenizer there.
"""

import argparse
import collections
import itertools
import json
import os
import sys
import time
import types
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import keras
import numpy as np

from s2s_keras.errors import InputError, error_line
from s2s_keras.files import replacing
from s2s_keras.models import Recipe, TokenAccuracy, build_model, build_schedule, training_loss
from s2s_keras.pipeline import training_batches
from s2s_keras.pipeline.token_archive import load_tokens

# JAX compiles for every shape: batches are padded until their shapes are few.
_WIDTH = 16


def stream(batches):
    """The padded batches of epoch after epoch, without end."""
    for epoch in itertools.count():
        pairs = batches.resample(epoch) if batches.resample else batches.pairs
        for indices in batches.plan(epoch):
            inputs, labels = batches.batch(indices, pairs)
            inputs = {name: padded(each, batches.copies) for name, each in inputs.items()}
            yield inputs, padded(labels, batches.copies)


def padded(ids, copies):
    """Ids `(batch, width)` with rows and columns of padding, which changes no loss."""
    rows, width = ids.shape
    more_rows, more_columns = 2 ** (rows - 1).bit_length() - rows, -width % _WIDTH
    return np.tile(np.pad(ids, [(0, more_rows), (0, more_columns)]), (copies, 1))


def settings_of(description):
    """The settings that the archive holds, as an object."""
    return types.SimpleNamespace(**description["settings"])


def compiled(description, steps):
    """The model that the archive describes, compiled as `s2s-keras train` does it."""
    settings, recipe = settings_of(description), Recipe(**description["recipe"])
    model = build_model(description["combination"], len(description["pieces"]), settings.precision)
    several = settings.accumulate
    model.compile(
        optimizer=keras.optimizers.Adam(
            build_schedule(recipe, model.embedding_units, steps // several, several),
            beta_2=recipe.beta_2,
            global_clipnorm=recipe.clip_norm,
            gradient_accumulation_steps=several if several > 1 else None,
        ),
        loss=training_loss(recipe.label_smoothing, settings.r_drop),
        weighted_metrics=[TokenAccuracy()],
    )
    return model


class LastEpochs(keras.callbacks.Callback):
    """Keeps the weights that the last epochs ended with.

    Args:
        count: of how many epochs.
    """

    def __init__(self, count):
        super().__init__()
        self.weights = collections.deque(maxlen=count)

    def on_epoch_end(self, epoch, logs=None):
        """Keeps them and tells how it goes."""
        self.weights.append(self.model.get_weights())
        self.logs = {name: float(value) for name, value in logs.items()}
        print(f"epoch {epoch + 1}: loss {self.logs['loss']:.3f}", file=sys.stderr, flush=True)

    def average(self):
        """Their average, a list of arrays."""
        return [np.mean(each, axis=0) for each in zip(*self.weights, strict=True)]


def train(tokens, output):
    """Trains from the file `tokens`, and writes the weights to the file `output`."""
    pairs, description = load_tokens(tokens)
    check_output(output)
    settings = settings_of(description)
    keras.utils.set_random_seed(settings.seed)
    batches = training_batches(pairs, description["pieces"], settings)
    model = compiled(description, settings.epochs * len(batches))
    last, start = LastEpochs(settings.average), time.monotonic()
    model.fit(
        stream(batches),
        epochs=settings.epochs,
        steps_per_epoch=len(batches),
        callbacks=[last],
        verbose=0,
    )
    about = {
        "digest": description["digest"],
        "settings": description["settings"],
        "epochs": settings.epochs,
        "seconds": time.monotonic() - start,
        "hardware": hardware(),
        "logs": last.logs,
    }
    # Of a name that does not end in .npz, NumPy would make another.
    with replacing(output) as temporary, open(temporary, "wb") as file:
        np.savez(file, *last.average(), about=json.dumps(about))


def check_output(path):
    """Refuses, before the hours of a training, a file that cannot be written after them."""
    folder = Path(path).parent
    folder.mkdir(parents=True, exist_ok=True)
    if Path(path).is_dir() or not os.access(folder, os.W_OK):
        raise InputError(f"{path}: cannot be written: name another file")


def hardware():
    """What JAX runs on."""
    import jax

    # Keras uses the first, unless it is told to distribute.
    return f"{jax.devices()[0].device_kind}, Keras on JAX"


def main(arguments=None):
    """The command."""
    parser = argparse.ArgumentParser("train_on_jax.py", description=__doc__.partition("\n")[0])
    parser.add_argument("tokens", help="what `s2s-keras reproduce --tokens` wrote")
    parser.add_argument("weights", help="the .npz file to write")
    options = parser.parse_args(arguments)
    if keras.backend.backend() != "jax":
        print("set the environment variable KERAS_BACKEND to jax", file=sys.stderr)
        return 2
    try:
        train(options.tokens, options.weights)
    except (InputError, OSError) as error:
        print(error_line(error), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
