"""Beam search."""

import keras
from keras import ops

from s2s_keras.errors import InputError
from s2s_keras.search.candidates import (
    NEVER,
    exists,
    log_normaliser,
    logits_of,
    rows_of,
    top_tokens,
)
from s2s_keras.search.greedy import Greedy
from s2s_keras.search.strategy import Strategy, write
from s2s_keras.special_ids import END, PADDING


class Beam(Strategy):
    """Keeps the K most probable hypotheses of each source at every step.

    The candidates of a step are all hypotheses with one more token. Of the K best, those that end,
    with the end token or at the row's limit, leave the beam as finished; the best that go on, taken
    from the 2 K best candidates (at most K of which end), are the hypotheses of the next step. A
    source's search is over when none of its K best candidates goes on.

    Finished hypotheses are ranked by log p / length^length_penalty, where the length counts the
    end token. With the penalty 1 that is length normalisation (Koehn & Knowles 2017, section 3.6).
    fairseq and CTranslate2 rank alike.

    A source's search also stops as soon as no hypothesis in the beam can still be returned. Let s
    be the best log probability in the beam, L the row's limit, a >= 0 the penalty. Whatever a
    hypothesis goes on with, its log probability stays at most s <= 0 and its length at most L, so
    its rank stays at most s / L^a. If `results` finished ones rank at least as high, going on
    changes nothing (but for hypotheses that rank the same to the rounding of float32).

    With `early_stopping`, a source's search stops at K finished hypotheses, as in fairseq and
    CTranslate2. That is sooner, but not safe: a hypothesis that would rank higher may be lost.

    Args:
        size: K. With 1, the result is that of `Greedy`.
        length_penalty: a; 0 ranks by probability, which favours short targets.
        results: how many finished hypotheses are returned, K unless given. Fewer let the search
            stop sooner. Where fewer exist, the last are empty with the score -1e9.
        early_stopping: whether to stop at K finished hypotheses.

    Raises:
        InputError: if an argument lies outside its range.
    """

    def __init__(self, size, length_penalty=1.0, results=None, early_stopping=False):
        if size < 1:
            raise InputError(f"beam size {size}: it must be 1 or more")
        if not length_penalty >= 0:
            raise InputError(f"length penalty {length_penalty}: it must be 0 or more")
        if results is not None and not 1 <= results <= size:
            raise InputError(f"{results} results: a beam of {size} has 1 to {size}")
        self.length_penalty = float(length_penalty)
        self.width = size
        self.results = results or size
        self.early_stopping = early_stopping
        # An early stop counts the finished hypotheses by the places that they fill.
        self.finished = size if early_stopping else self.results
        self.slots = self.width + self.finished

    def check(self, vocabulary_size):
        """See `Strategy`."""
        if self.width > vocabulary_size:
            raise InputError(
                f"beam size {self.width}: the vocabulary has {vocabulary_size} tokens, "
                "so a beam can have that size at most"
            )

    def start(self, ended):
        """See `Strategy`. `extra` holds the ranks of the finished hypotheses.

        A row has one hypothesis at first, in its beam or, where it is empty, among the finished.
        """
        first = [ops.where(each, 0.0, NEVER) for each in (ops.logical_not(ended), ended)]
        sizes = (self.width - 1, self.finished - 1)
        score = [
            ops.pad(one, [[0, 0], [0, missing]], constant_values=NEVER)
            for one, missing in zip(first, sizes, strict=True)
        ]
        return ops.concatenate(score, axis=1), ops.repeat(ended, self.width, axis=1), score[1]

    def extend(self, carry, logits, barred, state):
        """See `Strategy`."""
        position = carry.position + 1
        value, parent, token = self._candidates(carry, logits, barred)
        ends = ops.logical_or(token == END, ops.expand_dims(position >= carry.limits, 1))
        going, ending = ops.where(ends, NEVER, value), ops.where(ends, value, NEVER)
        live, live_at = ops.top_k(going, self.width)
        ranks = self._ranks(ending[:, : self.width], position)
        ranks, finished_at = ops.top_k(ops.concatenate([carry.extra, ranks], axis=1), self.finished)
        beam_goes_on = exists(ops.max(going[:, : self.width], axis=1))
        over = ops.logical_or(~beam_goes_on, self._is_settled(ranks, live, carry.limits))
        live = ops.where(ops.expand_dims(over, 1), NEVER, live)

        # Where each new slot comes from: the finished ones of before, then the candidates.
        kept = ops.arange(self.width, self.slots, dtype="int32") + ops.zeros_like(ranks, "int32")
        slots = ops.concatenate([kept, parent], axis=1)
        tokens = ops.concatenate([ops.zeros_like(kept), token], axis=1)
        scores = ops.concatenate([carry.score[:, self.width :], value], axis=1)
        order = ops.concatenate([live_at + self.finished, finished_at], axis=1)
        slots, tokens = rows_of(slots, order), rows_of(tokens, order)
        return carry._replace(
            position=position,
            token=tokens[:, : self.width],
            tokens=write(rows_of(carry.tokens, slots), carry.position, tokens),
            score=ops.concatenate([live, rows_of(scores, finished_at)], axis=1),
            ended=~exists(live),
            extra=ranks,
            state=self._reorder(state, slots[:, : self.width]),
        )

    def result(self, carry):
        """See `Strategy`."""
        best = slice(self.width, self.width + self.results)
        score = carry.score[:, best]
        real = exists(score)
        tokens = ops.where(ops.expand_dims(real, -1), carry.tokens[:, best], PADDING)
        return tokens, ops.where(real, score, NEVER)

    def _candidates(self, carry, logits, barred):
        """Log probability, hypothesis and last token of the 2 K best, each `(batch, 2 K)`."""
        score, normaliser = carry.score[:, : self.width], log_normaliser(logits)
        count = 2 * self.width
        value, parent, token = top_tokens(logits, score - normaliser, barred, count)
        if carry.forced is not None:
            # Until the prefix ends, only the first hypothesis exists.
            forced = ops.expand_dims(carry.forced, 1)
            token_logits = logits_of(ops.repeat(forced, self.width, axis=1), logits)
            certain = (score + token_logits - normaliser)[:, :1]
            certain = ops.pad(certain, [[0, 0], [0, count - 1]], constant_values=NEVER)
            free = forced == PADDING
            value, parent = ops.where(free, value, certain), ops.where(free, parent, 0)
            token = ops.where(free, token, forced)
        return value, parent, ops.where(exists(value), token, PADDING)

    def _ranks(self, score, length):
        ranks = score / self._norm(length)
        return ops.where(exists(score), ranks, NEVER)

    def _norm(self, length):
        return ops.power(ops.cast(length, "float32"), self.length_penalty)

    def _is_settled(self, ranks, live, limits):
        """Whether live hypotheses can no longer change the result, boolean `(batch,)`.

        Stopping early, they are not looked at any more, whether they can or not.
        """
        if self.early_stopping:
            return exists(ranks[:, -1])
        return ranks[:, -1] >= live[:, 0] / self._norm(ops.maximum(limits, 1))

    def _reorder(self, state, parents):
        if self.width == 1:
            return state
        own = keras.tree.map_structure(lambda leaf: rows_of(leaf, parents), state.own)
        return state._replace(own=own)


def one_best_beam(size, length_penalty=1.0):
    """The beam search of the command line and of exports, which want one target, and soon.

    Args and errors: see `Beam`.
    """
    return Beam(size, length_penalty, results=1, early_stopping=True)


def one_best(beam_size, length_penalty=1.0):
    """The search for one target that a beam size names: a greedy one for 1, else a beam's.

    Args and errors: see `Beam`.
    """
    return Greedy() if beam_size == 1 else one_best_beam(beam_size, length_penalty)
