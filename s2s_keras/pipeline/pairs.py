"""Sentence pairs as token ids."""

import itertools
from dataclasses import dataclass

import numpy as np

from s2s_keras.special_ids import BEGIN, END


@dataclass(frozen=True)
class TokenPairs:
    """Tokenized sentence pairs.

    Attributes:
        sources: one int32 array a pair, the source's ids with the end id last.
        targets: one int32 array a pair, the begin id, the target's ids, the end id.
    """

    sources: list
    targets: list

    def __len__(self):
        return len(self.sources)

    def short_enough(self, max_length):
        """Whether a pair's source and target have at most `max_length` tokens, end id included.

        Returns:
            A list of one truth value a pair.
        """
        return [
            len(source) <= max_length and len(target) <= max_length + 1
            for source, target in zip(self.sources, self.targets, strict=True)
        ]

    def within(self, max_length):
        """The pairs that are `short_enough`."""
        kept = self.short_enough(max_length)
        return TokenPairs(
            list(itertools.compress(self.sources, kept)),
            list(itertools.compress(self.targets, kept)),
        )

    def where(self, chosen, others):
        """These pairs where `chosen`, a list of one truth value a pair, and `others` elsewhere."""
        mine, theirs = (zip(each.sources, each.targets, strict=True) for each in (self, others))
        picked = [one if own else two for own, one, two in zip(chosen, mine, theirs, strict=True)]
        return TokenPairs([source for source, _ in picked], [target for _, target in picked])


def tokenize_pairs(pairs, tokenizer):
    """Tokenizes `(source, target)` texts, once for a whole training, to `TokenPairs`."""
    sources = tokenizer.tokenize([source for source, _ in pairs])
    targets = tokenizer.tokenize([target for _, target in pairs])
    return TokenPairs(
        [np.append(ids, END).astype("int32") for ids in _rows(sources)],
        [np.concatenate([[BEGIN], ids, [END]]).astype("int32") for ids in _rows(targets)],
    )


def _rows(ragged):
    return np.split(ragged.flat_values.numpy(), ragged.row_splits.numpy()[1:-1])
