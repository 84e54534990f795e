"""Which word a piece belongs to."""

import pytest

from s2s_keras.evaluation import words_of_pieces
from s2s_keras.tokenizer import Tokenizer


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ("", []),
        ("▁a", [0]),
        ("▁a ▁dog gy .", [0, 1, 1, 1]),
        ("▁a </s>", [0, -1]),
        ("<s> ▁a </s> <pad> <pad>", [-1, 0, -1, -1, -1]),
        ("a ▁b", [0, 1]),  # A first word that nothing begins.
        ("▁ a ▁ b", [0, 0, 1, 1]),  # U+2581 alone begins the word that follows.
        ("▁ <0xE2> <0x82> <0xAC> ▁b", [0, 0, 0, 0, 1]),
        ("▁a ▁ <0xF0> <0x9F>", [0, 1, 1, 1]),
        ("▁a <0xE2> ▁b", [0, 0, 1]),
        ("▁a ▁ ▁b", [0, 1, 1]),  # Two spaces are one boundary.
        ("▁a ▁▁b", [0, 1]),
        ("▁ ▁ ▁", [-1, -1, -1]),
        ("▁ ▁a ▁ </s>", [0, 0, -1, -1]),  # A space at the end is before no word.
    ],
)
def test_words(pieces, words):
    assert words_of_pieces(pieces.split()) == words


def test_bytes_and_empty_padding():
    assert words_of_pieces(["▁a".encode(), "▁ö".encode(), b"</s>", b""]) == [0, 1, -1, -1]


TEXTS = [
    "Ein Hund schläft.",
    "a  b",
    " a b ",
    "日本 😀 x",
    "a real \u2581 and \ue000 too",
    "a </s> b <s>",
    "",
    "   ",
]


def test_as_many_words_as_the_text_has():
    tokenizer = Tokenizer.train(["Ein Hund schläft. a b and real too x"] * 9, 330)
    for text, ids in zip(TEXTS, tokenizer.tokenize(TEXTS).to_list(), strict=True):
        words = words_of_pieces(tokenizer.pieces([*ids, 3]))
        assert sorted(set(words) - {-1}) == list(range(len(text.split())))
        assert words[-1] == -1
