"""Search: from a model's next-token probabilities to a whole target."""

from s2s_keras.search.beam import Beam, one_best, one_best_beam
from s2s_keras.search.carry import Carry
from s2s_keras.search.greedy import Greedy
from s2s_keras.search.lengths import length_limits, longest_target
from s2s_keras.search.sampling import Sampling
from s2s_keras.search.search import Hypotheses, Search
from s2s_keras.search.staged import StagedSearch
from s2s_keras.search.strategy import Strategy
from s2s_keras.search.text_to_text import TextToText, attended, source_ids, target_text
from s2s_keras.search.translator import Translation, Translator

__all__ = [
    "Beam",
    "Carry",
    "Greedy",
    "Hypotheses",
    "Sampling",
    "Search",
    "StagedSearch",
    "Strategy",
    "TextToText",
    "Translation",
    "Translator",
    "attended",
    "length_limits",
    "longest_target",
    "one_best",
    "one_best_beam",
    "source_ids",
    "target_text",
]
