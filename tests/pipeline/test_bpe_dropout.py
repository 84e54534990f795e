import numpy as np
import pytest

from s2s_keras.corpora import load_corpus
from s2s_keras.pipeline import Batches, BPEDropout, Merges, TokenPairs, tokenize_pairs
from s2s_keras.tokenizer import Tokenizer

AWKWARD = (
    "",
    " ",
    "  two  spaces  ",
    "<0x41> <s> </s>",
    "日本語 🤖 e\u0301 Straße",
    "\u2581 \ue000 \ue0001",
    "a\tb\nc",
    "xxxxxxxxxxxx",
)


@pytest.fixture(scope="module")
def pairs():
    return load_corpus("grammar", "de", "en").split("test")[:80]


@pytest.fixture(scope="module")
def tokenizer(pairs):
    return Tokenizer.train([*(text for pair in pairs for text in pair), *AWKWARD], 500)


@pytest.fixture(scope="module")
def tokens(pairs, tokenizer):
    return tokenize_pairs(pairs, tokenizer)


@pytest.fixture(scope="module")
def merges(tokenizer):
    return Merges(tokenizer.pieces(range(tokenizer.vocabulary_size)))


def dropout(tokens, merges, probability=0.2, max_length=256, seed=0):
    return BPEDropout(tokens, merges, probability, max_length, seed)


def texts(rows, tokenizer):
    return [each.decode() for row in rows for each in tokenizer.detokenize([row]).numpy()]


def equal(one, two):
    rows = zip((*one.sources, *one.targets), (*two.sources, *two.targets), strict=True)
    return all(np.array_equal(*each) for each in rows)


def test_other_subwords_of_the_same_texts(pairs, tokens, tokenizer, merges):
    sampled = dropout(tokens, merges)(0)
    assert texts(sampled.sources, tokenizer) == [source for source, _ in pairs]
    assert texts(sampled.targets, tokenizer) == [target for _, target in pairs]
    assert sum(map(len, sampled.sources)) > 1.1 * sum(map(len, tokens.sources))
    assert all((row[0], row[-1]) == (2, 3) for row in sampled.targets)
    assert {row.dtype for row in (*sampled.sources, *sampled.targets)} == {np.dtype("int32")}


def test_without_dropout_every_word_is_merged_as_sentencepiece_merges_it(tokens, merges):
    assert equal(dropout(tokens, merges, 0.0)(3), tokens)


def test_awkward_texts_are_merged_as_sentencepiece_merges_them(tokenizer, merges):
    awkward = tokenize_pairs([(text, text) for text in AWKWARD], tokenizer)
    assert equal(dropout(awkward, merges, 0.0)(0), awkward)
    sampled = dropout(awkward, merges, 0.5)(0)
    assert texts(sampled.sources, tokenizer) == list(AWKWARD)
    assert not equal(sampled, awkward)


def test_a_merge_is_left_out_as_often_as_asked():
    """Two characters that could be one piece: no other merge, so a single chance."""
    merges = Merges(["<pad>", "<unk>", "<s>", "</s>", "ab", "a", "b"])
    tokens = TokenPairs([np.array([4, 3])] * 4000, [np.array([2, 4, 3])] * 4000)
    sampled = dropout(tokens, merges, 0.3)(0)
    assert np.mean([len(row) == 3 for row in sampled.sources]) == pytest.approx(0.3, abs=0.03)
    assert {tuple(row) for row in sampled.targets} == {(2, 4, 3), (2, 5, 6, 3)}


@pytest.fixture
def abc():
    """2,000 times the word `abc`, for 30 % of dropout."""
    merges = Merges(["<pad>", "<unk>", "<s>", "</s>", "ab", "bc", "abc", "a", "b", "c"])
    tokens = TokenPairs([np.array([6, 3])] * 2000, [np.array([2, 6, 3])] * 2000)
    return dropout(tokens, merges, 0.3)


def test_a_word_goes_on_with_what_was_not_left_out(abc):
    """It comes as all that merging in another order can give."""
    found = {tuple(row) for row in abc(0).sources}
    assert found == {(6, 3), (4, 9, 3), (7, 5, 3), (7, 8, 9, 3)}


def test_what_is_left_out_is_the_same_in_every_process(abc):
    # NumPy keeps what its generators give, so these numbers hold.
    assert [len(row) for row in abc(2).sources[:12]] == [2, 3, 3, 2, 3, 2, 3, 4, 2, 3, 2, 2]


def test_seed_and_epoch_alone_decide(tokens, merges):
    one, two = (dropout(tokens, merges, seed=1) for _ in range(2))
    later = one(4)
    assert not equal(one(5), later)
    assert equal(two(4), later)
    assert not equal(dropout(tokens, merges, seed=2)(4), later)


def test_a_pair_that_gets_too_long_keeps_its_subwords(tokens, merges):
    longest = max(map(len, (*tokens.sources, *tokens.targets)))
    sampled = dropout(tokens, merges, 0.9, max_length=longest)(0)
    assert all(sampled.short_enough(longest))
    kept = [np.array_equal(*each) for each in zip(sampled.sources, tokens.sources, strict=True)]
    also = [np.array_equal(*each) for each in zip(sampled.targets, tokens.targets, strict=True)]
    assert 0 < sum(kept) < len(tokens)
    assert kept == also


def test_batches_read_each_epoch_anew_and_begin_anywhere(tokens, merges):
    def stream(epoch, step):
        resample = dropout(tokens, merges, seed=3)
        return Batches(tokens, 128, seed=3, resample=resample).stream(epoch, step)

    count = len(Batches(tokens, 128))
    whole = [batch for batch, _ in zip(stream(0, 0), range(2 * count), strict=False)]
    for epoch in (0, 1):
        sampled = dropout(tokens, merges, seed=3)(epoch)
        real = sum((labels != 0).sum() for _, labels in whole[epoch * count :][:count])
        assert real == sum(len(row) - 1 for row in sampled.targets)
    for batch, expected in zip(stream(1, 2), whole[count + 2 :], strict=False):
        np.testing.assert_array_equal(batch[0]["source"], expected[0]["source"])
        np.testing.assert_array_equal(batch[1], expected[1])
