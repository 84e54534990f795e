"""Token ids go to a machine without TensorFlow, weights come back."""

import importlib.util
import itertools
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from s2s_keras.errors import InputError
from s2s_keras.models import MaskedCrossentropy, build_model, resolve
from s2s_keras.pipeline import training_batches
from s2s_keras.pipeline.token_archive import load_tokens
from s2s_keras.training import Run, Settings, take_weights, write_tokens
from s2s_keras.training.preparation import prepare

SCRIPT = pathlib.Path(__file__).parents[2] / "recipes" / "train_on_jax.py"
LAYERS = {
    "embedding_units": 16,
    "shared_embedding": True,
    "encoder": {"type": "transformer", "layers": 1, "heads": 2, "feed_forward_units": 16},
    "decoder": {"type": "transformer", "layers": 1, "heads": 2, "feed_forward_units": 16},
    "training": {"learning_rate": 1e-2, "warmup_steps": 5},
}
# Nothing that the other machine lacks can be imported.
WITHOUT = """
import runpy, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "tensorflow_text", "sentencepiece", "sacrebleu"):
            raise ImportError(f"{name} is not installed here")

sys.meta_path.insert(0, Refuse())
script, *sys.argv[1:] = sys.argv[1:]
runpy.run_path(script, run_name="__main__")
"""


@pytest.fixture(scope="module")
def settings(pairs_file, tmp_path_factory):
    model = tmp_path_factory.mktemp("model") / "small.json"
    model.write_text(json.dumps(LAYERS))
    return Settings(
        str(pairs_file),
        "de",
        "en",
        str(model),
        vocab_size=400,
        batch_tokens=256,
        epochs=6,
        average=2,
        bpe_dropout=0.1,
        r_drop=1.0,
    )


