"""Tatoeba: short everyday sentences in many languages, each with an English translation.

The sentence pairs of tatoeba.org as manythings.org/anki publishes them: in each archive a file with
an English sentence, a TAB and its translation on every line, and in recent ones a third column that
names the authors. CC-BY 2.0 FR: name tatoeba.org and the authors.
"""

import zipfile
from functools import cache, partial

from s2s_keras.corpora.corpus import Corpus, Pair
from s2s_keras.corpora.data_folder import find_data_file
from s2s_keras.corpora.download import download_recorded
from s2s_keras.corpora.held_out import hold_out
from s2s_keras.corpora.languages import check_languages
from s2s_keras.corpora.tab_separated import parse_pairs, read_pairs
from s2s_keras.errors import InputError

NAME = "tatoeba"
SOURCE = "https://www.manythings.org/anki"
SPLIT_SEED = 0
SPLITS = ("train", "validation", "test")

# What manythings.org calls the languages that are paired with English there.
CODES = {
    "af": "afr",
    "ar": "ara",
    "az": "aze",
    "be": "bel",
    "bg": "bul",
    "bn": "ben",
    "ca": "cat",
    "cs": "ces",
    "da": "dan",
    "de": "deu",
    "el": "ell",
    "eo": "epo",
    "es": "spa",
    "et": "est",
    "eu": "eus",
    "fa": "pes",
    "fi": "fin",
    "fr": "fra",
    "he": "heb",
    "hi": "hin",
    "hu": "hun",
    "id": "ind",
    "is": "isl",
    "it": "ita",
    "ja": "jpn",
    "ka": "kat",
    "ko": "kor",
    "lt": "lit",
    "lv": "lvs",
    "mk": "mkd",
    "mr": "mar",
    "ms": "zsm",
    "nb": "nob",
    "nl": "nld",
    "pl": "pol",
    "pt": "por",
    "ro": "ron",
    "ru": "rus",
    "sk": "slk",
    "sl": "slv",
    "sq": "sqi",
    "sr": "srp",
    "sv": "swe",
    "th": "tha",
    "tl": "tgl",
    "tr": "tur",
    "uk": "ukr",
    "ur": "urd",
    "vi": "vie",
    "zh": "cmn",
}


def load_tatoeba(source_language: str, target_language: str) -> Corpus:
    """Gives English and one other language, in either direction, split by `hold_out`.

    Tatoeba has no official splits. Here `test` and `validation` hold 1,000 pairs each, or a tenth
    where there are few, and no two splits share a sentence of either language. The splits are the
    same for every run and for both directions, so that a test sentence is never one that some model
    has been trained on; they change only with the archive.

    The pairs are found in `$S2S_DATA_DIR/tatoeba/eng-CODE.tsv.gz`, or downloaded once.

    Args:
        source_language: `en` or one of `CODES`.
        target_language: likewise; one of the two is `en`.

    Raises:
        InputError: for other languages.
    """
    check_languages(NAME, {"en", *CODES}, source_language, target_language)
    if "en" not in (source_language, target_language):
        raise InputError(f"{NAME} pairs every language with English: one of the two must be 'en'")
    from_english = source_language == "en"
    code = CODES[target_language if from_english else source_language]

    @cache
    def splits() -> dict[str, list[Pair]]:
        return _split(_read_english_pairs(code), code)

    def read(split: str) -> list[Pair]:
        pairs = splits()[split]
        return pairs if from_english else [(other, english) for english, other in pairs]

    readers = {split: partial(read, split) for split in SPLITS}
    return Corpus(NAME, source_language, target_language, readers)


def _read_english_pairs(code: str) -> list[Pair]:
    """Reads `(English, other)` pairs from the data folder or else from the published archive."""
    path = find_data_file(NAME, f"eng-{code}.tsv.gz")
    if path is not None:
        return read_pairs(path)
    path = download_recorded(f"{SOURCE}/{code}-eng.zip", NAME)
    with zipfile.ZipFile(path) as archive:
        member = f"{code}.txt"
        if member not in archive.namelist():
            raise InputError(f"{path} holds no {member}: delete it and try again")
        return parse_pairs(archive.read(member), f"{path}/{member}")


def _split(pairs: list[Pair], code: str) -> dict[str, list[Pair]]:
    rest, test = hold_out(list(dict.fromkeys(pairs)), SPLIT_SEED)
    train, validation = hold_out(rest, SPLIT_SEED)
    if not validation:
        raise InputError(f"{NAME}: the {len(pairs)} pairs of {code} are too few to be split in 3")
    return {"train": train, "validation": validation, "test": test}
