"""Greedy search."""

from keras import ops

from s2s_keras.special_ids import BEGIN, END, PADDING

# Large and finite, so that a score stays a number.
_NEVER = -1e9


def greedy_search(model, source, limits, max_length):
    """Takes the most probable token at every step.

    One loop in the graph, which ends as soon as every row has ended: by its end token, or at its
    limit.

    Args:
        model: an `EncoderDecoder`, or whatever has its `start` and `step`.
        source: what `model.start` takes, for token ids int32 `(batch, source)`.
        limits: int32 `(batch,)`, the most tokens of each row, end token included; zero gives an
            empty row.
        max_length: an integer, no limit is above it: the size of the buffer for the result.

    Returns:
        Tokens int32 `(batch, max_length)`, 0 after the end token, which is among them unless the
        limit came first; and their score float32 `(batch,)`, the natural logarithm of the
        probability of the returned tokens given the source.
    """
    batch = ops.shape(limits)[0]
    forbidden = _forbidden_tokens(model.vocabulary_size)

    def running(position, token, ended, *_):
        return ops.logical_and(position < max_length, ops.logical_not(ops.all(ended)))

    def step(position, token, ended, tokens, score, state):
        logits, state, _ = model.step(ops.expand_dims(token, 1), position, state)
        logits = ops.cast(ops.squeeze(logits, 1), "float32")
        log_probabilities = ops.log_softmax(logits + forbidden)
        token = ops.cast(ops.argmax(log_probabilities, axis=-1), "int32")
        token = ops.where(ended, PADDING, token)
        score = score + ops.where(ended, 0.0, ops.max(log_probabilities, axis=-1))
        tokens = ops.slice_update(tokens, (0, position), ops.expand_dims(token, 1))
        position = position + 1
        ended = ops.logical_or(ended, ops.logical_or(token == END, position >= limits))
        return position, token, ended, tokens, score, state

    first = (
        ops.convert_to_tensor(0, "int32"),
        ops.full((batch,), BEGIN, "int32"),
        limits <= 0,
        ops.zeros((batch, max_length), "int32"),
        ops.zeros((batch,), "float32"),
        model.start(source, 1, max_length),
    )
    _, _, _, tokens, score, _ = ops.while_loop(running, step, first)
    return tokens, score


def _forbidden_tokens(vocabulary_size):
    """A bias `(vocabulary,)` that rules out the ids which are no text and do not end one."""
    ids = ops.arange(vocabulary_size)
    return ops.where(ids <= BEGIN, _NEVER, 0.0)
