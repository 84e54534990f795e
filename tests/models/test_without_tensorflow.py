"""Layers and models train on JAX where TensorFlow is not installed."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "tensorflow_text"):
            raise ImportError(f"{name} is not installed here")

sys.meta_path.insert(0, Refuse())
import keras
import numpy as np
from s2s_keras.models import build_preset
from s2s_keras.models import MaskedCrossentropy, ScheduledSampling, TokenAccuracy

assert keras.backend.backend() == "jax"
keras.utils.set_random_seed(0)
model = build_preset("gru-attention", 60)
model.compile(optimizer=keras.optimizers.Adam(0.01), loss=MaskedCrossentropy(0.1),
              weighted_metrics=[TokenAccuracy()])
inputs = {"source": np.array([[11, 12, 3, 0]] * 4), "target": np.array([[2, 31, 32, 0]] * 4)}
labels = np.array([[31, 32, 3, 0]] * 4)
first = model.evaluate(inputs, labels, verbose=0)[0]
model.fit(inputs, labels, epochs=3, verbose=0)
last = model.evaluate(inputs, labels, verbose=0)[0]
assert last < first / 2, (first, last)

learner = ScheduledSampling(model, 0.5, batches=4)
learner.build()
optimizer = keras.optimizers.Adam(0.01, gradient_accumulation_steps=2)
learner.compile(optimizer=optimizer, loss=MaskedCrossentropy(0.1))
learner.fit(inputs, labels, epochs=4, verbose=0)
assert learner.evaluate(inputs, labels, verbose=0)[0] < last
assert int(learner.seen) == 4
assert "tensorflow" not in sys.modules
print("trained")
"""


def test_trains_on_jax_without_tensorflow():
    pytest.importorskip("jax", reason="needs jax")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"KERAS_BACKEND": "jax", "PATH": "", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "trained"
