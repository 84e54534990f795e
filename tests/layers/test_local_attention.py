import keras
import numpy as np
import pytest

from s2s_keras.errors import InputError
from s2s_keras.layers import Encoded, LocalAttention, MultiplicativeAttention

LENGTHS = np.array([9, 4, 0])
MASK = np.arange(9) < LENGTHS[:, None]
RANDOM = np.random.default_rng(0)
ANNOTATIONS = RANDOM.normal(size=(3, 9, 4)).astype("float32")
ENCODED = Encoded(ANNOTATIONS, MASK, ANNOTATIONS[:, 0], ANNOTATIONS[:, 0])
QUERY = RANDOM.normal(size=(3, 2, 5)).astype("float32")


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def build(window, alignment):
    keras.utils.set_random_seed(2)
    attention = LocalAttention(window, alignment)
    attention.build((None, None, 5), 4)
    return attention


def softmax_over(attention, row, hypothesis, positions):
    kernel = numpy(attention.key_kernel).T / QUERY.shape[-1] ** 0.5
    scores = [QUERY[row, hypothesis] @ kernel @ ANNOTATIONS[row, j] for j in positions]
    return np.exp(scores) / np.exp(scores).sum()


@pytest.mark.parametrize(
    ("row", "position", "seen"),
    [(0, 0, [0, 1, 2]), (0, 4, [2, 3, 4, 5, 6]), (1, 2, [0, 1, 2, 3]), (1, 7, [1, 2, 3])],
)
def test_monotonic_is_a_softmax_over_the_window_and_stays_at_the_last_token(row, position, seen):
    attention = build(2, "monotonic")
    weights = numpy(attention(QUERY, attention.start(ENCODED), position=position))
    for hypothesis in range(2):
        given = weights[row, hypothesis]
        expected = softmax_over(attention, row, hypothesis, seen)
        np.testing.assert_allclose(given[seen], expected, rtol=1e-4)
        assert np.flatnonzero(given).tolist() == seen


def test_predictive_is_the_papers_formula():
    attention = build(2, "predictive")
    attention.position_vector.assign(4 * attention.position_vector)  # so that centers differ
    weights = numpy(attention(QUERY, attention.start(ENCODED)))
    w, v = numpy(attention.position_kernel), numpy(attention.position_vector)[:, 0]
    for row in range(2):
        for hypothesis in range(2):
            relative = v @ np.tanh(QUERY[row, hypothesis] @ w)
            center = LENGTHS[row] / (1 + np.exp(-relative))
            seen = [j for j in range(LENGTHS[row]) if abs(j - center) <= 2]
            gauss = np.exp([-((j - center) ** 2) / (2 * 1.0**2) for j in seen])
            given = weights[row, hypothesis]
            expected = softmax_over(attention, row, hypothesis, seen) * gauss
            np.testing.assert_allclose(given[seen], expected, rtol=1e-4)
            assert np.flatnonzero(given).tolist() == seen


def test_a_wide_monotonic_window_is_global_attention():
    attention = build(9, "monotonic")
    everywhere = MultiplicativeAttention()
    everywhere.build((None, None, 5), 4)
    everywhere.set_weights(attention.get_weights())
    local = attention(QUERY, attention.start(ENCODED), position=1)
    np.testing.assert_allclose(
        numpy(local), numpy(everywhere(QUERY, everywhere.start(ENCODED))), atol=1e-6
    )


@pytest.mark.parametrize("alignment", ["monotonic", "predictive"])
def test_padding_gets_no_weight(alignment):
    attention = build(3, alignment)
    weights = numpy(attention(QUERY, attention.start(ENCODED), position=6))
    assert not weights[np.broadcast_to(~MASK[:, None], weights.shape)].any()
    assert weights[:2].any(axis=-1).all()
    assert np.isfinite(weights).all()


@pytest.mark.parametrize("extreme", [-1e3, 1e3])
def test_the_narrowest_window_always_sees_something(extreme):
    """Even where the predicted position is the very start or end of the source."""
    attention = build(1, "predictive")
    attention.position_kernel.assign(np.eye(5))
    attention.position_vector.assign(np.full((5, 1), extreme))
    weights = numpy(attention(np.ones_like(QUERY), attention.start(ENCODED)))
    assert (weights[:2].sum(axis=-1) > 0.1).all()


def test_comes_back_from_its_configuration():
    again = LocalAttention.from_config(LocalAttention(3, "monotonic").get_config())
    assert (again.window, again.alignment, again.score) == (3, "monotonic", "general")


def test_a_window_without_a_position_is_refused():
    with pytest.raises(InputError, match="a window of 0 positions is too small: choose 1 or more"):
        LocalAttention(0)


def test_an_unknown_alignment_is_refused():
    with pytest.raises(InputError, match="unknown alignment 'local-x'"):
        LocalAttention(3, "local-x")


def test_half_precision_predicts_far():
    """bfloat16 has steps of more than a position in a share of 600."""
    exact = LocalAttention(1)
    half = LocalAttention(1, dtype="mixed_bfloat16")
    annotations = RANDOM.normal(size=(3, 600, 4)).astype("float32")
    encoded = Encoded(annotations, np.ones((3, 600), "bool"), None, None)
    for attention in (exact, half):
        attention.build((None, None, 5), 4)
    # The first product is exact in both: its factors are few and whole.
    exact.position_kernel.assign(np.eye(5) * 8)
    exact.position_vector.assign(np.full((5, 1), 0.13671875))
    half.set_weights(exact.get_weights())
    query = np.sign(RANDOM.normal(size=(3, 2, 5))).astype("float32")
    found, expected = (
        numpy(each(query, each.start(encoded))).astype("float32") for each in (half, exact)
    )
    np.testing.assert_array_equal(found != 0, expected != 0)


def test_half_precision_counts_far():
    """bfloat16 has no integer between 256 and 258."""
    attention = LocalAttention(1, "monotonic", dtype="mixed_bfloat16")
    attention.build((None, None, 5), 4)
    annotations = RANDOM.normal(size=(1, 600, 4)).astype("float32")
    encoded = Encoded(annotations, np.ones((1, 600), "bool"), None, None)
    weights = numpy(attention(QUERY[:1], attention.start(encoded), position=401))
    assert np.flatnonzero(weights[0, 0]).tolist() == [400, 401, 402]
