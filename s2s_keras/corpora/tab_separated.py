"""Sentence pairs in TAB-separated files: one pair a line, source first."""

import os
from collections.abc import Iterable

from s2s_keras.corpora.corpus import Pair
from s2s_keras.corpora.text_lines import decode_lines, read_bytes, write_lines
from s2s_keras.errors import InputError


def read_pairs(path: str | os.PathLike) -> list[Pair]:
    """Reads the pairs of a TAB-separated file, which may be gzip.

    Args:
        path: the file. See `parse_pairs` for what a line may hold.

    Returns:
        `(source, target)` for each line that is not blank, in the file's order.

    Raises:
        InputError: naming the file, and the line where there is one.
    """
    return parse_pairs(read_bytes(path), path)


def parse_pairs(data: bytes, name: str | os.PathLike) -> list[Pair]:
    """Reads pairs from the bytes of a TAB-separated file.

    Each line holds the source sentence, a TAB and the target sentence. Whatever follows a second
    TAB is ignored, as is white space around a sentence. Blank lines are skipped.

    Args:
        data: UTF-8 text; byte order mark and CRLF are taken.
        name: what messages call the file.

    Raises:
        InputError: if a line lacks one of its two sentences, or there is no pair at all.
    """
    pairs = [
        _parse_line(line, f"{name}:{number}")
        for number, line in enumerate(decode_lines(data, name), start=1)
        if tidied(line) or "\t" in line
    ]
    if not pairs:
        raise InputError(f"{name}: no sentence pairs: each line must hold source TAB target")
    return pairs


def _parse_line(line: str, place: str) -> Pair:
    columns = [tidied(column) for column in line.split("\t")]
    if len(columns) < 2:
        raise InputError(f"{place}: no TAB: each line must hold source TAB target")
    source, target = columns[:2]
    if not (source and target):
        empty = "target" if source else "source"
        raise InputError(f"{place}: the {empty} sentence is empty: fill it in or delete the line")
    return source, target


def tidied(text: str) -> str:
    """Drops white space around a text, and byte order marks that joining files leaves within."""
    return text.replace("\ufeff", "").strip()


def write_pairs(path: str | os.PathLike, pairs: Iterable[Pair]) -> None:
    """Writes pairs as a TAB-separated file, whole or not at all. `read_pairs` gives them back.

    Args:
        path: the file, which is replaced if it is there.
        pairs: `(source, target)` as a corpus gives them: without TAB, LF or white space around.
    """
    write_lines(path, (_format_line(*pair) for pair in pairs))


def _format_line(source: str, target: str) -> str:
    for text in (source, target):
        assert text == tidied(text) != "", repr(text)
        assert not {"\t", "\n", "\0"} & set(text), repr(text)
    return f"{source}\t{target}"
