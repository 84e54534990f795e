import keras
import numpy as np
import pytest

from s2s_keras.models import Recipe, build_schedule
from s2s_keras.models.schedules import Accumulated, InverseSquareRoot, LinearDecay, Noam


def rates(schedule, steps):
    return np.array([float(schedule(np.int64(step))) for step in range(steps)])


def test_noam_is_the_papers_formula():
    t = np.arange(1, 41)
    expected = 512**-0.5 * np.minimum(t**-0.5, t * 10**-1.5)
    np.testing.assert_allclose(rates(Noam(512, 10), 40), expected, rtol=1e-5)


def test_inverse_square_root_peaks_at_the_end_of_the_warm_up():
    found = rates(InverseSquareRoot(0.5, 10), 40)
    assert found.argmax() == 9
    np.testing.assert_allclose(found[[0, 4, 9, 39]], [0.05, 0.25, 0.5, 0.25], rtol=1e-5)


def test_linear_decay_rises_stays_and_falls():
    found = rates(LinearDecay(0.5, 10, 100), 120)
    np.testing.assert_allclose(found[[0, 4, 9, 30, 50, 75, 99]], 0.5 * np.array(
        [0.1, 0.5, 1, 1, 1, 0.5, 0.02]), rtol=1e-5)  # fmt: skip
    assert (found[100:] == 0).all()


def test_accumulated_holds_a_rate_for_as_many_batches_as_an_update_has():
    one = InverseSquareRoot(0.5, 4)
    np.testing.assert_array_equal(rates(Accumulated(one, 3), 12), np.repeat(rates(one, 4), 3))


@pytest.mark.parametrize(
    "schedule",
    [Noam(8, 5), InverseSquareRoot(0.1, 5), Accumulated(LinearDecay(0.1, 5, 50), 2)],
)
def test_schedules_serialise(schedule):
    config = keras.saving.serialize_keras_object(schedule)
    again = keras.saving.deserialize_keras_object(config)
    np.testing.assert_array_equal(rates(again, 30), rates(schedule, 30))


@pytest.mark.parametrize("name", ["cosine", "linear", "inverse-square-root"])
def test_a_recipes_schedule_reaches_its_learning_rate(name):
    recipe = Recipe(schedule=name, learning_rate=0.25, warmup_steps=10)
    found = rates(build_schedule(recipe, 8, 200), 200)
    np.testing.assert_allclose(found.max(), 0.25, rtol=1e-5)
    assert 9 <= found.argmax() <= 10


def test_the_warm_up_is_cut_to_a_tenth_where_the_rate_comes_down_to_zero():
    recipe = Recipe(schedule="linear", learning_rate=0.25, warmup_steps=100)
    assert rates(build_schedule(recipe, 8, 200), 200).argmax() == 19
    assert build_schedule(Recipe(schedule="noam", warmup_steps=100), 8, 200).warmup_steps == 100
