"""BLEU by source length."""

import pytest

from s2s_keras.errors import InputError
from s2s_keras.evaluation import bleu_by_length, score


def words(number):
    return " ".join(["w"] * number)


def of_lengths(lengths, **settings):
    """The bins alone, for sources of these lengths, perfectly translated."""
    texts = ["a b c d"] * len(lengths)
    rows = bleu_by_length([words(length) for length in lengths], texts, texts, **settings)
    return [(row["first"], row["last"], row["sentences"]) for row in rows]


def test_bins():
    assert of_lengths([1, 5, 6, 10, 11, 11]) == [(1, 5, 2), (6, 10, 2), (11, 15, 2)]


def test_width():
    assert of_lengths([1, 3, 4, 6], width=3) == [(1, 3, 2), (4, 6, 2)]


def test_the_last_bin_is_open_and_empty_ones_are_left_out():
    assert of_lengths([3, 45, 46, 50, 900]) == [(1, 5, 1), (41, 45, 1), (46, None, 3)]
    assert of_lengths([1, 10, 11, 12], bins=2) == [(1, 5, 1), (6, None, 3)]


def test_an_empty_source_counts_among_the_shortest():
    assert of_lengths([0, 6]) == [(1, 5, 1), (6, 10, 1)]


def test_length_is_counted_at_white_space():
    texts = ["a b c d"]
    (row,) = bleu_by_length(["  a \u00a0 b\tc  d e "], texts, texts)
    assert row["first"] == 1


def test_bleu_is_of_each_bin():
    sources = [words(9), words(2), words(8), words(3)]
    hypotheses = ["a b c d e f", "A B C D", "e f g h", "e f g h"]
    references = ["a b c d e x", "a b c d", "e f g x", "e f g h"]
    short, long = bleu_by_length(sources, hypotheses, references)
    assert short["bleu"] == score(hypotheses[1::2], references[1::2])["bleu"]
    assert long["bleu"] == score(hypotheses[::2], references[::2])["bleu"]
    assert 0 < long["bleu"] != short["bleu"] < 100


def test_settings_reach_bleu():
    (row,) = bleu_by_length(["a"], ["“A b c d”"], ['"a b c d"'], lowercase=True, tokenize="moses")
    assert row["bleu"] == pytest.approx(100)
    texts = ["a"], ["wie geht's dir?"], ["wie geht ' s dir?"]
    (german,) = bleu_by_length(*texts, tokenize="moses", language="de")
    assert german["bleu"] == pytest.approx(100)


def test_short_translations_can_be_perfect():
    (row,) = bleu_by_length(["ein Hund"], ["a dog"], ["a dog"])
    assert row["bleu"] == pytest.approx(100)
    assert score(["a dog"], ["a dog"])["bleu"] == 0  # As the sacrebleu command says.


def test_bad_input():
    with pytest.raises(InputError, match="1 sources, 2 hypotheses, 2 references"):
        bleu_by_length(["a"], ["a", "b"], ["a", "b"])
    with pytest.raises(InputError, match="nothing to score"):
        bleu_by_length([], [], [])
    for settings in ({"width": 0}, {"bins": 0}):
        with pytest.raises(ValueError, match="must be positive"):
            bleu_by_length(["a"], ["a"], ["a"], **settings)
