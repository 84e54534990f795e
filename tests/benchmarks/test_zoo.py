"""The zoo: what it would train, and how it resumes. Nothing is trained here."""

import subprocess

import pytest

from benchmarks import zoo
from s2s_keras.corpora import load_corpus
from s2s_keras.errors import InputError
from s2s_keras.report.environment import environment


def test_every_encoder_meets_every_attention_that_fits():
    entries = zoo.all_entries(16)
    encoders = ("recurrent", "convolutional", "hierarchical", "transformer")
    attentions = (
        "fixed",
        "additive",
        "dot",
        "scaled-dot",
        "general",
        "local-m",
        "local-p",
        "multi-head",
    )
    recurrent = {f"{one}-{other}" for one in encoders for other in attentions}
    recurrent -= {"convolutional-dot", "transformer-dot"}
    assert set(entries) == recurrent | {f"{one}-transformer" for one in encoders}
    sampled = set(zoo.all_entries(16, scheduled_sampling=True)) - set(entries)
    # A Transformer decoder is not trained so.
    assert sampled == {f"{one}-sampled" for one in recurrent}


def test_a_flat_encoder_meets_a_hierarchical_one_before_both_decoders():
    entries = zoo.joined_entries(16)
    for decoder in ("additive", "transformer"):
        (flat, _), (hierarchical, _) = (
            entries[f"joined-{encoder}-{decoder}"] for encoder in ("recurrent", "hierarchical")
        )
        assert flat.pop("encoder") != hierarchical.pop("encoder")
        assert flat == hierarchical


def test_joined_pairs():
    pairs = [(f"s{index}", f"t{index}") for index in range(5)]
    assert zoo.join_pairs(pairs, 2) == [("s0 s1", "t0 t1"), ("s2 s3", "t2 t3")]


def test_training_facts():
    log = "gru: 1,234 weights; 5 pairs\n10 tokens/s, 0.1 minutes\n2,345 tokens/s, 0.2 minutes\n"
    assert zoo.training_facts(log) == {"parameters": 1234, "tokens_per_second": 2345}


def test_what_is_finished_is_not_run_again(tmp_path, monkeypatch, capsys):
    commands = []

    def run(command, *arguments):
        commands.append(command)
        if command == "evaluate":
            (file,) = [each for each in arguments if str(each).endswith(".json")]
            file.write_text('{"bleu": 61.5, "aer": 0.125}')
        return "8 weights, 9 tokens/s"

    monkeypatch.setattr(zoo, "_s2s_keras", run)
    for _ in range(2):
        results = zoo.run(tmp_path, minutes=0.5, width=16, only=["recurrent-additive"])
    assert commands == ["train", "evaluate", "evaluate"]
    assert "| recurrent-additive | 61.5 | 61.5 | 0.125 | 9 | 8 |" in zoo.table(results)
    with pytest.raises(InputError, match=r"holds runs of 0\.5 minutes and width 16"):
        zoo.run(tmp_path, minutes=3, width=16, only=["recurrent-additive"])


def test_what_fails_is_told_and_run_again(tmp_path, monkeypatch):
    def fail(*_):
        raise subprocess.CalledProcessError(2, "train", stderr="a line\ns2s-keras: no good\n")

    monkeypatch.setattr(zoo, "_s2s_keras", fail)
    results = zoo.run(tmp_path, width=16, only=["recurrent-dot"])
    assert "| recurrent-dot | s2s-keras: no good |" in zoo.table(results)
    assert not (tmp_path / "recurrent-dot" / "result.json").exists()


def test_entries_of_two_machines_are_told_apart():
    entries = {
        name: {"environment": {**environment(["keras"]), "processor": processor}}
        for name, processor in (("a", "slow"), ("b", "fast"), ("c", "slow"))
    }
    lines = zoo.machines({**entries, "d": {"error": "no good"}})
    assert [(line.split(",")[0], line.split(" (")[-1]) for line in lines] == [
        ("slow", "all others)"),
        ("fast", "b)"),
    ]
    (alone,) = zoo.machines({"b": entries["b"]})
    assert not alone.endswith("(b)")


def test_unknown_entry():
    with pytest.raises(InputError, match="--only nothing: choose from recurrent-fixed"):
        zoo.run(None, width=16, only=["nothing"])


def test_joined_sentences_are_trained_on_beside_single_ones(tmp_path):
    zoo.write_joined(tmp_path)
    train = (tmp_path / "train.tsv").read_text().splitlines()
    single = len(load_corpus("grammar", "de", "en").split("train"))
    assert len(train) == single + single // zoo.JOINED
    assert train[single].split("\t")[0] == " ".join(
        line.split("\t")[0] for line in train[: zoo.JOINED]
    )
    lines = [(tmp_path / f"test.{side}").read_text().splitlines() for side in ("de", "en")]
    assert len(lines[0]) == len(lines[1]) == 1000 // zoo.JOINED
