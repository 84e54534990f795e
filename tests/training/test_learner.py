import keras
import numpy as np
import pytest

from s2s_keras.errors import InputError
from s2s_keras.models import Recipe, build_model, resolve
from s2s_keras.training import Settings
from s2s_keras.training.learner import compiled_learner, total_batches

SOURCE = np.array([[11, 12, 13, 3], [21, 22, 3, 0], [14, 15, 3, 0], [11, 21, 3, 0]], "int32")
TARGET = np.array([[2, 31, 32], [2, 41, 0], [2, 42, 33], [2, 34, 0]], "int32")
LABELS = np.array([[31, 32, 3], [41, 3, 0], [42, 33, 3], [34, 3, 0]], "int32")
RECIPE = Recipe(learning_rate=0.01)


def settings(**changes):
    values = {"corpus": "grammar", "source": "de", "target": "en", "model": "gru-attention"}
    return Settings(**{**values, **changes})


def learner(batches=100, recipe=RECIPE, **changes):
    keras.utils.set_random_seed(4)
    combination = resolve(
        {
            "embedding_units": 8,
            "encoder": {"type": "recurrent", "units": 4},
            "decoder": {"type": "recurrent", "units": 6},
            "attention": {"type": "additive", "units": 5},
        },
        "small",
    )
    chosen = settings(**changes)
    model = build_model(combination, 50, chosen.precision)
    return compiled_learner(model, chosen, recipe, batches)


def feed(learner, rows):
    learner.train_on_batch({"source": SOURCE[rows], "target": TARGET[rows]}, LABELS[rows])


def moved(learner, batches):
    before = learner.get_weights()
    for rows in batches:
        feed(learner, rows)
    return [new - old for new, old in zip(learner.get_weights(), before, strict=True)]


def test_two_halves_of_as_many_tokens_make_the_update_of_the_whole():
    recipe = Recipe(schedule="inverse-square-root", learning_rate=0.01, warmup_steps=1)
    halves = moved(learner(recipe=recipe, accumulate=2), [slice(0, 2), slice(2, 4)])
    whole = moved(learner(recipe=recipe), [slice(0, 4)])
    assert max(np.abs(each).max() for each in whole) > 1e-3
    for one, two in zip(halves, whole, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-4)


def test_nothing_moves_before_an_update_is_whole():
    assert not any(each.any() for each in moved(learner(accumulate=3), [slice(0, 4)] * 2))


def test_the_learning_rate_counts_updates():
    one, two = learner(batches=40), learner(batches=80, accumulate=2)
    rates = []
    for _ in range(6):
        rates.append(float(one.optimizer.learning_rate))
        for _ in range(2):
            assert float(two.optimizer.learning_rate) == rates[-1]
            feed(two, slice(0, 2))
        feed(one, slice(0, 2))
    assert len(set(rates)) == 6


def test_all_variables_exist_before_the_first_batch():
    """A checkpoint is read back before anything was trained."""
    built = learner(scheduled_sampling=0.5, accumulate=2)
    variables = [built.variables, built.metrics_variables, built.optimizer.variables]
    before = [len(each) for each in variables]
    feed(built, slice(0, 4))
    after = [built.variables, built.metrics_variables, built.optimizer.variables]
    assert [len(each) for each in after] == before


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("sampling", [0.0, 0.5])
def test_16_bits_learn(precision, sampling):
    recipe = Recipe(schedule="inverse-square-root", learning_rate=0.02, warmup_steps=1)
    built = learner(recipe=recipe, precision=precision, scheduled_sampling=sampling)
    inputs = {"source": SOURCE, "target": TARGET}
    first = built.evaluate(inputs, LABELS, verbose=0)[0]
    for _ in range(40):
        feed(built, slice(0, 4))
    assert built.evaluate(inputs, LABELS, verbose=0)[0] < first / 2
    assert {each.dtype for each in built.trainable_weights} == {"float32"}
    scales = isinstance(built.optimizer, keras.optimizers.LossScaleOptimizer)
    assert scales == (precision == "float16")


def test_max_steps_are_updates():
    assert total_batches(settings(epochs=3), 10) == 30
    assert total_batches(settings(epochs=3, max_steps=7), 10) == 7
    assert total_batches(settings(epochs=3, max_steps=7, accumulate=4), 10) == 28
    assert total_batches(settings(epochs=3, max_steps=9, accumulate=4), 10) == 30


def test_a_training_too_short_for_one_update_is_refused():
    with pytest.raises(InputError, match="accumulate is 50, but the training has 10 batches"):
        learner(batches=10, accumulate=50)
