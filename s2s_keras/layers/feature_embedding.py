"""Sources that are no tokens."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("s2s_keras")
class FeatureEmbedding(keras.layers.Layer):
    """Maps feature vectors, such as audio frames or image patches, to the encoder's input.

    It takes the place of a `TokenEmbedding` on the source's side. A position whose features are all
    zero is padding.

    Args:
        features: size of a feature vector.
        units: size of the encoder's input.

    Call arguments:
        inputs: floating-point `(batch, source, features)`.

    Returns:
        `(batch, source, units)`.
    """

    def __init__(self, features, units, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.features = features
        self.units = units
        self.projection = keras.layers.Dense(units, name="projection")

    def build(self, input_shape=None):
        """Creates the weights."""
        self.projection.build((None, None, self.features))
        self.built = True

    def call(self, inputs):
        """See the class."""
        return self.projection(inputs)

    def compute_mask(self, inputs, mask=None):
        """False at padding, `(batch, source)`."""
        return ops.any(ops.not_equal(inputs, 0), axis=-1)

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "features": self.features, "units": self.units}
