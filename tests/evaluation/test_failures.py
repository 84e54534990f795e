import pytest

from s2s_keras.errors import InputError
from s2s_keras.evaluation import worst_translations


def test_the_worst_come_first_with_their_lines():
    rows = worst_translations(
        ["s1", "s2", "s3", "s4"],
        ["a dog sleeps", "nothing like it", "a dog sleep", "zzz"],
        ["a dog sleeps", "the cat", "a dog sleeps", "a cat"],
        count=3,
    )
    assert [row["line"] for row in rows] == [4, 2, 3]
    assert rows[0] == {
        "line": 4,
        "source": "s4",
        "translation": "zzz",
        "reference": "a cat",
        "chrf": 0.0,
    }
    assert 0 < rows[1]["chrf"] < rows[2]["chrf"] < 100


def test_of_equal_ones_the_first_comes_first():
    rows = worst_translations(["a"] * 4, ["x"] * 4, ["b"] * 4, count=2)
    assert [row["line"] for row in rows] == [1, 2]


def test_unequal_lists():
    with pytest.raises(InputError, match="2 sources, 1 hypotheses"):
        worst_translations(["a", "b"], ["a"], ["a"])
