"""A parallel corpus: named splits of sentence pairs in two languages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from s2s_keras.errors import InputError

Pair: TypeAlias = tuple[str, str]
"""A sentence and its translation: `(source, target)`."""

Links: TypeAlias = frozenset[tuple[int, int]]
"""Word alignment links `(source word, target word)`, both counted from 0."""

Alignment: TypeAlias = tuple[Links, Links]
"""The gold links of one pair: `(sure, possible)`."""


@dataclass(frozen=True)
class Corpus:
    """Sentence pairs in named splits, read when they are first asked for.

    Attributes:
        name: the corpus's name, or the path of the user's file.
        source_language: ISO 639-1 code of the first sentence of each pair.
        target_language: ISO 639-1 code of the second one.
        splits: for each split's name, in order, a function without arguments that reads its pairs.
        gold_alignments: the same for gold word alignments, one for each pair. Empty for a corpus
            that has none.

    Example:
        >>> corpus = load_corpus("multi30k", "de", "en")
        >>> source, target = corpus.split("validation")[0]
    """

    name: str
    source_language: str
    target_language: str
    splits: Mapping[str, Callable[[], list[Pair]]]
    gold_alignments: Mapping[str, Callable[[], list[Alignment]]] = field(default_factory=dict)

    @property
    def split_names(self) -> tuple[str, ...]:
        """The names that `split` knows."""
        return tuple(self.splits)

    def split(self, name: str) -> list[Pair]:
        """Gives the pairs of a split, in the corpus's order.

        Args:
            name: one of `split_names`.

        Returns:
            A list of `(source, target)`, the caller's to change.

        Raises:
            InputError: if the corpus has no such split, or its files cannot be had or read.
        """
        self._check_split(name)
        return list(self.splits[name]())

    def alignments(self, name: str) -> list[Alignment]:
        """Gives the gold word alignments of a split: one `(sure, possible)` for each pair.

        Args:
            name: one of `split_names`.

        Raises:
            InputError: if the corpus has no gold alignments or no such split.
        """
        if not self.gold_alignments:
            raise InputError(f"{self.name} has no gold alignments: the corpus grammar has them")
        self._check_split(name)
        return list(self.gold_alignments[name]())

    def _check_split(self, name: str) -> None:
        if name not in self.splits:
            raise InputError(
                f"{self.name} ({self.source_language}-{self.target_language}) has no split "
                f"{name!r}: it has {', '.join(self.splits)}"
            )
