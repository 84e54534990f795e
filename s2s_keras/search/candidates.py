"""What the strategies have in common: probabilities, the best tokens, rows taken from tensors.

Every pass over the vocabulary costs a search as much as a small layer does, so there are two here:
one for the highest logit of each block of tokens, one for the sum of the exponentials.
"""

import math

from keras import ops

from s2s_keras.special_ids import END

# Large and finite: the logarithm of the probability of what cannot be.
NEVER = -1e9


def exists(score):
    """Which scores are those of a hypothesis, and not of an empty place."""
    return score > NEVER / 2


def log_normaliser(logits):
    """The logarithm of the sum of the exponentials, `(batch, width)`.

    Padding, unknown and begin are left out: no target has them, whatever the model says.

    Args:
        logits: float32 `(batch, width, vocabulary)`.
    """
    # `top_tokens` takes the same maxima, and the graph's optimiser merges the two passes.
    highest = ops.max(_maxima(_blocks(logits), barred_ids(False)), axis=-1)
    powers = ops.exp(logits[:, :, END:] - ops.expand_dims(highest, -1))
    return highest + ops.log(ops.sum(powers, axis=-1))


def barred_ids(end):
    """What rules out padding, unknown and begin when added to the logits up to the end id.

    Args:
        end: a boolean or a boolean scalar tensor, whether the end id is ruled out too.

    Returns:
        float32 `(4,)`.
    """
    ids = ops.arange(END + 1)
    return ops.where(ops.logical_or(ids < END, end), NEVER, 0.0)


def logits_of(tokens, logits):
    """The logits `(batch, width)` of tokens `(batch, width)`."""
    batch, (width, vocabulary) = ops.shape(logits)[0], logits.shape[1:]
    flat = ops.reshape(logits, (batch, width * vocabulary))
    return rows_of(flat, tokens + ops.arange(width, dtype="int32") * vocabulary)


def bar(logits, barred):
    """The logits `(batch, width, vocabulary)` plus `barred`; see `top_tokens`."""
    return logits + _pad(barred, logits.shape[-1])


def top_tokens(logits, offset, barred, count):
    """The best continuations of a row's hypotheses.

    A top-k over `width * vocabulary` columns takes longer than all else here. This one looks for
    the `count` blocks of tokens with the highest maxima, which hold the `count` best tokens, and
    then only there: exact for every block size.

    Args:
        logits: float32 `(batch, width, vocabulary)`.
        offset: float32 `(batch, width)`, added to the logits of each hypothesis.
        barred: float32 `(4,)`, added to the logits of the first four ids; see `barred_ids`.
        count: an integer, at most `width * vocabulary`.

    Returns:
        Values float32, hypotheses int32 and tokens int32, each `(batch, count)`, best first.
    """
    blocks = _blocks(logits)
    batch, (width, number, size) = ops.shape(blocks)[0], blocks.shape[1:]
    maxima = _maxima(blocks, barred) + ops.expand_dims(offset, -1)
    maxima = ops.reshape(maxima, (batch, width * number))
    kept = min(count, width * number)
    _, block = ops.top_k(maxima, kept)

    inside = rows_of(ops.reshape(blocks, (batch, width * number, size)), block)
    is_first = ops.expand_dims(block % number == 0, -1)
    inside = inside + ops.where(is_first, _pad(barred, size), 0.0)
    inside = inside + ops.expand_dims(rows_of(offset, block // number), -1)
    values, place = ops.top_k(ops.reshape(inside, (batch, kept * size)), count)
    block = rows_of(block, place // size)
    return values, block // number, block % number * size + place % size


def rows_of(tensor, index):
    """The entries `tensor[b, index[b, i]]`, `(batch, count, ...)`.

    Args:
        tensor: `(batch, rows, ...)`.
        index: int32 `(batch, count)`.
    """
    batch, rows, count = ops.shape(tensor)[0], tensor.shape[1], index.shape[1]
    rest = tuple(ops.shape(tensor)[2:])
    first = ops.expand_dims(ops.arange(batch, dtype="int32") * rows, 1)
    flat = ops.reshape(first + index, (batch * count,))
    taken = ops.take(ops.reshape(tensor, (batch * rows, *rest)), flat, axis=0)
    return ops.reshape(taken, (batch, count, *rest))


def _blocks(logits):
    """The logits in blocks of neighbours, `(batch, width, blocks, size)`."""
    batch, (width, vocabulary) = ops.shape(logits)[0], logits.shape[1:]
    size = _block_size(vocabulary)
    number = math.ceil(vocabulary / size)
    if number * size > vocabulary:
        missing = number * size - vocabulary
        logits = ops.pad(logits, [[0, 0], [0, 0], [0, missing]], constant_values=NEVER)
    return ops.reshape(logits, (batch, width, number, size))


def _maxima(blocks, barred):
    """The highest logit of each block, `(batch, width, blocks)`."""
    # The barred ids lie in the first block: no other needs a second look.
    first = ops.max(blocks[:, :, :1] + _pad(barred, blocks.shape[-1]), axis=-1)
    return ops.concatenate([first, ops.max(blocks, axis=-1)[:, :, 1:]], axis=-1)


def _pad(vector, size):
    return ops.pad(vector, [[0, size - vector.shape[0]]])


def _block_size(vocabulary):
    """About the square root, and a divisor where there is one: filling up is a pass of its own."""
    root = max(math.isqrt(vocabulary), END + 1)
    sizes = range(max(root // 2, END + 1), 2 * root + 1)
    divisors = [size for size in sizes if vocabulary % size == 0]
    return min(divisors, key=lambda size: abs(size - root), default=root)
