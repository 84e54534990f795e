"""Word alignments from attention, and their error rate."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from s2s_keras.errors import InputError
from s2s_keras.evaluation import (
    align,
    alignment_error_rate,
    attention_alignments,
    word_weights,
)
from s2s_keras.models import build_preset
from s2s_keras.tokenizer import Tokenizer


def test_word_weights():
    weights = [
        [0.1, 0.2, 0.3, 0.4],
        [0.5, 0.1, 0.3, 0.1],
        [0.0, 0.6, 0.2, 0.2],
        [0.9, 0.0, 0.0, 0.1],
    ]
    # Summed over the source's pieces 1 and 2, averaged over the target's 0 and 1; ends left out.
    expected = [[(0.1 + 0.5) / 2, (0.5 + 0.4) / 2], [0.0, 0.8]]
    actual = word_weights(weights, [0, 1, 1, -1], [0, 0, 1, -1])
    np.testing.assert_allclose(actual, expected, atol=1e-12)


def test_word_weights_of_nothing():
    assert word_weights([[1.0]], [-1], [-1]).shape == (0, 0)
    assert word_weights([[0.5, 0.5], [0.5, 0.5]], [0, -1], [-1, -1]).shape == (0, 1)


def test_word_weights_of_the_wrong_shape():
    with pytest.raises(ValueError, match="3 target pieces and 2 source pieces"):
        word_weights(np.zeros((2, 3)), [0, 1], [0, 1, 2])


def test_align():
    links = align(np.array([[0.1, 0.7, 0.2], [0.6, 0.3, 0.1], [0.1, 0.5, 0.4]]))
    assert links == {(1, 0), (0, 1), (1, 2)}
    assert all(type(index) is int for link in links for index in link)


def test_align_gives_the_first_of_equal_weights_the_link():
    assert align([[0.25, 0.25, 0.25]]) == {(0, 0)}


def test_align_links_no_word_that_looks_nowhere():
    assert align([[0.0, 0.0], [0.0, 0.1]]) == {(1, 1)}
    assert align(np.zeros((0, 2))) == align(np.zeros((2, 0))) == frozenset()


GOLD = [
    ({(0, 0), (1, 2)}, {(1, 1)}),  # The sure links are possible ones without being repeated.
    ({(0, 0)}, {(0, 0)}),
]


def test_alignment_error_rate_by_hand():
    # First pair: of 3 links 1 is sure and 2 are possible; there are 2 sure ones. Second: all right.
    alignments = [{(0, 0), (1, 1), (2, 2)}, {(0, 0)}]
    rate = alignment_error_rate(alignments, GOLD)
    assert rate == pytest.approx(1 - ((1 + 2) + (1 + 1)) / ((3 + 2) + (1 + 1)))


def test_alignment_error_rate_of_the_best_and_the_worst():
    assert alignment_error_rate([{(0, 0), (1, 2)}, {(0, 0)}], GOLD) == 0
    assert alignment_error_rate([{(0, 0), (1, 2), (1, 1)}, {(0, 0)}], GOLD) == 0
    assert alignment_error_rate([{(5, 5)}, set()], GOLD) == 1
    # A possible link alone: the sure ones are missed.
    assert alignment_error_rate([{(1, 1)}, set()], GOLD) == pytest.approx(1 - 1 / (1 + 3))


def test_alignment_error_rate_knows_source_from_target():
    assert alignment_error_rate([{(1, 2)}], [({(1, 2)}, set())]) == 0
    assert alignment_error_rate([{(2, 1)}], [({(1, 2)}, set())]) == 1


def test_alignment_error_rate_of_bad_input():
    with pytest.raises(InputError, match="1 alignments but 2"):
        alignment_error_rate([set()], GOLD)
    for nothing in ([], [(set(), {(0, 0)})]):
        with pytest.raises(InputError, match="none"):
            alignment_error_rate([set()] * len(nothing), nothing)


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.train(["a dog and a cat sleep here"] * 9, 310)


def same_place(inputs, training, return_attention_scores):
    """A model that looks, for the i-th label, at the i-th source token and nowhere else."""
    assert training is False
    assert return_attention_scores is True
    source, target = inputs["source"], inputs["target"]
    ends = tf.reduce_sum(tf.cast(source != 0, tf.int32), axis=1) - 1
    tf.debugging.assert_equal(tf.gather(source, ends, batch_dims=1), 3)
    tf.debugging.assert_equal(target[:, 0], 2)
    tf.debugging.assert_equal(tf.reduce_any(target == 3), False)
    rows, columns = tf.shape(target)[1], tf.shape(source)[1]
    weights = tf.eye(rows, columns, batch_shape=[tf.shape(source)[0]])
    return None, weights


SENTENCES = ["a dog", "a dog and a cat sleep here", "", "dog cats sleep", "日 a", "here"]


@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_a_row_belongs_to_the_label(tokenizer, batch_size):
    pairs = [(text, text) for text in SENTENCES]
    alignments = attention_alignments(same_place, tokenizer, pairs, batch_size)
    assert alignments == [
        {(index, index) for index in range(len(text.split()))} for text in SENTENCES
    ]


def test_links_are_source_first(tokenizer):
    # Three tokens of three words look at the first three tokens of one word.
    assert [len(ids) for ids in tokenizer.tokenize(["xyz", "a dog and"]).to_list()] == [4, 3]
    (links,) = attention_alignments(same_place, tokenizer, [("xyz", "a dog and")])
    assert links == {(0, 0), (0, 1), (0, 2)}


@pytest.mark.parametrize("preset", ["gru", "gru-attention"])
def test_real_models(tokenizer, preset):
    model = build_preset(preset, tokenizer.vocabulary_size)
    pairs = [("a dog and a cat sleep here", "dog cat"), ("here", "a cat sleep"), ("dog", "")]
    together = attention_alignments(model, tokenizer, pairs)
    assert together == attention_alignments(model, tokenizer, pairs, batch_size=1)
    linked = [sorted(target for _, target in links) for links in together]
    assert linked == ([[0, 1], [0, 1, 2], []] if preset == "gru-attention" else [[], [], []])
    assert all(source < 7 for source, _ in together[0])


def test_no_pairs(tokenizer):
    assert attention_alignments(same_place, tokenizer, []) == []


def test_nothing_heavy_is_imported_before_it_is_needed():
    code = (
        "import sys, s2s_keras.evaluation\n"
        "print({'tensorflow', 'matplotlib.pyplot'} & set(sys.modules))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert answer.stdout == "set()\n"
