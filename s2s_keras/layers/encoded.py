"""What every encoder gives and every decoder takes."""

from typing import Any, NamedTuple


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
