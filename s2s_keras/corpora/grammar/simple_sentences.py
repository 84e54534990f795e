"""Sentences of one clause: statements in every tense, negations, questions, descriptions."""

from functools import cache

from s2s_keras.corpora.grammar import german as de
from s2s_keras.corpora.grammar.clauses import (
    BOTH_COMMAS,
    Clause,
    DeadEndError,
    Sides,
    add_times,
    copula_clause,
    make_clause,
    subject_phrase,
)
from s2s_keras.corpora.grammar.english import article
from s2s_keras.corpora.grammar.fragments import Derivation, Word
from s2s_keras.corpora.grammar.frames import Frame, frames_for
from s2s_keras.corpora.grammar.lexicon import ADJECTIVES, adjectives_for, listed, select
from s2s_keras.corpora.grammar.nominal import (
    FREE_OWNERS,
    Nominal,
    noun_phrase,
    owned,
    predicate,
    pronoun,
    settle,
)

USES = {"now": "P", "state": "S", "habit": "H", "future": "F", "past": "T", "modal": "M"}
"""The use of a frame that each tense of a clause needs."""

STATES = tuple(
    ADJECTIVES[word]
    for word in listed("müde krank hungrig durstig glücklich traurig nervös wütend zufrieden")
)
"""How people are for a while."""

PASSING = frozenset(state.german for state in STATES)

PROFESSIONS = {
    "m": "Lehrer Bäcker Gärtner Polizist Maler Kellner Bauer Musiker Ingenieur Student Richter",
    "f": "Ärztin Sängerin Künstlerin Anwältin Journalistin Köchin Verkäuferin",
}
"""Professions by the gender of the person who has them."""


def any_frame(d: Derivation, tense: str, separable: bool | None = None) -> Frame:
    """Return a frame for a tense whose verb the sentence has not used."""
    frames = frames_for(USES[tense], separable)
    for _ in range(8):
        frame = d.choose(frames)
        if frame.verb not in d.used:
            return frame
    raise DeadEndError


def any_clause(d: Derivation, tense: str, separable: bool | None = None, **options) -> Clause:
    """Derive a clause in a tense with any verb that allows it."""
    return make_clause(d, any_frame(d, tense, separable), tense, **options)


def tense_of(d: Derivation, names: str = "now now now state past past past future") -> str:
    """Return one of the tenses named."""
    return d.choose(names.split())


def main_clause(d: Derivation, clause: Clause, fronting: float = 1.0) -> Sides:
    """Order a main clause; a time or an optional place may come first."""
    if clause.german.get("time") and d.chance(0.3 * fronting):
        clause.front("time")
        return clause.order("fronted")
    frame = clause.frame
    movable = frame and frame.placed == "?" and not clause.english.get("not")
    movable = movable and frame.verb.german != "ankommen"
    if movable and clause.german.get("place") and d.chance(0.12 * fronting):
        clause.front("place")
        clause.english["front"].extend(BOTH_COMMAS[1])
        return clause.order("fronted")
    return clause.order("statement")


def present(d: Derivation) -> Sides:
    """Derive a statement in the German present: progressive, simple or future in English."""
    tense = tense_of(d, "now now now state habit habit future")
    return main_clause(d, any_clause(d, tense, False))


def perfect(d: Derivation) -> Sides:
    """Derive a statement in the German perfect: the English simple past."""
    return main_clause(d, any_clause(d, "past"))


def modal(d: Derivation) -> Sides:
    """Derive a statement with a modal verb."""
    return main_clause(d, any_clause(d, "modal", negated=d.chance(0.12)))


def separable(d: Derivation) -> Sides:
    """Derive a statement with a separable verb."""
    tense = tense_of(d, "now now now habit habit future past past modal")
    return main_clause(d, any_clause(d, tense, True))


def negation(d: Derivation) -> Sides:
    """Derive a negated statement with nicht or kein."""
    tense = tense_of(d, "now now state past past modal future")
    return main_clause(d, any_clause(d, tense, negated=True))


def adjective(d: Derivation) -> Sides:
    """Derive a description: a state, a quality or a profession."""
    chance = d.random()
    if chance < 0.12:
        return _profession(d).order("statement")
    past = d.chance(0.3)
    if chance < 0.45:
        passing = d.chance(0.65)
        state = settle(d, d.choose(STATES)) if passing else None
        subject = subject_phrase(d, "human", general=True)
        clause = state_clause(d, subject, past, d.chance(0.15), state)
        if passing and d.chance(0.5):
            add_times(d, clause, "past" if past else "now")
        return main_clause(d, clause)
    return described(d, past, negated=d.chance(0.15)).order("statement")


def state_clause(
    d: Derivation, subject: Nominal, past: bool = False, negated: bool = False, state=None
) -> Clause:
    """Derive how somebody is: die Frau ist müde."""
    if state is None and subject.noun is None:
        raise DeadEndError
    if state is None:
        state = d.fresh([a for a in adjectives_for(subject.noun) if a.german not in PASSING])
    words = predicate(d, state, negated)
    return copula_clause(d, subject, words, past, negated)


THINGS = select(
    "pet farm literature document press clothes vehicle transport furniture thing device "
    "instrument picture parcel opening plant room home building station town nature event show "
    "idea travel"
)


def described(
    d: Derivation, past: bool = False, negated: bool = False, subject: Nominal | None = None
) -> Clause:
    """Derive how something is: das Auto ist rot."""
    subject = subject or _thing_subject(d)
    adjectives = adjectives_for(subject.noun)
    quality = d.fresh([a for a in adjectives if not (past and a.german == "jung")])
    return copula_clause(d, subject, predicate(d, quality, negated), past, negated)


