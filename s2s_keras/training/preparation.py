"""What stands before the first update: checks, the tokenizer, the training pairs as tokens."""

import hashlib
from dataclasses import replace
from pathlib import Path

from s2s_keras.corpora import load_corpus, read_pairs, write_pairs
from s2s_keras.errors import InputError
from s2s_keras.models import PRESETS, find_combination
from s2s_keras.pipeline import tokenize_pairs, training_batches
from s2s_keras.tokenizer import Tokenizer
from s2s_keras.training.learner import total_batches, total_updates
from s2s_keras.training.log import say


def check(run, settings, resume):
    """Refuses what cannot be trained.

    Args:
        run: the `Run`, which may have begun.
        settings: `Settings`.
        resume: whether a run that has begun goes on.

    Returns:
        The model's combination of layers.

    Raises:
        InputError: for settings that do not do or differ from the run's, or for the folder.
    """
    combination = _combination(run, settings)
    settings.recipe(combination)
    _check_positions(combination, settings)
    if run.exists():
        if not resume:
            raise InputError(
                f"{run.path} holds a run: add --resume to go on with it, or choose another folder"
            )
        begun = run.settings
        if combination == run.combination:  # from whatever file
            begun = replace(begun, model=settings.model)
        differences = [
            *settings.differences(begun),
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


def corpus_of(settings):
    """The `Corpus` that the settings name, with the part that is held out for validation."""
    return load_corpus(
        settings.corpus,
        settings.source,
        settings.target,
        validation=settings.validation,
        seed=settings.seed,
    )


def prepare(run, settings, combination):
    """Makes the tokenizer and the training pairs' tokens, or finds those of a run that goes on.

    A new run's folder then has the files that a run begins with; if anything is refused, none.

    Args:
        run: a `Run`.
        settings: `Settings`.
        combination: what `check` gave.

    Returns:
        The training `Batches` and the `Tokenizer`.

    Raises:
        InputError: for a corpus that does not do, or is not what the run began with, or with which
            the settings give no update.
    """
    corpus = corpus_of(settings)
    texts = corpus.split("train")
    if run.exists():
        tokenizer = run.tokenizer()
    else:
        tokenizer = Tokenizer.train((text for pair in texts for text in pair), settings.vocab_size)
    if settings.back_translator is not None:
        texts += read_pairs(run.back_translations_file)
    if settings.forward_translator is not None:
        texts += read_pairs(run.forward_translations_file)
    pairs = _within(settings, tokenize_pairs(texts, tokenizer))
    digest = _digest(pairs)
    if run.exists() and digest != run.data["digest"]:
        raise InputError(
            f"{settings.corpus} has changed since {run.path} was begun: choose another folder"
        )
    pieces = tokenizer.pieces(range(tokenizer.vocabulary_size))
    batches = training_batches(pairs, pieces, settings)
    if not run.exists():
        total_updates(settings, total_batches(settings, len(batches)))
        validation = _validation(settings, corpus, tokenizer)
        tokenizer.save(run.tokenizer_file)
        write_pairs(run.validation_file, validation)
        run.describe(settings, combination, {"pairs": len(pairs), "digest": digest})
    return batches, tokenizer


def _combination(run, settings):
    """The model's combination of layers: a run that goes on can do without the file."""
    if settings.model in PRESETS or Path(settings.model).exists() or not run.exists():
        return find_combination(settings.model)
    return run.combination


def _check_positions(combination, settings):
    for part in ("encoder", "decoder"):
        stack = combination[part]
        if stack.get("positions") == "learned" and stack["max_length"] < settings.max_length:
            raise InputError(
                f"{settings.model}: [{part}] learns {stack['max_length']} positions, but sentences "
                f"have up to {settings.max_length} tokens: give it max_length = "
                f"{settings.max_length} or more"
            )


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


def _within(settings, pairs):
    """The training pairs that are short enough."""
    kept = pairs.within(settings.max_length)
    if not len(kept):
        raise InputError(
            f"{settings.corpus}: no pair has at most {settings.max_length} tokens a side"
        )
    if len(kept) < len(pairs):
        say(
            f"{len(pairs) - len(kept)} of {len(pairs)} training pairs have more than "
            f"{settings.max_length} tokens and are left out"
        )
    return kept


def _validation(settings, corpus, tokenizer):
    """The validation pairs, of which there must be some to judge an epoch by."""
    pairs = corpus.split("validation")
    if not len(tokenize_pairs(pairs, tokenizer).within(settings.max_length)):
        raise InputError(
            f"{settings.validation or settings.corpus}: no validation pair has at most "
            f"{settings.max_length} tokens a side"
        )
    return pairs


def _digest(pairs):
    digest = hashlib.sha256()
    for row in (*pairs.sources, *pairs.targets):
        digest.update(row.tobytes())
    return digest.hexdigest()
