"""One function that loads any corpus, by name or by path."""

import os

from s2s_keras.corpora.corpus import Corpus
from s2s_keras.corpora.grammar_corpus import load_grammar
from s2s_keras.corpora.multi30k import load_multi30k
from s2s_keras.corpora.tatoeba import load_tatoeba
from s2s_keras.corpora.user_file import load_user_file
from s2s_keras.errors import InputError

_LOADERS = {"grammar": load_grammar, "multi30k": load_multi30k, "tatoeba": load_tatoeba}

CORPORA = tuple(_LOADERS)
"""The names that `load_corpus` knows."""


def load_corpus(
    name_or_path: str | os.PathLike,
    source_language: str,
    target_language: str,
    *,
    validation: str | os.PathLike | None = None,
    seed: int = 0,
) -> Corpus:
    """Loads one of `CORPORA`, or a TAB-separated file of the user's, source first.

    Args:
        name_or_path: a name of `CORPORA`, or else the path of a file. `./grammar` is a path.
        source_language: ISO 639-1 code, such as `de`, whatever the corpus calls the language.
        target_language: likewise.
        validation: a second TAB-separated file, for validation. Only for a file of the user's.
        seed: decides which pairs of a file are held out where there is no `validation`. A named
            corpus has the same splits whatever the seed.

    Raises:
        InputError: for a corpus, language or file that there is not.

    Example:
        >>> load_corpus("grammar", "de", "en").split_names
        ('train', 'validation', 'test', 'long')
    """
    if name_or_path in _LOADERS:
        if validation is not None:
            raise InputError(
                f"{name_or_path} has its own validation split: "
                "a validation file goes with a TAB-separated file only"
            )
        return _LOADERS[name_or_path](source_language, target_language)
    if not os.path.exists(name_or_path):
        raise InputError(
            f"{str(name_or_path)!r} is no corpus and no file: give {', '.join(CORPORA)} or the "
            "path of a TAB-separated file, source first (such as pairs.tsv)"
        )
    return load_user_file(
        name_or_path, source_language, target_language, validation=validation, seed=seed
    )
