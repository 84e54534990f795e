import keras
import numpy as np
import pytest

from s2s_keras.layers.layer_normalization import LayerNormalization


@pytest.mark.parametrize("shape", [(3, 8), (2, 5, 8)])
def test_equals_that_of_keras(shape):
    random = np.random.default_rng(0)
    inputs = (random.normal(size=shape) * 3 + 5).astype("float32")
    weights = random.normal(size=(2, 8))
    results = []
    for layer in (LayerNormalization(), keras.layers.LayerNormalization(epsilon=1e-5)):
        layer.build(shape)
        layer.set_weights(list(weights))
        results.append(keras.ops.convert_to_numpy(layer(inputs)))
    np.testing.assert_allclose(*results, atol=1e-5)


def test_half_precision_does_not_lose_the_variance():
    layer = LayerNormalization(dtype="mixed_float16")
    layer.build((None, 64))
    inputs = np.random.default_rng(0).normal(size=(2, 64)).astype("float16") + 100
    outputs = keras.ops.convert_to_numpy(layer(inputs))
    assert outputs.dtype == "float16"
    np.testing.assert_allclose(outputs.std(axis=-1), 1, atol=0.05)
