"""Tokenized pairs to padded batches."""

from s2s_keras.pipeline.batches import Batches
from s2s_keras.pipeline.bpe_dropout import BPEDropout, Merges
from s2s_keras.pipeline.dataset import to_dataset
from s2s_keras.pipeline.pairs import TokenPairs, tokenize_pairs
from s2s_keras.pipeline.training_batches import training_batches

__all__ = [
    "BPEDropout",
    "Batches",
    "Merges",
    "TokenPairs",
    "to_dataset",
    "tokenize_pairs",
    "training_batches",
]
