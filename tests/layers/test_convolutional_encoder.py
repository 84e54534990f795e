import keras
import numpy as np
import pytest

from s2s_keras.layers import ConvolutionalEncoder, sinusoidal_positions

LENGTHS = [7, 2, 4]
MASK = np.arange(7) < np.array(LENGTHS)[:, None]
INPUTS = np.random.default_rng(0).normal(size=(3, 7, 4)).astype("float32")


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def build(**settings):
    keras.utils.set_random_seed(1)
    encoder = ConvolutionalEncoder(6, **settings)
    encoder.build((None, None, 4))
    return encoder


@pytest.fixture(params=[2, 3], ids=["even", "odd"])
def encoder(request):
    return build(layers=2, kernel_size=request.param)


def test_shapes(encoder):
    encoded = encoder(INPUTS, mask=MASK)
    assert encoded.annotations.shape == (3, 7, 6)
    assert encoded.state.shape == encoded.summary.shape == (3, 6)
    assert (encoder.annotation_units, encoder.state_units) == (6, 6)


def test_is_the_papers_formula():
    """One row without padding, position by position."""
    encoder = build(layers=2)
    positions = numpy(sinusoidal_positions(np.arange(7.0, dtype="float32"), 4))
    kernel, bias = encoder.projection.get_weights()
    x = (INPUTS[0] + positions) @ kernel + bias
    for convolution in encoder.convolutions:
        kernel, bias = convolution.get_weights()
        around = np.pad(x, ((1, 1), (0, 0)))
        outputs = [np.einsum("ki,kio->o", around[j : j + 3], kernel) + bias for j in range(len(x))]
        a, b = np.split(np.stack(outputs), 2, axis=-1)
        x = np.sqrt(0.5) * (x + a / (1 + np.exp(-b)))
    encoded = encoder(INPUTS, mask=MASK)
    np.testing.assert_allclose(numpy(encoded.annotations)[0], x, atol=1e-5)
    np.testing.assert_allclose(numpy(encoded.state)[0], x.mean(axis=0), atol=1e-5)


def test_what_stands_in_padding_changes_nothing(encoder):
    other = np.where(MASK[..., None], INPUTS, 99.0).astype("float32")
    one, two = encoder(INPUTS, mask=MASK), encoder(other, mask=MASK)
    np.testing.assert_allclose(numpy(one.annotations), numpy(two.annotations), atol=1e-6)
    np.testing.assert_allclose(numpy(one.summary), numpy(two.summary), atol=1e-6)
    assert not numpy(one.annotations)[~MASK].any()


def test_a_row_alone_gives_what_it_gives_in_a_batch(encoder):
    encoded = encoder(INPUTS, mask=MASK)
    for row, length in enumerate(LENGTHS):
        alone = encoder(INPUTS[row : row + 1, :length], mask=MASK[row : row + 1, :length])
        np.testing.assert_allclose(
            numpy(alone.annotations)[0], numpy(encoded.annotations)[row, :length], atol=1e-5
        )
        np.testing.assert_allclose(numpy(alone.state)[0], numpy(encoded.state)[row], atol=1e-5)


def test_an_annotation_has_read_so_many_positions():
    encoder = build(layers=2, kernel_size=3)
    other = INPUTS.copy()
    other[0, 0] += 1
    one, two = (numpy(encoder(each, mask=MASK).annotations)[0] for each in (INPUTS, other))
    changed = np.abs(one - two).max(axis=-1) > 1e-6
    assert changed.tolist() == [True, True, True, False, False, False, False]


def test_the_variance_neither_vanishes_nor_explodes():
    keras.utils.set_random_seed(1)
    encoder = ConvolutionalEncoder(128, layers=8)
    inputs = np.random.default_rng(0).normal(size=(4, 50, 128)).astype("float32")
    encoder.build(inputs.shape)
    annotations = encoder(inputs, mask=np.ones((4, 50), bool)).annotations
    assert 0.5 < numpy(annotations).std() / inputs.std() < 5


def test_dropout_acts_in_training_only():
    encoder = build(dropout=0.5)
    calm = [numpy(encoder(INPUTS, mask=MASK, training=False).state) for _ in range(2)]
    np.testing.assert_array_equal(*calm)
    assert np.abs(numpy(encoder(INPUTS, mask=MASK, training=True).state) - calm[0]).max() > 1e-3


def test_comes_back_from_its_configuration():
    settings = {"units": 6, "layers": 2, "kernel_size": 5, "dropout": 0.1}
    again = ConvolutionalEncoder.from_config(ConvolutionalEncoder(**settings).get_config())
    config = again.get_config()
    assert {name: config[name] for name in settings} == settings
