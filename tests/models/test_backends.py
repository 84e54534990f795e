"""The TensorFlow and the JAX backend train the same model."""

import os
import subprocess
import sys

import numpy as np
import pytest

# Loads weights, or saves its own where there are none; gives the loss of a batch, and the weights
# after three updates.
PROGRAM = """
import sys
import keras
import numpy as np
from s2s_keras.models import MaskedCrossentropy, build_model, find_combination

preset, before, after = sys.argv[1:]
combination = find_combination(preset)
combination["dropout"] = 0.0
for part in ("encoder", "decoder"):
    combination[part] = {
        name: 0.0 if "dropout" in name else value for name, value in combination[part].items()
    }
keras.utils.set_random_seed(0)
model = build_model(combination, 60)
try:
    with np.load(before) as saved:
        model.set_weights([saved[name] for name in saved.files])
except FileNotFoundError:
    np.savez(before, *model.get_weights())
inputs = {"source": np.array([[11, 12, 13, 3], [21, 22, 3, 0]], "int32"),
          "target": np.array([[2, 31, 32], [2, 41, 0]], "int32")}
labels = np.array([[31, 32, 3], [41, 3, 0]], "int32")
model.compile(optimizer=keras.optimizers.SGD(0.05), loss=MaskedCrossentropy(0.1))
loss = model.evaluate(inputs, labels, verbose=0)
model.fit(inputs, labels, epochs=3, shuffle=False, verbose=0)
np.savez(after, np.array(loss), *model.get_weights())
print(keras.backend.backend())
"""


def trained(backend, preset, folder):
    result = folder / f"{backend}.npz"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, preset, folder / "before.npz", result],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == backend
    with np.load(result) as saved:
        return [saved[name] for name in saved.files]


@pytest.mark.parametrize("preset", ["gru-attention", "transformer-tiny"])
def test_same_weights_same_batch_same_loss_same_updates(preset, tmp_path):
    pytest.importorskip("jax", reason="needs jax")
    tensorflow = trained("tensorflow", preset, tmp_path)
    jax = trained("jax", preset, tmp_path)
    assert abs(float(tensorflow[0]) - float(jax[0])) < 1e-4
    with np.load(tmp_path / "before.npz") as saved:
        before = [saved[name] for name in saved.files]
    moved = [np.abs(new - old).max() for new, old in zip(tensorflow[1:], before, strict=True)]
    assert max(moved) > 1e-2
    for one, two in zip(tensorflow[1:], jax[1:], strict=True):
        np.testing.assert_allclose(one, two, atol=1e-4)
