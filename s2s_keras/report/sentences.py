"""The sentences that an export is measured with."""

from typing import NamedTuple

from s2s_keras.corpora import CORPORA, Pair, load_corpus, read_pairs


class Sentences(NamedTuple):
    """Sentence pairs, and where they are from.

    Attributes:
        corpus: the corpus's name, or `the run's own pairs`.
        split: the split's name.
        pairs: a list of `(source, target)`.
    """

    corpus: str
    split: str
    pairs: list[Pair]


def test_sentences(run, limit):
    """The first pairs of the first test split of a run's corpus.

    Of a file of the user's, which has none, the run's validation pairs.

    Args:
        run: a `Run`.
        limit: the most pairs.

    Raises:
        InputError: if the corpus cannot be had.
    """
    settings = run.settings
    if settings.corpus not in CORPORA:
        pairs = read_pairs(run.validation_file)
        return Sentences("the run's own pairs", "validation", pairs[:limit])
    corpus = load_corpus(settings.corpus, settings.source, settings.target)
    split = next(name for name in corpus.split_names if name.startswith("test"))
    return Sentences(corpus.name, split, corpus.split(split)[:limit])
