"""Other subwords in every epoch."""

import re

import numpy as np

from s2s_keras.pipeline.pairs import TokenPairs
from s2s_keras.special_ids import END

# SentencePiece writes a space as this character.
_SPACE = "\u2581"
# So it writes a byte of a character that is no piece. Nothing is merged with it.
_BYTE = re.compile("<0x[0-9A-F]{2}>")
_NEVER = np.iinfo("int64").max


class Merges:
    """The merges that byte-pair encoding may make (Sennrich et al. 2016, section 3.2).

    Two pieces may be merged if both together are a piece, and a piece that stands earlier in the
    vocabulary is made first.

    Args:
        pieces: the pieces of all ids, in their order, as `Tokenizer.pieces` gives them.
    """

    def __init__(self, pieces):
        self.size = len(pieces)
        ids = {
            piece: index
            for index, piece in enumerate(pieces)
            if index > END and not _BYTE.fullmatch(piece)
        }
        self.space = ids.get(_SPACE, -1)
        rules = {
            ids[piece[:cut]] * self.size + ids[piece[cut:]]: index
            for piece, index in ids.items()
            for cut in range(1, len(piece))
            if piece[:cut] in ids and piece[cut:] in ids
        }
        self._keys = np.array([*sorted(rules), _NEVER])
        self._merged = np.array([*(rules[key] for key in sorted(rules)), _NEVER])
        spelt = [
            [ids[each] for each in piece] if piece in ids and ids.keys() >= set(piece) else [index]
            for index, piece in enumerate(pieces)
        ]
        self._counts = np.array([len(each) for each in spelt])
        self._firsts = np.cumsum(self._counts) - self._counts
        self._characters = np.concatenate(spelt)

    def characters(self, ids):
        """The ids of the characters that pieces are made of.

        Args:
            ids: an integer array.

        Returns:
            Two integer arrays: the characters of all, and how many each id has.
        """
        counts = self._counts[ids]
        skipped = self._firsts[ids] - (np.cumsum(counts) - counts)
        return self._characters[np.repeat(skipped, counts) + np.arange(counts.sum())], counts

    def merged(self, left, right):
        """The id of both together, elementwise; a number above all ids where that is no piece."""
        keys = left * self.size + right
        places = np.searchsorted(self._keys, keys)
        return np.where(self._keys[places] == keys, self._merged[places], _NEVER)


class BPEDropout:
    """Sentence pairs in other subwords for each epoch: BPE-dropout (Provilkov et al. 2020).

    Every word is merged anew from its characters. At each step each possible merge is left out with
    a small probability, and the first of the others is made; a word is done when there is none. So
    a word comes as other pieces now and then, and a model learns what pieces are made of. What is
    left out follows from `(seed, epoch)` alone. SentencePiece can sample, too, but its seed does
    not give the same in another process.

    Args:
        pairs: `TokenPairs` without dropout, which a pair keeps where it would get too long.
        merges: the `Merges` of their tokenizer.
        probability: that of leaving out a merge, in [0, 1). With 0 the subwords stay as they are.
        max_length: the most tokens of a source and of a target, end id included.
        seed: an integer.

    Call arguments:
        epoch: its number, from 0.

    Returns:
        The `TokenPairs` of the epoch, in the order of `pairs`.
    """

    def __init__(self, pairs, merges, probability, max_length, seed=0):
        self.pairs = pairs
        self.merges = merges
        self.probability = probability
        self.max_length = max_length
        self.seed = seed

    def __call__(self, epoch):
        """See the class."""
        random = np.random.default_rng([self.seed, epoch])
        sides = (self.pairs.sources, self.pairs.targets)
        sampled = TokenPairs(*(self._sampled(rows, random) for rows in sides))
        return sampled.where(sampled.short_enough(self.max_length), self.pairs)

    def _sampled(self, rows, random):
        ids = np.concatenate(rows).astype("int64")
        characters, counts = self.merges.characters(ids)
        sentences = np.repeat(np.repeat(np.arange(len(rows)), [len(row) for row in rows]), counts)
        # A word begins with a space, and no piece holds a space behind another character.
        spaces = characters == self.merges.space
        begins = np.diff(sentences, prepend=-1) != 0
        begins[1:] |= spaces[1:] & ~spaces[:-1]
        pieces, words = self._merge(characters, np.cumsum(begins) - 1, random)
        lengths = np.bincount(sentences[begins][words], minlength=len(rows))
        return np.split(pieces.astype("int32"), np.cumsum(lengths)[:-1])

    def _merge(self, pieces, words, random):
        """Merges all words at once, in each step one pair of pieces of every word.

        Args:
            pieces: an array of ids.
            words: the word of each, rising.
            random: a `numpy.random.Generator`.

        Returns:
            The same two, after all merges.
        """
        done = []
        while len(pieces):
            candidates = np.append(self.merges.merged(pieces[:-1], pieces[1:]), _NEVER)
            left_out = random.random(len(pieces), "float32") < self.probability
            candidates[np.diff(words, append=-1).astype(bool) | left_out] = _NEVER
            firsts = np.flatnonzero(np.diff(words, prepend=-1))
            best = np.minimum.reduceat(candidates, firsts)
            best = np.repeat(best, np.diff(firsts, append=len(pieces)))
            goes_on = best != _NEVER
            done.append((pieces[~goes_on], words[~goes_on]))
            places = np.flatnonzero((candidates == best) & goes_on)
            places = places[np.diff(words[places], prepend=-1) != 0]  # each word's first
            pieces[places] = best[places]
            goes_on[places + 1] = False
            pieces, words = pieces[goes_on], words[goes_on]
        pieces, words = (np.concatenate(each) for each in zip(*done, strict=True))
        order = np.argsort(words, kind="stable")
        return pieces[order], words[order]
