"""Files that are written whole or not at all, and arrays read back."""

import contextlib
import json
import os
import uuid
import zipfile
import zlib
from pathlib import Path

import numpy as np

from s2s_keras.errors import InputError


@contextlib.contextmanager
def replacing(path):
    """A path beside `path` to write a file to, which takes the place of `path` at the end.

    If the block raises, what it wrote is removed and `path` stays as it was. Of a link, the file
    that it leads to is replaced; what is no file, such as `/dev/null`, is itself written to.

    Example:
        with replacing("scores.json") as temporary:
            temporary.write_text("{}")
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        yield path
        return
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}-{uuid.uuid4().hex[:8]}.tmp{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_unfinished(folder):
    """Removes what `replacing` had begun in `folder` when its process was killed."""
    for file in Path(folder).glob(".*-????????.tmp*"):
        file.unlink()


def write_atomically(path, data):
    """Writes the bytes `data` to `path`, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def to_json(value):
    """`value` as JSON text, indented."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def write_json(path, value):
    """Writes `value` as JSON to `path`, whole or not at all."""
    write_atomically(path, f"{to_json(value)}\n".encode())


@contextlib.contextmanager
def opened(path, otherwise):
    """The arrays of an `.npz` file.

    Args:
        path: of the file.
        otherwise: what it is if it cannot be read, or lacks what is looked for in it.

    Raises:
        InputError: then.
    """
    unreadable = (
        ValueError,
        TypeError,
        KeyError,
        EOFError,
        OSError,
        zipfile.BadZipFile,
        zlib.error,
    )
    try:
        with np.load(path) as saved:
            yield saved
    except unreadable as error:
        raise InputError(f"{path}: {otherwise} ({error})") from error
