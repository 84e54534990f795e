"""Models whose every probability is known, for tests of the search."""

import itertools

import numpy as np
from keras import ops

from s2s_keras.layers import DecoderState

END = 3


class PrefixModel:
    """Logits that depend on the whole prefix and on the source, by a rolling hash into a table.

    The hash is the decoder's state, so a hypothesis that goes on with another one's state gets
    other logits. All tokens but `content` and the end are very improbable.

    Args:
        vocabulary_size: number of ids.
        content: how many ids from 4 on are probable.
        spread: standard deviation of the logits.
    """

    modulus = 997

    def __init__(self, vocabulary_size=9, content=2, spread=1.5, seed=0):
        self.vocabulary_size = vocabulary_size
        self.content = range(4, 4 + content)
        table = np.random.default_rng(seed).normal(0, spread, (self.modulus, vocabulary_size))
        table[:, 4 + content :] = -40
        # A search that took these ids by mistake would like them.
        table[:, :3] = 3
        self.table = table.astype("float32")

    def start(self, source, width=1, length=None):
        key = ops.sum(ops.cast(source, "int32"), axis=1, keepdims=True) % self.modulus
        return DecoderState({"key": key}, {"hash": ops.zeros((len(source), width), "int32") + key})

    def step(self, token, position, state):
        new = (state.own["hash"] * 31 + token * 7 + state.shared["key"] + position) % self.modulus
        return ops.take(self.table, new, axis=0), DecoderState(state.shared, {"hash": new}), None

    def grow(self, state, length):
        return state

    def log_probability(self, source, tokens):
        """Of a target's `tokens`, in float64."""
        key = int(np.sum(source)) % self.modulus
        state, score = key, 0.0
        for position, (last, token) in enumerate(itertools.pairwise([2, *tokens])):
            state = (state * 31 + last * 7 + key + position) % self.modulus
            logits = self.table[state].astype("float64")
            score += logits[token] - np.log(np.exp(logits[3:]).sum())
        return score

    def targets(self, limit, min_length=0):
        """All targets of the probable tokens that a search with this limit may give."""
        for length in range(limit):
            for body in itertools.product(self.content, repeat=length):
                if length + 1 >= min_length:
                    yield (*body, END)
        yield from itertools.product(self.content, repeat=limit)


class Endless:
    """Prefers token 5 for ever, or the end token after `end_after` tokens, and counts its steps."""

    vocabulary_size = 12

    def __init__(self, count=lambda: None, end_after=None):
        self.count, self.end_after = count, end_after

    def start(self, source, width=1, length=None):
        return DecoderState((), ops.zeros((len(source), width), "int32"))

    def step(self, token, position, state):
        self.count()
        position = state.own + 1
        chosen = ops.where(position == self.end_after, END, 5) if self.end_after else 5
        chosen = ops.zeros_like(position) + chosen
        return ops.one_hot(chosen, 12) * 9.0, DecoderState((), position), None

    def grow(self, state, length):
        return state
