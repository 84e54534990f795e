"""Checks of the two languages asked for."""

import re
from collections.abc import Collection

from s2s_keras.errors import InputError


def check_languages(corpus: str, known: Collection[str], source: str, target: str) -> None:
    """Refuses a language that the corpus lacks, and the same language twice.

    Args:
        corpus: the corpus's name, for the message.
        known: the ISO 639-1 codes that the corpus has.
        source: code of the source language.
        target: code of the target language.

    Raises:
        InputError: naming the languages that the corpus has.
    """
    for language in (source, target):
        if language not in known:
            has = ", ".join(sorted(known))
            raise InputError(f"{corpus} has no language {language!r}: it has {has}")
    _check_different(source, target)


def check_codes(source: str, target: str) -> None:
    """Refuses what is no language code, for a file of the user's, which may be in any language.

    Raises:
        InputError: unless both are two or three lower-case letters, and differ.
    """
    for language in (source, target):
        if not re.fullmatch("[a-z]{2,3}", language):
            raise InputError(
                f"{language!r} is no language code: give two or three lower-case letters, "
                "such as de (ISO 639)"
            )
    _check_different(source, target)


def _check_different(source: str, target: str) -> None:
    if source == target:
        raise InputError(f"source and target language are both {source!r}: give two that differ")
