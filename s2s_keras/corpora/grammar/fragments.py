"""What a derivation builds: words that remember the unit they came from, and aligned pairs.

A synchronous rule rewrites one symbol on both sides at once. Each terminal pair that a rule
introduces is a *unit*. Words of the two sides that carry the same unit are linked, so that the
gold alignment is read off the derivation and no word is ever aligned by guessing.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple


class DeadEndError(Exception):
    """A derivation that cannot be finished sensibly and is started anew."""


class Word(NamedTuple):
    """A word and the units it belongs to.

    Attributes:
        text: the word itself; "," is glued to the word before it.
        core: units of which the word carries the meaning.
        loose: units of which the word is an auxiliary part.
    """

    text: str
    core: tuple[int, ...] = ()
    loose: tuple[int, ...] = ()


COMMA = Word(",")

Words = list[Word]


@dataclass(frozen=True)
class AlignedPair:
    """A German sentence, its English translation, and the gold alignment of their words.

    Words are `text.split()`, with punctuation attached.

    Attributes:
        german: the German sentence.
        english: the English sentence.
        sure: links (German index, English index) that any annotator would draw.
        possible: `sure` and the links of auxiliaries and particles to the unit they serve.
        kind: the kind of sentence, one of `KINDS`.
        lexemes: citation forms of the German words, in the order they were derived.
    """

    german: str
    english: str
    sure: frozenset[tuple[int, int]]
    possible: frozenset[tuple[int, int]]
    kind: str
    lexemes: tuple[str, ...] = field(default=(), repr=False, compare=False)


class Derivation:
    """One sentence in the making: the random choices, the units, the words already used.

    Args:
        rng: the source of every choice.
        grow: whether rules should prefer their longer right-hand sides.
    """

    def __init__(self, rng: random.Random, grow: bool = False):
        self.random = rng.random
        self.grow = grow
        self.lexemes: list[str] = []
        self.used: set[object] = set()
        self.tenses: list[str] = []

    def unit(self, lexeme: str) -> int:
        """Open a unit for a German lexeme and return its number."""
        self.lexemes.append(lexeme)
        return len(self.lexemes) - 1

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        return self.random() < probability

    def choose(self, options: tuple | list):
        """Return one of the options, all alike likely."""
        return options[int(self.random() * len(options))]

    def fresh(self, options: tuple | list):
        """Return an option that the sentence has not used yet.

        Raises:
            DeadEndError: if all are used.
        """
        option = self.choose(options) if options else None
        if option is None or option in self.used:
            left = [option for option in options if option not in self.used]
            if not left:
                raise DeadEndError
            option = self.choose(left)
        self.used.add(option)
        return option

    def pair(self, german: str, english: str, lexeme: str | None = None) -> tuple[Words, Words]:
        """Return a terminal pair: a word on each side, the core of one unit."""
        core = (self.unit(lexeme or german),)
        return [Word(german, core)], [Word(english, core)]


class Draft:
    """Both sides of a finished derivation, spelled out when asked for and not yet aligned.

    Args:
        derivation: the derivation, for its lexemes.
        kind: the kind of sentence.
        german: German words, commas among them.
        english: English words, commas among them.
        mark: final punctuation.

    Attributes:
        length: German words.
    """

    def __init__(self, derivation: Derivation, kind: str, german: Words, english: Words, mark: str):
        self.lexemes = derivation.lexemes
        self.kind = kind
        self.length = len(german) - german.count(COMMA)
        self._sides = german, english
        self._mark = mark

    @cached_property
    def _spelled(self) -> tuple[tuple[Words, str], tuple[Words, str]]:
        german, english = self._sides
        return _spell(german, self._mark), _spell(english, self._mark)

    @property
    def german(self) -> str:
        """The German sentence."""
        return self._spelled[0][1]

    @property
    def english(self) -> str:
        """The English sentence."""
        return self._spelled[1][1]

    def align(self) -> AlignedPair:
        """Read the links off the units that words of both sides share."""
        (german, _), (english, _) = self._spelled
        core, every = _index(german)
        sure, possible = [], []
        for j, word in enumerate(english):
            for unit in word.core:
                sure += [(i, j) for i in core.get(unit, ())]
            for unit in word.core + word.loose:
                possible += [(i, j) for i in every.get(unit, ())]
        return AlignedPair(
            self.german,
            self.english,
            frozenset(sure),
            frozenset(possible),
            self.kind,
            tuple(self.lexemes),
        )


def _index(words: Iterable[Word]) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Return positions by unit: those of core words, and those of all words."""
    core: dict[int, list[int]] = {}
    every: dict[int, list[int]] = {}
    for i, word in enumerate(words):
        for unit in word.core:
            core.setdefault(unit, []).append(i)
            every.setdefault(unit, []).append(i)
        for unit in word.loose:
            every.setdefault(unit, []).append(i)
    return core, every


def _spell(words: Words, mark: str) -> tuple[Words, str]:
    """Glue commas to words, capitalise the sentence and close it with its mark."""
    kept: Words = []
    texts: list[str] = []
    for word in words:
        if word.text == "not" and texts and texts[-1] == "can":
            texts[-1] = "cannot"
            kept[-1] = Word("cannot", kept[-1].core, kept[-1].loose + word.core)
        elif word.text != ",":
            kept.append(word)
            texts.append(word.text)
        elif texts and not texts[-1].endswith(","):
            texts[-1] += ","
    texts[-1] = texts[-1].rstrip(",") + mark
    text = " ".join(texts)
    return kept, text[0].upper() + text[1:]
