import keras
import numpy as np
import pytest

from s2s_keras.layers import RecurrentEncoder

LENGTHS = [5, 2, 4]


@pytest.fixture
def encoder():
    keras.utils.set_random_seed(1)
    encoder = RecurrentEncoder(4)
    encoder.build((None, None, 3))
    return encoder


@pytest.fixture
def inputs():
    return np.random.default_rng(0).normal(size=(3, 5, 3)).astype("float32")


def mask(width):
    return np.arange(width) < np.array(LENGTHS)[:, None]


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_shapes(encoder, inputs):
    encoded = encoder(inputs, mask=mask(5))
    assert encoded.annotations.shape == (3, 5, 8)
    assert encoded.state.shape == (3, 4)
    assert encoded.summary.shape == (3, 8)
    assert (encoder.annotation_units, encoder.state_units) == (8, 4)


def test_equals_a_bidirectional_keras_gru(encoder, inputs):
    theirs = keras.layers.Bidirectional(
        keras.layers.GRU(4, return_sequences=True, return_state=True)
    )
    theirs.build(inputs.shape)
    theirs.set_weights(encoder.get_weights())
    outputs, forward, backward = theirs(inputs, mask=mask(5))
    encoded = encoder(inputs, mask=mask(5))
    real = mask(5)[..., None]
    np.testing.assert_allclose(numpy(encoded.annotations), numpy(outputs) * real, atol=1e-6)
    np.testing.assert_allclose(numpy(encoded.state), numpy(forward), atol=1e-6)
    summary = np.concatenate([numpy(forward), numpy(backward)], axis=-1)
    np.testing.assert_allclose(numpy(encoded.summary), summary, atol=1e-6)


def test_what_stands_in_padding_changes_nothing(encoder, inputs):
    other = np.where(mask(5)[..., None], inputs, 99.0).astype("float32")
    one, two = encoder(inputs, mask=mask(5)), encoder(other, mask=mask(5))
    np.testing.assert_array_equal(numpy(one.annotations), numpy(two.annotations))
    np.testing.assert_array_equal(numpy(one.summary), numpy(two.summary))


def test_annotations_at_padding_are_zero(encoder, inputs):
    annotations = numpy(encoder(inputs, mask=mask(5)).annotations)
    assert not annotations[~mask(5)].any()
    assert annotations[mask(5)].all()
