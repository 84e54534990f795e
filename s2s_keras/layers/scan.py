"""A loop over time."""

import itertools

import keras
from keras import ops


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
    _, (_, carries) = ops.scan(run, first, joined)
    return keras.tree.map_structure(lambda each: ops.swapaxes(each, 0, 1), carries)
