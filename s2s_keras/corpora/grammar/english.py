"""English morphology: articles, nouns and verbs."""

from functools import cache

BE = ("am", "are", "is", "are")
PAST_OF_BE = ("was", "were", "was", "were")
DO = ("do", "do", "does", "do")
HAVE = ("have", "have", "has", "have")

SUBJECT = {"ich": "I", "du": "you", "er": "he", "sie": "she", "wir": "we", "sie+": "they"}
"""Subject pronouns by German pronoun; `sie+` is the plural."""

SPOKEN_CONSONANT = ("university",)
SPOKEN_VOWEL = ("honest",)
"""Words whose first sound is not what their first letter suggests."""

DOUBLING = {"begin", "forget"}
"""Verbs of two syllables that double their last consonant before -ing."""


def article(following: str) -> str:
    """Return `a` or `an` as the sound of the following word demands."""
    if following in SPOKEN_VOWEL:
        return "an"
    vowel = following[0] in "aeiou" and following not in SPOKEN_CONSONANT
    return "an" if vowel else "a"


def possessive(noun: str) -> str:
    """Return a noun with the ending of the possessive."""
    return noun + ("'" if noun.endswith("s") and not noun.endswith("ss") else "'s")


@cache
def third_person(base: str) -> str:
    """Return the third person singular of the present: has, does, tidies, watches."""
    if base == "have":
        return "has"
    if base.endswith(("s", "x", "ch", "sh", "o", "z")):
        return base + "es"
    if base.endswith("y") and base[-2] not in "aeiou":
        return base[:-1] + "ies"
    return base + "s"


@cache
def progressive(base: str) -> str:
    """Return the present participle: lying, running, writing, seeing."""
    if base.endswith("ie"):
        return base[:-2] + "ying"
    if base in DOUBLING or _is_short_closed(base):
        return base + base[-1] + "ing"
    if base.endswith("e") and not base.endswith("ee"):
        return base[:-1] + "ing"
    return base + "ing"


def _is_short_closed(word: str) -> bool:
    """Tell whether a word is one syllable of one short vowel and one consonant."""
    vowels = [i for i, letter in enumerate(word) if letter in "aeiouy"]
    return vowels == [len(word) - 2] and len(word) > 2 and word[-1] not in "wxy"
