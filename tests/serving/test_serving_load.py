"""Many callers at once: the benchmark of the stand-in with few requests, and a model in threads."""

import json
import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf

from benchmarks.serving_load import main
from s2s_keras.corpora import load_corpus

THREADS = 8


def test_every_answer_is_counted(served, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("benchmarks.serving_load.TEXTS", 5)
    file = tmp_path / "load.json"
    assert main([str(served), "--threads", "2", "--requests", "4", "--json", str(file)]) == 0
    assert "8 requests of 2 threads" in capsys.readouterr().out
    results = json.loads(file.read_text())
    assert (results["requests"], results["failed"], results["wrong"]) == (8, 0, 0)
    assert 0 < results["median"] <= results["p99"]


def test_a_folder_without_an_export_is_told(tmp_path, capsys):
    assert main([str(tmp_path / "none")]) == 2
    assert "no such file or folder" in capsys.readouterr().err


def test_threads_get_the_answers_of_a_single_one(signatures):
    """Of one model, each thread in an order of its own, so that unlike batches meet."""
    sources = [source for source, _ in load_corpus("grammar", "de", "en").split("test")]
    batches = [sources[first : first + 1 + first % 5] for first in range(0, 60, 5)] + [["", "a"]]
    names = ("serving_default", "beam", "attention")
    calls = [(name, tf.constant(batch)) for name in names for batch in batches]
    expected = [_answer(signatures, call) for call in calls]

    def in_own_order(seed):
        order = random.Random(seed).sample(range(len(calls)), len(calls))
        return [(index, _answer(signatures, calls[index])) for index in order]

    with ThreadPoolExecutor(THREADS) as threads:
        for answers in threads.map(in_own_order, range(THREADS)):
            for index, answer in answers:
                _check_same(answer, expected[index])


def _answer(signatures, call):
    name, text = call
    return {key: each.numpy() for key, each in signatures[name](text=text).items()}


def _check_same(answer, expected):
    assert set(answer) == set(expected)
    for key, each in expected.items():
        if each.dtype == object:
            np.testing.assert_array_equal(answer[key], each)
        else:
            np.testing.assert_allclose(answer[key], each, rtol=1e-4, atol=1e-4)
