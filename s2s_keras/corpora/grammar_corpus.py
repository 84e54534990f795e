"""The embedded corpus: sentences that a small grammar makes, with their gold word alignments."""

from functools import cache, partial

from s2s_keras.corpora.corpus import Alignment, Corpus, Links, Pair
from s2s_keras.corpora.grammar import AlignedPair, generate
from s2s_keras.corpora.languages import check_languages

NAME = "grammar"
LANGUAGES = ("de", "en")
SPLITS = ("train", "validation", "test", "long")


def load_grammar(source_language: str, target_language: str) -> Corpus:
    """Gives the embedded corpus, which needs no network and is the same in every run.

    `long` holds sentences longer than those of `train`.

    Args:
        source_language: `de` or `en`.
        target_language: the other one.

    Raises:
        InputError: for another language.
    """
    check_languages(NAME, LANGUAGES, source_language, target_language)
    from_german = source_language == "de"

    def read(split: str) -> list[Pair]:
        pairs = [(pair.german, pair.english) for pair in _generated()[split]]
        return pairs if from_german else [(english, german) for german, english in pairs]

    def align(split: str) -> list[Alignment]:
        alignments = [(pair.sure, pair.possible) for pair in _generated()[split]]
        if from_german:
            return alignments
        return [(_flipped(sure), _flipped(possible)) for sure, possible in alignments]

    return Corpus(
        NAME,
        source_language,
        target_language,
        splits={split: partial(read, split) for split in SPLITS},
        gold_alignments={split: partial(align, split) for split in SPLITS},
    )


@cache
def _generated() -> dict[str, list[AlignedPair]]:
    return generate()


def _flipped(links: Links) -> Links:
    return frozenset((target, source) for source, target in links)
