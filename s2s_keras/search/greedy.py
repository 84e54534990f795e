"""Greedy search."""

from keras import ops

from s2s_keras.search.candidates import top_tokens
from s2s_keras.search.strategy import Strategy, append


class Greedy(Strategy):
    """Takes the most probable token at every step. One hypothesis a source."""

    def extend(self, carry, logits, barred, state):
        """See `Strategy`."""
        _, _, token = top_tokens(logits, ops.zeros_like(carry.score), barred, 1)
        return append(carry, token, logits, state)
