"""Files with every setting of a model: of its data, layers, training and search."""

import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path

from s2s_keras.errors import InputError
from s2s_keras.training.settings import Settings

_SETTINGS = {field.name: field.type for field in fields(Settings) if field.name != "model"}


@dataclass(frozen=True)
class RecipeFile:
    """What a recipe's file says, beside the combination of layers in its table [model].

    Attributes:
        settings: the `Settings`; their `model` is the file itself.
        beam_size: the width of the search that the model is scored and exported with.
    """

    settings: Settings
    beam_size: int


def read_recipe(path, seed=None):
    """Reads a recipe.

    It is a TOML file of the fields of `Settings` but `model`, of `beam_size`, and of a table
    [model], which holds a combination of layers (see `s2s_keras.models.combination`):

        corpus = "multi30k"
        source = "de"
        target = "en"
        epochs = 50
        beam_size = 5

        [model]
        embedding_units = 128
        ...

    Args:
        path: the file.
        seed: in place of the file's.

    Returns:
        A `RecipeFile`.

    Raises:
        InputError: if there is no such file, or for a field that is unknown, missing or does not
            do. The table [model] is looked at when the model is built.
    """
    given = _read(path)
    given.pop("model", None)
    beam_size = given.pop("beam_size", None)
    _check(path, "beam_size", beam_size, int)
    if beam_size < 1:
        raise InputError(f"{path}: beam_size is {beam_size}: it must be 1 or more")
    for name, value in given.items():
        if name not in _SETTINGS:
            known = ", ".join((*_SETTINGS, "beam_size", "[model]"))
            raise InputError(f"{path}: unknown field {name!r}: choose from {known}")
        _check(path, name, value, _SETTINGS[name])
    for name in ("corpus", "source", "target"):
        if name not in given:
            raise InputError(f"{path}: the field {name!r} is missing")
    try:
        settings = Settings(**given, model=str(path))
        return RecipeFile(settings if seed is None else replace(settings, seed=seed), beam_size)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _read(path):
    try:
        table = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:  # what the parser raises, and a wrong encoding
        raise InputError(f"{path}: this is no TOML ({error})") from error
    if not isinstance(table.get("model"), dict):
        raise InputError(f"{path}: the table [model], of the layers, is missing")
    return table


def _check(path, name, value, kind):
    if value is None:
        raise InputError(f"{path}: the field {name!r} is missing")
    # As elsewhere in Python, a whole number does where a float is asked for; a truth value never.
    wanted = kind | int if isinstance(1.0, kind) else kind
    if not isinstance(value, wanted) or isinstance(value, bool):
        name_of_kind = "a name in quotes" if isinstance("", kind) else "a number"
        if isinstance(1, kind):
            name_of_kind = "a whole number"
        raise InputError(f"{path}: {name} is {value!r}: it must be {name_of_kind}")
