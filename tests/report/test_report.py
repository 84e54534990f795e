"""The report of an export: what every runtime answers, measured in processes of their own."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.tools import flatbuffer_utils

from s2s_keras.command_line import main
from s2s_keras.corpora import load_corpus, read_pairs
from s2s_keras.errors import InputError
from s2s_keras.export import load
from s2s_keras.export.litert_metadata import add_files, read_files
from s2s_keras.report import c_api_program, report, web_page
from s2s_keras.report.comparison import percentile, row
from s2s_keras.report.measurement import measured
from s2s_keras.report.sentences import Sentences, test_sentences
from s2s_keras.report.subjects import KERAS, Subject, subjects
from s2s_keras.report.subwords import Subwords
from s2s_keras.report.table import parity_section
from s2s_keras.tokenizer import Tokenizer
from s2s_keras.training import Run, Settings

test_sentences.__test__ = False  # its name says what it gives
PAIRS = load_corpus("grammar", "de", "en").split("test")[:4]
TEXTS = [source for source, _ in PAIRS]
TIMES = ("load_seconds", "first_call_seconds", "median_seconds", "p99_seconds")


@pytest.fixture(scope="module")
def run(trained):
    return Run(trained)


@pytest.fixture
def copy(exported, tmp_path):
    """An exported folder that a test may change."""
    return Path(shutil.copytree(exported, tmp_path / "copy"))


@pytest.fixture(scope="module")
def everything(run, exported, tmp_path_factory):
    return subjects(run, exported, tmp_path_factory.mktemp("work"))


def tampered(path):
    """Turns the signs of a `.tflite` file's largest weights."""
    tokenizer, description = read_files(path)
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(path.read_bytes()))
    largest = max(
        (each for each in model.buffers if each.data is not None), key=lambda b: len(b.data)
    )
    weights = -np.frombuffer(bytes(largest.data), "float32")
    largest.data = np.frombuffer(weights.tobytes(), "uint8")
    data = bytes(flatbuffer_utils.convert_object_to_bytearray(model))
    path.write_bytes(add_files(data, tokenizer, description))


def test_every_runtime_has_its_rows(everything):
    assert [(each.runtime, each.signature) for each in everything] == [
        (KERAS, "greedy"),
        (KERAS, "beam"),
        *(
            ("SavedModel in Python", name)
            for name in ("serving_default", "serving_fast", "beam", "beam_fast")
        ),
        *(
            ("SavedModel in C", name)
            for name in (
                "serving_default",
                "serving_fast",
                "beam",
                "beam_fast",
                "attention",
                "tokens",
            )
        ),
        *(
            (f"LiteRT {precision}", search)
            for precision in ("float32", "float16", "int8")
            for search in ("greedy", "beam")
        ),
        ("LiteRT.js in Chromium, float32", "greedy"),
        ("LiteRT.js in Chromium, int8", "greedy"),
    ]


def test_a_report_is_written_into_results_and_card(run, copy, monkeypatch, capsys):
    tampered(copy / "litert" / "float32.tflite")
    monkeypatch.setattr(web_page, "browser_program", lambda: None)
    chosen = {
        (KERAS, "greedy"),
        ("SavedModel in C", "tokens"),
        ("SavedModel in C", "attention"),
        ("LiteRT float32", "greedy"),
        ("LiteRT.js in Chromium, int8", "greedy"),
    }
    monkeypatch.setattr(
        report,
        "subjects",
        lambda *arguments: [
            each for each in subjects(*arguments) if (each.runtime, each.signature) in chosen
        ],
    )
    before = json.loads((copy / "results.json").read_text())
    parity = report.write_report(run, copy, Sentences("grammar", "test", PAIRS))

    results = json.loads((copy / "results.json").read_text())
    assert results == {**before, "parity": parity}
    assert parity["sentences"] == {"corpus": "grammar", "split": "test", "count": 4}
    keras, attention, tokens, litert, page = parity["rows"]
    for each in (keras, attention, tokens):
        assert (each["identical"], each["differences"]) == (4, [])
        assert each["bleu"] == keras["bleu"]
        assert 50e6 < each["peak_memory_bytes"] < 20e9
    for each in (keras, attention, tokens, litert):
        assert all(each[name] > 0 for name in TIMES)
        assert each["median_seconds"] <= each["p99_seconds"]
    assert litert["bytes"] == (copy / "litert" / "float32.tflite").stat().st_size
    # A process that runs LiteRT holds no TensorFlow.
    assert litert["peak_memory_bytes"] < keras["peak_memory_bytes"] / 2

    assert litert["identical"] < 4
    first = litert["differences"][0]
    assert first["source"] == TEXTS[first["sentence"] - 1]
    assert first["given"]["text"] != first["expected"]["text"]
    assert first["given"]["score"] != first["expected"]["score"]

    reason = "there is no Chromium (looked for chromium, chromium-browser, google-chrome)"
    assert page["not_measured"] == reason
    assert "bleu" not in page

    card = (copy / "README.md").read_text()
    assert card.endswith(parity_section(parity))
    assert f"| LiteRT.js in Chromium, int8 | `greedy` | not measured: {reason} |" in card
    assert f"| LiteRT float32 | `greedy` | {litert['identical']} | {litert['bleu']:.2f} |" in card
    assert parity["environment"]["versions"]["tensorflow"] in card
    told = capsys.readouterr().err
    assert "report: 2 of 5, " in told
    assert "SavedModel in C, attention: 4 of 4 identical" in told
    assert f"LiteRT.js in Chromium, int8, greedy: not measured: {reason}" in told


