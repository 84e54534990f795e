"""What a search carries from one step to the next."""

from typing import Any, NamedTuple

from keras import ops

from s2s_keras.special_ids import PADDING


class Carry(NamedTuple):
    """The state of a search over a batch of sources.

    The first axis of every leaf but `position` is `batch`, and no row looks at another: a driver
    may drop the rows that have ended between two steps.

    `width` is the number of hypotheses that the decoder reads at once, the live ones. `slots` is
    the number of token rows that a strategy keeps: those of the live hypotheses and then any
    others.

    Attributes:
        position: int32 scalar, how many tokens were chosen.
        token: int32 `(batch, width)`, the token that each live hypothesis ends with.
        tokens: int32 `(batch, slots, length)`, zero from `position` on.
        score: float32 `(batch, slots)`, the natural logarithm of each one's probability.
        ended: boolean `(batch, width)`, which of the live hypotheses are not read any more.
        limits: int32 `(batch,)`, the most tokens of each row.
        prefix: int32 `(batch, prefix)`, tokens that are forced, 0 after the last; or `()`.
        extra: a nest of tensors, whatever else the strategy keeps.
        state: the model's state, a `DecoderState`.
    """

    position: Any
    token: Any
    tokens: Any
    score: Any
    ended: Any
    limits: Any
    prefix: Any
    extra: Any
    state: Any

    @property
    def forced(self):
        """The token that each row must take now, int32 `(batch,)`, 0 for any; None if no prefix."""
        if isinstance(self.prefix, tuple) or self.prefix.shape[1] == 0:
            return None
        last = ops.shape(self.prefix)[1] - 1
        token = ops.take(self.prefix, ops.minimum(self.position, last), axis=1)
        return ops.where(self.position > last, PADDING, token)
