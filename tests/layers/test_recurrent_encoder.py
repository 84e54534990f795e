import keras
import numpy as np
import pytest

from s2s_keras.layers import RecurrentEncoder
from s2s_keras.layers.cells import CELLS

LENGTHS = [5, 2, 4]
MASK = np.arange(5) < np.array(LENGTHS)[:, None]
REAL = MASK[..., None]
THEIRS = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM, "simple_rnn": keras.layers.SimpleRNN}
INPUTS = np.random.default_rng(0).normal(size=(3, 5, 3)).astype("float32")


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def build(units=4, **settings):
    keras.utils.set_random_seed(1)
    encoder = RecurrentEncoder(units, **settings)
    encoder.build((None, None, 3))
    return encoder


@pytest.fixture(params=CELLS)
def encoder(request):
    return build(cell=request.param)


@pytest.mark.parametrize(("bidirectional", "annotation_units"), [(True, 8), (False, 4)])
@pytest.mark.parametrize("layers", [1, 3])
def test_shapes(layers, bidirectional, annotation_units):
    encoder = build(layers=layers, bidirectional=bidirectional)
    encoded = encoder(INPUTS, mask=MASK)
    assert encoded.annotations.shape == (3, 5, annotation_units)
    assert encoded.state.shape == (3, 4)
    assert encoded.summary.shape == (3, annotation_units)
    assert (encoder.annotation_units, encoder.state_units) == (annotation_units, 4)


def test_equals_a_bidirectional_keras_layer(encoder):
    theirs = keras.layers.Bidirectional(THEIRS[encoder.cell](4, return_sequences=True))
    theirs.build(INPUTS.shape)
    theirs.set_weights(encoder.get_weights())
    encoded = encoder(INPUTS, mask=MASK)
    expected = numpy(theirs(INPUTS, mask=MASK)) * REAL
    np.testing.assert_allclose(numpy(encoded.annotations), expected, atol=1e-6)
    forward = expected[np.arange(3), np.array(LENGTHS) - 1, :4]
    backward = expected[:, 0, 4:]
    np.testing.assert_allclose(numpy(encoded.state), forward, atol=1e-6)
    np.testing.assert_allclose(
        numpy(encoded.summary), np.concatenate([forward, backward], axis=-1), atol=1e-6
    )


@pytest.mark.parametrize("residual", [False, True])
def test_a_layer_reads_the_annotations_of_the_one_below(residual):
    stacked = build(layers=2, residual=residual)
    lower, upper = build(), RecurrentEncoder(4)
    upper.build((None, None, 8))
    for single, layer in ((lower, 0), (upper, 1)):
        single.forward_cells[0].set_weights(stacked.forward_cells[layer].get_weights())
        single.backward_cells[0].set_weights(stacked.backward_cells[layer].get_weights())
    below = lower(INPUTS, mask=MASK)
    above = upper(below.annotations, mask=MASK)
    encoded = stacked(INPUTS, mask=MASK)
    expected = numpy(above.annotations) + residual * numpy(below.annotations)
    np.testing.assert_allclose(numpy(encoded.annotations), expected, atol=1e-6)
    np.testing.assert_allclose(numpy(encoded.state), numpy(above.state), atol=1e-6)
    np.testing.assert_allclose(numpy(encoded.summary), numpy(above.summary), atol=1e-6)


def test_dropout_acts_between_layers_in_training_only():
    single, stacked = build(dropout=0.5), build(dropout=0.5, layers=2)
    for encoder, changes in ((single, False), (stacked, True)):
        calm = numpy(encoder(INPUTS, mask=MASK, training=False).annotations)
        wild = numpy(encoder(INPUTS, mask=MASK, training=True).annotations)
        assert (np.abs(calm - wild).max() > 1e-3) == changes


def test_one_direction_does_not_look_ahead():
    encoder = build(bidirectional=False, layers=2)
    other = INPUTS.copy()
    other[0, 3] += 1
    one, two = (numpy(encoder(each, mask=MASK).annotations) for each in (INPUTS, other))
    np.testing.assert_array_equal(one[0, :3], two[0, :3])
    assert np.abs(one[0, 3:] - two[0, 3:]).min() > 0


def test_what_stands_in_padding_changes_nothing(encoder):
    other = np.where(REAL, INPUTS, 99.0).astype("float32")
    one, two = encoder(INPUTS, mask=MASK), encoder(other, mask=MASK)
    np.testing.assert_array_equal(numpy(one.annotations), numpy(two.annotations))
    np.testing.assert_array_equal(numpy(one.summary), numpy(two.summary))


def test_annotations_at_padding_are_zero(encoder):
    annotations = numpy(encoder(INPUTS, mask=MASK).annotations)
    assert not annotations[~MASK].any()
    assert annotations[MASK].all()


def test_comes_back_from_its_configuration():
    settings = {
        "units": 4,
        "cell": "lstm",
        "layers": 2,
        "bidirectional": False,
        "residual": True,
        "dropout": 0.1,
    }
    config = RecurrentEncoder.from_config(RecurrentEncoder(**settings).get_config()).get_config()
    assert {name: config[name] for name in settings} == settings
