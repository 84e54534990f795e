"""From settings to a trained model in a folder."""

import gc
import hashlib
import sys
import time
from pathlib import Path

import keras

from s2s_keras.corpora import load_corpus, read_pairs, write_pairs
from s2s_keras.errors import InputError
from s2s_keras.models import PRESETS, build_model, find_combination
from s2s_keras.pipeline import Batches, to_dataset, tokenize_pairs
from s2s_keras.search import TextToText, Translator
from s2s_keras.tokenizer import Tokenizer
from s2s_keras.training.callbacks import AttentionPicture, Progress, Resumable, Validation
from s2s_keras.training.epoch_average import EpochAverage
from s2s_keras.training.learner import compile_with, compiled_learner, total_batches
from s2s_keras.training.run import Run
from s2s_keras.training.state import TrainingState, load_checkpoint

# Each epoch translates this many validation pairs at most, which takes seconds, not minutes.
VALIDATION_PAIRS = 1000


def train(settings, output, *, resume=False, max_minutes=None):
    """Trains a model into a folder, or goes on with a training there.

    What happens is told on standard error. A run that was killed and goes on with `resume` gives
    bit for bit the weights of one that was not, on the same kind of machine.

    Args:
        settings: `Settings`.
        output: the run's folder.
        resume: go on with the run in `output`, from its beginning if nothing is saved yet. Without
            it, a folder that holds anything is refused.
        max_minutes: stop after this many minutes of training, all processes of the run together.
            A longer time given later with `resume` goes on from there.

    Returns:
        The `Run`.

    Raises:
        InputError: for settings, corpora or folders that do not do.
    """
    start = time.monotonic()
    run = Run(output)
    combination = _check(run, settings, resume)
    recipe = settings.recipe(combination)
    # Before the tokenizer: TensorFlow drops the tokenizer's resource when it is seeded.
    keras.utils.set_random_seed(settings.seed)
    pairs, tokenizer = _prepare(run, settings, combination)
    batches = Batches(pairs, settings.batch_tokens, settings.seed)
    last_step = total_batches(settings, len(batches))
    model = build_model(combination, tokenizer.vocabulary_size, settings.precision)
    learner = compiled_learner(model, settings, recipe, last_step)
    state = TrainingState()
    if run.checkpoint_file.is_file():
        state = load_checkpoint(run.checkpoint_file, learner)
    if state.ended or (max_minutes is not None and state.seconds >= 60 * max_minutes):
        _say(f"{output}: finished before: {state.ended or 'its minutes are over'}")
        return run
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
        *_judges(run, settings, state, model, judged, tokenizer),
        Progress(batches, state, settings.epochs),
        resumable,
    ]
    _fit(learner, batches, state, settings.epochs, callbacks)
    why = state.ended or "the minutes are over: train --resume with more goes on"
    _say(f"{output}: trained {state.seconds / 60:.1f} minutes; {why}")
    return run


