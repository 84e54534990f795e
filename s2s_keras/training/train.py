"""From settings to a trained model in a folder."""

import gc
import time

import keras
import tensorflow as tf

from s2s_keras.errors import InputError
from s2s_keras.files import remove_unfinished
from s2s_keras.machine import cores
from s2s_keras.models import build_model
from s2s_keras.pipeline import to_dataset
from s2s_keras.training.callbacks import AttentionPicture, Progress, Resumable
from s2s_keras.training.learner import compile_with, compiled_learner, total_batches
from s2s_keras.training.log import say
from s2s_keras.training.preparation import check, prepare
from s2s_keras.training.run import Run
from s2s_keras.training.state import load_checkpoint
from s2s_keras.training.validation import validation_of


def train(settings, output, *, resume=False, max_minutes=None):
    """Trains a model into a folder, or goes on with a training there.

    What happens is told on standard error. A run that was killed and goes on with `resume` gives
    bit for bit the weights of one that was not, on the same kind of machine.

    Args:
        settings: `Settings`.
        output: the run's folder.
        resume: go on with the run in `output`, from its beginning if nothing is saved yet. Without
            it, a folder that holds anything is refused.
        max_minutes: stop after this many minutes of training, above 0, all processes of the run
            together. A longer time given later with `resume` goes on from there.

    Returns:
        The `Run`.

    Raises:
        InputError: for settings, corpora or folders that do not do.
    """
    if max_minutes is not None and not max_minutes > 0:
        raise InputError(f"{max_minutes} minutes: it must be above 0")
    run = Run(output)
    combination = check(run, settings, resume)
    for folder in (run.path, run.epochs, run.translations):
        remove_unfinished(folder)
    recipe = settings.recipe(combination)
    state = run.state
    if state.ended or (max_minutes is not None and state.seconds >= 60 * max_minutes):
        say(f"{output}: finished before: {state.ended or 'its minutes are over'}")
        return run
    keras.utils.set_random_seed(settings.seed)
    batches, tokenizer = prepare(run, settings, combination)
    start = time.monotonic()
    last_step = total_batches(settings, len(batches))
    model = build_model(combination, tokenizer.vocabulary_size, settings.precision)
    learner = compiled_learner(model, settings, recipe, last_step)
    if run.checkpoint_file.is_file():
        load_checkpoint(run.checkpoint_file, learner)
    run.forget_interrupted(state.history)
    state.interrupted = False
    state.hardware = _hardware()
    _announce(run, settings, model, tokenizer, batches, state, resume)

    resumable = Resumable(
        run.checkpoint_file,
        state,
        last_step=last_step,
        steps_per_epoch=len(batches),
        max_seconds=None if max_minutes is None else 60 * max_minutes,
    )
    resumable.clock = start
    if state.step:
        resumable.keep_running_metrics(learner)
    judged = build_model(combination, tokenizer.vocabulary_size)
    compile_with(judged, recipe)
    callbacks = [
        *_judges(run, validation_of(run, settings, state, model, judged, tokenizer)),
        Progress(batches, state, settings.epochs),
        resumable,
    ]
    _fit(learner, batches, state, settings.epochs, callbacks)
    why = state.ended or "the minutes are over: train --resume with more goes on"
    say(f"{output}: trained {state.seconds / 60:.1f} minutes; {why}")
    return run


def _hardware():
    """What the model trains on."""
    if gpus := tf.config.list_physical_devices("GPU"):
        details = tf.config.experimental.get_device_details(gpus[0])
        return details.get("device_name", "GPU")
    return f"{cores()} CPU cores"


def _judges(run, validation):
    """The callbacks that look at a model after every epoch."""
    return [
        validation,
        keras.callbacks.TensorBoard(str(run.logs), write_graph=False),
        AttentionPicture(run.logs / "pictures", validation.text_to_text, validation.sources[0]),
    ]


def _fit(learner, batches, state, epochs, callbacks):
    """Runs `fit`: first the rest of an epoch that is under way, then the whole ones."""
    while state.epoch < epochs and not learner.stop_training:
        epoch, step = state.epoch, state.step
        stream = to_dataset(lambda epoch=epoch, step=step: batches.stream(epoch, step))
        learner.fit(
            stream,
            initial_epoch=epoch,
            epochs=epoch + 1 if step else epochs,
            steps_per_epoch=len(batches) - step,
            callbacks=callbacks,
            shuffle=False,
            verbose=0,
        )
    # `fit` leaves the stream's iterator in a cycle of references. Were it still there when Python
    # ends, TensorFlow would complain that it can no longer finish our generator.
    gc.collect()


def _announce(run, settings, model, tokenizer, batches, state, resume):
    if tokenizer.vocabulary_size < settings.vocab_size:
        say(
            f"vocabulary: {tokenizer.vocabulary_size} subwords: this corpus cannot carry "
            f"{settings.vocab_size}"
        )
    say(
        f"{settings.model}: {model.count_params():,} weights; {len(batches.pairs):,} pairs in "
        f"{len(batches)} batches an epoch, {batches.real_share():.0%} of a batch real tokens"
    )
    if resume:
        done = (state.epoch * len(batches) + state.step) // settings.accumulate
        say(f"{run.path}: goes on from step {done} (epoch {state.epoch + 1})")
