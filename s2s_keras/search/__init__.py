"""Search: from a model's next-token probabilities to a whole target."""

from s2s_keras.search.greedy import greedy_search
from s2s_keras.search.lengths import length_limits
from s2s_keras.search.text_to_text import TextToText
from s2s_keras.search.translator import Translation, Translator

__all__ = ["TextToText", "Translation", "Translator", "greedy_search", "length_limits"]
