"""The zoo: what it would train, and how it resumes. Nothing is trained here."""

import subprocess

import pytest

from benchmarks import zoo
from s2s_keras.errors import InputError


def test_every_encoder_meets_every_attention():
    entries = zoo.all_entries(16)
    encoders = ("recurrent", "convolutional", "hierarchical", "transformer")
    attentions = ("fixed", "additive", "dot", "general", "local-m", "local-p", "multi-head")
    expected = {f"{one}-{other}" for one in encoders for other in (*attentions, "transformer")}
    assert set(entries) == expected
    sampled = set(zoo.all_entries(16, scheduled_sampling=True)) - expected
    # A Transformer decoder is not trained so.
    assert sampled == {f"{one}-{other}-sampled" for one in encoders for other in attentions}


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


def test_what_fails_is_told_and_run_again(tmp_path, monkeypatch):
    def fail(*_):
        raise subprocess.CalledProcessError(2, "train", stderr="a line\ns2s-keras: no good\n")

    monkeypatch.setattr(zoo, "_s2s_keras", fail)
    results = zoo.run(tmp_path, width=16, only=["recurrent-dot"])
    assert "| recurrent-dot | s2s-keras: no good |" in zoo.table(results)
    assert not (tmp_path / "recurrent-dot" / "result.json").exists()


def test_unknown_entry():
    with pytest.raises(InputError, match="--only nothing: choose from recurrent-fixed"):
        zoo.run(None, width=16, only=["nothing"])
