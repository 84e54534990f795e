"""Anything that translates: a training run, an exported folder, a SavedModel, a `.tflite` file."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from s2s_keras.errors import InputError
from s2s_keras.export.description import checked_description
from s2s_keras.export.litert_model import LiteRTModel
from s2s_keras.export.saved_model import DESCRIPTION_FILE, TOKENIZER_FILE
from s2s_keras.models import EncoderDecoder
from s2s_keras.search import Beam, Greedy, Translator, one_best_beam
from s2s_keras.tokenizer import Tokenizer
from s2s_keras.training import Run

_ATTENTION = "attention"


@dataclass(frozen=True)
class Deployed:
    """A model that is ready to translate.

    Attributes:
        path: what it was loaded from.
        source: the source language, ISO 639-1.
        target: the target language, ISO 639-1.
        max_length: the most tokens of a source and of a target, end token included.
        tokenizer: its `Tokenizer`.
        translator: its `Translator`.
        attend: maps a string tensor `(batch,)` to what `TextToText.attend` gives.
        model: the `EncoderDecoder`, for a training run; a SavedModel has none.
    """

    path: Path
    source: str
    target: str
    max_length: int
    tokenizer: Tokenizer
    translator: Translator
    attend: Callable
    model: EncoderDecoder | None = None

    def is_cut(self, text):
        """Whether `text` has more tokens than the model reads."""
        read = text.encode().strip()  # as bytes: only ASCII white space is ignored around a text
        # A byte makes less than two tokens, so most texts need no counting.
        if 2 * len(read) < self.max_length:
            return False
        tokens = self.tokenizer.tokenize([read]).row_lengths()[0]
        return int(tokens) > self.max_length - 1


def load(path, strategy=None):
    """Loads a model, whatever it is.

    Args:
        path: a training run's folder, an exported folder (its newest version is loaded), one
            SavedModel version folder, or one `.tflite` file.
        strategy: how to search, greedily unless given; an exported model has only one beam, that of
            `one_best_beam` with the size that it was exported with.

    Returns:
        A `Deployed`.

    Raises:
        InputError: if there is no model at `path`, or none with that search.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    if path.is_file():
        return _load_litert(path, strategy)
    if Run(path).exists():
        return _load_run(path, strategy)
    versions = exported_versions(path)
    if versions and not _is_saved_model(path):
        path = path / str(versions[-1])
    if _is_saved_model(path):
        return _load_saved_model(path, strategy)
    raise InputError(
        f"{path}: holds no model: give a training run, an exported folder, one of its versions "
        "or a .tflite file"
    )


def exported_versions(path):
    """The version numbers in an exported folder, rising."""
    if not Path(path).is_dir():
        return []
    folders = [each for each in Path(path).iterdir() if each.name.isdecimal()]
    return sorted(int(each.name) for each in folders if _is_saved_model(each))


def _is_saved_model(path):
    return (path / "saved_model.pb").is_file()


def _load_run(path, strategy):
    run = Run(path)
    translation = run.text_to_text(strategy)
    return Deployed(
        path=path,
        source=run.settings.source,
        target=run.settings.target,
        max_length=run.settings.max_length,
        tokenizer=translation.tokenizer,
        translator=Translator.of(translation),
        attend=tf.function(translation.attend, autograph=False),
        model=translation.model,
    )


def _load_saved_model(path, strategy):
    description = _description(path)
    signature = _signature_for(strategy, description, path, "serving_default")
    tokenizer = _tokenizer(path)
    loaded = _signatures(path, {signature, _ATTENTION})
    return Deployed(
        path=path,
        source=description["source"],
        target=description["target"],
        max_length=description["max_length"],
        tokenizer=tokenizer,
        translator=Translator(_kept_alive(loaded, signature)),
        attend=_kept_alive(loaded, _ATTENTION),
    )


def _description(path):
    """What a version says of itself."""
    file = path / DESCRIPTION_FILE
    if not file.is_file():
        raise InputError(
            f"{path}: a SavedModel, but none that `export` wrote: it lacks {DESCRIPTION_FILE}"
        )
    try:
        return checked_description(json.loads(file.read_bytes()), path)
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from error


def _tokenizer(path):
    try:
        return Tokenizer.load(path / TOKENIZER_FILE)
    except InputError as error:
        raise InputError(f"{error}: export the model again") from error


def _signatures(path, names):
    """The SavedModel in a folder, which has at least these signatures."""
    try:
        loaded = tf.saved_model.load(str(path))
    except (OSError, ValueError, IndexError, tf.errors.OpError) as error:
        raise _damaged(path, error) from error
    missing = names - set(loaded.signatures)
    if missing:
        raise _damaged(path, f"it lacks the signature {min(missing)}")
    return loaded


def _damaged(path, reason):
    reason = str(reason).partition("\n")[0]
    return InputError(f"{path}: this SavedModel is damaged ({reason}): export it again")


def _load_litert(path, strategy):
    model = LiteRTModel(path)
    signature = _signature_for(strategy, model.description, path, "greedy")
    return Deployed(
        path=path,
        source=model.description["source"],
        target=model.description["target"],
        max_length=model.description["max_length"],
        tokenizer=model.tokenizer,
        translator=Translator(lambda text: model.translate(text, signature)),
        attend=model.attend,
    )


def _signature_for(strategy, description, path, greedy):
    """The name of the signature that searches with `strategy`; `greedy` is one's name."""
    if isinstance(strategy, Greedy | None):
        return greedy
    beam_size = description["beam_size"]
    if not isinstance(strategy, Beam) or vars(strategy) != vars(one_best_beam(beam_size)):
        raise InputError(
            f"{path}: was exported with beam size {beam_size} and length penalty 1: give "
            f"--beam-size {beam_size} or 1, or the training run instead of its export"
        )
    return "beam"


def _kept_alive(loaded, signature):
    # A signature does not keep alive the object that owns its variables.
    return lambda text: loaded.signatures[signature](text=text)
