"""The corpus: distinct sentence pairs, dealt to splits by chance and by length."""

import random

from s2s_keras.corpora.grammar.clauses import DeadEndError
from s2s_keras.corpora.grammar.complex_sentences import (
    coordination,
    infinitive,
    relative,
    subordinate,
)
from s2s_keras.corpora.grammar.fragments import AlignedPair, Derivation, Draft
from s2s_keras.corpora.grammar.simple_sentences import (
    adjective,
    modal,
    negation,
    perfect,
    present,
    question,
    separable,
)

RULES = {
    "present": (present, 10),
    "perfect": (perfect, 10),
    "modal": (modal, 8),
    "separable": (separable, 8),
    "negation": (negation, 10),
    "question": (question, 12),
    "adjective": (adjective, 6),
    "subordinate": (subordinate, 13),
    "relative": (relative, 7),
    "infinitive": (infinitive, 6),
    "coordination": (coordination, 10),
}
"""The rule and the weight of each kind of sentence."""

KINDS = tuple(RULES)
"""The kinds of sentence."""

GROWING = ("coordination", "subordinate", "relative", "infinitive")
"""The kinds that grow long."""

SIZES = {"train": 20_000, "validation": 1_000, "test": 1_000, "long": 1_000}
"""Pairs in each split."""

SHORTEST, LONG, LONGEST = 3, 20, 30
"""German words of the shortest sentence, of the shortest in `long`, and of the longest."""

LONG_SHARE = 0.12
"""Share of long sentences in every split but `long`."""


def derive(rng: random.Random, kind: str) -> AlignedPair:
    """Derive one sentence pair of a kind, with its alignment."""
    return draft(rng, kind).align()


def draft(rng: random.Random, kind: str, grow: bool = False) -> Draft:
    """Derive one sentence pair of a kind without its alignment.

    Args:
        rng: the source of every choice.
        kind: one of `KINDS`.
        grow: whether rules should prefer their longer right-hand sides.
    """
    rule = RULES[kind][0]
    while True:
        derivation = Derivation(rng, grow)
        try:
            german, english = rule(derivation)
        except DeadEndError:
            continue
        return Draft(derivation, kind, german, english, "?" if kind == "question" else ".")


def generate(seed: int = 0) -> dict[str, list[AlignedPair]]:
    """Make the corpus.

    Args:
        seed: the same seed gives the same corpus, on every machine.

    Returns:
        Pairs by split: "train", "validation", "test" and "long". No German and no English
        sentence occurs twice.
    """
    rng = random.Random(seed)
    ordinary = sum(size for name, size in SIZES.items() if name != "long")
    long_needed = round(ordinary * LONG_SHARE) + SIZES["long"]
    short, long = _distinct(rng, ordinary + SIZES["long"] - long_needed, long_needed)
    splits = {"long": [long.pop() for _ in range(SIZES["long"])]}
    rest = short + long
    rng.shuffle(rest)
    for name in ("train", "validation", "test"):
        splits[name] = [rest.pop() for _ in range(SIZES[name])]
    return {name: splits[name] for name in SIZES}


def _distinct(rng: random.Random, short_needed: int, long_needed: int):
    """Derive distinct pairs: first every kind until there are enough short ones, then long ones."""
    kinds = [kind for kind, (_, weight) in RULES.items() for _ in range(weight)]
    pools: tuple[list[AlignedPair], list[AlignedPair]] = ([], [])
    needed = (short_needed, long_needed)
    seen: set[str] = set()
    while len(pools[0]) < short_needed or len(pools[1]) < long_needed:
        grow = len(pools[0]) >= short_needed
        pair = draft(rng, rng.choice(GROWING if grow else kinds), grow)
        pool = pair.length >= LONG
        if not SHORTEST <= pair.length <= LONGEST or len(pools[pool]) >= needed[pool]:
            continue
        # German and English sentences share one set, since none is a sentence of both languages.
        if pair.german not in seen and pair.english not in seen:
            seen.update((pair.german, pair.english))
            pools[pool].append(pair.align())
    rng.shuffle(pools[1])
    return pools
