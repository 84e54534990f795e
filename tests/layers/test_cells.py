"""Each cell equals the Keras layer of its name on the same weights."""

import keras
import numpy as np
import pytest

from s2s_keras.errors import InputError
from s2s_keras.layers.cells import CELLS, make_cells

THEIRS = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM, "simple_rnn": keras.layers.SimpleRNN}
INPUTS = np.random.default_rng(0).normal(size=(3, 7, 5)).astype("float32")


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.fixture(params=CELLS)
def kind(request):
    return request.param


@pytest.fixture
def theirs(kind):
    theirs = THEIRS[kind](4, return_sequences=True)
    theirs.build(INPUTS.shape)
    return theirs


@pytest.fixture
def cell(kind):
    (cell,) = make_cells(kind, 4, ["cell"])
    cell.build(INPUTS.shape)
    return cell


def test_equals_keras_on_the_same_weights(cell, theirs):
    random = np.random.default_rng(1)
    weights = [random.normal(size=each.shape) for each in theirs.get_weights()]
    theirs.set_weights(weights)
    cell.set_weights(weights)
    state, outputs = cell.initial_state(3), []
    projected = cell.project(INPUTS)
    for time in range(INPUTS.shape[1]):
        state = cell(projected[:, time], state)
        outputs.append(numpy(cell.output(state)))
    assert state.shape == (3, cell.state_units)
    np.testing.assert_allclose(np.stack(outputs, axis=1), numpy(theirs(INPUTS)), atol=1e-6)


def test_its_bias_starts_as_that_of_keras(cell, theirs):
    np.testing.assert_array_equal(numpy(cell.bias), numpy(theirs.cell.bias))


def test_an_unknown_cell_is_named_beside_those_that_are():
    with pytest.raises(InputError, match="unknown cell 'gur': choose one of gru, lstm, simple_rnn"):
        make_cells("gur", 4, ["cell"])
