import keras
import numpy as np
import pytest

from s2s_keras.layers import AdditiveAttention, Encoded, FixedContext, RecurrentDecoder


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.fixture(params=[lambda: AdditiveAttention(6), FixedContext], ids=["additive", "fixed"])
def decoder(request):
    keras.utils.set_random_seed(3)
    decoder = RecurrentDecoder(5, output_units=7, attention=request.param())
    decoder.build((None, None, 3), annotation_units=4, state_units=9)
    return decoder


@pytest.fixture
def encoded():
    random = np.random.default_rng(0)
    mask = np.arange(6) < np.array([6, 3])[:, None]
    annotations = random.normal(size=(2, 6, 4)).astype("float32") * mask[..., None]
    state = random.normal(size=(2, 9)).astype("float32")
    return Encoded(annotations, mask, state, summary=annotations[:, 0])


EMBEDDED = np.random.default_rng(4).normal(size=(2, 8, 3)).astype("float32")


def test_a_whole_target_at_once_equals_token_by_token(decoder, encoded):
    readouts, weights = decoder(EMBEDDED, encoded)
    assert readouts.shape == (2, 8, 7)
    assert weights.shape == (2, 8, 6)
    state = decoder.start(encoded)
    for time in range(8):
        readout, state, weight = decoder.step(EMBEDDED[:, time], state)
        np.testing.assert_allclose(numpy(readout), numpy(readouts)[:, time], atol=1e-5)
        np.testing.assert_allclose(numpy(weight), numpy(weights)[:, time], atol=1e-5)


def test_the_previous_state_asks_and_the_context_feeds_the_cell(decoder, encoded):
    state = decoder.start(encoded)
    embedded = EMBEDDED[:, 0]
    context, weights = decoder.attention(state["hidden"], state["memory"])
    gates = decoder.cell.project(embedded) + decoder.context(context)
    hidden = decoder.cell(gates, state["hidden"])
    joined = keras.ops.concatenate([hidden, context, embedded], axis=-1)
    expected = np.tanh(numpy(joined) @ numpy(decoder.readout.kernel) + numpy(decoder.readout.bias))
    readout, state, given = decoder.step(embedded, state)
    np.testing.assert_allclose(numpy(readout), expected, atol=1e-6)
    np.testing.assert_allclose(numpy(state["hidden"]), numpy(hidden), atol=1e-6)
    np.testing.assert_allclose(numpy(given), numpy(weights), atol=1e-6)


def test_the_encoders_state_starts_it(decoder, encoded):
    expected = np.tanh(encoded.state @ numpy(decoder.initial.kernel) + numpy(decoder.initial.bias))
    np.testing.assert_allclose(numpy(decoder.start(encoded)["hidden"]), expected, atol=1e-6)
