"""The benchmark of lengths, on its real path with tiny sizes. Nothing here is timed."""

import json

import matplotlib
import pytest

from benchmarks import lengths

POINTS = [
    {"model": "a", "length": 32, "seconds": 2.0, "memory_bytes": 1_000_000_000},
    {"model": "a", "length": 64, "seconds": 6.0, "memory_bytes": 3_000_000_000},
    {"model": "b", "length": 32, "seconds": 1.0, "memory_bytes": 2_000_000_000},
    {"model": "b", "length": 64, "error": "out of memory"},
]


def test_lines_leave_out_what_failed():
    lines = lengths.lines_of(POINTS, lambda each: each["seconds"])
    assert lines == {"a": ([32, 64], [2.0, 6.0]), "b": ([32], [1.0])}


def test_figures_show_the_points():
    figure = lengths.decoding_figure(POINTS, batch=10)
    lines = {each.get_label(): list(each.get_ydata()) for each in figure.axes[0].lines}
    assert lines["a"] == pytest.approx([1000 * 2 / 32 / 10, 1000 * 6 / 64 / 10])
    figure = lengths.training_figure(POINTS)
    lines = {each.get_label(): list(each.get_ydata()) for each in figure.axes[1].lines}
    assert lines == {"a": [1.0, 3.0], "b": [2.0]}
    matplotlib.pyplot.close("all")


def test_training_models_differ_in_their_encoder():
    models = lengths.training_models(16)
    kinds = {name: each["encoder"]["type"] for name, each in models.items()}
    assert kinds["hierarchical"] == "hierarchical"
    assert models["recurrent, local"]["attention"]["type"] == "local-p"


def test_command(tmp_path, monkeypatch, capsys):
    models = lengths.training_models
    monkeypatch.setattr(
        lengths, "training_models", lambda width: {"one": models(width)["recurrent"]}
    )
    monkeypatch.setattr(
        lengths, "decoding_models", lambda width: {"one": models(width)["recurrent"]}
    )
    command = "--width 8 --batch 2 --steps 2 --decoding-lengths 4 --training-lengths 5 --output"
    lengths.main([*command.split(), str(tmp_path)])
    results = json.loads((tmp_path / "lengths.json").read_text())
    for task, length in {"decoding": 4, "training": 5}.items():
        (point,) = results[task]
        assert (point["model"], point["length"]) == ("one", length)
        assert 0 < point["min"] <= point["seconds"] <= point["max"]
        assert point["memory_bytes"] > 0
        assert (tmp_path / f"{task}.png").stat().st_size > 0
    assert capsys.readouterr().out == lengths.table(results) + "\n"
