"""Parallel text: corpora by name, files of the user's, and how both are read and kept.

Nothing here imports TensorFlow, and Keras only to download.
"""

from s2s_keras.corpora.corpus import Alignment, Corpus, Links, Pair
from s2s_keras.corpora.loading import CORPORA, load_corpus
from s2s_keras.corpora.tab_separated import read_pairs, write_pairs
from s2s_keras.corpora.text_lines import read_lines

__all__ = [
    "CORPORA",
    "Alignment",
    "Corpus",
    "Links",
    "Pair",
    "load_corpus",
    "read_lines",
    "read_pairs",
    "write_pairs",
]
