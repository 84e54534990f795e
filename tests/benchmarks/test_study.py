"""The study, on models and corpora small enough for a test."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from sacrebleu.metrics import BLEU
from small_models import small_model

from benchmarks import study
from s2s_keras.corpora import load_corpus
from s2s_keras.corpora.corpus import Corpus
from s2s_keras.errors import InputError
from s2s_keras.search import Translator
from s2s_keras.tokenizer import Tokenizer

INPUTS = {
    "source": np.array([[11, 12, 13, 3], [21, 22, 3, 0]], "int32"),
    "target": np.array([[2, 31, 32], [2, 41, 0]], "int32"),
}


def saying(function):
    """A `Translator` that translates with a function of strings."""

    def serve(text):
        answers = [function(each.decode()) for each in text.numpy()]
        return {"text": tf.constant(answers), "score": tf.zeros(len(answers))}

    return Translator(serve)


def without_the_beginning(text):
    words = text.split()
    return " ".join(["lost"] * (len(words) // 2) + words[len(words) // 2 :])


def test_a_model_that_loses_the_beginning_is_found_out():
    pairs = [(text, text) for text in ("a b c d e f g h", "i j k l m n", "o p")]
    for joined in (1, 3):
        found = study.study_set(
            saying(without_the_beginning), study.join_pairs(pairs, joined), joined
        )
        assert found["by_position"][0]["right"] == 0
        assert found["by_position"][-1]["right"] == 1
        assert found["sentences"] == 3 // joined
        assert found["length_ratio"] == 1
        assert ("counts" in found) == (joined == 1)
    assert found["by_length"][0]["last"] == 5 * 3 or found["by_length"][0]["first"] == 16


def test_the_counts_of_sentences_add_up_to_the_bleu():
    references = ["a b c d e , f g", "a small dog runs . very fast", "one"]
    hypotheses = ["a b c d e , g", "a small dog runs . so fast and far", "two"]
    counts = [row.split() for row in study.sentence_counts(hypotheses, references)]
    expected = BLEU().corpus_score(hypotheses, [references])
    assert np.array(counts, int).sum(axis=0).tolist() == [
        expected.sys_len,
        expected.ref_len,
        *expected.counts,
        *expected.totals,
    ]


def test_gold_alignments_make_positions_those_of_the_source():
    corpus = load_corpus("grammar", "de", "en")
    pairs, gold = corpus.split("test")[:20], corpus.alignments("test")[:20]
    answers = dict(pairs)
    found = study.study_set(saying(answers.get), pairs, gold=gold)
    assert {row["right"] for row in found["by_position"]} == {1.0}
    linked = sum(len({link[0] for link in sure | possible}) for sure, possible in gold)
    assert sum(row["words"] for row in found["by_position"]) == linked


def test_the_heads_of_the_last_layer_average_to_the_models_attention():
    model = small_model("transformer")
    layers = study.head_weights(model, INPUTS)
    assert len(layers) == 2
    _, expected = model(INPUTS, training=False, return_attention_scores=True)
    np.testing.assert_allclose(np.mean(layers[-1], axis=1), expected, atol=1e-6)
    assert np.abs(layers[0] - layers[1]).max() > 1e-4


@pytest.mark.parametrize(
    ("model", "count"), [("transformer", 5), ("gru-attention", 1), ("local-p", 1)]
)
def test_every_head_has_an_error_rate(model, count):
    keras.utils.set_random_seed(0)
    corpus = load_corpus("grammar", "de", "en")
    pairs, gold = corpus.split("test")[:6], corpus.alignments("test")[:6]
    tokenizer = Tokenizer.train((text for pair in pairs for text in pair), 320)
    model = small_model(model)
    model = type(model).from_config({**model.get_config(), "vocabulary_size": 320})
    model.build()
    for weight in model.weights:
        weight.assign(4 * weight)  # attention that is far from even, each head's in its own way
    rates = study.error_rates(model, tokenizer, pairs, gold)
    assert len(rates) == count
    assert all(0 <= rate <= 1 for rate in rates.values())
    if count > 1:
        assert len(set(rates.values())) > 2


@pytest.fixture
def on_few_sentences(monkeypatch):
    """The corpora's names stand for a few sentences."""

    def few(name, source, target):
        whole = load_corpus("grammar", source, target)
        splits = {split: lambda: whole.split("test")[:4] for split in ("test", "test_2016_flickr")}
        splits["long"] = lambda: whole.split("test")[4:8]
        gold = {"test": lambda: whole.alignments("test")[:4]}
        gold["long"] = lambda: whole.alignments("test")[4:8]
        return Corpus(name, source, target, splits, gold if name == "grammar" else {})

    monkeypatch.setattr(study, "load_corpus", few)


def as_trained_on(corpus, run, folder):
    """A copy of a run, which says that it was trained on another corpus."""
    folder.mkdir(parents=True)
    for file in ("model.keras", "tokenizer.model", "history.json"):
        (folder / file).write_bytes((run / file).read_bytes())
    description = json.loads((run / "run.json").read_text())
    description["settings"]["corpus"] = corpus
    (folder / "run.json").write_text(json.dumps(description))
    return folder


def test_the_command(trained, tmp_path, on_few_sentences, capsys):
    runs = [
        as_trained_on("grammar", trained, tmp_path / "one"),
        as_trained_on("multi30k", trained, tmp_path / "two" / "run"),
    ]
    output = tmp_path / "study"
    arguments = [*map(str, runs), "--output", str(output), "--beam-size", "1"]
    assert study.main(arguments) == 0
    shown = capsys.readouterr().out
    assert "| two | test_2016_flickr, four joined |" in shown
    results = json.loads((output / "study.json").read_text())
    assert set(results["models"]) == {"one", "two"}
    assert set(results["models"]["two"]["sets"]) == set(study.SETS["multi30k"])
    assert "aer" in results["models"]["one"]
    assert {each.name for each in output.glob("*.png")} == {
        "alignment.png",
        "grammar-de-en-test-length.png",
        "grammar-de-en-test-position.png",
        "grammar-de-en-long-length.png",
        "grammar-de-en-long-position.png",
        *(
            f"multi30k-de-en-test_2016_flickr{joined}-{kind}.png"
            for joined in ("", "-two-joined", "-four-joined")
            for kind in ("length", "position")
        ),
    }
    before = (output / "one.json").stat().st_mtime_ns
    assert study.main(arguments) == 0
    assert (output / "one.json").stat().st_mtime_ns == before


def test_bad_runs(trained, tmp_path, capsys):
    def error(*runs):
        assert study.main([*map(str, runs), "--output", str(tmp_path / "out")]) == 2
        return capsys.readouterr().err

    assert "holds no training run" in error(tmp_path)
    assert "choose runs on multi30k, grammar" in error(trained)
    assert "two runs have this name" in error(trained, trained)
    with pytest.raises(InputError):
        study.study_run(tmp_path, 1)
