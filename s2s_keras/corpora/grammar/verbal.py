"""Rules for the verb: V -> <finite ... rest, auxiliary ... main>, split on both sides.

A German clause holds its verb in two places, and so does an English question. The symbol for a
verb therefore rewrites to several strings on each side at once, and the clause rules place them.
"""

from dataclasses import dataclass

from s2s_keras.corpora.grammar import english as en
from s2s_keras.corpora.grammar import german as de
from s2s_keras.corpora.grammar.fragments import Derivation, Word, Words
from s2s_keras.corpora.grammar.lexicon import Verb

MODALS = {
    "können": ("can",),
    "müssen": ("have", "to"),
    "wollen": ("want", "to"),
    "möchten": ("would", "like", "to"),
    "dürfen": ("be", "allowed", "to"),
    "sollen": ("should",),
}
"""Each modal verb and the one way to say it in English."""


@dataclass(slots=True)
class VerbParts:
    """The strings that a verb contributes to its clause.

    Attributes:
        finite: German finite verb of a main clause.
        end: German prefix, participle or infinitive that closes a main clause.
        cluster: German verbs that close a subordinate clause.
        zu: German infinitive with zu.
        auxiliary: English auxiliary, which negation and inversion need.
        main: English main verb.
        infinitive: English `to` and the base form.
        particle: English particle that follows a pronoun object, or a complement.
        unit: the unit of the verb.
    """

    finite: Words
    end: Words
    cluster: Words
    zu: Words
    auxiliary: Words
    main: Words
    infinitive: Words
    particle: Words
    unit: int


def verb_parts(
    d: Derivation, verb: Verb, tense: str, person: int, support: bool, modal: str = ""
) -> VerbParts:
    """Derive a verb in a tense.

    Args:
        d: the derivation.
        verb: the verb.
        tense: "progressive", "simple", "future", "past", "modal" or "infinitive". The first three
            are the German present, "past" is the German perfect.
        person: index into a present paradigm.
        support: whether English needs an auxiliary, for `not` or a question.
        modal: the modal verb, for the tense "modal".
    """
    unit = d.unit(verb.german)
    helper = d.unit(modal) if modal else unit
    *german, zu = _german(d, verb, tense, person, unit, modal, helper)
    auxiliary, main, particle = _english(verb, tense, person, support, unit, modal, helper)
    infinitive = [Word("to", (zu,)), *main]
    return VerbParts(*german, auxiliary, main, infinitive, particle, unit)


def _german(d, verb, tense, person, unit, modal, helper):
    core = (unit,)
    if tense == "infinitive":
        zu = d.unit("zu")
        return [], [], [], _zu(verb, unit, zu), zu
    if tense in ("past", "modal"):
        if modal:
            finite = [Word(de.present(modal, "")[person], (helper,))]
            rest = [Word(verb.german, core)]
        else:
            finite = [Word(de.present(verb.auxiliary, "")[person], (), core)]
            rest = [Word(verb.participle, core)]
        return finite, rest, rest + finite, [], -1
    form = de.finite(verb, person)
    prefix = [Word(verb.prefix, (), core)] if verb.prefix else []
    return [Word(form, core)], prefix, [Word(verb.prefix + form, core)], [], -1


def _zu(verb: Verb, unit: int, zu: int) -> Words:
    words = de.zu_infinitive(verb)
    if len(words) == 1:
        return [Word(words[0], (unit, zu))]
    return [Word(words[0], (zu,)), Word(words[1], (unit,))]


def _english(verb, tense, person, support, unit, modal, helper):
    core, particle = (unit,), []
    main = [Word(verb.english, core)]
    if tense == "modal":
        auxiliary, links = _modal(modal, person, support, unit, helper)
        main = links + main
    elif tense == "infinitive":
        auxiliary = []
    else:
        auxiliary, form = _tensed(verb, tense, person, support)
        auxiliary = [Word(text, (), core) for text in auxiliary]
        main = [Word(form, core)]
    if verb.attachment == ">":
        main.append(Word(verb.particle, (), core))
    elif verb.attachment == "+":
        main.append(Word(verb.particle, core))
    elif verb.attachment == "^":
        particle = [Word(verb.particle, (), core)]
    return auxiliary, main, particle


def _tensed(verb: Verb, tense: str, person: int, support: bool) -> tuple[list[str], str]:
    """Return the English auxiliaries and the form of the main verb."""
    if tense == "progressive":
        return [en.BE[person]], en.progressive(verb.english)
    if tense == "future":
        return ["will"], verb.english
    if tense == "past":
        return (["did"], verb.english) if support else ([], verb.past)
    if support:
        return [en.DO[person]], verb.english
    return [], en.third_person(verb.english) if person == 2 else verb.english


def _modal(modal: str, person: int, support: bool, unit: int, helper: int):
    """Return the words of an English modal before and after the place of `not`."""
    first, *rest = MODALS[modal]
    core, loose = (helper,), (helper, unit)
    links = [Word(text, (), loose) if text == "to" else Word(text, core) for text in rest]
    if first in ("can", "should", "would"):
        return [Word(first, core)], links
    if first == "be":
        return [Word(en.BE[person], (), core)], links
    if support:
        return [Word(en.DO[person], (), core)], [Word(first, core), *links]
    form = en.third_person(first) if person == 2 else first
    return [], [Word(form, core), *links]


def copula_parts(d: Derivation, person: int, past: bool) -> VerbParts:
    """Derive a form of sein, to be: the only verb in the simple past on both sides."""
    core = (d.unit("sein"),)
    german = [Word((de.PAST_OF_SEIN if past else de.present("sein", ""))[person], core)]
    english = [Word((en.PAST_OF_BE if past else en.BE)[person], core)]
    return VerbParts(german, [], german, [], english, [], [], [], core[0])
