"""Random translations."""

import math

from keras import ops

from s2s_keras.errors import InputError
from s2s_keras.search.candidates import bar, exists, rows_of
from s2s_keras.search.random_numbers import first_keys, next_keys, uniform
from s2s_keras.search.strategy import Strategy, append


class Sampling(Strategy):
    """Draws every token at random, from the model's distribution or from the head of it.

    The logits are divided by `temperature`; of their softmax, the `top_k` most probable tokens
    stay (Fan et al. 2018, section 5.4), and of these the smallest set of the most probable ones
    whose probability is at least `top_p` (nucleus sampling, Holtzman et al. 2020, section 3.1).

    The random number that a token is drawn with depends on the seed, the number of the sample and
    the tokens before. So a source has the same samples in every batch and on every backend, and
    one that is there twice has them twice: ask for more `samples` of it.

    Args:
        temperature: positive and finite; below 1 the probable tokens become more probable.
        top_k: 1 or more, or None for all tokens.
        top_p: in (0, 1], or None for all tokens.
        seed: an integer.
        samples: how many are drawn for each source.

    Raises:
        InputError: if an argument lies outside its range.
    """

    def __init__(self, temperature=1.0, top_k=None, top_p=None, seed=0, samples=1):
        if not 0 < temperature < math.inf:
            raise InputError(
                f"temperature {temperature}: it must be above 0 (or search greedily), and finite"
            )
        if top_k is not None and top_k < 1:
            raise InputError(f"top_k {top_k}: it must be 1 or more")
        if top_p is not None and not 0 < top_p <= 1:
            raise InputError(f"top_p {top_p}: it must be above 0 and at most 1")
        if samples < 1:
            raise InputError(f"samples {samples}: it must be 1 or more")
        self.temperature, self.top_k, self.top_p = temperature, top_k, top_p
        self.seed = seed
        self.width = self.slots = self.results = samples

    def start(self, ended):
        """See `Strategy`. `extra` holds the keys of the random numbers."""
        score, ended, _ = super().start(ended)
        keys = ops.expand_dims(first_keys(self.seed, self.width), 0)
        return score, ended, keys + ops.zeros_like(ended, "uint32")

    def extend(self, carry, logits, barred, state):
        """See `Strategy`."""
        token = self._draw(bar(logits, barred), uniform(carry.extra))
        carry = append(carry, token, logits, state)
        return carry._replace(extra=next_keys(carry.extra, carry.token))

    def result(self, carry):
        """See `Strategy`."""
        score, order = ops.top_k(carry.score, self.width)
        return rows_of(carry.tokens, order), score

    def _draw(self, logits, number):
        """The token at which the cumulative probability first exceeds `number`."""
        logits, tokens = self._most_probable(logits)
        highest = ops.max(logits, axis=-1, keepdims=True)
        powers = ops.exp((logits - highest) / self.temperature)
        # At a high temperature even what is ruled out would be likely.
        powers = ops.where(exists(logits), powers, 0.0)
        probabilities = powers / ops.sum(powers, axis=-1, keepdims=True)
        if self.top_p is not None:
            before = ops.cumsum(probabilities, axis=-1) - probabilities
            probabilities = ops.where(before < self.top_p, probabilities, 0.0)
        cumulative = ops.cumsum(probabilities, axis=-1)
        drawn = ops.expand_dims(number, -1) * cumulative[..., -1:]
        place = ops.sum(ops.cast(cumulative <= drawn, "int32"), axis=-1)
        # Rounding must not lead beyond the last token that is possible at all.
        places = ops.arange(logits.shape[-1], dtype="int32")
        place = ops.minimum(place, ops.max(ops.where(probabilities > 0, places, 0), axis=-1))
        if tokens is None:
            return place
        one = ops.expand_dims(place, -1)
        return ops.squeeze(ops.take_along_axis(tokens, one, axis=-1), -1)

    def _most_probable(self, logits):
        """The logits that may be drawn and their tokens, falling; or all, and None."""
        vocabulary_size = logits.shape[-1]
        if self.top_k is None and self.top_p in (None, 1.0):
            return logits, None
        return ops.top_k(logits, min(self.top_k or vocabulary_size, vocabulary_size))
