"""What an exported model says of itself, beside its graph or inside its file."""

from s2s_keras.errors import InputError

# What a program that loads the model cannot do without.
_FIELDS = {"source": str, "target": str, "max_length": int, "beam_size": int}


def checked_description(description, path):
    """`description` itself, if a model can be loaded with it.

    Args:
        description: what JSON gave.
        path: where the model lies, for the message.

    Raises:
        InputError: naming what is missing.
    """
    given = description if isinstance(description, dict) else {}
    wrong = [name for name, kind in _FIELDS.items() if not isinstance(given.get(name), kind)]
    if wrong:
        raise InputError(
            f"{path}: the model's description lacks {', '.join(wrong)}: export it again"
        )
    return description
