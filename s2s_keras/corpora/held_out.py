"""Holding out a part of a corpus that shares no sentence with the rest."""

import random
from collections.abc import Sequence

from s2s_keras.corpora.corpus import Pair

LARGEST_PART = 1000


def hold_out(pairs: Sequence[Pair], seed: int) -> tuple[list[Pair], list[Pair]]:
    """Splits pairs in two so that no source and no target sentence lies in both parts.

    One sentence often has several translations, and these have others in turn. Such pairs form a
    group, and whole groups are held out, drawn in an order that the seed decides, as long as they
    fit into a tenth of the pairs and into 1,000. Where not one fits, it is the smallest group.

    Args:
        pairs: all the pairs.
        seed: decides which are held out.

    Returns:
        The rest, in the order and with the repetitions of `pairs`, and the held-out part, in the
        same order without repetitions. That part is empty if all pairs form one group.
    """
    groups = group_by_sentence(pairs)
    if len(groups) < 2:
        return list(pairs), []
    random.Random(seed).shuffle(groups)
    size = min(LARGEST_PART, sum(map(len, groups)) // 10)
    chosen: set[Pair] = set()
    for group in groups:
        if len(chosen) + len(group) <= size:
            chosen.update(group)
    chosen = chosen or set(min(groups, key=len))
    rest = [pair for pair in pairs if pair not in chosen]
    return rest, [pair for pair in dict.fromkeys(pairs) if pair in chosen]


def group_by_sentence(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Groups pairs that share a sentence, directly or through other pairs.

    These are the connected components of the graph whose nodes are the sentences of either side
    and whose edges are the pairs, found by union-find.

    Returns:
        The groups in the order of their first pair, without repeated pairs.
    """
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(sentence):
        while parent.setdefault(sentence, sentence) != sentence:
            parent[sentence] = parent[parent[sentence]]
            sentence = parent[sentence]
        return sentence

    for source, target in pairs:
        parent[root(("source", source))] = root(("target", target))
    groups: dict[tuple[str, str], list[Pair]] = {}
    for pair in dict.fromkeys(pairs):
        groups.setdefault(root(("source", pair[0])), []).append(pair)
    return list(groups.values())
