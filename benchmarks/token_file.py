"""A corpus's training pairs as token ids in a file, the same for all peers."""

import numpy as np

from s2s_keras.pipeline import TokenPairs, tokenize_pairs
from s2s_keras.tokenizer import Tokenizer


def write_token_file(path, pairs, vocabulary_size):
    """Learns a vocabulary from text pairs and writes their ids to an `.npz` file.

    Args:
        path: of the file.
        pairs: a list of `(source, target)` texts.
        vocabulary_size: number of ids asked for, in one vocabulary for both sides.

    Returns:
        The number of ids, which a small corpus makes smaller than asked for.
    """
    tokenizer = Tokenizer.train((text for pair in pairs for text in pair), vocabulary_size)
    tokens = tokenize_pairs(pairs, tokenizer)
    arrays = {}
    for side in ("sources", "targets"):
        rows = getattr(tokens, side)
        arrays[side] = np.concatenate(rows)
        arrays[f"{side}_lengths"] = np.array([len(row) for row in rows])
    np.savez(path, **arrays)
    return tokenizer.vocabulary_size


def read_token_file(path):
    """The `TokenPairs` in a file that `write_token_file` wrote."""
    with np.load(path) as arrays:
        return TokenPairs(
            *(
                np.split(arrays[side], np.cumsum(arrays[f"{side}_lengths"])[:-1])
                for side in ("sources", "targets")
            )
        )
