"""The terms that the corpora are under."""

_LICENCES = {
    "grammar": "Apache-2.0",
    "multi30k": "for non-commercial research and education",
    "tatoeba": "CC BY 2.0 FR",
}


def data_licence(name: str) -> str:
    """Gives the terms of a corpus of `CORPORA`; `not stated` for a file of the user's."""
    return _LICENCES.get(name, "not stated")
