"""What every search strategy has."""

from keras import ops

from s2s_keras.search.candidates import log_normaliser, logits_of
from s2s_keras.special_ids import END, PADDING


class Strategy:
    """How a search goes on from a model's logits.

    A strategy is a small object without tensors. `Search` runs the model, and asks the strategy
    for the first `Carry`, for the next one at each step, and for the result.

    Attributes:
        width: how many hypotheses of each source the model reads at once.
        slots: how many rows of tokens of each source are kept.
        results: how many targets of each source are the result.
    """

    width = 1
    slots = 1
    results = 1

    def check(self, vocabulary_size):
        """Raises an `InputError` where the strategy does not suit the vocabulary."""

    def start(self, ended):
        """What the strategy keeps at first.

        Args:
            ended: boolean `(batch, 1)`, which rows have an empty target.

        Returns:
            `score`, `ended` and `extra` of the first `Carry`.
        """
        batch = ops.shape(ended)[0]
        score = ops.zeros((batch, self.width), "float32")
        return score, ops.repeat(ended, self.width, axis=1), ()

    def extend(self, carry, logits, barred, state):
        """The next `Carry`.

        Args:
            carry: a `Carry`.
            logits: float32 `(batch, width, vocabulary)`, for the token at `carry.position`.
            barred: float32 `(4,)`, added to the logits of the first four ids, to rule some out.
            state: the model's state after `carry.token`.
        """
        raise NotImplementedError

    def result(self, carry):
        """Tokens int32 `(batch, n, length)` and score float32 `(batch, n)`, best first."""
        return carry.tokens, carry.score


def append(carry, token, logits, state):
    """The next `Carry` where each hypothesis goes on by itself.

    Args:
        carry: a `Carry`.
        token: int32 `(batch, width)`, what each hypothesis goes on with, unless it is forced.
        logits: float32 `(batch, width, vocabulary)`.
        state: the model's state after `carry.token`.
    """
    if carry.forced is not None:
        forced = ops.expand_dims(carry.forced, 1)
        token = ops.where(forced == PADDING, token, forced)
    log_probability = logits_of(token, logits) - log_normaliser(logits)
    token = ops.where(carry.ended, PADDING, token)
    position = carry.position + 1
    at_limit = ops.expand_dims(position >= carry.limits, 1)
    return carry._replace(
        position=position,
        token=token,
        tokens=write(carry.tokens, carry.position, token),
        score=carry.score + ops.where(carry.ended, 0.0, log_probability),
        ended=ops.logical_or(carry.ended, ops.logical_or(token == END, at_limit)),
        state=state,
    )


def write(tokens, position, token):
    """`tokens` `(batch, slots, length)` with `token` `(batch, slots)` at `position`."""
    return ops.slice_update(tokens, (0, 0, position), ops.expand_dims(token, -1))
