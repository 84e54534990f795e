"""Padding changes no output; a later token no earlier one; a batch gives what its rows give."""

import keras
import numpy as np
import pytest
from small_models import small_model

SOURCE = np.array([[11, 12, 13, 14, 3], [21, 22, 3, 0, 0]], "int32")
TARGET = np.array([[2, 31, 32, 33], [2, 41, 0, 0]], "int32")
REAL = TARGET != 0


def outputs(model, source, target):
    logits, weights = model(
        {"source": source, "target": target}, training=False, return_attention_scores=True
    )
    return keras.ops.convert_to_numpy(logits), keras.ops.convert_to_numpy(weights)


def close(one, two):
    np.testing.assert_allclose(one, two, atol=1e-5)


@pytest.mark.parametrize("extra", [0, 7])
def test_a_source_of_padding_alone_has_no_weights(model, extra):
    source = np.pad(SOURCE * [[1], [0]], [(0, 0), (0, extra)])
    logits, weights = outputs(model, source, TARGET)
    assert not weights[1].any()
    close(logits[1], outputs(model, SOURCE[1:] * 0, TARGET[1:])[0][0])


@pytest.mark.parametrize("extra", [1, 10])
def test_padding_the_source_changes_nothing(model, extra):
    logits, weights = outputs(model, SOURCE, TARGET)
    padded_logits, padded_weights = outputs(model, np.pad(SOURCE, [(0, 0), (0, extra)]), TARGET)
    close(padded_logits[REAL], logits[REAL])
    close(padded_weights[:, :, :5][REAL], weights[REAL])
    assert not padded_weights[:, :, 5:].any()


def test_padding_the_target_changes_nothing(model):
    logits, weights = outputs(model, SOURCE, TARGET)
    padded_logits, padded_weights = outputs(model, SOURCE, np.pad(TARGET, [(0, 0), (0, 6)]))
    close(padded_logits[:, :4][REAL], logits[REAL])
    close(padded_weights[:, :4][REAL], weights[REAL])


def test_a_later_token_changes_no_earlier_output(model):
    other = TARGET.copy()
    other[0, 3] = 49
    logits, _ = outputs(model, SOURCE, TARGET)
    other_logits, _ = outputs(model, SOURCE, other)
    close(other_logits[0, :3], logits[0, :3])
    assert np.abs(other_logits[0, 3] - logits[0, 3]).max() > 1e-3


def test_a_batch_gives_what_its_rows_give(model):
    logits, weights = outputs(model, SOURCE, TARGET)
    for row, (width, length) in enumerate([(5, 4), (3, 2)]):
        alone, looked = outputs(
            model, SOURCE[row : row + 1, :width], TARGET[row : row + 1, :length]
        )
        close(alone[0], logits[row, :length])
        close(looked[0], weights[row, :length, :width])


def test_every_source_token_matters(model):
    sources = np.repeat(SOURCE[:1], 6, axis=0)
    sources[np.arange(5), np.arange(5)] = 47
    *others, logits = outputs(model, sources, np.repeat(TARGET[:1], 6, axis=0))[0]
    for other in others:
        assert np.abs(other - logits).max() > 1e-5


def test_token_by_token_gives_what_the_whole_target_gives(model):
    check_token_by_token(model)


def test_token_by_token_with_a_softmax_of_its_own():
    keras.utils.set_random_seed(5)
    check_token_by_token(small_model("gru-attention", tied_softmax=False))


def check_token_by_token(model):
    """Of two hypotheses of each source that read different targets."""
    targets = np.stack([TARGET, TARGET[:, ::-1]], axis=1)
    whole = [outputs(model, SOURCE, targets[:, each]) for each in range(2)]
    state = model.start(SOURCE, 2, TARGET.shape[1])
    for time in range(TARGET.shape[1]):
        step, state, looked = model.step(targets[:, :, time], time, state)
        for each, (logits, weights) in enumerate(whole):
            close(keras.ops.convert_to_numpy(step)[:, each], logits[:, time])
            close(keras.ops.convert_to_numpy(looked)[:, each], weights[:, time])
