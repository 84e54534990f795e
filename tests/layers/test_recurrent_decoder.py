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
        readout, state, weight = decoder.step(EMBEDDED[:, time : time + 1], time, state)
        np.testing.assert_allclose(numpy(readout)[:, 0], numpy(readouts)[:, time], atol=1e-5)
        np.testing.assert_allclose(numpy(weight)[:, 0], numpy(weights)[:, time], atol=1e-5)


def test_the_previous_state_asks_and_the_context_feeds_the_cell(decoder, encoded):
    state = decoder.start(encoded)
    embedded = EMBEDDED[:, :1]
    weights = decoder.attention(state.own["hidden"], state.shared, position=0)
    context = decoder.attention.context(weights, state.shared)
    gates = decoder.cell.project(embedded) + context @ decoder.context_kernel
    hidden = decoder.cell(gates, state.own["hidden"])
    joined = keras.ops.concatenate([hidden, context, embedded], axis=-1)
    expected = np.tanh(numpy(joined) @ numpy(decoder.readout.kernel) + numpy(decoder.readout.bias))
    readout, state, given = decoder.step(embedded, 0, state)
    weights = decoder.attention.source_weights(weights, state.shared)
    np.testing.assert_allclose(numpy(readout), expected, atol=1e-6)
    np.testing.assert_allclose(numpy(state.own["hidden"]), numpy(hidden), atol=1e-6)
    np.testing.assert_allclose(numpy(given), numpy(weights), atol=1e-6)


def test_hypotheses_of_one_source_do_not_touch_each_other(decoder, encoded):
    """Three hypotheses read three targets as each would alone."""
    state = decoder.start(encoded, width=3)
    alone = [decoder.start(encoded) for _ in range(3)]
    for time in range(2):
        tokens = EMBEDDED[:, 3 * time : 3 * time + 3]
        readout, state, weights = decoder.step(tokens, time, state)
        for each in range(3):
            one, alone[each], weight = decoder.step(tokens[:, each : each + 1], time, alone[each])
            np.testing.assert_allclose(numpy(readout)[:, each], numpy(one)[:, 0], atol=1e-6)
            np.testing.assert_allclose(numpy(weights)[:, each], numpy(weight)[:, 0], atol=1e-6)


def test_the_encoders_state_starts_it(decoder, encoded):
    expected = np.tanh(encoded.state @ numpy(decoder.initial.kernel) + numpy(decoder.initial.bias))
    np.testing.assert_allclose(
        numpy(decoder.start(encoded).own["hidden"])[:, 0], expected, atol=1e-6
    )
