"""Beam search, above all against the best of all possible targets."""

import keras
import numpy as np
import pytest
from small_models import small_model
from toy_models import PrefixModel

from s2s_keras.errors import InputError
from s2s_keras.search import Beam, Greedy, Search, length_limits

SOURCE = np.array([[11, 12, 13, 14, 3], [21, 22, 3, 0, 0], [31, 3, 0, 0, 0]], "int32")
PENALTIES = [0.0, 0.6, 1.0, 2.0]


def run(model, strategy, limits, min_length=0, source=SOURCE, prefix=None):
    limits = np.array(limits, "int32")
    length = max(limits.max(), 1)
    found = Search(model, strategy, min_length).generate(source, limits, length, prefix)
    return [np.asarray(each) for each in found]


def rows(tokens):
    """Tokens `(n, length)` as tuples without the zeros at the end."""
    return [tuple(np.trim_zeros(row, "b").tolist()) for row in tokens]


def best_of_all(model, source, limit, penalty, min_length=0, prefix=()):
    """Every possible target and its score, best first."""
    targets = [
        target
        for target in model.targets(limit, min_length)
        if target[: len(prefix)] == tuple(prefix)[: len(target)]
    ]
    scored = [(each, model.log_probability(source, each)) for each in targets]
    return sorted(scored, key=lambda pair: -pair[1] / len(pair[0]) ** penalty)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("seed", range(3))
def test_a_wide_beam_finds_the_best_of_all_targets(penalty, seed):
    # 2 + 4 + 8 beginnings of up to three tokens: a beam of 16 drops none.
    model = PrefixModel(vocabulary_size=20, content=2, seed=seed)
    tokens, score = run(model, Beam(16, penalty), [4, 3, 1])
    for row, limit in enumerate([4, 3, 1]):
        expected = best_of_all(model, SOURCE[row], limit, penalty)[:16]
        real = len(expected)
        assert rows(tokens[row, :real]) == [target for target, _ in expected]
        np.testing.assert_allclose(score[row, :real], [each for _, each in expected], rtol=1e-4)
        assert (score[row, real:] < -30).all()


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("results", [1, 3])
def test_the_early_stop_changes_nothing(penalty, results, monkeypatch):
    stopped = run(PrefixModel(40, 30, seed=2), Beam(4, penalty, results), [12, 10, 7])
    monkeypatch.setattr(
        Beam, "_is_settled", lambda self, ranks, *_: keras.ops.zeros_like(ranks[:, 0], "bool")
    )
    not_stopped = run(PrefixModel(40, 30, seed=2), Beam(4, penalty, results), [12, 10, 7])
    np.testing.assert_array_equal(stopped[0], not_stopped[0])
    np.testing.assert_array_equal(stopped[1], not_stopped[1])


def test_the_early_stop_comes_early():
    steps = []

    class Counting(PrefixModel):
        def step(self, *arguments):
            steps.append(1)
            return super().step(*arguments)

    model = Counting(20, 2)
    model.table[:, 3] += 4
    run(model, Beam(4, 0.0, 1), [100, 100, 100])
    assert len(steps) < 20


