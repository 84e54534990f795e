"""Sampling: the right distribution, and the same samples whatever stands beside a source."""

import collections

import keras
import numpy as np
import pytest
from small_models import small_model
from toy_models import PrefixModel

from s2s_keras.errors import InputError
from s2s_keras.search import Greedy, Sampling, Search
from s2s_keras.search.random_numbers import first_keys, next_keys, uniform

SOURCE = np.array([[11, 12, 13, 14, 3], [21, 22, 3, 0, 0], [31, 3, 0, 0, 0]], "int32")


def run(model, strategy, limits, source=SOURCE, min_length=0, prefix=None):
    limits = np.array(limits, "int32")
    found = Search(model, strategy, min_length).generate(source, limits, limits.max(), prefix)
    return [np.asarray(each) for each in found]


def first_logits(model, row):
    """The logits of the first token that may be chosen, in float64; others minus infinity."""
    state = model.start(SOURCE[row : row + 1])
    logits, _, _ = model.step(np.array([[2]], "int32"), 0, state)
    logits = np.array(logits[0, 0], "float64")
    logits[:3] = -np.inf
    return logits


def softmax(logits):
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def chi_square(counts, probabilities):
    """Pearson's statistic and its degrees of freedom; nothing may lie where there is no chance."""
    assert not counts[probabilities == 0].any()
    expected = counts.sum() * probabilities[probabilities > 0]
    statistic = ((counts[probabilities > 0] - expected) ** 2 / expected).sum()
    return statistic, len(expected) - 1


def assert_drawn_from(tokens, probabilities):
    counts = np.bincount(tokens, minlength=len(probabilities))
    statistic, freedom = chi_square(counts, probabilities)
    # Five standard deviations of the statistic.
    assert statistic < freedom + 5 * np.sqrt(2 * freedom) + 1


def nucleus(probabilities, top_p):
    """What the definition says: the fewest most probable tokens that make up `top_p`."""
    order = np.argsort(-probabilities)
    count = 1 + np.searchsorted(np.cumsum(probabilities[order]), top_p)
    kept = np.zeros_like(probabilities)
    kept[order[:count]] = probabilities[order[:count]]
    return kept / kept.sum()


def head(logits, top_k):
    return np.where(logits >= np.sort(logits)[-top_k], logits, -np.inf)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, softmax),
        ({"temperature": 2.0}, lambda logits: softmax(logits / 2)),
        ({"temperature": 0.5}, lambda logits: softmax(logits / 0.5)),
        ({"temperature": 1e30}, lambda logits: softmax(logits / 1e30)),
        ({"top_k": 4}, lambda logits: softmax(head(logits, 4))),
        ({"top_k": 1000}, softmax),
        ({"top_p": 0.7}, lambda logits: nucleus(softmax(logits), 0.7)),
        ({"top_p": 1.0}, softmax),
        (
            {"temperature": 1.5, "top_k": 6, "top_p": 0.8},
            lambda logits: nucleus(softmax(head(logits / 1.5, 6)), 0.8),
        ),
    ],
)
def test_tokens_have_the_right_frequencies(options, expected):
    model = PrefixModel(16, content=12, spread=1.0)
    tokens, _ = run(model, Sampling(samples=8000, seed=4, **options), [1, 1, 1])
    for row in range(3):
        assert_drawn_from(tokens[row, :, 0], expected(first_logits(model, row)))


def test_whole_targets_have_the_right_frequencies():
    """So the numbers of later steps do not depend on those of earlier ones."""
    model = PrefixModel(8, content=2, seed=3)
    tokens, _ = run(model, Sampling(samples=8000), [4, 3, 2])
    for row, limit in enumerate([4, 3, 2]):
        targets = list(model.targets(limit))
        exact = np.exp([model.log_probability(SOURCE[row], each) for each in targets])
        seen = collections.Counter(tuple(np.trim_zeros(each, "b").tolist()) for each in tokens[row])
        counts = np.array([seen[each] for each in targets])
        assert counts.sum() == 8000
        statistic, freedom = chi_square(counts, exact / exact.sum())
        assert statistic < freedom + 5 * np.sqrt(2 * freedom) + 1


