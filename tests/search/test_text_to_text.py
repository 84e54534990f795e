import keras
import numpy as np
import pytest
import tensorflow as tf

from s2s_keras.layers import AdditiveAttention, RecurrentDecoder, RecurrentEncoder
from s2s_keras.models import EncoderDecoder
from s2s_keras.search import TextToText, Translator
from s2s_keras.tokenizer import Tokenizer

TEXTS = ["ein kleiner Hund läuft", "eine Katze schläft", "a small dog runs", "a cat sleeps"] * 10


@pytest.fixture(scope="module")
def text_to_text():
    keras.utils.set_random_seed(7)
    tokenizer = Tokenizer.train(TEXTS, 320)
    model = EncoderDecoder(
        tokenizer.vocabulary_size,
        embedding_units=16,
        encoder=RecurrentEncoder(8),
        decoder=RecurrentDecoder(12, output_units=16, attention=AdditiveAttention(8)),
    )
    model.build()
    return TextToText(model, tokenizer, max_length=12)


def test_source_ids_end_with_the_end_id(text_to_text):
    ids = text_to_text.source_ids(tf.constant(["a cat", "", "  a  "])).numpy()
    assert [np.trim_zeros(row, "b")[-1] for row in ids] == [3, 3, 3]
    assert np.count_nonzero(ids[1]) == 1
    np.testing.assert_array_equal(
        np.trim_zeros(ids[2], "b"), text_to_text.source_ids(tf.constant(["a"])).numpy()[0]
    )


def test_a_long_source_is_cut(text_to_text):
    ids = text_to_text.source_ids(tf.constant(["a cat " * 100])).numpy()
    assert ids.shape == (1, 12)
    assert ids[0, -1] == 3


def test_empty_texts_have_empty_translations(text_to_text):
    answer = text_to_text.translate(tf.constant(["", "   ", "\t"]))
    assert answer["text"].numpy().tolist() == [b"", b"", b""]
    assert answer["score"].numpy().tolist() == [0, 0, 0]


def test_attend_shows_where_each_token_looked(text_to_text):
    answer = text_to_text.attend(tf.constant(["ein Hund", "a"]))
    weights, output = answer["weights"].numpy(), answer["output_tokens"].numpy()
    source = answer["source_tokens"].numpy()
    assert weights.shape == (2, output.shape[1], source.shape[1])
    real = output != b""
    np.testing.assert_allclose(weights.sum(axis=-1)[real], 1, atol=1e-5)
    assert not weights[~real].any()
    assert not weights[:, :, :][np.broadcast_to((source == b"")[:, None], weights.shape)].any()
    assert source[0].tolist()[0].decode().startswith("▁e")
    translated = text_to_text.translate(tf.constant(["ein Hund", "a"]))
    assert answer["text"].numpy().tolist() == translated["text"].numpy().tolist()


def test_translations_keep_the_order_of_the_texts(text_to_text):
    translator = Translator.of(text_to_text)
    texts = ["a cat sleeps", "", "Hund", "ein kleiner Hund", "a"]
    together = translator.translate(texts, batch_size=2)
    alone = [translator.translate([text])[0] for text in texts]
    assert [each.text for each in together] == [each.text for each in alone]
    np.testing.assert_allclose(
        [each.score for each in together], [each.score for each in alone], rtol=1e-4
    )
    assert together[1] == ("", 0.0)
    assert translator.translate([]) == []


def test_a_line_break_in_a_translation_becomes_a_space(text_to_text, monkeypatch):
    ids = tf.constant([[4 + ord("a"), 4 + ord("\n"), 4 + ord("b"), 3]])
    assert text_to_text.tokenizer.detokenize(ids).numpy()[0] == b"a\nb"
    monkeypatch.setattr(text_to_text, "tokens", lambda source: {"tokens": ids, "score": 0.0})
    assert text_to_text.translate(tf.constant(["x"]))["text"].numpy()[0] == b"a b"