def beam_search(model, source, size, limit, penalty):
    """Ends at `size` finished targets; all finished, with their scores, best first."""
    live, finished = [((), 0.0)], []
    for position in range(limit):
        candidates = [
            ((*tokens, token), model.log_probability(source, (*tokens, token)))
            for tokens, _ in live
            for token in (3, *model.content)
        ]
        candidates = sorted(candidates, key=lambda pair: -pair[1])[: 2 * size]
        ends = [pair[0][-1] == 3 or position == limit - 1 for pair in candidates]
        finished += [p for p, end in zip(candidates[:size], ends[:size], strict=True) if end]
        live = [p for p, end in zip(candidates, ends, strict=True) if not end][:size]
        if len(finished) >= size or all(ends[:size]):
            break
    return sorted(finished, key=lambda pair: -pair[1] / len(pair[0]) ** penalty)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_early_stopping_ends_at_as_many_finished_hypotheses_as_the_beam_is_wide(penalty):
    limits, differ = [12, 10, 7], False
    for seed in range(8):
        model = PrefixModel(40, 30, seed=seed)
        tokens, score = run(model, Beam(4, penalty, 2, early_stopping=True), limits)
        safe, _ = run(model, Beam(4, penalty, 2), limits)
        for row, limit in enumerate(limits):
            expected = beam_search(model, SOURCE[row], 4, limit, penalty)[:2]
            assert rows(tokens[row]) == [target for target, _ in expected]
            np.testing.assert_allclose(score[row], [each for _, each in expected], rtol=1e-4)
        differ |= bool((tokens != safe).any())
    assert differ or penalty < 1


def test_a_beam_of_one_equals_greedy():
    for seed in range(3):
        model = PrefixModel(40, 20, seed=seed)
        for penalty in (0.0, 1.0):
            beam = run(model, Beam(1, penalty), [20, 12, 5])
            greedy = run(model, Greedy(), [20, 12, 5])
            np.testing.assert_array_equal(beam[0], greedy[0])
            np.testing.assert_allclose(beam[1], greedy[1], rtol=1e-5)


@pytest.mark.parametrize("strategy", [Greedy(), Beam(3), Beam(5, 0.5, 2)])
def test_scores_are_those_of_the_tokens(strategy):
    model = PrefixModel(40, 20)
    tokens, score = run(model, strategy, [20, 12, 5])
    for row in range(3):
        for target, value in zip(rows(tokens[row]), score[row], strict=True):
            np.testing.assert_allclose(value, model.log_probability(SOURCE[row], target), rtol=1e-4)


def test_results_are_ranked_and_distinct():
    tokens, score = run(PrefixModel(40, 20), Beam(8, 0.7), [20, 12, 5])
    for row in range(3):
        targets = rows(tokens[row])
        assert len(set(targets)) == 8
        ranks = score[row] / np.array([len(each) for each in targets]) ** 0.7
        assert (np.diff(ranks) <= 1e-6).all()
        assert all((np.array(each) >= 3).all() and 3 not in each[:-1] for each in targets)


def test_fewer_results_are_the_first_of_more():
    many = run(PrefixModel(40, 20), Beam(6), [20, 12, 5])
    few = run(PrefixModel(40, 20), Beam(6, results=2), [20, 12, 5])
    np.testing.assert_array_equal(few[0], many[0][:, :2])


def test_places_are_empty_where_fewer_targets_exist():
    tokens, score = run(PrefixModel(7, 2), Beam(7), [1, 1, 1])
    assert sorted(rows(tokens[0])[:4]) == [(3,), (4,), (5,), (6,)]
    assert not tokens[:, 4:].any()
    assert (score[:, 4:] == np.float32(-1e9)).all()


def test_limits_of_zero_and_one():
    tokens, score = run(PrefixModel(20, 2), Beam(3), [0, 1, 6])
    assert not tokens[0].any()
    assert score[0].tolist() == [0, np.float32(-1e9), np.float32(-1e9)]
    assert sorted(rows(tokens[1])) == [(3,), (4,), (5,)]


def test_min_length():
    model = PrefixModel(20, 2)
    model.table[:, 3] += 3
    tokens, score = run(model, Beam(16), [4, 3, 2], min_length=3)
    for row, limit in enumerate([4, 3, 2]):
        expected = best_of_all(model, SOURCE[row], limit, 1.0, min_length=3)[:16]
        real = len(expected)
        assert rows(tokens[row, :real]) == [target for target, _ in expected]
        np.testing.assert_allclose(score[row, :real], [each for _, each in expected], rtol=1e-4)