def _judges(run, settings, state, trained, judged, tokenizer):
    """The callbacks that look at a model after every epoch; see `Validation`."""
    pairs = read_pairs(run.validation_file)
    batches = Batches(tokenize_pairs(pairs, tokenizer), settings.batch_tokens)
    pairs = pairs[:VALIDATION_PAIRS]
    text_to_text = TextToText(judged, tokenizer, settings.max_length)
    validation = Validation(
        run,
        state,
        trained,
        judged,
        translator=Translator.of(text_to_text),
        average=EpochAverage(run.epochs, settings.average),
        dataset=to_dataset(batches.in_order, len(batches)),
        pairs=pairs,
        monitor=settings.monitor,
        patience=settings.patience,
    )
    return [
        validation,
        keras.callbacks.TensorBoard(str(run.logs), write_graph=False),
        AttentionPicture(run.logs / "pictures", text_to_text, pairs[0][0]),
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


def _check_positions(combination, settings):
    for part in ("encoder", "decoder"):
        stack = combination[part]
        if stack.get("positions") == "learned" and stack["max_length"] < settings.max_length:
            raise InputError(
                f"{settings.model}: [{part}] learns {stack['max_length']} positions, but sentences "
                f"have up to {settings.max_length} tokens: give it max_length = "
                f"{settings.max_length} or more"
            )


def _check(run, settings, resume):
    """Refuses what cannot be trained, and gives the model's combination of layers."""
    combination = _combination(run, settings)
    settings.recipe(combination)
    _check_positions(combination, settings)
    if run.exists():
        if not resume:
            raise InputError(
                f"{run.path} holds a run: add --resume to go on with it, or choose another folder"
            )
        differences = [
            *settings.differences(run.settings),
            *_differences(combination, run.combination),
        ]
        if differences:
            raise InputError(
                f"{run.path} was begun with other settings, so it cannot go on with these: "
                + "; ".join(differences)
            )
    elif run.path.exists() and not run.path.is_dir():
        raise InputError(f"{run.path} is a file: choose another folder")
    elif not resume and run.path.is_dir() and any(run.path.iterdir()):
        raise InputError(f"{run.path} is not empty: choose another folder")
    return combination


def _combination(run, settings):
    """The model's combination of layers: a run that goes on can do without the file."""
    if settings.model in PRESETS or Path(settings.model).exists() or not run.exists():
        return find_combination(settings.model)
    return run.combination


def _differences(combination, other, prefix=""):
    """The fields in which two combinations differ, as `Settings.differences` says them."""
    differences = []
    for name in {**combination, **other}:
        mine, theirs = combination.get(name), other.get(name)
        if isinstance(mine, dict) and isinstance(theirs, dict):
            differences += _differences(mine, theirs, f"{prefix}{name}.")
        elif mine != theirs:
            differences.append(f"{prefix}{name} {mine}, not {theirs}")
    return differences


def _prepare(run, settings, combination):
    """The training pairs' tokens and the tokenizer, with the files that a run begins with."""
    corpus = load_corpus(
        settings.corpus,
        settings.source,
        settings.target,
        validation=settings.validation,
        seed=settings.seed,
    )
    texts = corpus.split("train")
    if run.exists():
        tokenizer = run.tokenizer()
    else:
        tokenizer = Tokenizer.train((text for pair in texts for text in pair), settings.vocab_size)
        tokenizer.save(run.tokenizer_file)
        write_pairs(run.validation_file, corpus.split("validation"))
    pairs = tokenize_pairs(texts, tokenizer)
    kept = pairs.within(settings.max_length)
    if not len(kept):
        raise InputError(
            f"{settings.corpus}: no pair has at most {settings.max_length} tokens a side"
        )
    if len(kept) < len(pairs):
        _say(
            f"{len(pairs) - len(kept)} of {len(pairs)} training pairs have more than "
            f"{settings.max_length} tokens and are left out"
        )
    digest = _digest(kept)
    if not run.exists():
        run.describe(settings, combination, {"pairs": len(kept), "digest": digest})
    elif digest != run.data["digest"]:
        raise InputError(
            f"{settings.corpus} has changed since {run.path} was begun: choose another folder"
        )
    return kept, tokenizer


def _digest(pairs):
    digest = hashlib.sha256()
    for row in (*pairs.sources, *pairs.targets):
        digest.update(row.tobytes())
    return digest.hexdigest()


def _announce(run, settings, model, tokenizer, batches, state, resume):
    if tokenizer.vocabulary_size < settings.vocab_size:
        _say(
            f"vocabulary: {tokenizer.vocabulary_size} subwords: this corpus cannot carry "
            f"{settings.vocab_size}"
        )
    _say(
        f"{settings.model}: {model.count_params():,} weights; {len(batches.pairs):,} pairs in "
        f"{len(batches)} batches an epoch, {batches.real_share():.0%} of a batch real tokens"
    )
    if resume:
        done = (state.epoch * len(batches) + state.step) // settings.accumulate
        _say(f"{run.path}: goes on from step {done} (epoch {state.epoch + 1})")


def _say(line):
    print(line, file=sys.stderr, flush=True)
