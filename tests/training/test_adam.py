import keras
import numpy as np

from s2s_keras.training.adam import Adam


def trained_with(optimizer):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(4), keras.layers.Dense(1)])
    model.compile(optimizer=optimizer, loss="mse")
    random = np.random.default_rng(0)
    inputs, labels = random.normal(size=(64, 5)), random.normal(size=(64, 1))
    model.fit(inputs, labels, batch_size=16, epochs=3, verbose=0, shuffle=False)
    return [np.asarray(each) for each in (*model.weights, *model.optimizer.variables)]


def test_equals_keras_adam():
    schedule = keras.optimizers.schedules.CosineDecay(0.05, 12)
    settings = {"learning_rate": schedule, "beta_2": 0.98, "global_clipnorm": 0.5}
    ours, theirs = (
        trained_with(optimizer(**settings)) for optimizer in (Adam, keras.optimizers.Adam)
    )
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-7)


def test_equals_keras_adam_when_gradients_are_accumulated():
    settings = {"learning_rate": 0.01, "gradient_accumulation_steps": 2}
    ours, theirs = (
        trained_with(optimizer(**settings)) for optimizer in (Adam, keras.optimizers.Adam)
    )
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-7)