@pytest.mark.parametrize("width", [2, 6])
def test_prefix(width):
    model = PrefixModel(20, 2)
    prefix = np.array([[4, 5, 5], [5, 0, 0], [4, 3, 0]], "int32")[:, :width]
    tokens, score = run(model, Beam(16), [5, 4, 4], prefix=prefix)
    for row, limit in enumerate([5, 4, 4]):
        forced = tuple(np.trim_zeros(prefix[row], "b"))
        expected = best_of_all(model, SOURCE[row], limit, 1.0, prefix=forced)
        if forced[-1] == 3:
            expected = [(forced, model.log_probability(SOURCE[row], forced))]
        assert rows(tokens[row, : len(expected)]) == [each for each, _ in expected]
        np.testing.assert_allclose(score[row, 0], expected[0][1], rtol=1e-4)
        assert (score[row, len(expected) :] < -30).all()


def test_a_prefix_of_no_tokens_is_none():
    model = PrefixModel(20, 2)
    empty = run(model, Beam(2), [3, 3, 3], prefix=np.zeros((3, 0), "int32"))
    for found, expected in zip(empty, run(model, Beam(2), [3, 3, 3]), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_forced_token_may_be_an_improbable_one():
    tokens, score = run(PrefixModel(20, 2), Beam(2), [3, 3, 3], prefix=np.full((3, 1), 17))
    assert (tokens[:, :, 0] == 17).all()
    assert (score < -30).all()


@pytest.mark.parametrize("name", ["gru", "gru-attention"])
def test_a_batch_equals_its_rows_in_a_real_model(name):
    keras.utils.set_random_seed(2)
    model = small_model(name)
    model.set_weights([3 * each for each in model.get_weights()])
    limits = np.asarray(length_limits(SOURCE, 15))
    tokens, score = run(model, Beam(4), limits)
    for row, width in enumerate([5, 3, 2]):
        source = SOURCE[row : row + 1, :width]
        alone, alone_score = run(model, Beam(4), limits[row : row + 1], source=source)
        np.testing.assert_array_equal(alone[0], tokens[row, :, : limits[row]])
        np.testing.assert_allclose(alone_score[0], score[row], rtol=1e-4)


@pytest.mark.parametrize("name", ["gru", "gru-attention"])
def test_scores_of_a_real_model_are_those_of_teacher_forcing(name):
    """And so its state went along with the hypotheses."""
    keras.utils.set_random_seed(2)
    model = small_model(name)
    model.set_weights([3 * each for each in model.get_weights()])
    tokens, score = run(model, Beam(5), [15, 12, 10])
    for number in range(5):
        target = tokens[:, number]
        read = np.pad(target, [[0, 0], [1, 0]], constant_values=2)[:, :-1]
        logits = model({"source": SOURCE, "target": read}, training=False)
        logits = np.where(np.arange(logits.shape[-1]) < 3, -1e9, logits)
        log_probability = np.asarray(keras.ops.log_softmax(logits))
        picked = np.take_along_axis(log_probability, target[..., None], -1)[..., 0]
        np.testing.assert_allclose((picked * (target != 0)).sum(1), score[:, number], rtol=1e-4)


def test_beams_are_better_than_greedy():
    model = PrefixModel(40, 30, seed=5)
    beam, greedy = (
        run(model, strategy, [12] * 3)[1][:, 0] for strategy in (Beam(16, 0.0), Greedy())
    )
    assert (beam >= greedy - 1e-5).all()
    assert (beam > greedy + 0.1).any()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Beam(0), "beam size 0: it must be 1 or more"),
        (lambda: Beam(3, -1.0), "length penalty -1.0: it must be 0 or more"),
        (lambda: Beam(3, float("nan")), "length penalty nan"),
        (lambda: Beam(3, 1.0, 4), "4 results: a beam of 3 has 1 to 3"),
        (lambda: Search(PrefixModel(20), Beam(21)), "beam size 21: the vocabulary has 20 tokens"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(InputError, match=message):
        make()