def _thing_subject(d: Derivation) -> Nominal:
    noun = d.fresh(THINGS)
    belongs = noun.group in ("clothes", "vehicle", "thing", "home", "pet", "device")
    if belongs and d.chance(0.2):
        return owned(d, noun, de.NOMINATIVE)
    if belongs and d.chance(0.25):
        # Nobody shares a jacket, and no man here has a skirt.
        owners = FREE_OWNERS[:2] if noun.group == "clothes" else FREE_OWNERS
        return noun_phrase(d, noun, de.NOMINATIVE, d.choose(owners), describe=0.12)
    several = bool(noun.plural) and d.chance(0.2)
    return noun_phrase(d, noun, de.NOMINATIVE, plural=several, describe=0.12)


def _profession(d: Derivation) -> Clause:
    """Derive `mein Bruder ist Lehrer`: no article in German, and the right gender."""
    if d.chance(0.3):
        subject = pronoun(d, d.choose(("er", "sie")))
    else:
        noun = d.fresh(select("relative parent"))
        subject = noun_phrase(d, noun, de.NOMINATIVE, d.choose(FREE_OWNERS), describe=0.1)
    noun = d.fresh(select(PROFESSIONS[subject.gender]))
    if noun.german == "Student" and subject.noun and subject.noun.group == "parent":
        raise DeadEndError
    if d.chance(0.15):
        unit = d.unit("kein")
        words = noun_phrase(d, noun, de.NOMINATIVE, "kein", describe=0, negation=unit)
        clause = copula_clause(d, subject, (words.german, words.english))
        clause.english["not"] = [Word("not", (unit,))]
        return clause
    words = noun_phrase(d, noun, de.NOMINATIVE, "", describe=0)
    extra = Word(article(words.english[0].text), (), words.german[0].core)
    return copula_clause(d, subject, (words.german, [extra, *words.english]))


def question(d: Derivation) -> Sides:
    """Derive a question."""
    chance = d.random()
    if chance < 0.42:
        tense = tense_of(d, "now now state habit past past past modal modal future")
        return any_clause(d, tense, inverted=True).order("question")
    if chance < 0.52:
        return described(d).order("question")
    rules = (_who, _what, _what, _whom, _where, _when, _why)
    return d.choose(rules)(d)


def _who(d: Derivation) -> Sides:
    return asked_subject(d).order("statement")


def asked_subject(d: Derivation) -> Clause:
    """Derive a clause with the subject `wer`."""
    subject = Nominal(*d.pair("wer", "who"), person=2, gender="n")
    tense = tense_of(d, "now state past past modal")
    frame = any_frame(d, tense)
    if not frame.personal:
        raise DeadEndError
    return make_clause(d, frame, tense, subject)


def _what(d: Derivation) -> Sides:
    tense = tense_of(d, "now now past past modal")
    frame = any_frame(d, tense)
    slot = next((s for s in frame.slots if s.case == de.ACCUSATIVE and s.nouns), None)
    if slot is None or slot.german or set(slot.determiners) & set("xyz"):
        raise DeadEndError
    clause = make_clause(d, frame, tense, omit=slot, inverted=True, place=False)
    clause.put("front", d.pair("was", "what"))
    return clause.order("asked")


def _whom(d: Derivation) -> Sides:
    tense = tense_of(d, "now now past past modal state")
    frame = any_frame(d, tense)
    if len(frame.slots) != 1 or not frame.slots[0].persons or frame.slots[0].german:
        raise DeadEndError
    slot = frame.slots[0]
    clause = make_clause(d, frame, tense, omit=slot, inverted=True)
    if frame.verb.german == "gehören":
        raise DeadEndError
    clause.put("front", d.pair("wen" if slot.case == de.ACCUSATIVE else "wem", "who", "wer"))
    return clause.order("asked")


def _where(d: Derivation) -> Sides:
    tense = tense_of(d, "now now past past state")
    return asked_place(d, tense, True).order("asked")


@cache
def placed_frames(use: str, directed: bool) -> tuple[Frame, ...]:
    """Return the frames with a use that name a place, or a direction if any does."""
    # "Where is he running?" asks for both, wo and wohin.
    frames = [
        frame
        for frame in frames_for(use)
        if frame.placed and not frame.slots and frame.verb.german != "laufen"
    ]
    chosen = tuple(frame for frame in frames if frame.directed == directed)
    return chosen or tuple(frames)


def asked_place(d: Derivation, tense: str, inverted: bool) -> Clause:
    """Derive a clause that asks for a place or a direction."""
    frame = d.choose(placed_frames(USES[tense], d.chance(0.4)))
    clause = make_clause(d, frame, tense, inverted=inverted, nowhere=True, time=not frame.directed)
    clause.put("front", d.pair("wohin" if frame.directed else "wo", "where"))
    return clause


UNDATED = listed("warten suchen verstehen wohnen tragen denken träumen")
"""Verbs about which one does not ask `when`."""


def _when(d: Derivation) -> Sides:
    tense = tense_of(d, "past past modal")
    frame = any_frame(d, tense)
    if frame.verb.german in UNDATED:
        raise DeadEndError
    clause = make_clause(d, frame, tense, inverted=True, time=False)
    clause.put("front", d.pair("wann", "when"))
    return clause.order("asked")


def _why(d: Derivation) -> Sides:
    tense = tense_of(d, "now past state")
    clause = any_clause(d, tense, inverted=True, negated=d.chance(0.3))
    if clause.frame.verb.german in ("gehören", "sehen"):
        raise DeadEndError
    clause.put("front", d.pair("warum", "why"))
    return clause.order("asked")
