"""Named combinations, and combinations from files."""

import json
import tomllib
from pathlib import Path

from s2s_keras.errors import InputError
from s2s_keras.models.combination import build_model, resolve


def _gru(attention):
    return {
        "embedding_units": 256,
        "dropout": 0.3,
        "encoder": {"type": "recurrent", "units": 256},
        "decoder": {"type": "recurrent", "units": 512},
        "attention": attention,
        "training": {"schedule": "cosine", "learning_rate": 2e-3, "warmup_steps": 400},
    }


def _transformer(width, training, **stack):
    stack = {"type": "transformer", "dropout": 0.3, "inner_dropout": 0.1, "norm": "pre", **stack}
    return {
        "embedding_units": width,
        "shared_embedding": True,
        "encoder": stack,
        "decoder": stack,
        "training": {"beta_2": 0.98, **training},
    }


# The sizes of `transformer-tiny` are those of Wu et al. 2021 for Multi30k, those of
# `transformer-small` Joey NMT's for IWSLT 2014 (Kreutzer et al. 2019).
PRESETS = {
    "gru": _gru({"type": "fixed"}),
    "gru-attention": _gru({"type": "additive", "units": 256}),
    "transformer-tiny": _transformer(
        width=128,
        training={"schedule": "linear", "learning_rate": 4e-3, "warmup_steps": 1000},
        layers=4,
        heads=4,
        feed_forward_units=256,
    ),
    "transformer-small": _transformer(
        width=256,
        training={
            "schedule": "inverse-square-root",
            "learning_rate": 1e-3,
            "warmup_steps": 2000,
        },
        layers=6,
        heads=4,
        feed_forward_units=1024,
    ),
}


def find_combination(model):
    """The combination of a preset or of a file.

    Args:
        model: one of `PRESETS`, or the path of a `.toml` or `.json` file (see
            `s2s_keras.models.combination`), or of one that holds more and has the combination in
            its table [model], as the files in `recipes/` do.

    Returns:
        A combination that names every field.

    Raises:
        InputError: if there is no such preset or file, or the file is no sound combination.
    """
    if model in PRESETS:
        return resolve(PRESETS[model], model)
    if Path(model).suffix not in _PARSERS:
        raise InputError(
            f"unknown model {model!r}: choose one of {', '.join(PRESETS)}, or give a .toml or "
            ".json file"
        )
    return resolve(_read(Path(model)), model)


def build_preset(model, vocabulary_size):
    """Builds the model of a preset or of a file, with new weights.

    Args:
        model: see `find_combination`.
        vocabulary_size: number of token ids.

    Raises:
        InputError: see `find_combination`.
    """
    return build_model(find_combination(model), vocabulary_size)


_PARSERS = {".toml": tomllib.loads, ".json": json.loads}


def _read(path):
    try:
        table = _PARSERS[path.suffix](path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:  # what both parsers raise, and a wrong encoding
        raise InputError(f"{path}: this is no {path.suffix[1:].upper()} ({error})") from error
    return table.get("model", table) if isinstance(table, dict) else table
