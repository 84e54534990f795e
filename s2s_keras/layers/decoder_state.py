"""What a decoder carries from one step to the next."""

from typing import Any, NamedTuple


class DecoderState(NamedTuple):
    """The state of a decoder that reads `width` hypotheses of each source, a token a step.

    Attributes:
        shared: a nest of tensors whose first axis is `batch`: what belongs to a source, such as
            its projected annotations. It stays where it is when hypotheses change places.
        own: a nest of tensors whose first axes are `(batch, width)`: what belongs to one
            hypothesis. A search that replaces hypothesis k by a copy of hypothesis j copies these
            from j to k.
    """

    shared: Any
    own: Any
