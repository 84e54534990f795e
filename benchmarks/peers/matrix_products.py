"""How many multiply-adds a second the machine's matrix products reach, under TensorFlow."""

import time

import tensorflow as tf

_SIZE = 1024
_MULTIPLY_ADDS = _SIZE**3


class Peer:
    """Multiplies square float32 matrices, large enough that nothing else takes time."""

    def __init__(self):
        matrix = tf.random.uniform((_SIZE, _SIZE))
        self.product = tf.function(lambda: tf.matmul(matrix, matrix)[0, 0])
        self.about = {"matrix": _SIZE}
        self.measure(0, 0)

    def measure(self, number, steps):
        """The median of 50 products, whatever is asked."""
        seconds = sorted(self._time() for _ in range(50))[25]
        return {"multiply_adds": _MULTIPLY_ADDS, "seconds": seconds}

    def _time(self):
        start = time.perf_counter()
        self.product().numpy()
        return time.perf_counter() - start
