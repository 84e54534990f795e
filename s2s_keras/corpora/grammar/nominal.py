"""Rules for noun phrases: NP -> <Det A N, Det A N>, with agreement on the German side."""

from dataclasses import dataclass
from functools import cache

from s2s_keras.corpora.grammar import english as en
from s2s_keras.corpora.grammar import german as de
from s2s_keras.corpora.grammar.fragments import COMMA, DeadEndError, Derivation, Word, Words
from s2s_keras.corpora.grammar.lexicon import (
    ADJECTIVES,
    ADVERBS,
    NOUNS,
    Adjective,
    Noun,
    adjectives_for,
    listed,
    select,
)

FREE_OWNERS = (("mein", "my"), ("dein", "your"), ("unser", "our"), ("sein", "his"))
"""Possessives that mean the same whatever the subject; `ihr` would be her or their."""

NEUTER = frozenset((NOUNS["Kind"], NOUNS["Mädchen"], "es"))
"""What `sein` may refer to and is not his: das Mädchen ruft seinen Onkel an."""

OBJECT_PRONOUNS = {
    de.ACCUSATIVE: (("ich", "mich", "me"), ("du", "dich", "you"), ("er", "ihn", "him"),
                    ("wir", "uns", "us")),
    de.DATIVE: (("ich", "mir", "me"), ("du", "dir", "you"), ("er", "ihm", "him"),
                ("sie", "ihr", "her"), ("wir", "uns", "us"), ("sie", "ihnen", "them")),
}  # fmt: skip
"""(lexeme, German form, English form); accusative `sie` is left out, as it is her or them."""

COLOURS = frozenset(listed("rot blau grün gelb schwarz weiß grau braun"))
FIRST_ADJECTIVES = frozenset(listed("alt neu klein groß schön teuer billig modern elegant"))
"""Adjectives that stand before a colour, in both languages."""

STATES = frozenset(listed("müde krank hungrig glücklich traurig"))
MOMENTARY = frozenset(listed("durstig nervös wütend zufrieden"))

ALTERNATIVES = (
    COLOURS,
    frozenset(listed("jung alt neu modern")),
    frozenset(listed("groß klein")),
    frozenset(listed("teuer billig")),
    frozenset(listed("heiß kalt warm")),
    frozenset(listed("sauber schmutzig")),
    frozenset(listed("lang kurz")),
    frozenset(listed("interessant langweilig spannend")),
    frozenset(listed("glücklich traurig lustig")),
    frozenset(listed("gut schlecht")),
    frozenset(listed("schwierig einfach")),
    frozenset(listed("reich arm")),
    frozenset(listed("faul fleißig")),
    frozenset(listed("ruhig laut")),
    frozenset(listed("groß lang")),
    STATES | MOMENTARY,
)
"""Adjectives of which one sentence uses one, so that no big dog is small."""

UNGRADED = COLOURS | frozenset(listed("leer lecker reif"))
"""Adjectives that take no `sehr`."""


@dataclass(slots=True)
class Nominal:
    """A noun phrase on both sides, with the features that its clause agrees with.

    Attributes:
        german: German words.
        english: English words.
        person: index into a present paradigm (3 is every plural).
        gender: "m", "f" or "n" of the head.
        pronoun: whether it is a personal pronoun.
        definite: whether it is definite; indefinite objects stand later in the sentence.
        lexeme: the pronoun, or the noun's citation form.
        noun: the head, if it is a noun.
    """

    german: Words
    english: Words
    person: int
    gender: str = "m"
    pronoun: bool = False
    definite: bool = True
    lexeme: str = ""
    noun: Noun | None = None

    @property
    def owner(self) -> tuple[str, str] | None:
        """The possessive that refers back to this phrase, or None for neuter subjects."""
        if self.pronoun and self.lexeme in ("ich", "du", "wir"):
            return {"ich": ("mein", "my"), "du": ("dein", "your"), "wir": ("unser", "our")}[
                self.lexeme
            ]
        if self.person == 3:
            return ("ihr", "their")
        return {"m": ("sein", "his"), "f": ("ihr", "her"), "n": None}[self.gender]


def pronoun(d: Derivation, lexeme: str) -> Nominal:
    """Return a subject pronoun; `sie+` is the plural."""
    german, english = d.pair(lexeme.rstrip("+"), en.SUBJECT[lexeme])
    person = 3 if lexeme == "sie+" else de.PERSONS[lexeme] if lexeme != "sie" else 2
    gender = "f" if lexeme == "sie" else "m"
    return Nominal(german, english, person, gender, pronoun=True, lexeme=lexeme.rstrip("+"))


