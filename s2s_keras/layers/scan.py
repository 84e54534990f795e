"""A loop over time."""

import contextlib
import contextvars
import itertools

import keras
from keras import ops

_in_buffers = contextvars.ContextVar("in_buffers", default=False)


@contextlib.contextmanager
def scans_in_buffers():
    """Inside this block, `scan_time` writes to buffers that exist before the loop.

    LiteRT has no lists of tensors, in which TensorFlow's loop collects what it computes. Such a
    loop is for inference: on JAX it has no gradient.
    """
    token = _in_buffers.set(True)
    try:
        yield
    finally:
        _in_buffers.reset(token)


def scan_time(step, initial, inputs):
    """Runs `step` over the time axis, in one loop of the graph.

    Args:
        step: a function `(carry, inputs_at_t, t) -> carry`, with carries of one structure and
            shape, and t an int32 scalar.
        initial: the first carry, a nest of tensors whose first axis is `batch`.
        inputs: a tuple of floating-point tensors `(batch, time, features)`.

    Returns:
        The carries after every step, with time as their second axis, `(batch, time, ...)`.
    """
    # TensorFlow's `ops.scan` takes a single input where the number of steps is unknown.
    joined = ops.concatenate([ops.swapaxes(each, 0, 1) for each in inputs], axis=-1)
    ends = list(itertools.accumulate(each.shape[-1] for each in inputs))
    parts = [slice(*limits) for limits in itertools.pairwise([0, *ends])]

    def run(carry, joined_at_t):
        time, carry = carry
        carry = step(carry, [joined_at_t[:, part] for part in parts], time)
        return (time + 1, carry), (time, carry)

    first = (ops.convert_to_tensor(0, "int32"), initial)
    scan = _scan_in_buffers if _in_buffers.get() else ops.scan
    _, (_, carries) = scan(run, first, joined)
    return keras.tree.map_structure(lambda each: ops.swapaxes(each, 0, 1), carries)


def _scan_in_buffers(run, first, inputs):
    """As `ops.scan`, where `run` gives carries and outputs of the first carry's shapes."""
    length = ops.shape(inputs)[0]
    buffers = keras.tree.map_structure(
        lambda each: ops.zeros((length, *ops.shape(each)), each.dtype), first
    )

    def body(carry, buffers):
        start = carry[0]
        carry, outputs = run(carry, ops.take(inputs, start, axis=0))
        buffers = keras.tree.map_structure(
            lambda buffer, each: ops.slice_update(
                buffer, (start, *[0] * len(each.shape)), ops.expand_dims(each, 0)
            ),
            buffers,
            outputs,
        )
        return carry, buffers

    return ops.while_loop(lambda carry, _: carry[0] < length, body, (first, buffers))
