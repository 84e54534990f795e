"""Training pairs as token ids in a file, for a training where nothing can tokenize."""

import json

import numpy as np

from s2s_keras.files import opened, replacing
from s2s_keras.pipeline.pairs import TokenPairs


def save_tokens(path, pairs, description):
    """Writes token ids to an `.npz` file, whole or not at all.

    Args:
        path: of the file.
        pairs: `TokenPairs`.
        description: what goes with them, a dictionary that JSON can hold.
    """
    arrays = {"description": json.dumps(description)}
    for side in ("sources", "targets"):
        rows = getattr(pairs, side)
        arrays[side] = np.concatenate(rows)
        arrays[f"{side}_lengths"] = np.array([len(row) for row in rows])
    # Of a name that does not end in .npz, NumPy would make another.
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)


def load_tokens(path):
    """The `TokenPairs` and the description that `save_tokens` wrote.

    Raises:
        InputError: if the file holds none.
    """
    with opened(path, "holds no token ids for a training") as arrays:
        sides = (
            np.split(arrays[side], np.cumsum(arrays[f"{side}_lengths"])[:-1])
            for side in ("sources", "targets")
        )
        return TokenPairs(*sides), json.loads(str(arrays["description"]))
