"""The exported SavedModel, in Python without this package, and in C without Python."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import sentencepiece
import tensorflow as tf
from commands import command_line
from tensorflow.core.protobuf import saved_model_pb2

from s2s_keras.corpora import load_corpus
from s2s_keras.errors import InputError
from s2s_keras.export import export, load
from s2s_keras.export.saved_graphs import nodes_of, read_graphs
from s2s_keras.report import c_api_program
from s2s_keras.search import Beam, Sampling, one_best_beam
from s2s_keras.tokenizer import Tokenizer
from s2s_keras.training import Run

AWKWARD = ["", "   ", "Der Hund schläft.", "🤖 日本語", "a\0b", "\u2028", "x" * 3000, "▁"]

FRESH = """
import json, sys
import tensorflow as tf
import tensorflow_text
model = tf.saved_model.load(sys.argv[1])
lines = json.load(sys.stdin)
answer = model.signatures["serving_default"](text=tf.constant(lines))
assert not [name for name in sys.modules if name.split(".")[0] in ("s2s_keras", "keras_hub")]
json.dump([each.decode() for each in answer["text"].numpy()], sys.stdout)
"""


@pytest.fixture(scope="module")
def lines():
    return AWKWARD + [source for source, _ in load_corpus("grammar", "de", "en").split("test")[:40]]


@pytest.fixture(scope="module")
def by_run(trained, lines):
    return load(trained).translator.translate(lines)


def test_a_fresh_process_without_this_package_translates(exported, lines, by_run, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FRESH, str(exported / "1")],
        input=json.dumps(lines),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [each.text for each in by_run]


@pytest.mark.skipif(c_api_program.obstacle() is not None, reason=str(c_api_program.obstacle()))
def test_the_c_api_gives_the_same_lines_and_scores(exported, lines, by_run, tmp_path):
    program = c_api_program.build(tmp_path)
    answers = c_api_program.run_with_scores(program, exported / "1", lines, batch_size=7)
    assert [text for text, _ in answers] == [each.text for each in by_run]
    np.testing.assert_allclose(
        [score for _, score in answers], [each.score for each in by_run], rtol=1e-4, atol=1e-4
    )


def test_the_export_translates_like_the_run(exported, lines, by_run):
    for path in (exported, exported / "1"):
        translations = load(path).translator.translate(lines)
        assert [each.text for each in translations] == [each.text for each in by_run]


@pytest.mark.parametrize("text", ["Hund " * 300, "\u2581" * 70, "a" + "\u3000" * 200])
def test_a_text_of_too_many_tokens_is_cut(trained, text):
    model = load(trained)
    tokens = model.tokenizer.tokenize([text.encode().strip()]).row_lengths()[0]
    assert model.max_length == 256 <= tokens
    assert model.is_cut(text)


@pytest.mark.parametrize("text", ["", "\n" * 1000, "Hund " * 20])
def test_a_text_of_few_tokens_is_not(trained, text):
    assert not load(trained).is_cut(text)


def test_signatures(exported):
    loaded = tf.saved_model.load(str(exported / "1"))
    assert set(loaded.signatures) == {
        "serving_default",
        "serving_fast",
        "beam",
        "beam_fast",
        "attention",
        "tokens",
    }

    def specs(name):
        signature = loaded.signatures[name]
        inputs = signature.structured_input_signature[1]
        tensors = {**inputs, **signature.structured_outputs}
        return {key: (each.dtype, each.shape.rank) for key, each in tensors.items()}

    assert specs("serving_default") == {"text": (tf.string, 1), "score": (tf.float32, 1)}
    assert specs("tokens") == {
        "source": (tf.int32, 2),
        "tokens": (tf.int32, 2),
        "score": (tf.float32, 1),
    }
    assert specs("attention") == {
        "text": (tf.string, 1),
        "score": (tf.float32, 1),
        "source_tokens": (tf.string, 2),
        "output_tokens": (tf.string, 2),
        "weights": (tf.float32, 3),
    }


def test_compiled_signatures_give_the_same_text(exported, lines):
    signatures = tf.saved_model.load(str(exported / "1")).signatures
    for name, compiled in (("serving_default", "serving_fast"), ("beam", "beam_fast")):
        for count in (3, 1):
            text = tf.constant(lines[:count])
            expected, given = signatures[name](text=text), signatures[compiled](text=text)
            assert given["text"].numpy().tolist() == expected["text"].numpy().tolist()
            np.testing.assert_allclose(given["score"], expected["score"], rtol=1e-3, atol=1e-3)


def test_batch_products_do_not_wait_for_threads(exported):
    saved = saved_model_pb2.SavedModel.FromString((exported / "1/saved_model.pb").read_bytes())
    graph = saved.meta_graphs[0].graph_def
    nodes = [node for function in graph.library.function for node in function.node_def]
    operators = {node.op for node in [*nodes, *graph.node]}
    assert "BatchMatMulV2" not in operators
    assert "BatchMatMulV3" in operators


def test_score_is_the_log_probability_of_the_returned_tokens(exported, trained):
    signatures = tf.saved_model.load(str(exported / "1")).signatures
    tokenizer = Tokenizer.load(exported / "tokenizer.model")
    source = [*tokenizer.tokenize(["Der Hund schläft."]).to_list()[0], 3]
    answer = signatures["tokens"](source=tf.constant([source]))
    tokens = answer["tokens"].numpy()[0]
    inputs = {"source": np.array([source]), "target": np.array([[2, *tokens[:-1]]])}
    logits = Run(trained).model()(inputs, training=False).numpy()[0]
    logits[:, :3] = -np.inf
    log_probabilities = tf.nn.log_softmax(logits).numpy()
    expected = log_probabilities[np.arange(len(tokens)), tokens].sum()
    np.testing.assert_allclose(answer["score"].numpy()[0], expected, rtol=1e-4)


def test_attention_is_over_the_source(exported):
    signatures = tf.saved_model.load(str(exported / "1")).signatures
    answer = signatures["attention"](text=tf.constant(["Der Hund schläft.", ""]))
    weights = answer["weights"].numpy()
    shape = (2, answer["output_tokens"].shape[1], answer["source_tokens"].shape[1])
    assert weights.shape == shape
    real = answer["output_tokens"].numpy() != b""
    np.testing.assert_allclose(weights.sum(axis=-1), real, atol=1e-5)


def test_a_search_is_in_the_file_once(exported):
    (graph,) = read_graphs(exported / "1")
    names = [function.signature.name for function in graph.library.function]
    # Greedy and with a beam, each as it is and compiled: not one a signature and half of a batch.
    assert sum("run_if_any" in name for name in names) == 4
    assert not any("_output_shapes" in node.attr for node in nodes_of(graph))


def test_the_files_beside_the_version(exported, trained):
    assert {each.name for each in exported.iterdir()} == {
        "1",
        "README.md",
        "results.json",
        "tokenizer.model",
        "tokenizer_vectors.json",
        "litert",
        "models.config",
        "batching_parameters.txt",
        "compose.yaml",
    }
    results = json.loads((exported / "results.json").read_text())
    assert results["version"] == 1
    assert (results["source"], results["target"]) == ("de", "en")
    assert results["saved_model_bytes"] > 4 * results["weights"]
    card = (exported / "README.md").read_text()
    assert f"{results['weights']:,}" in card
    assert "serving_default" in card
    assert (exported / "tokenizer.model").read_bytes() == (trained / "tokenizer.model").read_bytes()


@pytest.mark.parametrize("strategy", [Beam(5), one_best_beam(5, 2.0), Sampling()])
def test_another_search_than_the_exported_is_refused(exported, strategy):
    with pytest.raises(InputError, match="was exported with beam size 5 and length penalty 1"):
        load(exported, strategy)


def test_an_existing_version_is_refused_and_kept(exported, trained):
    before = {each: each.stat().st_mtime_ns for each in exported.rglob("*")}
    done = command_line("export", trained, "--output", exported)
    assert done.returncode == 2
    assert done.stderr.decode().endswith("1 exists: choose another --version, such as 2\n")
    assert {each: each.stat().st_mtime_ns for each in exported.rglob("*")} == before


@pytest.mark.parametrize("name", ["README.md", "translations"])
def test_a_folder_of_other_files_is_refused_and_kept(trained, tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="holds other files, and no export"):
        export(Run(trained), tmp_path)
    assert [each.name for each in tmp_path.rglob("*")] == [name, "thesis.txt"]


def test_the_folder_of_a_run_is_no_place_for_its_export(trained):
    before = {each: each.stat().st_mtime_ns for each in trained.rglob("*")}
    done = command_line("export", trained, "--output", trained)
    assert done.returncode == 2
    assert done.stderr.decode().endswith(
        "holds other files, and no export: choose another folder\n"
    )
    assert {each: each.stat().st_mtime_ns for each in trained.rglob("*")} == before


def contents(folder):
    """The bytes of every file, by path."""
    files = (each for each in folder.rglob("*") if each.is_file())
    return {each.relative_to(folder): each.read_bytes() for each in files}


def test_a_full_disk_leaves_the_old_export_intact(exported, trained, tmp_path):
    import resource

    folder = tmp_path / "export"
    shutil.copytree(exported, folder)
    before = contents(folder)

    def full_disk():
        # Every file of more than a megabyte fails as on a full disk, and kills no process.
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))

    done = command_line(
        "export", trained, "--output", folder, "--version", "2", preexec_fn=full_disk
    )
    assert done.returncode == 2, done.stderr.decode()
    assert "cannot be written" in done.stderr.decode()
    assert len(done.stderr.decode().splitlines()) == 1
    assert contents(folder) == before


def test_a_failure_at_the_end_leaves_the_old_export_intact(
    exported, trained, tmp_path, monkeypatch
):
    folder = tmp_path / "export"
    shutil.copytree(exported, folder)
    before = contents(folder)

    def fail(*_):
        raise OSError("No space left on device")

    # Its name in the package is that of the function.
    monkeypatch.setattr(sys.modules[export.__module__], "model_card", fail)
    with pytest.raises(InputError, match=r"2: cannot be written \(No space left on device\)"):
        export(Run(trained), folder, version=2)
    assert contents(folder) == before


def test_a_second_version_stands_beside_the_first(exported, trained, tmp_path):
    folder = tmp_path / "export"
    shutil.copytree(exported, folder)
    (folder / "models.config").write_text("# changed by whoever serves it\n")
    (folder / "compose.yaml").unlink()
    done = command_line("export", trained, "--output", folder, "--version", "7")
    assert done.returncode == 0, done.stderr.decode()
    assert (folder / "models.config").read_text() == "# changed by whoever serves it\n"
    assert (folder / "compose.yaml").read_bytes() == (exported / "compose.yaml").read_bytes()
    assert done.stdout.decode() == f"{folder / '7'}\n"
    assert {each.name for each in folder.iterdir()} >= {"1", "7"}
    assert json.loads((folder / "results.json").read_text())["version"] == 7
    assert load(folder).path.name == "7"
    older = command_line("export", trained, "--output", folder, "--version", "3")
    assert older.returncode == 0, older.stderr.decode()
    assert json.loads((folder / "results.json").read_text())["version"] == 7


def test_another_sentencepiece_reproduces_the_vectors(exported):
    """That of PyPI, as a phone's or a page's has to."""
    processor = sentencepiece.SentencePieceProcessor(str(exported / "tokenizer.model"))
    vectors = json.loads((exported / "tokenizer_vectors.json").read_text())
    assert len(vectors) > 30
    assert [processor.encode(each["text"]) for each in vectors] == [each["ids"] for each in vectors]
    lossless = [each["decoded"] == each["text"] for each in vectors]
    assert sum(lossless) >= len(vectors) - 1
