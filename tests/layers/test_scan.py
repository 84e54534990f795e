"""The loop over time."""

import numpy as np
from keras import ops

from s2s_keras.layers.scan import scan_time, scans_in_buffers

INPUTS = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")


def sums(inputs):
    def step(carry, at_t, time):
        total, times = carry
        return total + at_t[0] * at_t[1][:, :1], times + ops.cast(time, "float32")

    first = (ops.zeros((2, 3)), ops.zeros((2, 1)))
    return scan_time(step, first, (inputs, inputs[..., 1:]))


def test_carries_of_every_step():
    totals, times = sums(INPUTS)
    np.testing.assert_allclose(
        totals, np.cumsum(INPUTS * INPUTS[..., 1:2], axis=1), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_array_equal(np.asarray(times)[0, :, 0], [0, 1, 3, 6, 10])


def test_buffers_hold_the_same():
    with scans_in_buffers():
        found = sums(INPUTS)
    for one, other in zip(found, sums(INPUTS), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