@pytest.fixture(scope="module")
def folder(settings, tmp_path_factory):
    """A run that has begun, its token ids, and the weights that came of them."""
    pytest.importorskip("jax", reason="needs jax")
    folder = tmp_path_factory.mktemp("elsewhere")
    write_tokens(settings, folder / "run", folder / "tokens")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, SCRIPT, folder / "tokens", folder / "weights"],
        env={"KERAS_BACKEND": "jax", "PATH": "", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def script():
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("train_on_jax", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    path = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = path
    return module


@pytest.fixture(scope="module")
def batches(folder, script):
    """What is trained on elsewhere."""
    pairs, description = load_tokens(folder / "tokens")
    return training_batches(pairs, description["pieces"], script.settings_of(description))


def test_elsewhere_reads_what_training_here_would_read(settings, folder, batches):
    run = Run(folder / "run")
    here, _ = prepare(run, settings, run.combination)
    both = zip(here.stream(3), batches.stream(3), strict=False)
    for (inputs, labels), (found, found_labels) in itertools.islice(both, len(here)):
        np.testing.assert_array_equal(found["source"], inputs["source"])
        np.testing.assert_array_equal(found_labels, labels)


def test_padding_for_few_shapes_changes_no_loss(batches, script):
    model = build_model(resolve({**LAYERS}, "small"), batches.resample.merges.size)
    loss = MaskedCrossentropy()
    shapes, plain_shapes = set(), set()
    both = zip(script.stream(batches), batches.stream(), strict=False)
    for (inputs, labels), (plain, plain_labels) in itertools.islice(both, 2 * len(batches)):
        shapes.add(labels.shape)
        plain_shapes.add(plain_labels.shape)
        found, expected = loss(labels, model(inputs)), loss(plain_labels, model(plain))
        np.testing.assert_allclose(float(found), float(expected), rtol=1e-5)
        half = len(labels) // 2
        np.testing.assert_array_equal(labels[:half], labels[half:])
    assert len(shapes) < len(plain_shapes) / 2


def test_the_weights_come_back_as_the_runs_model(settings, folder):
    run = take_weights(settings, folder / "run", folder / "weights")
    assert run.is_finished
    assert run.best["epoch"] == 6
    # An untrained model has the loss of 400 tokens that are as probable as each other: 6 nats.
    assert run.best["val_loss"] < 4.5
    assert run.model().count_params() > 0
    assert "Keras on JAX" in run.state.hardware
    with np.load(folder / "weights") as saved:
        np.testing.assert_array_equal(run.model().get_weights()[0], saved["arr_0"])
    history = run.history
    assert take_weights(settings, folder / "run", folder / "weights").history == history


def test_weights_of_another_run_are_refused(settings, folder, tmp_path, pairs_file):
    lines = pairs_file.read_text().splitlines(keepends=True)
    other = tmp_path / "other.tsv"
    other.write_text("".join(lines[5:]))
    changed = Settings(**{**vars(settings), "corpus": str(other)})
    with pytest.raises(InputError, match=r"these weights are of another run than .*: corpus"):
        take_weights(changed, tmp_path / "run", folder / "weights")
    longer = Settings(**{**vars(settings), "epochs": 7})
    with pytest.raises(InputError, match=r"of another run than .*: epochs 6, not 7"):
        take_weights(longer, tmp_path / "longer", folder / "weights")
    assert not Run(tmp_path / "longer").is_finished
    with pytest.raises(InputError, match="holds no weights of a training"):
        take_weights(changed, tmp_path / "run", folder / "tokens.npz")
    with pytest.raises(InputError, match="holds no weights of a training"):
        take_weights(changed, tmp_path / "run", folder / "none.npz")


def test_what_only_a_training_here_can_do_is_refused(settings, tmp_path):
    limited = Settings(**{**vars(settings), "max_steps": 5})
    with pytest.raises(InputError, match="max_steps and scheduled_sampling are for a training"):
        write_tokens(limited, tmp_path / "run", tmp_path / "tokens.npz")
    assert not (tmp_path / "run").exists()


def test_another_backend_is_refused(tmp_path):
    done = subprocess.run(
        [sys.executable, SCRIPT, "a.npz", "b.npz"],
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "set the environment variable KERAS_BACKEND to jax" in done.stderr


@pytest.mark.parametrize("what", ["none", "cut", "output"])
def test_there_what_cannot_be_read_or_written_is_told_at_once(folder, tmp_path, what):
    tokens, weights = folder / "tokens", tmp_path / "weights"
    if what == "output":
        weights.mkdir()
    else:
        tokens = tmp_path / "tokens"
        if what == "cut":
            tokens.write_bytes((folder / "tokens").read_bytes()[:-100])
    done = subprocess.run(
        [sys.executable, SCRIPT, tokens, weights],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    wrong = "cannot be written" if what == "output" else "holds no token ids for a training"
    assert [wrong in line for line in done.stderr.splitlines()] == [True]


def test_too_few_batches_for_an_update_are_refused_here(settings, tmp_path):
    rare = Settings(**{**vars(settings), "accumulate": 10**6})
    with pytest.raises(InputError, match="choose fewer, or more epochs"):
        write_tokens(rare, tmp_path / "run", tmp_path / "tokens.npz")
    assert not (tmp_path / "tokens.npz").exists()


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_weights_that_were_cut_on_their_way_are_refused(folder, settings, tmp_path, share):
    whole = (folder / "weights").read_bytes()
    (tmp_path / "weights").write_bytes(whole[: int(share * len(whole))])
    write_tokens(settings, tmp_path / "run", tmp_path / "tokens")
    with pytest.raises(InputError, match="holds no weights of a training"):
        take_weights(settings, tmp_path / "run", tmp_path / "weights")


def test_an_array_is_no_weights(settings, tmp_path):
    np.save(tmp_path / "weights.npy", np.zeros(3))
    write_tokens(settings, tmp_path / "run", tmp_path / "tokens")
    with pytest.raises(InputError, match="holds no weights of a training"):
        take_weights(settings, tmp_path / "run", tmp_path / "weights.npy")
