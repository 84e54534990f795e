"""What every encoder gives and every decoder takes."""

from typing import Any, NamedTuple

from keras import ops


class Encoded(NamedTuple):
    """An encoded source.

    Attributes:
        annotations: `(batch, source, annotation_units)`, one vector a source position (h_j in
            Bahdanau et al. 2015); zero where the source is padding.
        mask: `(batch, source)`, boolean, False at padding.
        state: `(batch, state_units)`, from which a decoder starts.
        summary: `(batch, annotation_units)`, all that a decoder without attention sees.
    """

    annotations: Any
    mask: Any
    state: Any
    summary: Any

    @classmethod
    def with_mean(cls, outputs, mask):
        """An encoded source whose state and summary are its mean annotation.

        Args:
            outputs: `(batch, source, annotation_units)`, the annotations before padding is zeroed.
            mask: `(batch, source)`, boolean, False at padding.
        """
        real = ops.cast(ops.expand_dims(mask, -1), "float32")
        annotations = outputs * ops.cast(real, outputs.dtype)
        # In half precision neither a long sum nor a count above 256 would be exact.
        total = ops.sum(ops.cast(annotations, "float32"), axis=1)
        mean = ops.cast(total / ops.maximum(ops.sum(real, axis=1), 1), outputs.dtype)
        return cls(annotations, mask, state=mean, summary=mean)
