"""How long a target may become."""

from keras import ops


def length_limits(source, max_length):
    """The longest target allowed for each source, in tokens with the end token.

    Twice the source's tokens and eight more, and never above `max_length`: a model that repeats
    itself ends soon, and a row's limit does not depend on the rows beside it. A source without any
    token but its end has an empty target: its limit is zero.

    Args:
        source: source ids int32 `(batch, source)`, end id last, 0 at padding.
        max_length: an integer.

    Returns:
        int32 `(batch,)`.
    """
    tokens = ops.sum(ops.cast(ops.not_equal(source, 0), "int32"), axis=-1)
    return ops.where(tokens > 1, longest_target(tokens, max_length), 0)


def longest_target(tokens, max_length):
    """The limit of a source of so many `tokens`, the end token among them: int32, any shape."""
    return ops.minimum(2 * tokens + 8, max_length)
