"""Batches of similar lengths, in an order that depends on seed and epoch alone."""

import numpy as np

# A pair is padded to the first of these that holds its longer side; beyond them, to a multiple of
# the last. Few shapes, and about nine of ten tokens of a Multi30k batch are real.
_WIDTHS = np.array([4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 28, 32, 40, 48, 64])


def bucket_widths(lengths):
    """The padded width of each length, an integer array."""
    lengths = np.asarray(lengths)
    beyond = -(-lengths // _WIDTHS[-1]) * _WIDTHS[-1]
    index = np.minimum(np.searchsorted(_WIDTHS, lengths), len(_WIDTHS) - 1)
    return np.where(lengths > _WIDTHS[-1], beyond, _WIDTHS[index])


def pad(rows, width):
    """Rows of ids as one int32 array `(len(rows), width)`, padded at the end with id 0."""
    padded = np.zeros((len(rows), width), "int32")
    for index, row in enumerate(rows):
        padded[index, : len(row)] = row
    return padded


class Batches:
    """Padded batches of about as many tokens each.

    Pairs are put into buckets by the longer of their two sides, so that little of a batch is
    padding. A batch holds as many pairs of one bucket as make `batch_tokens` padded target tokens.
    Every epoch has the same number of batches; which pairs share one, and the batches' order,
    follow from `(seed, epoch)`.

    Args:
        pairs: `TokenPairs`.
        batch_tokens: padded target tokens a batch, at most (a longer pair is a batch of its own).
        seed: an integer.
        resample: a function from an epoch's number, such as `BPEDropout`, to `TokenPairs` that the
            epoch reads in place of `pairs`. The same pairs share a batch, whose tokens may then be
            more than `batch_tokens`.
        copies: how often each batch of the stream holds its pairs, one whole set after the other.
            `batch_tokens` counts one of them.
    """

    def __init__(self, pairs, batch_tokens, seed=0, resample=None, copies=1):
        self.pairs = pairs
        self.seed = seed
        self.resample = resample
        self.copies = copies
        # A target's last token is only a label and its first only an input.
        self.target_lengths = np.array([len(target) - 1 for target in pairs.targets])
        self.source_lengths = np.array([len(source) for source in pairs.sources])
        self.widths = bucket_widths(np.maximum(self.source_lengths, self.target_lengths))
        self.buckets = {
            int(width): (np.flatnonzero(self.widths == width), max(1, batch_tokens // int(width)))
            for width in np.unique(self.widths)
        }

    def __len__(self):
        """Number of batches in an epoch."""
        return sum(-(-len(members) // size) for members, size in self.buckets.values())

    def plan(self, epoch):
        """The batches of an epoch, each an array of indices into the pairs."""
        random = np.random.default_rng([self.seed, epoch])
        batches = []
        for members, size in self.buckets.values():
            shuffled = random.permutation(members)
            batches += [shuffled[first : first + size] for first in range(0, len(members), size)]
        return [batches[index] for index in random.permutation(len(batches))]

    def batch(self, indices, pairs=None):
        """The pairs at `indices`, of one bucket, for teacher forcing.

        Args:
            indices: an array of integers.
            pairs: what they are taken from in place of the batches' own.

        Returns:
            A dictionary of `source` and `target` (begin id first), and the labels (end id last),
            each int32 `(batch, width)`. At every position the label is the target's next token.
        """
        pairs = pairs or self.pairs
        sources = [pairs.sources[index] for index in indices]
        targets = [pairs.targets[index] for index in indices]
        longest = max(max(map(len, sources)), max(map(len, targets)) - 1)
        width = int(bucket_widths(longest))
        source = pad(sources, width)
        inputs = pad([target[:-1] for target in targets], width)
        labels = pad([target[1:] for target in targets], width)
        return {"source": source, "target": inputs}, labels

    def stream(self, epoch=0, step=0):
        """The batches from one position on, epoch after epoch, without end."""
        while True:
            pairs = self.resample(epoch) if self.resample else self.pairs
            for indices in self.plan(epoch)[step:]:
                yield self.batch(np.tile(indices, self.copies), pairs)
            epoch, step = epoch + 1, 0

    def in_order(self):
        """The batches of one epoch, unshuffled: what a validation wants."""
        for members, size in self.buckets.values():
            for first in range(0, len(members), size):
                yield self.batch(members[first : first + size])

    def real_share(self):
        """Share of an epoch's batches, source and target together, that is no padding."""
        real = self.source_lengths.sum() + self.target_lengths.sum()
        return real / (2 * self.widths.sum())