@pytest.mark.parametrize("runtime", ["LiteRT.js in Chromium, float32", "SavedModel in Python"])
def test_a_runtime_measured_by_itself(everything, run, runtime):
    subject = next(each for each in everything if each.runtime == runtime)
    if subject.obstacle is not None:
        pytest.skip(subject.obstacle)
    measurement = measured(subject, TEXTS)
    by_run = load(run.path).translator.translate(TEXTS)
    assert [text for text, _ in measurement["answers"]] == [each.text for each in by_run]
    scores = [score for _, score in measurement["answers"]]
    np.testing.assert_allclose(scores, [each.score for each in by_run], rtol=1e-4)
    assert len(measurement["seconds"]) == len(TEXTS)
    if "js" in runtime:
        assert set(measurement["versions"]) == {"chromium", "@litertjs/core"}


def test_what_goes_wrong_is_the_reason(everything, tmp_path):
    litert = next(each for each in everything if each.runtime == "LiteRT float32")
    gone = Subject("", "", "greedy", tmp_path, "litert", {**litert.settings, "path": "gone.tflite"})
    assert "gone.tflite" in measured(gone, TEXTS)["not_measured"]
    program = next(each for each in everything if each.runtime == "SavedModel in C")
    gone = Subject("", "", "greedy", tmp_path, "c_api", {**program.settings, "path": "gone"})
    reason = measured(gone, TEXTS)["not_measured"]
    assert reason.startswith("translate: Loading the SavedModel failed")
    assert row(gone, {"not_measured": reason}, [], PAIRS)["not_measured"] == reason


