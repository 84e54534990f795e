"""Dropout that spends little on random numbers."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("s2s_keras")
class Dropout(keras.layers.Dropout):
    """Dropout (Srivastava et al. 2014), with a byte of randomness a value.

    Random numbers are a seventh of a Transformer's training step on a processor, and most of what
    Keras draws for a value is thrown away. Here four values share a number, so the rate is rounded
    to the nearest 256th; what is kept is scaled by what is really kept. There is no `noise_shape`.

    Call arguments:
        inputs: any floating-point tensor.
        training: whether to drop anything.

    Returns:
        A tensor of the shape of `inputs`.
    """

    def call(self, inputs, training=False):
        """See the class."""
        dropped = min(round(256 * self.rate), 255)
        if not training or not dropped:
            return inputs
        shape = ops.shape(inputs)
        keep = ops.cast(_random_bytes(shape, self.seed_generator) >= dropped, inputs.dtype)
        return inputs * (keep * (256 / (256 - dropped)))


def _random_bytes(shape, seed):
    """Bytes of any value, uint8 of the given shape."""
    count = math.prod(shape)
    # The last axis must be known where they are taken apart.
    numbers = keras.random.randint(
        ((count + 3) // 4, 1), -(2**31), 2**31 - 1, dtype="int32", seed=seed
    )
    return ops.reshape(ops.reshape(ops.view(numbers, "uint8"), (-1,))[:count], shape)
