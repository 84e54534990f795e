"""Whatever a model writes, the file of back-translations holds pairs."""

import pytest
import tensorflow as tf

from s2s_keras.corpora import read_pairs, write_pairs
from s2s_keras.search import Translator
from s2s_keras.training import Run, Settings, back_translate

TARGETS = ["one", "two", "three", "four"]


@pytest.mark.parametrize(
    "answer", ["a\tb", "a\r\n b ", "\0a\0b", "\ufeffa b\ufeff", "a\x85b", " a b"]
)
def test_a_translation_becomes_one_line(tmp_path, answer):
    corpus, validation = tmp_path / "pairs.tsv", tmp_path / "validation.tsv"
    write_pairs(corpus, [(f"source {target}", target) for target in TARGETS])
    write_pairs(validation, [("source five", "five")])
    settings = Settings(str(corpus), "de", "en", "gru", validation=str(validation))

    def serve(text):
        answers = tf.where(text == "two", "", answer)
        return {"text": answers, "score": tf.zeros(tf.shape(text))}

    run = Run(tmp_path / "run")
    back_translate(run, settings, Translator(serve))
    found = read_pairs(run.back_translations_file)
    assert found == [("a b", target) for target in TARGETS if target != "two"]
