"""A German-English corpus from a synchronous grammar, with gold word alignments.

A synchronous grammar derives a sentence and its translation together: each rule rewrites one
symbol into two strings whose nonterminals correspond one to one (Aho and Ullman 1969, "Syntax
directed translations and the pushdown assembler"; Chiang 2007, "Hierarchical phrase-based
translation"). Since both sides come from one derivation, the words that belong together are
known, and the alignments need no annotator. Links are sure or possible as in Och and Ney (2003,
"A systematic comparison of various statistical alignment models").

>>> from s2s_keras.corpora.grammar import generate
>>> pairs = generate(seed=0)["train"]
"""

from s2s_keras.corpora.grammar.fragments import AlignedPair
from s2s_keras.corpora.grammar.lexicon import LEXEMES
from s2s_keras.corpora.grammar.splits import KINDS, SIZES, derive, generate

__all__ = ["KINDS", "LEXEMES", "SIZES", "AlignedPair", "derive", "generate"]
