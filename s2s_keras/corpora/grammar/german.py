"""German morphology: articles, nouns, adjectives and verbs."""

from functools import cache

from s2s_keras.corpora.grammar.lexicon import Noun, Verb

NOMINATIVE, ACCUSATIVE, DATIVE, GENITIVE = range(4)

DEFINITE = {
    "m": ("der", "den", "dem", "des"),
    "f": ("die", "die", "der", "der"),
    "n": ("das", "das", "dem", "des"),
    "pl": ("die", "die", "den", "der"),
}
"""The definite article by gender (or "pl") and case."""

RELATIVE = {
    "m": ("der", "den", "dem"),
    "f": ("die", "die", "der"),
    "n": ("das", "das", "dem"),
    "pl": ("die", "die", "denen"),
}
"""The relative pronoun by gender (or "pl") and case."""

EIN_ENDINGS = {
    "m": ("", "en", "em", "es"),
    "f": ("e", "e", "er", "er"),
    "n": ("", "", "em", "es"),
    "pl": ("e", "e", "en", "er"),
}
"""Endings of ein, kein, mein and their kin by gender (or "pl") and case."""

WEAK = {
    "m": ("e", "en", "en", "en"),
    "f": ("e", "e", "en", "en"),
    "n": ("e", "e", "en", "en"),
    "pl": ("en", "en", "en", "en"),
}
"""Adjective endings after the definite article."""

MIXED = {
    "m": ("er", "en", "en", "en"),
    "f": ("e", "e", "en", "en"),
    "n": ("es", "es", "en", "en"),
    "pl": ("en", "en", "en", "en"),
}
"""Adjective endings after ein, kein, mein and their kin."""

STRONG = {
    "m": ("er", "en", "em", "en"),
    "f": ("e", "e", "er", "er"),
    "n": ("es", "es", "em", "en"),
    "pl": ("e", "e", "en", "er"),
}
"""Adjective endings where no determiner shows the case."""

CONTRACTIONS = {
    ("in", "dem"): "im",
    ("in", "das"): "ins",
    ("an", "dem"): "am",
    ("an", "das"): "ans",
    ("zu", "dem"): "zum",
    ("zu", "der"): "zur",
    ("von", "dem"): "vom",
}
"""Preposition and article that German writes as one word."""

PERSONS = {"ich": 0, "du": 1, "er": 2, "wir": 3, "sie": 3}
"""Index into a present paradigm by pronoun; plural `sie` shares the form of `wir`."""

IRREGULAR_PRESENT = {
    "sein": ("bin", "bist", "ist", "sind"),
    "haben": ("habe", "hast", "hat", "haben"),
    "wissen": ("weiß", "weißt", "weiß", "wissen"),
    "mögen": ("mag", "magst", "mag", "mögen"),
    "können": ("kann", "kannst", "kann", "können"),
    "müssen": ("muss", "musst", "muss", "müssen"),
    "wollen": ("will", "willst", "will", "wollen"),
    "sollen": ("soll", "sollst", "soll", "sollen"),
    "dürfen": ("darf", "darfst", "darf", "dürfen"),
    "möchten": ("möchte", "möchtest", "möchte", "möchten"),
}
"""First, second and third person singular, and the plural shared by `wir` and `sie`."""

PAST_OF_SEIN = ("war", "warst", "war", "waren")


def determiner(stem: str, gender: str, case: int) -> str:
    """Return an article or possessive: `determiner("kein", "f", DATIVE)` is "keiner".

    Args:
        stem: "der", or a word inflected like ein; "unser" too.
        gender: "m", "f", "n", or "pl".
        case: index of the case.
    """
    if stem == "der":
        return DEFINITE[gender][case]
    return stem + EIN_ENDINGS[gender][case]


@cache
def noun_form(noun: Noun, case: int, plural: bool) -> str:
    """Return a noun in a case and number."""
    if plural:
        takes_n = case == DATIVE and not noun.plural.endswith(("n", "s"))
        return noun.plural + "n" if takes_n else noun.plural
    if noun.weak and case != NOMINATIVE:
        return noun.german + ("n" if noun.german.endswith(("e", "r")) else "en")
    if case == GENITIVE and noun.gender != "f":
        return noun.german + _genitive_ending(noun.german)
    return noun.german


def _genitive_ending(word: str) -> str:
    if word.endswith(("s", "ß", "x", "z", "sch")):
        return "es"
    syllables = sum(
        letter in "aeiouäöüy" and (i == 0 or word[i - 1].lower() not in "aeiouäöüy")
        for i, letter in enumerate(word.lower())
    )
    return "es" if syllables == 1 and word[-1] not in "aeiouäöü" else "s"


@cache
def adjective_form(base: str, determiner_stem: str, gender: str, case: int) -> str:
    """Return an adjective as it stands before a noun.

    Args:
        base: predicate form.
        determiner_stem: "der", "" (none), or a word inflected like ein.
        gender: "m", "f", "n", or "pl".
        case: index of the case.
    """
    endings = {"der": WEAK, "": STRONG}.get(determiner_stem, MIXED)
    stem = {"teuer": "teur", "dunkel": "dunkl"}.get(base, base.removesuffix("e"))
    return stem + endings[gender][case]


@cache
def present(infinitive: str, third: str) -> tuple[str, str, str, str]:
    """Return the present: ich, du, er, and the form of wir and sie (plural).

    Args:
        infinitive: without its prefix.
        third: third person singular, which shows the change of the stem vowel.
    """
    if infinitive in IRREGULAR_PRESENT:
        return IRREGULAR_PRESENT[infinitive]
    if infinitive.endswith("eln"):
        first = infinitive[:-3] + "le"
    else:
        first = infinitive.removesuffix("n").removesuffix("e") + "e"
    stem = third.removesuffix("t")
    second = stem + ("t" if stem.endswith(("s", "ß", "z", "x")) else "st")
    return first, second, third, infinitive


def finite(verb: Verb, person: int) -> str:
    """Return the present of `verb` without its prefix; `person` indexes `present`."""
    return present(verb.stem, verb.third)[person]


def zu_infinitive(verb: Verb) -> tuple[str, ...]:
    """Return the infinitive with zu: one word if the verb has a separable prefix."""
    if verb.prefix:
        return (f"{verb.prefix}zu{verb.stem}",)
    return ("zu", verb.stem)
