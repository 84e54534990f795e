"""The speed of Keras's `fit`."""

import time

import keras
import numpy as np


class _Clock(keras.callbacks.Callback):
    """Takes the time, and the processor time, at the end of every update."""

    def __init__(self):
        super().__init__()
        self.times = []

    def on_train_batch_end(self, batch, logs=None):
        """Waits for the update's result, which a GPU may give later, and takes the time."""
        float(logs["loss"])
        self.times.append((time.perf_counter(), time.process_time()))


def timed_fit(model, dataset, steps):
    """Trains and takes the time.

    One update goes before the clock starts: what `fit` does once, such as filling a shuffle buffer,
    is not the speed of training.

    Args:
        model: a compiled `keras.Model`.
        dataset: a `tf.data.Dataset` of `(inputs, labels)` that gives the same batches whenever it
            is iterated over, at least `steps + 1` of them; label 0 is padding.
        steps: number of updates to time.

    Returns:
        A dictionary of `seconds`, `processor_seconds` (of all cores together), `tokens` (the labels
        that are not padding, in the timed updates) and `positions` (all their labels).
    """
    clock = _Clock()
    model.fit(dataset, steps_per_epoch=steps + 1, callbacks=[clock], verbose=0)
    first, last = clock.times[0], clock.times[-1]
    return {
        "seconds": last[0] - first[0],
        "processor_seconds": last[1] - first[1],
        **count_tokens(dataset.take(steps + 1).skip(1)),
    }


def count_tokens(dataset):
    """Counts the labels of a dataset's batches: `tokens` without padding, `positions` with it."""
    tokens = positions = 0
    for _, labels in dataset:
        tokens += int(np.count_nonzero(labels))
        positions += int(np.size(labels))
    return {"tokens": tokens, "positions": positions}
