"""Sentence pairs as token ids."""

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

    def within(self, max_length):
        """The pairs whose source and target have at most `max_length` tokens, end id included."""
        kept = [
            (source, target)
            for source, target in zip(self.sources, self.targets, strict=True)
            if len(source) <= max_length and len(target) <= max_length + 1
        ]
        return TokenPairs([source for source, _ in kept], [target for _, target in kept])


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
