import numpy as np
import pytest

from s2s_keras.corpora import load_corpus
from s2s_keras.pipeline import Batches, TokenPairs, to_dataset, tokenize_pairs
from s2s_keras.pipeline.batches import bucket_widths
from s2s_keras.tokenizer import Tokenizer


def some_pairs(count=200, longest=40):
    random = np.random.default_rng(0)
    lengths = random.integers(1, longest, (count, 2))
    return TokenPairs(
        [np.append(random.integers(4, 99, s), 3).astype("int32") for s, _ in lengths],
        [np.concatenate([[2], random.integers(4, 99, t), [3]]).astype("int32") for _, t in lengths],
    )


@pytest.fixture
def batches():
    return Batches(some_pairs(), batch_tokens=256, seed=1)


def taken(iterator, count):
    return [next(iterator) for _ in range(count)]


def rows(batch):
    return [tuple(row) for row in np.concatenate([*batch[0].values(), batch[1]], axis=1)]


def equal(one, two):
    return len(one) == len(two) and all(rows(a) == rows(b) for a, b in zip(one, two, strict=True))


def test_labels_are_the_targets_next_tokens():
    pairs = TokenPairs([np.array([7, 8, 3])], [np.array([2, 11, 12, 13, 3])])
    inputs, labels = Batches(pairs, 100).batch(np.array([0]))
    assert inputs["source"].tolist() == [[7, 8, 3, 0]]
    assert inputs["target"].tolist() == [[2, 11, 12, 13]]
    assert labels.tolist() == [[11, 12, 13, 3]]
    assert labels.dtype == inputs["source"].dtype == inputs["target"].dtype == np.int32


def test_an_epoch_holds_every_pair_once(batches):
    for epoch in (0, 1):
        indices = np.concatenate(batches.plan(epoch))
        assert sorted(indices) == list(range(200))
        assert len(batches.plan(epoch)) == len(batches)


def test_no_batch_holds_more_tokens_than_asked(batches):
    for indices in batches.plan(0):
        inputs, labels = batches.batch(indices)
        assert labels.size <= 256
        assert inputs["source"].shape == inputs["target"].shape == labels.shape


def test_the_order_depends_on_seed_and_epoch_alone(batches):
    again = Batches(some_pairs(), batch_tokens=256, seed=1)
    other = Batches(some_pairs(), batch_tokens=256, seed=2)
    count = len(batches)
    assert equal(taken(batches.stream(3), count), taken(again.stream(3), count))
    assert not equal(taken(batches.stream(3), count), taken(batches.stream(4), count))
    assert not equal(taken(batches.stream(3), count), taken(other.stream(3), count))


def test_pairs_share_batches_with_others_each_epoch():
    batches = Batches(some_pairs(600), batch_tokens=120, seed=1)
    # A bucket that fits into one batch always gives that one.
    several = [members for members, size in batches.buckets.values() if len(members) > 2 * size]
    assert len(several) > 3

    def together(epoch):
        full = np.concatenate(several)
        plan = [each for each in batches.plan(epoch) if len(each) > 2 and np.isin(each, full).all()]
        return {frozenset(indices.tolist()) for indices in plan}

    assert len(together(0) & together(1)) < len(together(0)) / 10


def test_a_stream_begins_anywhere_and_runs_through_epochs(batches):
    whole = taken(batches.stream(), 2 * len(batches))
    assert equal(taken(batches.stream(0, 5), 7), whole[5:12])
    assert equal(taken(batches.stream(1, 2), 3), whole[len(batches) + 2 :][:3])


def test_copies_stand_behind_each_other(batches):
    twice = Batches(some_pairs(), batch_tokens=256, seed=1, copies=2)
    for (inputs, labels), (once, once_labels) in zip(
        taken(twice.stream(2), 5), taken(batches.stream(2), 5), strict=True
    ):
        for found, expected in ((inputs["source"], once["source"]), (labels, once_labels)):
            np.testing.assert_array_equal(found, np.concatenate([expected, expected]))
    assert len(twice) == len(batches)
    # What a validation reads has each pair once.
    assert sum(len(labels) for _, labels in twice.in_order()) == 200


def test_in_order_holds_every_pair_once(batches):
    found = list(batches.in_order())
    assert len(found) == len(batches)
    assert sum(len(labels) for _, labels in found) == 200


def test_widths_are_few_and_hold_the_lengths():
    lengths = np.arange(1, 300)
    widths = bucket_widths(lengths)
    assert (widths >= lengths).all()
    assert len(np.unique(widths[:64])) == 16
    assert (widths[64:] - lengths[64:]).max() < 64


def test_real_share_counts_what_is_not_padding(batches):
    held = [batches.batch(indices) for indices in batches.plan(0)]
    real = sum((inputs["source"] != 0).sum() + (labels != 0).sum() for inputs, labels in held)
    size = sum(inputs["source"].size + labels.size for inputs, labels in held)
    assert batches.real_share() == pytest.approx(real / size)


def test_a_dataset_gives_the_batches(batches):
    dataset = to_dataset(lambda: batches.stream(2), None)
    for (inputs, labels), expected in zip(dataset.take(4), batches.stream(2), strict=False):
        assert rows(({k: v.numpy() for k, v in inputs.items()}, labels.numpy())) == rows(expected)
    assert len(list(to_dataset(batches.in_order, len(batches)))) == len(batches)


def test_pairs_are_tokenized_with_begin_and_end():
    tokenizer = Tokenizer.train(["ein Hund", "a dog"] * 30, 300)
    pairs = tokenize_pairs([("ein Hund", "a dog"), ("Hund", "dog")], tokenizer)
    source, target = pairs.sources[1], pairs.targets[1]
    assert tokenizer.detokenize([source]).numpy()[0] == b"Hund"
    assert tokenizer.detokenize([target]).numpy()[0] == b"dog"
    assert (source[-1], target[0], target[-1]) == (3, 2, 3)
    assert 2 not in source


def test_long_pairs_are_left_out():
    pairs = some_pairs()
    kept = pairs.within(20)
    assert 0 < len(kept) < 200
    assert max(map(len, kept.sources)) == 20
    assert max(map(len, kept.targets)) == 21


def test_most_of_a_multi30k_batch_is_real(multi30k):
    texts = multi30k.split("train")
    tokenizer = Tokenizer.train((text for pair in texts for text in pair), 8000)
    assert Batches(tokenize_pairs(texts, tokenizer), 2048).real_share() >= 0.85


@pytest.fixture
def multi30k(request):
    import os

    if not os.environ.get("S2S_DATA_DIR"):
        pytest.skip("needs Multi30k: set S2S_DATA_DIR")
    return load_corpus("multi30k", "de", "en")
