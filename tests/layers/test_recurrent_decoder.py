import keras
import numpy as np
import pytest

from s2s_keras.layers import AdditiveAttention, Encoded, FixedContext, RecurrentDecoder
from s2s_keras.layers.cells import CELLS

EMBEDDED = np.random.default_rng(4).normal(size=(2, 8, 3)).astype("float32")
STACK = {"layers": 3, "residual": True, "dropout": 0.5}


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def build(attention, **settings):
    keras.utils.set_random_seed(3)
    decoder = RecurrentDecoder(5, output_units=7, attention=attention, **settings)
    decoder.build((None, None, 3), annotation_units=4, state_units=9)
    return decoder


@pytest.fixture(params=[lambda: AdditiveAttention(6), FixedContext], ids=["additive", "fixed"])
def attention(request):
    return request.param()


@pytest.fixture(params=CELLS)
def decoder(request, attention):
    return build(attention, cell=request.param)


@pytest.fixture
def encoded():
    random = np.random.default_rng(0)
    mask = np.arange(6) < np.array([6, 3])[:, None]
    annotations = random.normal(size=(2, 6, 4)).astype("float32") * mask[..., None]
    state = random.normal(size=(2, 9)).astype("float32")
    return Encoded(annotations, mask, state, summary=annotations[:, 0])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("stack", [{}, STACK], ids=["one", "stack"])
def test_a_whole_target_at_once_equals_token_by_token(attention, cell, stack, encoded):
    decoder = build(attention, cell=cell, **stack)
    readouts, weights = decoder(EMBEDDED, encoded)
    assert readouts.shape == (2, 8, 7)
    assert weights.shape == (2, 8, 6)
    state = decoder.start(encoded)
    for time in range(8):
        readout, state, weight = decoder.step(EMBEDDED[:, time : time + 1], time, state)
        np.testing.assert_allclose(numpy(readout)[:, 0], numpy(readouts)[:, time], atol=1e-5)
        np.testing.assert_allclose(numpy(weight)[:, 0], numpy(weights)[:, time], atol=1e-5)


def test_the_previous_output_asks_and_the_context_feeds_the_cell(decoder, encoded):
    """And the context feeds the readout."""
    state = decoder.start(encoded)
    embedded = EMBEDDED[:, :1]
    (cell,), (before,) = decoder.cells, state.own["states"]
    weights = decoder.attention(cell.output(before), state.shared, position=0)
    context = decoder.attention.context(weights, state.shared)
    after = cell(cell.project(embedded) + context @ decoder.context_kernel, before)
    joined = keras.ops.concatenate([cell.output(after), context, embedded], axis=-1)
    expected = np.tanh(numpy(joined) @ numpy(decoder.readout.kernel) + numpy(decoder.readout.bias))
    readout, state, given = decoder.step(embedded, 0, state)
    weights = decoder.attention.source_weights(weights, state.shared)
    np.testing.assert_allclose(numpy(readout), expected, atol=1e-6)
    np.testing.assert_allclose(numpy(state.own["states"][0]), numpy(after), atol=1e-6)
    np.testing.assert_allclose(numpy(given), numpy(weights), atol=1e-6)


@pytest.mark.parametrize("residual", [False, True])
def test_a_layer_reads_the_outputs_of_the_one_below(encoded, residual):
    """The lowest layer's own output asks, whatever stands above it."""
    decoder = build(AdditiveAttention(6), layers=2, residual=residual)
    state = decoder.start(encoded)
    embedded = EMBEDDED[:, :1]
    lowest, upper = decoder.cells
    first, second = state.own["states"]
    weights = decoder.attention(first, state.shared)
    context = decoder.attention.context(weights, state.shared)
    first = lowest(lowest.project(embedded) + context @ decoder.context_kernel, first)
    second = upper(upper.project(first), second)
    top = second + first if residual else second
    joined = keras.ops.concatenate([top, context, embedded], axis=-1)
    readout, state, given = decoder.step(embedded, 0, state)
    np.testing.assert_allclose(numpy(readout), numpy(decoder.readout(joined)), atol=1e-6)
    np.testing.assert_allclose(numpy(state.own["states"][1]), numpy(second), atol=1e-6)
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


def test_the_encoders_state_starts_every_layer(encoded):
    decoder = build(FixedContext(), cell="lstm", layers=2)
    expected = np.tanh(encoded.state @ numpy(decoder.initial.kernel) + numpy(decoder.initial.bias))
    states = decoder.start(encoded, width=3).own["states"]
    assert [each.shape for each in states] == [(2, 3, 10), (2, 3, 10)]
    for hypothesis in range(3):
        given = np.concatenate([numpy(each)[:, hypothesis] for each in states], axis=-1)
        np.testing.assert_allclose(given, expected, atol=1e-6)


def test_dropout_acts_between_layers_in_training_only(encoded):
    single, stacked = (build(FixedContext(), dropout=0.5, layers=layers) for layers in (1, 2))
    for decoder, changes in ((single, False), (stacked, True)):
        calm, wild = (decoder(EMBEDDED, encoded, training=each)[0] for each in (False, True))
        assert (np.abs(numpy(calm) - numpy(wild)).max() > 1e-3) == changes


def test_comes_back_from_its_configuration():
    settings = {"units": 5, "output_units": 7, "cell": "lstm", **STACK}
    decoder = RecurrentDecoder(attention=AdditiveAttention(6), **settings)
    again = RecurrentDecoder.from_config(decoder.get_config())
    config = again.get_config()
    assert {name: config[name] for name in settings} == settings
    assert isinstance(again.attention, AdditiveAttention)
    assert again.attention.units == 6
