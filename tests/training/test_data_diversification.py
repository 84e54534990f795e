"""Whatever a model writes, the files of translations hold pairs."""

import pytest
import tensorflow as tf

from s2s_keras.corpora import read_pairs, write_pairs
from s2s_keras.search import Translator
from s2s_keras.training import Run, Settings, back_translate, forward_translate

PAIRS = [("eins", "one"), ("zwei", "two"), ("drei", "three"), ("vier", "four")]


@pytest.mark.parametrize(
    "answer", ["a\tb", "a\r\n b ", "\0a\0b", "\ufeffa b\ufeff", "a\x85b", " a b"]
)
def test_a_translation_becomes_one_line(tmp_path, answer):
    corpus, validation = tmp_path / "pairs.tsv", tmp_path / "validation.tsv"
    write_pairs(corpus, PAIRS)
    write_pairs(validation, [("fünf", "five")])
    settings = Settings(str(corpus), "de", "en", "gru", validation=str(validation))

    def serve(text):
        no_answer = (text == "two") | (text == "zwei")
        return {"text": tf.where(no_answer, "", answer), "score": tf.zeros(tf.shape(text))}

    run = Run(tmp_path / "run")
    back_translate(run, settings, Translator(serve))
    forward_translate(run, settings, Translator(serve))
    kept = [pair for pair in PAIRS if "two" not in pair]
    assert read_pairs(run.back_translations_file) == [("a b", target) for _, target in kept]
    assert read_pairs(run.forward_translations_file) == [(source, "a b") for source, _ in kept]
