import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s_keras.corpora.held_out import group_by_sentence, hold_out

words = st.sampled_from("abcdefghijklmnop")


def unrelated(count):
    return [(f"s{i}", f"t{i}") for i in range(count)]


@given(st.lists(st.tuples(words, words), max_size=40), st.integers(0, 5))
def test_the_parts_share_no_sentence_and_lose_no_pair(pairs, seed):
    rest, held_out = hold_out(pairs, seed)
    for side in (0, 1):
        assert not {pair[side] for pair in rest} & {pair[side] for pair in held_out}
    assert rest == [pair for pair in pairs if pair not in held_out]
    assert held_out == [pair for pair in dict.fromkeys(pairs) if pair not in rest]
    assert bool(held_out) == (len(group_by_sentence(pairs)) > 1)
    assert rest or not pairs


@pytest.mark.parametrize(
    ("count", "held"), [(2, 1), (3, 1), (19, 1), (40, 4), (1000, 100), (10000, 1000), (20000, 1000)]
)
def test_a_tenth_is_held_out_and_at_most_1000(count, held):
    rest, held_out = hold_out(unrelated(count), seed=0)
    assert (len(rest), len(held_out)) == (count - held, held)


def test_the_seed_decides_which():
    pairs = unrelated(100)
    assert hold_out(pairs, 1) == hold_out(pairs, 1)
    assert hold_out(pairs, 1)[1] != hold_out(pairs, 2)[1]


def test_it_is_a_sample_not_the_beginning():
    assert hold_out(unrelated(100), 0)[1] not in (unrelated(100)[:10], unrelated(100)[-10:])


def test_repetitions_stay_in_the_rest_and_leave_the_held_out_part():
    pairs = unrelated(20) * 3
    rest, held_out = hold_out(pairs, seed=0)
    assert len(held_out) == len(set(held_out)) == 2
    assert len(rest) == 54


def test_one_group_cannot_be_split():
    pairs = [("a", "x"), ("a", "y"), ("b", "y"), ("b", "z")]
    assert hold_out(pairs, seed=0) == (pairs, [])


def test_large_groups_leave_the_smallest_to_hold_out():
    pairs = [("a", f"x{i}") for i in range(6)] + [("b", f"y{i}") for i in range(4)]
    for seed in range(5):
        assert hold_out(pairs, seed)[1] == pairs[6:]


def test_groups_follow_sentences_of_either_side():
    pairs = [("a", "x"), ("b", "y"), ("a", "z"), ("c", "z"), ("x", "a"), ("b", "y")]
    assert group_by_sentence(pairs) == [
        [("a", "x"), ("a", "z"), ("c", "z")],
        [("b", "y")],
        [("x", "a")],
    ]