def refer(d: Derivation, phrase: Nominal) -> Nominal:
    """Return the subject pronoun for a person named before.

    Raises:
        DeadEndError: for neuter nouns, whose `es` is he, she or it in English.
    """
    if phrase.pronoun and phrase.lexeme != "sie":
        return pronoun(d, phrase.lexeme)
    if phrase.person == 3:
        return pronoun(d, "sie+")
    if phrase.gender == "n":
        raise DeadEndError
    return pronoun(d, "er" if phrase.gender == "m" else "sie")


def noun_phrase(
    d: Derivation,
    noun: Noun,
    case: int,
    determiner: str | tuple[str, str] = "der",
    plural: bool = False,
    describe: float = 0.25,
    negation: int | None = None,
    without: frozenset[str] = frozenset(),
) -> Nominal:
    """Derive a noun phrase.

    Args:
        d: the derivation.
        noun: its head.
        case: its case.
        determiner: "der", "ein", "kein", "" for none, or a possessive (German, English).
        plural: its number.
        describe: probability of an adjective.
        negation: the unit of `not` that a `kein` belongs to.
        without: adjectives that do not fit.
    """
    if noun.group == "country":
        determiner, describe = "", 0
    key = "pl" if plural else noun.gender
    stem = determiner if isinstance(determiner, str) else determiner[0]
    adjectives = choose_adjectives(d, noun, describe, stem, without)
    german, english = _adjectives(d, adjectives, stem, key, case)
    head = d.unit(noun.german)
    german.append(Word(de.noun_form(noun, case, plural), (head,)))
    english.append(Word(noun.english_plural if plural else noun.english, (head,)))
    mass = plural or not noun.plural
    words = _determiner(d, determiner, key, case, english[0].text, mass, negation)
    definite = stem not in ("ein", "kein", "")
    return Nominal(
        words[0] + german,
        words[1] + english,
        3 if plural else 2,
        noun.gender,
        definite=definite,
        lexeme=noun.german,
        noun=noun,
    )


def _determiner(d, determiner, key, case, following, mass, negation) -> tuple[Words, Words]:
    if determiner == "":
        return [], []
    if determiner == "kein":
        # "kein" is "not ... a": its core is the negation, the article only hangs on to it.
        word = Word(de.determiner("kein", key, case), (negation,))
        return [word], [Word("any" if mass else en.article(following), (), (negation,))]
    stem, translation = (
        determiner
        if isinstance(determiner, tuple)
        else (determiner, "the" if determiner == "der" else en.article(following))
    )
    core = (d.unit(stem),)
    return [Word(de.determiner(stem, key, case), core)], [Word(translation, core)]


@cache
def alternatives(adjective: Adjective) -> tuple[Adjective, ...]:
    """Return the adjectives that an adjective rules out, itself among them."""
    names = {adjective.german}.union(*(g for g in ALTERNATIVES if adjective.german in g))
    return tuple(other for name, other in ADJECTIVES.items() if name in names)


def settle(d: Derivation, adjective: Adjective) -> Adjective:
    """Rule out the alternatives of an adjective for the rest of the sentence."""
    d.used.update(alternatives(adjective))
    return adjective


ANYONE = ("Mann", "Frau", "Kind", "Junge", "Mädchen")
"""People of whom nothing is known but how they look."""

LASTING = ("state", "habit", "future", "modal", "infinitive")
"""Tenses of clauses that do not go with a passing state: nobody feeds a hungry cat every day."""


@cache
def attributes(noun: Noun, definite: bool, lasting: bool) -> tuple[Adjective, ...]:
    """Return the adjectives that sound natural before a noun.

    Passing states are said of people in a predicate: "my uncle is thirsty", not "my thirsty
    uncle". The verdict "good" introduces something new: "a good movie"; and nobody reads, needs or
    awaits what is bad.

    Args:
        noun: the noun.
        definite: whether its phrase is definite.
        lasting: whether its clause is about more than one moment.
    """
    excluded = {"schlecht", "gut"} if definite else {"schlecht"}
    if noun.group in ("adult", "child", "parent", "relative", "pet", "farm"):
        strangers = noun.group in ("pet", "farm") or noun.german in ANYONE
        excluded |= MOMENTARY if strangers and not lasting else MOMENTARY | STATES
    return tuple(
        adjective for adjective in adjectives_for(noun) if adjective.german not in excluded
    )


