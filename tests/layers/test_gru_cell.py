import keras
import numpy as np

from s2s_keras.layers import GRUCell


def test_equals_keras_gru_on_the_same_weights():
    random = np.random.default_rng(0)
    inputs = random.normal(size=(3, 7, 5)).astype("float32")
    theirs = keras.layers.GRU(4, return_sequences=True)
    theirs.build(inputs.shape)
    weights = [random.normal(size=each.shape) for each in theirs.get_weights()]
    theirs.set_weights(weights)
    cell = GRUCell(4)
    cell.build(inputs.shape)
    cell.set_weights(weights)

    state, states = cell.initial_state(3), []
    projected = cell.project(inputs)
    for time in range(inputs.shape[1]):
        state = cell(projected[:, time], state)
        states.append(keras.ops.convert_to_numpy(state))

    expected = keras.ops.convert_to_numpy(theirs(inputs))
    np.testing.assert_allclose(np.stack(states, axis=1), expected, atol=1e-6)
