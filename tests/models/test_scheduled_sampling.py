import keras
import numpy as np
import pytest
from small_models import small_model

from s2s_keras.models import MaskedCrossentropy, ScheduledSampling

SOURCE = np.array([[11, 12, 13, 3], [21, 22, 3, 0]], "int32")
TARGET = np.array([[2, 31, 32, 33, 34], [2, 41, 42, 0, 0]], "int32")
LABELS = np.array([[31, 32, 33, 34, 3], [41, 42, 3, 0, 0]], "int32")
INPUTS = {"source": SOURCE, "target": TARGET}


def learner(name="gru-attention", probability=0.5, batches=10):
    keras.utils.set_random_seed(3)
    built = ScheduledSampling(small_model(name), probability, batches)
    built.build()
    return built


def read(learner, probability):
    mixed = learner.reading(INPUTS, probability=probability, training=False)
    return keras.ops.convert_to_numpy(mixed)


def sharpen(model):
    """Makes the model all but sure of every next token."""
    table = model.target_embedding.embeddings
    table.assign(table * 100)


def test_the_share_grows_to_the_probability():
    sampling = learner(probability=0.6, batches=4)
    shares = []
    for _ in range(6):
        shares.append(float(sampling.current_probability()))
        sampling(INPUTS, training=True)
    np.testing.assert_allclose(shares, [0, 0.15, 0.3, 0.45, 0.6, 0.6], rtol=1e-5)


def test_without_sampling_the_target_is_the_reference():
    np.testing.assert_array_equal(read(learner(), 0.0), TARGET)


def test_begin_and_padding_stay_and_no_forbidden_token_comes():
    sampling = learner()
    seen = [read(sampling, 1.0) for _ in range(30)]
    for mixed in seen:
        assert (mixed[:, 0] == 2).all()
        assert (mixed[1, 3:] == 0).all()
        assert (mixed[:, 1:][TARGET[:, 1:] != 0] > 2).all()
    assert len({mixed.tobytes() for mixed in seen}) == 30


def test_about_the_asked_share_is_the_models_own():
    sampling = learner()
    real = TARGET[:, 1:] != 0
    own = [(read(sampling, 0.25) != TARGET)[:, 1:][real] for _ in range(150)]
    assert abs(np.mean(own) - 0.25) < 0.05


@pytest.mark.parametrize("name", ["gru-attention", "stacked-decoder", "transformer"])
def test_own_tokens_follow_from_all_that_was_read_before(name):
    """Without chance: a model that is sure of itself gives what step by step reading gives."""
    sampling = learner(name)
    model = sampling.model
    sharpen(model)
    state = model.start(SOURCE, 1, 5)
    token, expected = TARGET[:, :1], [TARGET[:, :1]]
    for time in range(4):
        logits, state, _ = model.step(token, time, state)
        token = keras.ops.convert_to_numpy(logits)[..., 3:].argmax(-1) + 3
        expected.append(token)
    expected = np.concatenate(expected, axis=1)
    expected[TARGET == 0] = 0
    np.testing.assert_array_equal(read(sampling, 1.0)[0], expected[0])


def test_tokens_are_sampled_from_the_models_distribution():
    sampling = learner()
    model = sampling.model
    logits, _, _ = model.step(TARGET[:, :1], 0, model.start(SOURCE, 1, 5))
    logits = keras.ops.convert_to_numpy(logits)[0, 0, 3:]
    expected = np.exp(logits) / np.exp(logits).sum()
    inputs = {
        "source": np.repeat(SOURCE[:1], 6000, 0),
        "target": np.repeat(TARGET[:1, :2], 6000, 0),
    }
    mixed = sampling.reading(inputs, probability=1.0, training=False)
    found = np.bincount(keras.ops.convert_to_numpy(mixed)[:, 1], minlength=50)[3:] / 6000
    assert 0.5 * np.abs(found - expected).sum() < 0.05


def test_the_pass_that_learns_reads_the_mixed_target():
    """With everything its own and no dropout, the logits are those of the sampled target."""
    sampling = learner(batches=1, probability=1.0)
    sampling.model.dropout.rate = 0.0
    sampling.seen.assign(1)
    seeds = keras.ops.convert_to_numpy(sampling.reading.seeds.state)
    logits = sampling(INPUTS, training=True)
    sampling.reading.seeds.state.assign(seeds)
    mixed = read(sampling, 1.0)
    assert (mixed != TARGET).any()
    expected = sampling.model({"source": SOURCE, "target": mixed}, training=False)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(logits), keras.ops.convert_to_numpy(expected), atol=1e-5
    )


def test_reading_draws_no_dropout():
    sampling = learner(batches=1, probability=1.0)
    sampling.seen.assign(1)
    before = keras.ops.convert_to_numpy(sampling.model.dropout.seed_generator.state)
    sampling(INPUTS, training=True)
    once = keras.ops.convert_to_numpy(sampling.model.dropout.seed_generator.state)
    teacher = small_model("gru-attention")
    start = keras.ops.convert_to_numpy(teacher.dropout.seed_generator.state)
    teacher(INPUTS, training=True)
    end = keras.ops.convert_to_numpy(teacher.dropout.seed_generator.state)
    np.testing.assert_array_equal(once - before, end - start)


def test_validation_is_untouched():
    sampling = learner(batches=1, probability=1.0)
    sampling.seen.assign(5)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(sampling(INPUTS, training=False)),
        keras.ops.convert_to_numpy(sampling.model(INPUTS, training=False)),
    )
    assert int(sampling.seen) == 5


def test_it_learns_under_fit():
    sampling = learner(batches=100)
    sampling.compile(optimizer=keras.optimizers.Adam(0.02), loss=MaskedCrossentropy())
    first = sampling.evaluate(INPUTS, LABELS, verbose=0)
    sampling.fit(INPUTS, LABELS, epochs=60, verbose=0)
    assert sampling.evaluate(INPUTS, LABELS, verbose=0) < first / 2
    assert int(sampling.seen) == 60
