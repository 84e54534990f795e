"""What every encoder gives and every decoder takes."""

from typing import Any, NamedTuple


class Encoded(NamedTuple):
    """An encoded source.

    Attributes:
        annotations: `(batch, source, units)`, one vector a source position (h_j in Bahdanau et
            al. 2015); zero where the source is padding.
        state: `(batch, units)`, one vector for the whole source, from which a decoder starts.
        mask: `(batch, source)`, boolean, False at padding.
    """

    annotations: Any
    state: Any
    mask: Any
