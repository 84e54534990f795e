from types import SimpleNamespace

import pytest

from s2s_keras.corpora import grammar_corpus, load_corpus
from s2s_keras.errors import InputError


def links(*pairs):
    return frozenset(pairs)


@pytest.fixture
def grammar(monkeypatch):
    """A grammar of one sentence a split stands for the real one."""

    def generate():
        pair = SimpleNamespace(
            german="ich sehe dich nicht",
            english="i do not see you",
            sure=links((0, 0), (1, 3), (3, 2)),
            possible=links((0, 0), (1, 3), (3, 2), (1, 1)),
        )
        return {split: [pair] for split in ("train", "validation", "test", "long")}

    monkeypatch.setattr(grammar_corpus, "generate", generate)
    grammar_corpus._generated.cache_clear()
    yield
    grammar_corpus._generated.cache_clear()


def test_the_direction_decides_the_order(grammar):
    german = load_corpus("grammar", "de", "en")
    english = load_corpus("grammar", "en", "de")
    assert german.split_names == ("train", "validation", "test", "long")
    assert german.split("long") == [("ich sehe dich nicht", "i do not see you")]
    assert english.split("long") == [("i do not see you", "ich sehe dich nicht")]


def test_alignments_turn_with_the_direction(grammar):
    ((sure, possible),) = load_corpus("grammar", "de", "en").alignments("test")
    assert sure == links((0, 0), (1, 3), (3, 2))
    assert possible == sure | links((1, 1))
    ((sure, possible),) = load_corpus("grammar", "en", "de").alignments("test")
    assert sure == links((0, 0), (3, 1), (2, 3))
    assert possible == sure | links((1, 1))


def test_an_unknown_split_is_refused(grammar):
    corpus = load_corpus("grammar", "de", "en")
    for read in (corpus.split, corpus.alignments):
        with pytest.raises(
            InputError, match="no split 'dev': it has train, validation, test, long"
        ):
            read("dev")


def test_links_of_the_real_grammar_lie_within_its_sentences():
    for source, target in (("de", "en"), ("en", "de")):
        corpus = load_corpus("grammar", source, target)
        for split in ("validation", "test", "long"):
            pairs, alignments = corpus.split(split), corpus.alignments(split)
            assert len(pairs) == len(alignments) > 0
            for pair, (sure, possible) in zip(pairs, alignments, strict=True):
                assert sure <= possible
                for link in possible:
                    assert all(0 <= i < len(t.split()) for i, t in zip(link, pair, strict=True))
