"""How good a model is: scores of its translations, its word alignments, and figures.

Nothing here imports TensorFlow before a model is run.
"""

from s2s_keras.evaluation.alignment import (
    align,
    alignment_error_rate,
    attention_alignments,
    word_weights,
)
from s2s_keras.evaluation.bootstrap import bleu_interval
from s2s_keras.evaluation.by_length import bleu_by_length
from s2s_keras.evaluation.by_position import right_by_position
from s2s_keras.evaluation.failures import worst_translations
from s2s_keras.evaluation.figures import attention_figure, length_figure, training_figure
from s2s_keras.evaluation.pieces import words_of_pieces
from s2s_keras.evaluation.score_notes import score_notes, typical_minutes
from s2s_keras.evaluation.scores import TOKENIZERS, check_parallel, corpus_bleu, score

__all__ = [
    "TOKENIZERS",
    "align",
    "alignment_error_rate",
    "attention_alignments",
    "attention_figure",
    "bleu_by_length",
    "bleu_interval",
    "check_parallel",
    "corpus_bleu",
    "length_figure",
    "right_by_position",
    "score",
    "score_notes",
    "training_figure",
    "typical_minutes",
    "word_weights",
    "words_of_pieces",
    "worst_translations",
]
