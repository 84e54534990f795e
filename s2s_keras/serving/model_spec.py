"""Which signature of which version of which model."""

from typing import NamedTuple


class ModelSpec(NamedTuple):
    """What a request is for.

    Attributes:
        name: the model's name on the server.
        signature: the signature's name.
        version: the version's number, or nothing for the newest.
        label: the label of a version, or nothing.
    """

    name: str
    signature: str = "serving_default"
    version: int | None = None
    label: str | None = None
