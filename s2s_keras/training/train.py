"""From settings to a trained model in a folder."""

import hashlib
import sys
import time

import keras

from s2s_keras.corpora import load_corpus, read_pairs, write_pairs
from s2s_keras.errors import InputError
from s2s_keras.models import PRESETS, MaskedCrossentropy, TokenAccuracy, build_preset
from s2s_keras.pipeline import Batches, to_dataset, tokenize_pairs
from s2s_keras.search import TextToText, Translator
from s2s_keras.tokenizer import Tokenizer
from s2s_keras.training.callbacks import AttentionPicture, Progress, Resumable, Validation
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
    _check(run, settings, resume)
    # Before the tokenizer: TensorFlow drops the tokenizer's resource when it is seeded.
    keras.utils.set_random_seed(settings.seed)
    pairs, tokenizer = _prepare(run, settings)
    batches = Batches(pairs, settings.batch_tokens, settings.seed)
    model = _compiled_model(settings, tokenizer, len(batches))
    validation_pairs = read_pairs(run.validation_file)
    validation = Batches(tokenize_pairs(validation_pairs, tokenizer), settings.batch_tokens)
    validation_dataset = to_dataset(validation.in_order, len(validation))
    # Creates the metrics' variables, which a checkpoint holds too.
    model.evaluate(validation_dataset, steps=1, verbose=0)
    state = TrainingState()
    if run.checkpoint_file.is_file():
        state = load_checkpoint(run.checkpoint_file, model)
    if state.ended or (max_minutes is not None and state.seconds >= 60 * max_minutes):
        _say(f"{output}: finished before: {state.ended or 'its minutes are over'}")
        return run
    _announce(run, settings, model, tokenizer, batches, state, resume)

    text_to_text = TextToText(model, tokenizer, settings.max_length)
    sample = validation_pairs[:VALIDATION_PAIRS]
    resumable = Resumable(
        run.checkpoint_file,
        state,
        last_step=_total_steps(settings, len(batches)),
        steps_per_epoch=len(batches),
        max_seconds=None if max_minutes is None else 60 * max_minutes,
    )
    resumable.clock = start
    if state.step:
        resumable.keep_running_metrics(model)
    callbacks = [
        Validation(
            run,
            state,
            Translator.of(text_to_text),
            sample,
            settings.monitor,
            settings.patience,
        ),
        keras.callbacks.TensorBoard(str(run.logs), write_graph=False),
        AttentionPicture(run.logs / "pictures", text_to_text, sample[0][0]),
        Progress(batches, state, settings.epochs),
        resumable,
    ]
    _fit(model, batches, validation_dataset, state, settings.epochs, callbacks)
    why = state.ended or "the minutes are over: train --resume with more goes on"
    _say(f"{output}: trained {state.seconds / 60:.1f} minutes; {why}")
    return run


def _fit(model, batches, validation_data, state, epochs, callbacks):
    """Runs `fit`: first the rest of an epoch that is under way, then the whole ones."""
    while state.epoch < epochs and not model.stop_training:
        epoch, step = state.epoch, state.step
        stream = to_dataset(lambda epoch=epoch, step=step: batches.stream(epoch, step))
        model.fit(
            stream,
            initial_epoch=epoch,
            epochs=epoch + 1 if step else epochs,
            steps_per_epoch=len(batches) - step,
            validation_data=validation_data,
            callbacks=callbacks,
            shuffle=False,
            verbose=0,
        )


def _check(run, settings, resume):
    if settings.model not in PRESETS:
        build_preset(settings.model, 0)  # says which there are
    if run.exists():
        if not resume:
            raise InputError(
                f"{run.path} holds a run: add --resume to go on with it, or choose another folder"
            )
        differences = settings.differences(run.settings)
        if differences:
            raise InputError(
                f"{run.path} was begun with other settings, so it cannot go on with these: "
                + "; ".join(differences)
            )
    elif run.path.exists() and not run.path.is_dir():
        raise InputError(f"{run.path} is a file: choose another folder")
    elif not resume and run.path.is_dir() and any(run.path.iterdir()):
        raise InputError(f"{run.path} is not empty: choose another folder")


def _prepare(run, settings):
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
        run.describe(settings, {"pairs": len(kept), "digest": digest})
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


def _total_steps(settings, steps_per_epoch):
    steps = settings.epochs * steps_per_epoch
    return min(steps, settings.max_steps or steps)


def _compiled_model(settings, tokenizer, steps_per_epoch):
    steps = _total_steps(settings, steps_per_epoch)
    warmup = max(1, min(settings.warmup_steps, steps // 10))
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=max(1, steps - warmup),
        warmup_target=settings.learning_rate,
        warmup_steps=warmup,
    )
    model = build_preset(settings.model, tokenizer.vocabulary_size)
    optimizer = keras.optimizers.Adam(schedule, global_clipnorm=settings.clip_norm)
    optimizer.build(model.trainable_variables)
    model.compile(
        optimizer=optimizer,
        loss=MaskedCrossentropy(settings.label_smoothing),
        weighted_metrics=[TokenAccuracy()],
    )
    return model


def _announce(run, settings, model, tokenizer, batches, state, resume):
    if tokenizer.vocabulary_size < settings.vocab_size:
        _say(
            f"vocabulary: {tokenizer.vocabulary_size} subwords: this corpus cannot carry "
            f"{settings.vocab_size}"
        )
    _say(
        f"{settings.model}: {model.count_params():,} weights; {len(batches.pairs):,} pairs in "
        f"{len(batches)} updates an epoch, {batches.real_share():.0%} of a batch real tokens"
    )
    if resume:
        done = state.epoch * len(batches) + state.step
        _say(f"{run.path}: goes on from step {done} (epoch {state.epoch + 1})")


def _say(line):
    print(line, file=sys.stderr, flush=True)
