"""A recurrence over segments, and one inside each: for long sources."""

import keras
from keras import ops

from s2s_keras.layers.encoded import Encoded
from s2s_keras.layers.recurrent_encoder import RecurrentEncoder


@keras.saving.register_keras_serializable("s2s_keras")
class HierarchicalEncoder(keras.layers.Layer):
    """Reads segments of a source in parallel, then the row of segments.

    Li et al. 2015, section 3.3, and Yang et al. 2016, section 2.2, where a segment is a sentence;
    here it is `segment_length` positions, so that the encoder works on any source.

        u_j = h_j of a bidirectional recurrence over the segment of j
        v_k = the last outputs of both its directions, for the k-th segment
        w_k = h_k of a bidirectional recurrence over v_1, v_2, ...
        annotation of j = u_j + w_k, with k the segment of j

    So the annotation of a position knows its surroundings and, through w_k, the whole source. A
    source of n positions takes `segment_length` steps, all segments at once, and
    `n / segment_length` more, where a recurrence over positions takes n.

    Padding must stand at the end, and changes nothing. A source need not be a multiple of the
    segment: what is left over is a shorter segment.

    Args:
        units: size of each direction's output, in both recurrences.
        segment_length: number of positions in a segment.
        cell: `gru`, `lstm` or `simple_rnn`.

    Call arguments:
        inputs: `(batch, source, features)`.
        mask: `(batch, source)`, boolean, False at padding.

    Returns:
        An `Encoded`. `annotations` have `2 * units` units. `state` and `summary` are those of the
        recurrence over segments; see `RecurrentEncoder`.
    """

    def __init__(self, units, segment_length=16, cell="gru", **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.units = units
        self.segment_length = segment_length
        self.cell = cell
        self.inside = RecurrentEncoder(units, cell, name="inside")
        self.across = RecurrentEncoder(units, cell, name="across")

    @property
    def annotation_units(self):
        """Size of an annotation, and of the summary."""
        return self.across.annotation_units

    @property
    def state_units(self):
        """Size of the state."""
        return self.across.state_units

    def build(self, input_shape):
        """Creates the weights for inputs of `input_shape`, `(batch, source, features)`."""
        self.inside.build(input_shape)
        self.across.build((None, None, self.inside.annotation_units))
        self.built = True

    def call(self, inputs, mask, training=None):
        """See the class."""
        batch, source = ops.shape(inputs)[0], ops.shape(inputs)[1]
        segments = (source + self.segment_length - 1) // self.segment_length
        real = self._cut(ops.cast(ops.expand_dims(mask, -1), inputs.dtype), segments) > 0
        real = ops.squeeze(real, -1)

        inside = self.inside(self._cut(inputs, segments), mask=real)
        across = self.across(
            ops.reshape(inside.summary, (batch, segments, self.annotation_units)),
            mask=ops.reshape(ops.any(real, axis=-1), (batch, segments)),
        )

        of_segment = ops.reshape(across.annotations, (-1, 1, self.annotation_units))
        annotations = ops.reshape(
            inside.annotations + of_segment,
            (batch, segments * self.segment_length, self.annotation_units),
        )[:, :source]
        annotations = annotations * ops.cast(ops.expand_dims(mask, -1), annotations.dtype)
        return Encoded(annotations, mask, across.state, across.summary)

    def _cut(self, sequence, segments):
        """`(batch, source, features)` to `(batch * segments, segment_length, features)`."""
        padded = ops.pad(sequence, ((0, 0), (0, self.segment_length - 1), (0, 0)))
        whole = padded[:, : segments * self.segment_length]
        return ops.reshape(whole, (-1, self.segment_length, sequence.shape[-1]))

    def get_config(self):
        """The arguments of the constructor."""
        return {
            **super().get_config(),
            "units": self.units,
            "segment_length": self.segment_length,
            "cell": self.cell,
        }
