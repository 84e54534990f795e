import keras
import numpy as np
import pytest

from s2s_keras.layers import LearnedPositions, SinusoidalPositions
from s2s_keras.layers.positions import make_positions

INPUTS = np.random.default_rng(0).normal(size=(2, 300, 6)).astype("float32")


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_sinusoidal_positions_are_the_papers():
    added = numpy(SinusoidalPositions()(INPUTS)) - INPUTS
    for position in (0, 1, 17, 299):
        for pair in range(3):
            angle = position / 10000 ** (2 * pair / 6)
            expected = [np.sin(angle), np.cos(angle)]
            np.testing.assert_allclose(
                added[1, position, 2 * pair : 2 * pair + 2], expected, atol=1e-4
            )


@pytest.mark.parametrize("kind", ["sinusoidal", "learned"])
def test_one_position_at_a_time_gives_the_same(kind):
    layer = make_positions(kind, max_length=40)
    layer.build(INPUTS.shape)
    whole = numpy(layer(INPUTS))
    for position in (0, 1, 39, 40, 299):
        one = numpy(layer.step(INPUTS[:, position : position + 1], position))
        np.testing.assert_allclose(one[:, 0], whole[:, position], atol=1e-6)


def test_positions_beyond_the_learned_ones_share_the_last():
    layer = LearnedPositions(10)
    layer.build(INPUTS.shape)
    added = numpy(layer(INPUTS)) - INPUTS
    np.testing.assert_allclose(added[0, 9], added[0, 250], atol=1e-5)
    assert np.abs(added[0, 8] - added[0, 9]).max() > 1e-3


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="choose sinusoidal or learned"):
        make_positions("rotary", 10)
