import itertools
import random

import pytest

from s2s_keras.errors import InputError
from s2s_keras.evaluation import right_by_position
from s2s_keras.evaluation.by_position import right_words


def longest_common_subsequences(hypothesis, reference):
    """All of them, as tuples of indices into the reference, by trying every subset."""
    for size in range(len(reference), -1, -1):
        found = []
        for indices in itertools.combinations(range(len(reference)), size):
            rest = iter(hypothesis)
            if all(reference[index] in rest for index in indices):
                found.append(indices)
        if found:
            return found
    return [()]


def test_right_words_are_those_of_the_outermost_longest_common_subsequences():
    drawn = random.Random(0)
    for _ in range(500):
        hypothesis, reference = (
            [drawn.choice("abc") for _ in range(drawn.randint(0, 6))] for _ in range(2)
        )
        all_of_them = longest_common_subsequences(hypothesis, reference)
        leftmost, rightmost = min(all_of_them), max(all_of_them, key=lambda each: each[::-1])
        expected = [
            ((index in leftmost) + (index in rightmost)) / 2 for index in range(len(reference))
        ]
        assert right_words(hypothesis, reference) == expected


def test_neither_end_is_favoured():
    drawn = random.Random(1)
    for _ in range(100):
        hypothesis, reference = ([drawn.choice("ab") for _ in range(6)] for _ in range(2))
        backwards = right_words(hypothesis[::-1], reference[::-1])
        assert right_words(hypothesis, reference) == backwards[::-1]
    assert right_words(["a"], ["a", "a"]) == [0.5, 0.5]


def test_positions_of_the_reference_without_alignments():
    rows = right_by_position(["a b x x", "x x x x x x c d"], ["a b c d", "x a b x c d c d"], bins=2)
    assert rows == [
        {"first": 0.0, "last": 0.5, "words": 6, "right": pytest.approx(4 / 6)},
        {"first": 0.5, "last": 1.0, "words": 6, "right": pytest.approx(2 / 6)},
    ]


def test_positions_of_the_source_with_alignments():
    # The second source word is linked to two target words, the third to none.
    gold = [(frozenset({(0, 2)}), frozenset({(1, 0), (1, 1), (0, 2)}))]
    rows = right_by_position(
        ["w1 lost"], ["w1 w2 w3"], sources=["s1 s2 s3"], alignments=gold, bins=3
    )
    assert [(row["words"], row["right"]) for row in rows] == [(1, 0.0), (1, 1.0)]
    assert rows[1]["first"] == pytest.approx(1 / 3)


def test_every_word_is_in_one_of_the_parts():
    for length in range(1, 40):
        text = " ".join(["w"] * length)
        rows = right_by_position([text], [text], bins=10)
        assert sum(row["words"] for row in rows) == length
        assert {row["right"] for row in rows} == {1.0}
        assert rows[-1]["last"] <= 1


def test_bad_input():
    with pytest.raises(InputError, match="there are 1 hypotheses, 2 references"):
        right_by_position(["a"], ["a", "b"])
    with pytest.raises(ValueError, match="bins must be positive"):
        right_by_position(["a"], ["a"], bins=0)
    with pytest.raises(ValueError, match="give both or neither"):
        right_by_position(["a"], ["a"], sources=["a"])
    with pytest.raises(InputError, match=r"the link \(0, 3\) is of no word of its pair"):
        right_by_position(
            ["a"], ["a"], sources=["a"], alignments=[(frozenset({(0, 3)}), frozenset())]
        )
