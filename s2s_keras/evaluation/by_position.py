"""Which part of a sentence a translation gets right."""

import collections

import numpy as np

from s2s_keras.errors import InputError
from s2s_keras.evaluation.scores import check_parallel


def right_by_position(hypotheses, references, *, sources=None, alignments=None, bins=10):
    """The share of words that are right, by where in the sentence they stand.

    It shows whether a model loses the beginning of a long sentence, as one does that must carry it
    through a state of fixed size (Sutskever et al. 2014 read the source backwards for that reason).

    Words are what white space separates, compared as they are. A reference's words are right if
    they stand in the hypothesis in the same order: if they belong to a longest common subsequence.
    Of several such subsequences the leftmost and the rightmost count half each, so that neither end
    of a sentence is favoured.

    With gold alignments, the words counted are the source's: one is right if a target word that it
    is linked to is, surely or possibly, and one without a link does not count. Without them, the
    words counted are the reference's, whose place stands for the source's: that holds where both
    languages put things in about the same order.

    The word i of n (from 0) stands at (i + 1/2) / n, from 0 to 1.

    Args:
        hypotheses: a list of strings: the translations.
        references: the right ones.
        sources: what was translated, where there are alignments.
        alignments: gold links, one `(sure, possible)` a pair, as `Corpus.alignments` gives them.
        bins: the number of equal parts that positions are sorted into.

    Returns:
        A list of dictionaries, one a part, from the first to the last, without the empty ones:
        `first` and `last` (its ends, from 0 to 1), `words` (how many were counted) and `right`
        (the share of them, 0 to 1).

    Raises:
        InputError: if the lists are empty or of different lengths, or a link is of no word.
        ValueError: if `bins` is less than 1, or if of `sources` and `alignments` one is missing.

    Example:
        >>> right_by_position(["a dog"], ["a cat"], bins=2)
        [{'first': 0.0, 'last': 0.5, 'words': 1, 'right': 1.0},
         {'first': 0.5, 'last': 1.0, 'words': 1, 'right': 0.0}]
    """
    lists = {"hypotheses": hypotheses, "references": references}
    if (sources is None) != (alignments is None):
        raise ValueError("sources and alignments go together: give both or neither")
    if alignments is not None:
        lists |= {"sources": sources, "alignments": alignments}
    check_parallel(**lists)
    if bins < 1:
        raise ValueError(f"bins must be positive, not {bins}")
    found = collections.defaultdict(list)
    for index, (hypothesis, reference) in enumerate(zip(hypotheses, references, strict=True)):
        right = right_words(hypothesis.split(), reference.split())
        shares = dict(enumerate(right))
        length = len(right)
        if alignments is not None:
            length = len(sources[index].split())
            shares = _of_source_words(right, alignments[index], length)
        for position, share in shares.items():
            found[bins * (2 * position + 1) // (2 * length)].append(share)
    return [
        {
            "first": part / bins,
            "last": (part + 1) / bins,
            "words": len(shares),
            "right": float(np.mean(shares)),
        }
        for part, shares in sorted(found.items())
    ]


def right_words(hypothesis, reference):
    """Which words of a reference are in the hypothesis, in the same order.

    Args:
        hypothesis: a list of words.
        reference: a list of words.

    Returns:
        A list of one number a word of the reference: 1 if it is in both the leftmost and the
        rightmost longest common subsequence, 1/2 if it is in one of them, else 0.
    """
    leftmost = _leftmost(hypothesis, reference)
    rightmost = _leftmost(hypothesis[::-1], reference[::-1])[::-1]
    return [(one + other) / 2 for one, other in zip(leftmost, rightmost, strict=True)]


def _leftmost(hypothesis, reference):
    """Which words of the reference are in the longest common subsequence that begins first."""
    # longest[i][j]: the length of that of what follows word i of the one and word j of the other.
    longest = [[0] * (len(hypothesis) + 1) for _ in range(len(reference) + 1)]
    for i in reversed(range(len(reference))):
        for j in reversed(range(len(hypothesis))):
            if reference[i] == hypothesis[j]:
                longest[i][j] = 1 + longest[i + 1][j + 1]
            else:
                longest[i][j] = max(longest[i + 1][j], longest[i][j + 1])
    chosen = [0] * len(reference)
    j = 0  # the hypothesis's first word that is free
    for i, word in enumerate(reference):
        # The first place where the rest of the hypothesis still holds as much with this word.
        for place in range(j, len(hypothesis)):
            if hypothesis[place] == word and 1 + longest[i + 1][place + 1] == longest[i][j]:
                chosen[i], j = 1, place + 1
                break
    return chosen


def _of_source_words(right, alignment, length):
    """By source word that has a link, how right the best of the words linked to it is."""
    sure, possible = alignment
    shares = {}
    for source, target in frozenset(sure) | frozenset(possible):
        if source >= length or target >= len(right):
            raise InputError(f"the link ({source}, {target}) is of no word of its pair")
        shares[source] = max(shares.get(source, 0), right[target])
    return shares
