"""A loop over time."""

import itertools

from keras import ops


def scan_time(step, initial, inputs):
    """Runs `step` over the time axis, in one loop of the graph.

    Args:
        step: a function `(carry, inputs_at_t) -> carry`, with carries of one structure and shape.
        initial: the first carry, a tuple of tensors whose first axis is `batch`.
        inputs: a tuple of floating-point tensors `(batch, time, features)`.

    Returns:
        The carries after every step, with time as their second axis, `(batch, time, ...)`.
    """
    # TensorFlow's `ops.scan` takes a single input where the number of steps is unknown.
    joined = ops.concatenate([ops.swapaxes(each, 0, 1) for each in inputs], axis=-1)
    ends = list(itertools.accumulate(each.shape[-1] for each in inputs))
    parts = [slice(*limits) for limits in itertools.pairwise([0, *ends])]

    def run(carry, joined_at_t):
        carry = step(carry, [joined_at_t[:, part] for part in parts])
        return carry, carry

    _, carries = ops.scan(run, initial, joined)
    return tuple(ops.swapaxes(each, 0, 1) for each in carries)
