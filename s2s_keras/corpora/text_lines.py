"""Lines of UTF-8 text: the one way in which files are read, and the one in which they are written.

Reading takes what people have: with or without a byte order mark, LF or CRLF, gzip or not. Writing
is always the same: UTF-8, LF, the whole file or none of it.
"""

import codecs
import gzip
import os
import zlib
from collections.abc import Iterable
from pathlib import Path

from s2s_keras.errors import InputError
from s2s_keras.files import replacing

GZIP_MAGIC = b"\x1f\x8b"


def read_lines(path: str | os.PathLike) -> list[str]:
    """Reads a text file, one string a line, so that line n of the file is item n - 1.

    A line ends at LF or CRLF and nowhere else: U+0085 or U+2028 inside a sentence do not split it.
    Blank lines are kept. gzip is recognised by its first bytes, whatever the file is called.

    Args:
        path: the file.

    Returns:
        The lines without their ends. A last line counts whether or not the file ends with LF.

    Raises:
        InputError: if there is no such file, or it is no UTF-8 text.
    """
    return decode_lines(read_bytes(path), path)


def read_bytes(path: str | os.PathLike) -> bytes:
    """Reads a file whole and decompresses it if it is gzip.

    Raises:
        InputError: if the file cannot be read, or its gzip data are damaged.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder, not a file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if not data.startswith(GZIP_MAGIC):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: damaged gzip file ({error}): get it again") from None


def decode_lines(data: bytes, name: str | os.PathLike) -> list[str]:
    """Decodes UTF-8, with or without a byte order mark, and splits it at LF or CRLF.

    NUL characters are refused: text has none, so they mean another format, most often UTF-16.

    Args:
        data: the bytes of a text file.
        name: what messages call the file.

    Raises:
        InputError: naming the file and the line that is no UTF-8 text.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}:{line}: not UTF-8 text: save the file as UTF-8") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError(f"{name}:{line}: NUL character, as in UTF-16: save the file as UTF-8")
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def write_lines(path: str | os.PathLike, lines: Iterable[str]) -> None:
    """Writes a text file, whole or not at all.

    Args:
        path: the file, which is replaced if it is there.
        lines: the lines without their ends.
    """
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)
