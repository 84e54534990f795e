"""A corpus from a TAB-separated file of the user's."""

import os
import warnings

from s2s_keras.corpora.corpus import Corpus
from s2s_keras.corpora.held_out import hold_out
from s2s_keras.corpora.languages import check_codes
from s2s_keras.corpora.tab_separated import read_pairs
from s2s_keras.errors import InputError


def load_user_file(
    path: str | os.PathLike,
    source_language: str,
    target_language: str,
    *,
    validation: str | os.PathLike | None = None,
    seed: int = 0,
) -> Corpus:
    """Reads a file of pairs, source first, into the splits `train` and `validation`.

    With a validation file, every pair of both files is used as it stands; pairs that lie in both
    are warned of, because a score on sentences seen in training says little. Without one, a part
    that shares no sentence with the rest is held out by `hold_out`.

    Args:
        path: the TAB-separated file.
        source_language: language code of its first column.
        target_language: language code of its second column.
        validation: a second such file.
        seed: decides which pairs are held out.

    Raises:
        InputError: if a file cannot be read, or no pair can be held out.
    """
    check_codes(source_language, target_language)
    train = read_pairs(path)
    if validation is not None:
        held_out = read_pairs(validation)
        _warn_of_overlap(validation, held_out, train)
    else:
        train, held_out = hold_out(train, seed)
        if not held_out:
            raise InputError(
                f"{path}: no pair can be held out, since each shares a sentence with the others: "
                "add more pairs, or give --validation FILE"
            )
    splits = {"train": lambda: train, "validation": lambda: held_out}
    return Corpus(str(path), source_language, target_language, splits)


def _warn_of_overlap(path, held_out, train) -> None:
    known = set(train)
    shared = sum(pair in known for pair in held_out)
    if shared:
        warnings.warn(
            f"{path}: {shared} of {len(held_out)} validation pairs are training pairs too",
            stacklevel=4,
        )
