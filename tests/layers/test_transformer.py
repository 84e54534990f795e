import keras
import numpy as np
import pytest

from s2s_keras.layers import Encoded, TransformerDecoder, TransformerEncoder

UNITS = 8
RANDOM = np.random.default_rng(0)
SOURCE = RANDOM.normal(size=(2, 6, UNITS)).astype("float32")
TARGET = RANDOM.normal(size=(2, 5, UNITS)).astype("float32")
MASK = np.arange(6) < np.array([6, 3])[:, None]


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.fixture(params=[("sinusoidal", "pre"), ("learned", "post")], ids="-".join)
def options(request):
    keras.utils.set_random_seed(1)
    positions, norm = request.param
    return {"positions": positions, "norm": norm, "max_length": 4}


@pytest.fixture
def encoder(options):
    encoder = TransformerEncoder(2, heads=2, feed_forward_units=12, dropout=0.3, **options)
    encoder.build((None, None, UNITS))
    return encoder


@pytest.fixture
def decoder(options):
    decoder = TransformerDecoder(2, heads=2, feed_forward_units=12, dropout=0.3, **options)
    decoder.build((None, None, UNITS), annotation_units=7, state_units=3)
    return decoder


@pytest.fixture
def encoded():
    annotations = RANDOM.normal(size=(2, 6, 7)).astype("float32") * MASK[..., None]
    return Encoded(annotations, MASK, None, None)


def test_annotations_are_zero_at_padding_and_state_is_their_mean(encoder):
    encoded = encoder(SOURCE, mask=MASK)
    annotations = numpy(encoded.annotations)
    assert annotations.shape == (2, 6, UNITS)
    assert not annotations[~MASK].any()
    np.testing.assert_allclose(numpy(encoded.state)[1], annotations[1, :3].mean(axis=0), atol=1e-6)
    assert (encoder.annotation_units, encoder.state_units) == (UNITS, UNITS)


def test_what_stands_in_padding_changes_nothing(encoder):
    other = np.where(MASK[..., None], SOURCE, 9.0).astype("float32")
    one, two = encoder(SOURCE, mask=MASK), encoder(other, mask=MASK)
    np.testing.assert_allclose(numpy(one.annotations), numpy(two.annotations), atol=1e-6)


def test_order_matters(encoder):
    annotations = numpy(encoder(SOURCE, mask=np.ones_like(MASK)).annotations)
    turned = numpy(encoder(SOURCE[:, ::-1].copy(), mask=np.ones_like(MASK)).annotations)
    assert np.abs(annotations - turned[:, ::-1]).max() > 1e-2


def test_cached_steps_equal_the_whole_target(decoder, encoded):
    readouts, weights = (numpy(each) for each in decoder(TARGET, encoded))
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-5)
    assert not weights[1, :, 3:].any()
    state = decoder.start(encoded, width=1, length=2)
    for time in range(5):
        if time == 2:
            state = decoder.grow(state, 6)
        readout, state, weight = decoder.step(TARGET[:, time : time + 1], time, state)
        np.testing.assert_allclose(numpy(readout)[:, 0], readouts[:, time], atol=1e-5)
        np.testing.assert_allclose(numpy(weight)[:, 0], weights[:, time], atol=1e-6)


def test_hypotheses_that_change_places_keep_their_past(decoder, encoded):
    """Two hypotheses; after two steps both go on from the second, after three they swap."""
    past = RANDOM.normal(size=(2, 2, 4, UNITS)).astype("float32")
    parents = {2: [1, 1], 3: [1, 0]}
    state = decoder.start(encoded, width=2, length=3)
    paths = [[], []]
    for time in range(4):
        if time in parents:
            own = {"bias": numpy(state.own["bias"])[:, parents[time]]}
            state = state._replace(own=own)
            paths = [list(paths[parent]) for parent in parents[time]]
        if time == 3:
            state = decoder.grow(state, 4)
        readout, state, _ = decoder.step(past[:, :, time], time, state)
        for each in range(2):
            paths[each].append(past[:, each, time])
    for each in range(2):
        whole, _ = decoder(np.stack(paths[each], axis=1), encoded)
        np.testing.assert_allclose(numpy(readout)[:, each], numpy(whole)[:, -1], atol=1e-5)


def test_a_later_token_changes_no_earlier_readout(decoder, encoded):
    other = TARGET.copy()
    other[:, 3] *= -1
    one, two = numpy(decoder(TARGET, encoded)[0]), numpy(decoder(other, encoded)[0])
    np.testing.assert_allclose(one[:, :3], two[:, :3], atol=1e-6)
    assert np.abs(one[:, 3:] - two[:, 3:]).max() > 1e-3


def test_dropout_acts_in_training_only(encoder, decoder, encoded):
    calm = [numpy(decoder(TARGET, encoded, training=False)[0]) for _ in range(2)]
    wild = [numpy(decoder(TARGET, encoded, training=True)[0]) for _ in range(2)]
    np.testing.assert_array_equal(*calm)
    assert np.abs(wild[0] - wild[1]).max() > 1e-2
    wild = [numpy(encoder(SOURCE, mask=MASK, training=True).annotations) for _ in range(2)]
    assert np.abs(wild[0] - wild[1]).max() > 1e-2


def test_configurations_come_back(encoder, decoder):
    for layer in (encoder, decoder):
        config = layer.get_config()
        assert type(layer).from_config(config).get_config() == config
