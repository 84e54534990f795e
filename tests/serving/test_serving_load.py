"""The benchmark of the stand-in under load, with few requests."""

import json

from benchmarks.serving_load import main


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