def test_samples_come_best_first_with_the_models_own_score():
    model = PrefixModel(40, 20)
    tokens, score = run(model, Sampling(0.7, 8, 0.9, samples=6), [12, 9, 5])
    assert (np.diff(score, axis=1) <= 0).all()
    for row in range(3):
        for sample, value in zip(tokens[row], score[row], strict=True):
            target = np.trim_zeros(sample, "b").tolist()
            assert min(target) >= 3
            assert 3 not in target[:-1]
            np.testing.assert_allclose(value, model.log_probability(SOURCE[row], target), rtol=1e-4)


def test_the_seed_decides():
    model = PrefixModel(40, 20)
    first, again, other = (run(model, Sampling(seed=s, samples=4), [12] * 3) for s in (1, 1, -2))
    np.testing.assert_array_equal(first[0], again[0])
    assert (first[0] != other[0]).any(axis=(1, 2)).all()


def test_more_samples_of_a_source_hold_the_fewer():
    model = PrefixModel(40, 20)
    few, many = (run(model, Sampling(samples=n), [12] * 3)[0] for n in (2, 5))
    for row in range(3):
        assert {*map(bytes, few[row])} <= {*map(bytes, many[row])}


@pytest.mark.parametrize("name", ["gru", "gru-attention"])
def test_a_batch_equals_its_rows(name):
    keras.utils.set_random_seed(2)
    model = small_model(name)
    strategy = Sampling(top_p=0.95, samples=3)
    tokens, score = run(model, strategy, [12, 9, 5])
    for row, (width, limit) in enumerate([(5, 12), (3, 9), (2, 5)]):
        alone, alone_score = run(model, strategy, [limit], SOURCE[row : row + 1, :width])
        np.testing.assert_array_equal(alone[0], tokens[row, :, :limit])
        np.testing.assert_allclose(alone_score[0], score[row], rtol=1e-4)


@pytest.mark.parametrize("options", [{"temperature": 1e-6}, {"top_k": 1}, {"top_p": 1e-6}])
def test_narrow_sampling_equals_greedy(options):
    model = PrefixModel(40, 20)
    tokens, score = run(model, Sampling(samples=2, **options), [12, 9, 5])
    greedy, greedy_score = run(model, Greedy(), [12, 9, 5])
    for sample in range(2):
        np.testing.assert_array_equal(tokens[:, sample], greedy[:, 0])
        np.testing.assert_allclose(score[:, sample], greedy_score[:, 0], rtol=1e-5)


def test_min_length_and_prefix():
    model = PrefixModel(20, 2)
    model.table[:, 3] += 3
    prefix = np.array([[5, 4], [4, 0], [0, 0]])
    tokens, score = run(model, Sampling(samples=50), [6, 5, 4], min_length=4, prefix=prefix)
    assert (tokens[0, :, :2] == [5, 4]).all()
    assert (tokens[1, :, 0] == 4).all()
    assert ((tokens != 0).sum(axis=2) >= 4).all()
    target = np.trim_zeros(tokens[0, 0], "b").tolist()
    np.testing.assert_allclose(score[0, 0], model.log_probability(SOURCE[0], target), rtol=1e-4)


def test_random_numbers_are_uniform_and_do_not_follow_each_other():
    keys = first_keys(7, 20_000)
    numbers = [np.asarray(uniform(keys))]
    for _ in range(3):
        keys = next_keys(keys, keras.ops.full((20_000,), 5, "int32"))
        numbers.append(np.asarray(uniform(keys)))
    numbers = np.array(numbers)
    assert ((numbers >= 0) & (numbers < 1)).all()
    for row in numbers:
        assert_drawn_from((row * 50).astype(int), np.full(50, 0.02))
    pairs = [numbers[:, 1:] * numbers[:, :-1], numbers[1:] * numbers[:-1]]
    for product in pairs:
        np.testing.assert_allclose(product.mean(axis=-1), 0.25, atol=0.01)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperature": 0}, "temperature 0: it must be above 0"),
        ({"temperature": -1.0}, "temperature -1.0"),
        ({"temperature": float("inf")}, "temperature inf: it must be above 0 .*, and finite"),
        ({"top_k": 0}, "top_k 0: it must be 1 or more"),
        ({"top_p": 0.0}, "top_p 0.0: it must be above 0 and at most 1"),
        ({"top_p": 1.5}, "top_p 1.5"),
        ({"samples": 0}, "samples 0: it must be 1 or more"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(InputError, match=message):
        Sampling(**arguments)
