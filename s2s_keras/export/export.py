"""The exported folder: a version, and the files beside it."""

import os
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

import tensorflow as tf

from s2s_keras.corpora import read_pairs
from s2s_keras.errors import InputError
from s2s_keras.export.deployed import exported_versions
from s2s_keras.export.golden_vectors import golden_vectors
from s2s_keras.export.litert import default_width, litert_files
from s2s_keras.export.litert_model import decoder_state
from s2s_keras.export.model_card import model_card
from s2s_keras.export.saved_model import write_saved_model
from s2s_keras.export.serving_files import server_notes, write_serving_files
from s2s_keras.files import write_atomically, write_json

LITERT = "litert"
TRANSLATIONS = "translations"
_RESULTS = "results.json"
# What the folders begin with in which an export is made, before it is moved into place.
_STAGING = ".export-"


def export(run, output, version=1, beam_size=5, author="not stated", license="not stated"):
    """Writes a run's best model as version `version` of an exported folder.

    The version appears whole or not at all, and last: an export that was stopped can be repeated.
    One export at a time can be made in a folder.
    The files beside the version folders (`.tflite` files, tokenizer, model card, `results.json`)
    belong to the newest version; the settings for TensorFlow Serving stay as they are found.

    Args:
        run: a `Run`.
        output: the exported folder, which may hold other versions.
        version: a positive integer.
        beam_size: width of the beam search, which an exported model has fixed.
        author: who made the model, for the model card and the `.tflite` files' metadata.
        license: the terms that it may be used under, for the same.

    Returns:
        The path of the version's folder.

    Raises:
        InputError: if the version exists, or the folder is none, or holds other things, or cannot
            be written, or the vocabulary is smaller than the beam, or LiteRT lacks an operator of
            the model.
    """
    output = Path(output)
    folder = output / str(version)
    if version < 1:
        raise InputError(f"version {version}: it must be 1 or more")
    if output.exists() and not output.is_dir():
        raise InputError(f"{output} is a file: choose another folder")
    if folder.exists():
        newest = max([version, *exported_versions(output)])
        raise InputError(f"{folder} exists: choose another --version, such as {newest + 1}")
    _check_files(output)
    settings = run.settings
    translation = run.text_to_text()
    about = _results(run, translation.model)  # now: a training that goes on changes it
    description = {
        "source": settings.source,
        "target": settings.target,
        "model": Path(settings.model).stem,
        "max_length": settings.max_length,
        "vocabulary_size": translation.tokenizer.vocabulary_size,
        "beam_size": beam_size,
        "litert_source_width": default_width(settings.max_length),
        "author": author,
        "license": license,
    }
    try:
        output.mkdir(parents=True, exist_ok=True)
        for killed in output.glob(f"{_STAGING}*"):
            shutil.rmtree(killed)
        with tempfile.TemporaryDirectory(dir=output, prefix=_STAGING) as staged:
            version_folder, beside = Path(staged, str(version)), Path(staged, "beside")
            write_saved_model(version_folder, translation, beam_size, description)
            # What cannot be converted leaves no version behind.
            litert = dict(litert_files(translation, beam_size, description))
            if version > max(exported_versions(output), default=0):
                results = {"version": version, **description, **about}
                results["saved_model_bytes"] = _size(version_folder)
                results["litert_bytes"] = {name: len(data) for name, data in litert.items()}
                results["litert_state"] = decoder_state(litert["float32"])
                _write_beside(beside, version_folder, run, translation, results, litert)
                _move_files(beside, output)
                write_serving_files(output, f"{settings.source}-{settings.target}")
            os.replace(version_folder, folder)
    except (OSError, tf.errors.OpError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{folder}: cannot be written ({reason})") from error
    return folder


def _check_files(output):
    """Refuses a folder with files of another kind, which ours would replace."""
    replaced = ("README.md", "tokenizer.model", LITERT, TRANSLATIONS)
    is_export = (output / _RESULTS).is_file() or exported_versions(output)
    if not is_export and any((output / name).exists() for name in replaced):
        raise InputError(f"{output} holds other files, and no export: choose another folder")


def _write_beside(output, version_folder, run, translation, results, litert):
    for precision, data in litert.items():
        write_atomically(output / LITERT / f"{precision}.tflite", data)
    write_atomically(output / "tokenizer.model", translation.tokenizer.model)
    texts = [text for pair in read_pairs(run.validation_file)[:20] for text in pair]
    write_json(output / "tokenizer_vectors.json", golden_vectors(translation.tokenizer, texts))
    for file in sorted(run.translations.glob("[!.]*")) if run.scores else []:
        write_atomically(output / TRANSLATIONS / file.name, file.read_bytes())
    write_results(output, results, version_folder=version_folder)


def _move_files(source, target):
    """Moves all files, and lets go of translations that are another version's."""
    shutil.rmtree(target / TRANSLATIONS, ignore_errors=True)
    files = [each for each in source.rglob("*") if each.is_file()]
    # First what tells an export that was killed here from a folder of another kind.
    for file in sorted(files, key=lambda each: each.name != _RESULTS):
        moved = target / file.relative_to(source)
        moved.parent.mkdir(exist_ok=True)
        os.replace(file, moved)


def write_results(output, results, measurements="", version_folder=None):
    """Writes `results.json` and the model card.

    Args:
        output: the exported folder.
        results: a dictionary of at least what `export` writes there.
        measurements: a section of the model card on what else was measured, in Markdown.
        version_folder: the version that they are of, where it does not lie in `output` yet.
    """
    notes = server_notes(version_folder or output / str(results["version"]))
    card = model_card(results, notes, measurements)
    write_atomically(output / "README.md", card.encode())
    write_json(output / _RESULTS, results)


def _results(run, model):
    settings, history, best = run.settings, run.history, run.best
    return {
        "corpus": Path(settings.corpus).name,
        "seed": settings.seed,
        "pairs": run.data["pairs"],
        "weights": model.count_params(),
        "hardware": run.state.hardware,
        "minutes": round(history[-1]["minutes"], 1),
        "epochs": history[-1]["epoch"],
        "validation": {"epoch": best["epoch"], "bleu": best["val_bleu"], "loss": best["val_loss"]},
        "settings": {**asdict(settings), **_file_names(settings)},
        "layers": run.combination,
        "evaluation": _evaluation(run.scores),
    }


def _evaluation(scores):
    """Why a test set could not be had is told by paths: its name suffices."""
    return scores and {**scores, "unavailable": sorted(scores["unavailable"])}


def _file_names(settings):
    """Without the folders of whoever trained it."""
    names = ("model", "corpus", "validation", "back_translator", "forward_translator")
    paths = {name: getattr(settings, name) for name in names}
    return {name: path and _name(Path(path)) for name, path in paths.items()}


def _name(path):
    """What `reproduce` makes has the name of the folder that it was made in."""
    return path.parent.name if path.name in ("run", "export") else path.name


def _size(folder):
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