def choose_adjectives(
    d: Derivation,
    noun: Noun,
    probability: float,
    stem: str = "der",
    without: frozenset[str] = frozenset(),
) -> list[Adjective]:
    """Return no adjective, one, or a quality and a colour."""
    if not d.chance(probability * 1.5 if d.grow else probability):
        return []
    lasting = bool(d.tenses) and d.tenses[-1] in LASTING
    options = attributes(noun, stem not in ("ein", "kein", ""), lasting)
    options = [a for a in options if a not in d.used and a.german not in without]
    if not options:
        return []
    first = settle(d, d.fresh(options))
    if first.german in FIRST_ADJECTIVES and d.chance(0.3):
        colours = [a for a in adjectives_for(noun) if a.german in COLOURS and a not in d.used]
        if colours:
            return [first, settle(d, d.fresh(colours))]
    return [first]


def _adjectives(d, adjectives, stem, key, case) -> tuple[Words, Words]:
    german, english = [], []
    for adjective in adjectives:
        core = (d.unit(adjective.german),)
        german.append(Word(de.adjective_form(adjective.german, stem, key, case), core))
        english.append(Word(adjective.english, core))
    return german, english


def free_owner(d: Derivation) -> tuple[str, str]:
    """Return a possessive that means the same whatever the subject."""
    return d.choose(FREE_OWNERS if d.used.isdisjoint(NEUTER) else FREE_OWNERS[:3])


def owned(d: Derivation, noun: Noun, case: int) -> Nominal:
    """Derive a noun with its owner: das Auto der Nachbarin, the neighbor's car."""
    # The aunt of my son is nobody one would call so: relatives belong to strangers here.
    person = d.fresh(select("adult" if noun.group == "relative" else "adult relative parent"))
    kin = person.group in ("relative", "parent")
    if noun.german in ("Kleid", "Rock") and person.gender != "f":
        raise DeadEndError
    owner = noun_phrase(d, person, de.GENITIVE, free_owner(d) if kin else "der",
                        describe=0.1)  # fmt: skip
    german, english = _adjectives(d, choose_adjectives(d, noun, 0.2), "der", noun.gender, case)
    head = d.unit(noun.german)
    article = Word(de.determiner("der", noun.gender, case), (), (head,))
    german = [article, *german, Word(de.noun_form(noun, case, False), (head,)), *owner.german]
    last = owner.english[-1]
    english = [
        *owner.english[:-1],
        last._replace(text=en.possessive(last.text)),
        *english,
        Word(noun.english, (head,)),
    ]
    return Nominal(german, english, 2, noun.gender, lexeme=noun.german, noun=noun)


def contract(preposition: Words, phrase: Words) -> Words:
    """Join a preposition and a definite article where German does: in dem -> im."""
    joined = de.CONTRACTIONS.get((preposition[0].text, phrase[0].text))
    if joined is None:
        return preposition + phrase
    article = phrase[0]
    word = Word(joined, preposition[0].core + article.core, article.loose)
    return [word, *phrase[1:]]


def coordinate(d: Derivation, phrases: list[Nominal]) -> Nominal:
    """Derive `A und B` or `A, B und C`, with a serial comma in English."""
    conjunction_german, conjunction_english = d.pair("und", "and")
    german, english = list(phrases[0].german), list(phrases[0].english)
    for phrase in phrases[1:-1]:
        german += [COMMA, *phrase.german]
        english += [COMMA, *phrase.english]
    german += conjunction_german + phrases[-1].german
    english += ([COMMA] if len(phrases) > 2 else []) + conjunction_english + phrases[-1].english
    definite = all(phrase.definite for phrase in phrases)
    return Nominal(german, english, 3, definite=definite)


def predicate(d: Derivation, adjective: Adjective, negated: bool = False) -> tuple[Words, Words]:
    """Derive an adjective that stands alone: sehr alt, very old."""
    german, english = [], []
    if adjective.german not in UNGRADED and d.chance(0.2):
        adverb = d.choose(ADVERBS["degree"][: 1 if negated else None])
        german, english = d.pair(*adverb.words[0])
    words = d.pair(adjective.german, adjective.english)
    return german + words[0], english + words[1]
