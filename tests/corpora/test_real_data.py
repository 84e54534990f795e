"""The real corpora, where S2S_DATA_DIR says that they are."""

import os
from pathlib import Path

import pytest

from s2s_keras.corpora import load_corpus

FOLDER = os.environ.get("S2S_DATA_DIR")
pytestmark = pytest.mark.skipif(not FOLDER, reason="S2S_DATA_DIR is not set")


def need(*names):
    for name in names:
        if not Path(FOLDER, name).is_file():
            pytest.skip(f"S2S_DATA_DIR has no {name}")


@pytest.mark.parametrize(
    ("split", "file", "lines"),
    [
        ("train", "train", 29_000),
        ("validation", "val", 1_014),
        ("test_2016_flickr", "test_2016_flickr", 1_000),
    ],
)
def test_multi30k_is_parallel(split, file, lines):
    need(*(f"multi30k/{file}.{language}.gz" for language in ("cs", "de", "en", "fr")))
    german, english = zip(*load_corpus("multi30k", "de", "en").split(split), strict=True)
    french, czech = zip(*load_corpus("multi30k", "fr", "cs").split(split), strict=True)
    for side in (german, english, french, czech):
        assert len(side) == lines
        assert all(text and text == text.strip() and "\t" not in text for text in side)
    assert sum("ä" in text or "ß" in text for text in german) > lines / 4
    assert sum("é" in text for text in french) > lines / 10
    assert sum("ě" in text for text in czech) > lines / 4


def test_multi30k_begins_as_published():
    need("multi30k/train.de.gz", "multi30k/train.en.gz")
    assert load_corpus("multi30k", "en", "de").split("train")[0] == (
        "Two young, White males are outside near many bushes.",
        "Zwei junge weiße Männer sind im Freien in der Nähe vieler Büsche.",
    )


def test_tatoeba_splits_share_no_sentence():
    need("tatoeba/eng-deu.tsv.gz")
    corpus = load_corpus("tatoeba", "de", "en")
    parts = {name: corpus.split(name) for name in corpus.split_names}
    assert {name: len(pairs) for name, pairs in parts.items()} == {
        "train": 48_001,
        "validation": 1_000,
        "test": 1_000,
    }
    for side in (0, 1):
        sentences = [{pair[side] for pair in pairs} for pairs in parts.values()]
        assert sum(map(len, sentences)) == len(set.union(*sentences))
    assert sum("ü" in german for german, _ in parts["test"]) > 50
