import hypothesis
import keras
import numpy as np
import pytest
import sentencepiece
import tensorflow as tf
from hypothesis import strategies

from s2s_keras.corpora import load_corpus
from s2s_keras.errors import InputError
from s2s_keras.special_ids import BEGIN, END, PADDING
from s2s_keras.tokenizer import Tokenizer

TEXTS = [text for pair in load_corpus("grammar", "de", "en").split("test") for text in pair]

AWKWARD = [
    "",
    " ",
    "  a  b ",
    "\t\r\n\n",
    "a\0b",
    "▁",
    "a ▁ b▁",
    "\ue000",
    "\ue0001 \ue0000▁1",
    "<s> </s> <unk> <pad> <0x41>",
    "A",
    " A",
    "⁇ \ufffd",
    "Straße \ufb01n \uff46\uff55ll \u212b é e\u0301",
    "日本語 🤖👩‍👩‍👧 हिन्दी",
    "\u2028\x85\u200b\U000e0001",
]


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.train(TEXTS, 600)


def round_trip(tokenizer, text):
    return tokenizer.detokenize(tokenizer.tokenize([text])).numpy()[0].decode()


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_texts_come_back(tokenizer, text):
    assert round_trip(tokenizer, text) == text


@hypothesis.settings(deadline=None, max_examples=300)
@hypothesis.given(text=strategies.text())
def test_any_text_comes_back(tokenizer, text):
    assert round_trip(tokenizer, text) == text


@hypothesis.settings(deadline=None, max_examples=100)
@hypothesis.given(text=strategies.text(alphabet="▁\ue000 01aA\n", min_size=1, max_size=8))
def test_texts_of_the_tokenizers_own_symbols_come_back(tokenizer, text):
    assert round_trip(tokenizer, text) == text


def test_agrees_with_the_sentencepiece_library(tokenizer):
    library = sentencepiece.SentencePieceProcessor(model_proto=tokenizer.model)
    texts = TEXTS[:300] + AWKWARD
    for text, ids in zip(texts, tokenizer.tokenize(texts).to_list(), strict=True):
        assert library.encode(text) == ids
        assert library.decode(ids) == text


def test_invalid_bytes_become_replacement_characters(tokenizer):
    ids = tokenizer.tokenize(tf.constant([b"a\xffb"]))
    assert tokenizer.detokenize(ids).numpy()[0].decode() == "a\ufffdb"


def test_special_ids_give_no_text(tokenizer):
    ids = tokenizer.tokenize(["Hund"]).to_list()[0]
    padded = tf.constant([[BEGIN, *ids, END, PADDING]])
    assert tokenizer.detokenize(padded).numpy()[0] == b"Hund"


def test_no_text_has_special_ids(tokenizer):
    ids = tokenizer.tokenize(AWKWARD).flat_values.numpy()
    assert ids.min() > END
    assert ids.max() < tokenizer.vocabulary_size


def test_a_small_corpus_gives_the_vocabulary_that_it_carries(tokenizer):
    assert tokenizer.vocabulary_size == 600
    assert 260 < Tokenizer.train(["ein Hund", "a dog"] * 20, 8000).vocabulary_size < 300


def test_training_is_a_function_of_the_texts(tokenizer):
    assert Tokenizer.train(TEXTS, 600).model == tokenizer.model


def test_common_words_are_one_piece(tokenizer):
    ids = tokenizer.tokenize(["the"]).to_list()[0]
    assert tokenizer.pieces(ids) == ["▁the"]


def test_pieces_in_graph(tokenizer):
    ids = tokenizer.tokenize(["der Hund", "a"]).to_tensor()
    in_graph = tokenizer.pieces_in_graph(ids).numpy()
    for row, pieces in zip(ids.numpy(), in_graph, strict=True):
        real = np.trim_zeros(row, "b")
        assert [each.decode() for each in pieces if each] == tokenizer.pieces(real)


def test_setting_the_seed_takes_nothing_away():
    tokenizers = [Tokenizer.train(each, 320) for each in (["a cat"], ["a dog"])]
    before = [each.tokenize(["a cat"]).to_list() for each in tokenizers]
    assert before[0] != before[1]
    keras.utils.set_random_seed(1)
    assert [each.tokenize(["a cat"]).to_list() for each in tokenizers] == before


def test_saves_and_loads(tokenizer, tmp_path):
    tokenizer.save(tmp_path / "tokenizer.model")
    loaded = Tokenizer.load(tmp_path / "tokenizer.model")
    assert loaded.tokenize(TEXTS[:9]).to_list() == tokenizer.tokenize(TEXTS[:9]).to_list()
    assert [each.name for each in tmp_path.iterdir()] == ["tokenizer.model"]


def test_files_that_are_no_model(tmp_path):
    with pytest.raises(InputError, match=r"no\.model: No such file"):
        Tokenizer.load(tmp_path / "no.model")
    (tmp_path / "bad.model").write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match=r"bad\.model: this is no SentencePiece model"):
        Tokenizer.load(tmp_path / "bad.model")


@pytest.mark.parametrize(
    ("texts", "size", "message"),
    [
        (TEXTS, 200, "a vocabulary of 200 is too small: ask for at least 300"),
        (
            ["".join(map(chr, range(0x4E00, 0x5E00)))] * 3,
            400,
            "no vocabulary of 400 can be learned",
        ),
        ([], 400, "it holds no text"),
    ],
)
def test_vocabularies_that_cannot_be_learned(texts, size, message):
    with pytest.raises(InputError, match=message):
        Tokenizer.train(texts, size)