def test_a_process_that_dies_is_a_reason(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    subject = Subject("", "", "greedy", tmp_path, "litert")
    assert measured(subject, TEXTS) == {"not_measured": "its process ended with status 1"}


def test_a_reason_names_no_folder_of_the_machine(tmp_path):
    said = (
        "cc -O2 -I/home/ada/lib/include '/home/ada/translate.c': see https://a.org/b/c and/or\n/x/y"
    )
    subject = Subject("", "", "greedy", tmp_path, "litert", obstacle=said)
    expected = "cc -O2 -Iinclude 'translate.c': see https://a.org/b/c and/or y"
    assert measured(subject, TEXTS) == {"not_measured": expected}


def test_without_a_compiler_the_reason_is_in_every_row_of_c(run, exported, tmp_path, monkeypatch):
    monkeypatch.setattr(c_api_program, "compiler", lambda: None)
    monkeypatch.setattr(web_page, "PAGE", tmp_path / "none")
    found = {each.runtime: each.obstacle for each in subjects(run, exported, tmp_path)}
    assert found["SavedModel in C"].startswith("there is no C compiler")
    assert found["LiteRT.js in Chromium, int8"].startswith("the page is not there")
    assert found[KERAS] is None


def test_a_row_compares_bytes_and_names_the_first_five_differences():
    subject = Subject("R", "greedy", "greedy", Path(__file__), "none")
    pairs = [(f"quelle {number}", "the dog sleeps") for number in range(7)]
    expected = [["the dog sleeps", -1.0]] * 7
    answers = [["the dog sleeps", -1.0], *[["the dog sleeps.", -1.0]] * 6]
    measurement = {
        "answers": answers,
        "load_seconds": 1.0,
        "first_call_seconds": 2.0,
        "seconds": [0.004, 0.001, 0.002, 0.003, 0.1, 0.002, 0.002],
        "peak_memory_bytes": None,
    }
    found = row(subject, measurement, expected, pairs)
    assert found["identical"] == 1
    assert (found["median_seconds"], found["p99_seconds"]) == (0.002, 0.1)
    assert [each["sentence"] for each in found["differences"]] == [2, 3, 4, 5, 6]
    assert found["differences"][0] == {
        "sentence": 2,
        "source": "quelle 1",
        "expected": {"text": "the dog sleeps", "score": -1.0},
        "given": {"text": "the dog sleeps.", "score": -1.0},
    }


def test_percentiles():
    values = list(range(1, 201))
    assert percentile(values, 99) == 198
    assert percentile(values[:1], 99) == 1
    assert percentile(list(reversed(values)), 50) == 100


def test_memory_is_the_process_s_own():
    """A process does not count what the one that started it held."""
    program = (
        "import subprocess, sys\n"
        "large = b'x' * 400_000_000\n"
        "child = 'from s2s_keras.report.memory import peak_memory; print(peak_memory())'\n"
        "from s2s_keras.report.memory import peak_memory\n"
        "print(peak_memory(), subprocess.check_output([sys.executable, '-c', child]).decode())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    parent, child = map(int, done.stdout.split())
    assert parent > 400e6
    assert child < 100e6


def test_a_measuring_process_begins_with_nothing_heavy():
    names = "saved_model, keras_run, litert, c_api, litert_js"
    program = (
        f"import sys, s2s_keras.report.worker; from s2s_keras.report.runtimes import {names}\n"
        "print({'keras', 'tensorflow', 'ai_edge_litert', 'numpy.linalg'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() in ("set()", "{'numpy.linalg'}"), done.stderr


def test_subwords_are_the_tokenizer_s(exported):
    tokenizer = Tokenizer.load(exported / "tokenizer.model")
    subwords = Subwords(exported / "tokenizer.model", 12)
    texts = [*TEXTS, "", " \t Grüße \u00a0", "🤖 日本語", "x" * 50]
    for text in texts:
        ids = tokenizer.tokenize([text.strip(" \t")])[0].numpy().tolist()
        assert subwords.ids(text) == [*ids[:11], 3]
        decoded = tokenizer.detokenize([[*ids, 3]])[0].numpy().decode()
        assert subwords.text([*ids, 3]) == decoded.replace("\n", " ")


def test_the_sentences_are_the_first_test_split_s(run, pairs_file, tmp_path):
    own = test_sentences(run, 5)
    assert own[:2] == ("the run's own pairs", "validation")
    assert own.pairs == read_pairs(run.validation_file)[:5]

    class OfGrammar:
        settings = Settings("grammar", "de", "en", "gru")

    assert test_sentences(OfGrammar, 3) == ("grammar", "test", PAIRS[:3])


def test_an_older_version_has_no_report(trained, exported, capfd, tmp_path):
    newer = tmp_path / "exports"
    shutil.copytree(exported / "1", newer / "2")
    code = main(["export", str(trained), "--output", str(newer), "--report"])
    assert code == 2
    assert "--report measures the newest version" in capfd.readouterr().err
    assert not (newer / "1").exists()


def test_the_command_reports_on_what_it_has_exported(
    trained, exported, monkeypatch, capfd, tmp_path
):
    calls = []
    monkeypatch.setattr("s2s_keras.export.export", lambda *arguments: exported / "1")
    monkeypatch.setattr(report, "write_report", lambda *arguments: calls.append(arguments))
    command = ["export", str(trained), "--output", str(tmp_path / "out")]
    assert main(command) == 0
    assert calls == []
    assert main([*command, "--report"]) == 0
    [(run, folder, sentences)] = calls
    assert (run.path, folder) == (trained, str(tmp_path / "out"))
    assert sentences.pairs == read_pairs(run.validation_file)[:1000]
    assert capfd.readouterr().out.splitlines() == [str(exported / "1")] * 2


def test_a_run_that_cannot_be_measured_is_bad_input(run, copy, monkeypatch):
    broken = Subject(KERAS, "greedy", "greedy", copy, "keras_run", {"path": "gone", "beam_size": 1})
    monkeypatch.setattr(report, "subjects", lambda *arguments: [broken])
    before = (copy / "results.json").read_text(), (copy / "README.md").read_text()
    with pytest.raises(InputError, match="the run itself cannot be measured: gone: no such file"):
        report.write_report(run, copy, Sentences("grammar", "test", PAIRS))
    assert ((copy / "results.json").read_text(), (copy / "README.md").read_text()) == before
