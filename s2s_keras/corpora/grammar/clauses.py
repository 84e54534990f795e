"""Rules for clauses: a table of word orders, German beside English, and what fills them."""

from dataclasses import dataclass, field
from functools import cache

from s2s_keras.corpora.grammar import german as de
from s2s_keras.corpora.grammar.fragments import COMMA, DeadEndError, Derivation, Word, Words
from s2s_keras.corpora.grammar.frames import Frame, Slot, prepositions
from s2s_keras.corpora.grammar.lexicon import ADVERBS, LEMMAS, VERBS, Adverb, Noun, listed, select
from s2s_keras.corpora.grammar.nominal import (
    OBJECT_PRONOUNS,
    Nominal,
    contract,
    coordinate,
    free_owner,
    noun_phrase,
    owned,
    pronoun,
)
from s2s_keras.corpora.grammar.verbal import VerbParts, copula_parts, verb_parts

MIDDLE = {
    "plain": "pronoun time clock definite second place indefinite manner direction final",
    "not": "pronoun definite second time not clock place manner direction final",
    "often": "pronoun definite often clock second place indefinite manner direction final",
}
"""The German middle field: definite objects move before `nicht`, and one of them before `oft`."""

ORDERS = {
    "statement": ("subject finite MIDDLE end", "subject auxiliary not often main REST"),
    "fronted": ("front finite subject MIDDLE end", "front subject auxiliary not often main REST"),
    "question": ("finite subject MIDDLE end", "auxiliary subject not often main REST"),
    "asked": ("front finite subject MIDDLE end", "front auxiliary subject not often main REST"),
    "subordinate": ("front subject MIDDLE cluster", "front subject auxiliary not often main REST"),
    "after": ("finite subject MIDDLE end", "subject auxiliary not often main REST"),
    "second": ("finite MIDDLE end", "main REST"),
    "elided": ("MIDDLE end", "main REST"),
    "infinitive": ("MIDDLE zu", "infinitive REST"),
}
"""Rules of the synchronous grammar: the right-hand sides of one symbol in both languages."""

REST = "object final manner place direction clock time"

TO_DATIVE = ("erklären", "gehören")
"""Verbs whose German dative is `to` in English; elsewhere it is the first of two objects."""


Sides = tuple[Words, Words]


@cache
def expand(rule: str, middle: str, early: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the slots of both sides of a rule.

    Args:
        rule: key of `ORDERS`.
        middle: key of `MIDDLE`.
        early: whether a pronoun object goes before a subject that follows the finite verb.
    """
    german, english = ORDERS[rule]
    field_order = MIDDLE[middle]
    if early and "finite subject" in german:
        german = german.replace("finite subject", "finite pronoun subject")
        field_order = field_order.replace("pronoun ", "")
    german = german.replace("MIDDLE", field_order)
    return tuple(german.split()), tuple(english.replace("REST", REST).split())


@dataclass(slots=True)
class Clause:
    """A clause whose parts are derived and not yet put in order.

    Attributes:
        subject: its subject.
        verb: the strings of its verb.
        german: German words by slot of `ORDERS`.
        english: English words by slot of `ORDERS`.
        middle: which order of `MIDDLE` it takes.
        objects: its object phrases.
        frame: the frame it was made from, if any.
    """

    subject: Nominal
    verb: VerbParts
    german: dict[str, Words] = field(default_factory=dict)
    english: dict[str, Words] = field(default_factory=dict)
    middle: str = "plain"
    objects: list[Nominal] = field(default_factory=list)
    frame: Frame | None = None

    def put(self, slot: str, words: tuple[Words, Words]) -> None:
        """Add words to a slot on both sides."""
        self.german.setdefault(slot, []).extend(words[0])
        self.english.setdefault(slot, []).extend(words[1])

    def front(self, slot: str) -> None:
        """Move a slot to the front on both sides."""
        self.put("front", (self.german.pop(slot), self.english.pop(slot)))

    def order(self, rule: str) -> tuple[Words, Words]:
        """Return the words of both sides in the order of a rule."""
        # A pronoun goes before a subject that is none: heute hilft ihm die Frau.
        early = "pronoun" in self.german and not self.subject.pronoun
        german, english = expand(rule, self.middle, early)
        verb = self.verb
        left = self.german | {
            "subject": self.subject.german,
            "finite": verb.finite,
            "end": verb.end,
            "cluster": verb.cluster,
            "zu": verb.zu,
        }
        right = self.english | {
            "subject": self.subject.english,
            "auxiliary": verb.auxiliary,
            "main": verb.main,
            "infinitive": verb.infinitive,
        }
        return _arrange(german, left), _arrange(english, right)


def _arrange(order: tuple[str, ...], slots: dict[str, Words]) -> Words:
    """Return the words of some slots in an order."""
    return [word for slot in order if slot in slots for word in slots[slot]]


def adverbial(d: Derivation, adverb: Adverb) -> tuple[Words, Words]:
    """Derive an adverbial word by word."""
    german, english = [], []
    for left, right in adverb.words:
        words = d.pair(left, right, LEMMAS.get(left, left))
        german += words[0]
        english += words[1]
    return german, english


STATED_PRONOUNS = ("ich", "ich", "du", "er", "er", "sie", "sie", "wir", "wir", "sie+")


def subject_phrase(
    d: Derivation, groups: str, pronouns: float = 0.3, general: bool = False, asked: bool = False
) -> Nominal:
    """Derive a subject: a pronoun, a person, several persons, or whatever the verb takes.

    Args:
        d: the derivation.
        groups: what the verb takes.
        pronouns: probability of a pronoun.
        general: whether the clause is about habits, which indefinite subjects rarely have.
        asked: whether it is a question, which one seldom asks about oneself.
    """
    human = "human" in groups or "adult" in groups
    if human and d.chance(pronouns):
        lexeme = d.choose(("du", "er", "sie", "sie+") if asked else STATED_PRONOUNS)
        return pronoun(d, lexeme)
    noun = d.fresh(select(groups))
    if noun.group in ("adult", "child") and human and d.chance(0.06):
        other = d.fresh(select("adult"))
        return coordinate(d, [noun_phrase(d, noun, 0, describe=0.1),
                              noun_phrase(d, other, 0, describe=0.1)])  # fmt: skip
    return person_phrase(d, noun, de.NOMINATIVE, general=general or not human)


ACQUAINTANCES = ("Freund", "Kollege", "Nachbarin", "Chefin")
"""People who are mostly somebody's."""


def person_phrase(
    d: Derivation,
    noun: Noun,
    case: int,
    owner: tuple[str, str] | None = None,
    general: bool = False,
) -> Nominal:
    """Derive a phrase with a given head that names a person, an animal or a thing."""
    if noun.group in ("parent", "relative"):
        if noun.group == "relative" and d.chance(0.12):
            return owned(d, noun, case)
        plural = noun.group == "relative" and d.chance(0.15)
        determiner = owner if owner and d.chance(0.65) else free_owner(d)
        return noun_phrase(d, noun, case, determiner, plural, 0.12)
    if noun.german in ACQUAINTANCES and d.chance(0.6):
        determiner = owner if owner and d.chance(0.65) else free_owner(d)
        return noun_phrase(d, noun, case, determiner, False, 0.15)
    chance = d.random()
    if chance < 0.68 or not noun.plural:
        return noun_phrase(d, noun, case)
    if chance < 0.9 or general or noun.german == "Chefin":
        return noun_phrase(d, noun, case, plural=True)
    return noun_phrase(d, noun, case, "ein", describe=0.35)


def person_object(
    d: Derivation, slot: Slot, subject: Nominal, plain: bool, general: bool
) -> Nominal:
    """Derive an object that names a person, bound to the subject if it is a relative."""
    if not slot.german and slot.persons == "human" and d.chance(0.15) and not plain:
        first = subject.pronoun and subject.lexeme in ("ich", "wir")
        avoid = ("ich", "wir") if first else (subject.lexeme,)
        if subject.noun is None and subject.pronoun is False:
            avoid = ()
        options = [p for p in OBJECT_PRONOUNS[slot.case] if p[0] not in avoid]
        lexeme, german, english = d.choose(options)
        words = d.pair(german, english, lexeme)
        return Nominal(*words, person=2, pronoun=True, lexeme=lexeme)
    noun = d.fresh(select(slot.persons))
    if noun.group == "parent" and subject.noun and subject.noun.german.startswith("Groß"):
        raise DeadEndError
    if slot.persons == "kin":
        # One kisses one's own aunt.
        return noun_phrase(d, noun, slot.case, subject.owner or free_owner(d), describe=0.12)
    phrase = person_phrase(d, noun, slot.case, subject.owner, general)
    if not phrase.definite and slot.case == de.DATIVE:
        phrase.definite = True
    return phrase


def thing_object(
    d: Derivation,
    slot: Slot,
    subject: Nominal,
    code: str,
    negation: int | None,
    noun: Noun | None,
    verb: str = "",
    own: bool = False,
) -> Nominal:
    """Derive an object that names a thing, with the determiner that `code` stands for."""
    noun = noun or d.fresh(slot.nouns)
    if code in "xyz":
        return _unarticled(d, noun, code)
    if code == "p" and subject.person == 3 and noun.group in PERSONAL:
        code = "D"
    plural = code in "DB"
    describe = 0 if verb in PLAIN_OBJECTS else 0.1 if noun.group in ("sport", "sound") else 0.3
    without = UNSUITED.get(verb, frozenset())
    if code in "iBm" and negation is not None:
        without |= PRAISE
        return noun_phrase(d, noun, slot.case, "kein", plural, describe / 2, negation, without)
    if code == "p":
        if noun.german in WOMENS and subject.owner == ("sein", "his"):
            raise DeadEndError
        owner = subject.owner or "der"
        return noun_phrase(d, noun, slot.case, owner, False, describe, without=without)
    if code == "d" and noun.group in ("home", "vehicle", "thing", "pet") and own and d.chance(0.15):
        return owned(d, noun, slot.case)
    determiner = {"i": "ein", "B": "", "m": ""}.get(code, "der")
    return noun_phrase(d, noun, slot.case, determiner, plural, describe, without=without)


WOMENS = ("Kleid", "Rock")
"""Clothes that men in these sentences do not own, and of which one wears one at a time."""

PERSONAL = listed("clothes thing paper press literature parcel")
"""Groups of things that several people have one each of: their jackets."""

PLAIN_OBJECTS = ("warten", "hören")
"""Verbs whose object needs no adjective: nobody waits for the comfortable train."""

PRAISE = frozenset(listed("lecker schön süß frisch elegant"))
"""Adjectives that hardly go with `kein`."""

UNSUITED_TABLE = """
brauchen | schmutzig langweilig gefährlich traurig leer alt
kaufen mieten bekommen haben besitzen | schmutzig leer langweilig gefährlich
bringen anbieten geben schicken leihen | schmutzig langweilig leer
schreiben | alt neu berühmt langweilig
backen kochen | frisch kalt heiß
bauen pflanzen | alt neu leer schmutzig billig teuer groß
malen zeichnen fotografieren | sauber schmutzig leer krank hungrig müde gefährlich teuer billig
wegwerfen | neu interessant spannend schön elegant wichtig teuer modern gut sauber warm bequem
vorbereiten besuchen anschauen ausleihen lernen | langweilig schmutzig leer gefährlich
waschen putzen aufräumen | sauber leer neu
anziehen tragen packen | schmutzig
lieben mögen vermissen | schmutzig gefährlich langweilig
"""

UNSUITED = {
    verb: frozenset(listed(adjectives))
    for verbs, _, adjectives in (
        line.partition("|") for line in UNSUITED_TABLE.strip().splitlines()
    )
    for verb in listed(verbs)
}
"""Adjectives that sound odd with the object of a verb: nobody needs a dirty glass."""


def _unarticled(d: Derivation, noun: Noun, code: str) -> Nominal:
    """Derive what is played: Klavier, the piano; Fußball, soccer; Karten, cards."""
    unit = d.unit(noun.german)
    german = [Word(noun.plural if code == "z" else noun.german, (unit,))]
    english = [Word(noun.english_plural if code == "z" else noun.english, (unit,))]
    if code == "x":
        english.insert(0, Word("the", (), (unit,)))
    return Nominal(german, english, 2, definite=False, lexeme=noun.german, noun=noun)


def place_phrase(d: Derivation, noun: Noun, directed: bool, describe: float = 0.15):
    """Derive a prepositional phrase of place or direction."""
    german, case, english = prepositions(noun, directed)
    phrase = noun_phrase(d, noun, case, describe=describe)
    words = d.pair(german, english)
    return contract(words[0], phrase.german), words[1] + phrase.english


MODAL_CHOICES = listed("können müssen wollen möchten") * 3 + ("sollen", "sollen", "dürfen")
"""Modal verbs, the more useful ones more often."""

MODAL_TABLE = """
sehen verstehen vertrauen | können
finden | können müssen
suchen | können müssen sollen
warten | können müssen sollen wollen
wohnen umarmen küssen | können wollen möchten
sitzen singen tanzen spielen schwimmen hören trinken essen | können wollen möchten dürfen
malen zeichnen fernsehen ausgehen | können wollen möchten dürfen
"""

MODALS_OF = {
    verb: frozenset(listed(modals))
    for verbs, _, modals in (line.partition("|") for line in MODAL_TABLE.strip().splitlines())
    for verb in listed(verbs)
}
"""Verbs that go with some modal verbs only: nobody is allowed to see a duck."""


@cache
def modals_for(verb: str, negated: bool, choices: tuple[str, ...] = MODAL_CHOICES):
    """Return those of some modal verbs that go with a verb; `would not like to` sounds stilted."""
    allowed = MODALS_OF.get(verb, frozenset(choices))
    return tuple(m for m in choices if m in allowed and not (negated and m == "möchten"))


POSTURES = listed("stehen sitzen liegen hängen")
"""Verbs whose simple past is odd in an English question or denial: "did not lie on the chair"."""


def make_clause(
    d: Derivation,
    frame: Frame,
    tense: str,
    subject: Nominal | None = None,
    *,
    negated: bool = False,
    inverted: bool = False,
    time: bool = True,
    place: bool = True,
    omit: Slot | None = None,
    given: Noun | None = None,
    nowhere: bool = False,
    codes: str = "",
    modal: str = "",
    bare: bool = False,
) -> Clause:
    """Derive the parts of a clause.

    Args:
        d: the derivation.
        frame: what its verb takes.
        tense: "now", "state", "habit", "future", "past", "modal" or "infinitive".
        subject: its subject, if it is given.
        negated: whether it is negated.
        inverted: whether English puts an auxiliary before the subject.
        time: whether a time may be named.
        place: whether an optional place may be named.
        omit: an object that is asked for or relativised.
        given: the noun of the accusative object, if it is given.
        nowhere: whether even an obligatory place stays out, because it is asked for.
        codes: the determiner of the last object, if it is given.
        modal: the modal verb, if it is given.
        bare: whether a habit needs no adverb, as after `wenn`.
    """
    d.used.add(frame.verb)
    d.tenses.append(tense)
    general = tense in ("habit", "state", "infinitive", "modal") or negated
    if subject is None:
        if tense == "modal" and not frame.personal:
            raise DeadEndError
        known = general or inverted
        subject = subject_phrase(d, frame.subject, general=known, asked=inverted)
    support = negated or inverted
    if tense == "past" and support and frame.verb.german in POSTURES:
        raise DeadEndError
    if frame.verb.german == "aufhören" and subject.person == 3:
        raise DeadEndError
    clause = Clause(subject, None, frame=frame)
    codes = _codes(d, frame, tense)[: -1 if codes else None] + list(codes)
    kein = negated and any(
        code and code in "iBm" and not slot.german and slot is not omit
        for slot, code in zip(frame.slots, codes, strict=True)
    )
    unit = None
    if negated:
        unit = d.unit("kein" if kein else "nicht")
        clause.english["not"] = [Word("not", (unit,))]
        if not kein:
            clause.german["not"] = [Word("nicht", (unit,))]
            clause.middle = "not"
    aspect = {"now": "progressive", "state": "simple", "habit": "simple"}.get(tense, tense)
    if tense == "modal" and not modal:
        modal = d.choose(modals_for(frame.verb.german, negated))
    clause.verb = verb_parts(d, frame.verb, aspect, subject.person, support, modal)
    for slot, code in zip(frame.slots, codes, strict=True):
        if slot is not omit:
            _add_object(d, clause, slot, code, unit if kein else None, given, negated, general)
    if not nowhere:
        _add_place(d, clause, frame, tense, place and not negated, negated, time)
    if time and not bare:
        add_times(d, clause, tense, negated, inverted)
    _finish_object(clause)
    return clause


def _codes(d: Derivation, frame: Frame, tense: str) -> list[str]:
    if tense == "habit":
        return [d.choose(slot.habitual) if slot.habitual else "d" for slot in frame.slots]
    return [d.choose(slot.determiners) for slot in frame.slots]


def _add_object(d, clause, slot, code, negation, given, negated, general) -> None:
    if slot.persons:
        plain = any(phrase.pronoun for phrase in clause.objects)
        phrase = person_object(d, slot, clause.subject, plain, general)
    else:
        noun = given if slot.case == de.ACCUSATIVE else None
        code = _distribute(clause, code)
        verb = clause.frame.verb.german
        own = given is None and verb in OWNED
        phrase = thing_object(d, slot, clause.subject, code, negation, noun, verb, own)
        if (
            phrase.noun.group in LISTED
            and phrase.noun.german not in WOMENS
            and given is None
            and code in "iBmD"
            and negation is None
            and d.chance(0.12)
        ):
            phrase = _list_objects(d, slot, clause.subject, code, phrase, verb)
    if slot.german:
        words = d.pair(slot.german, slot.english)
        clause.put("final", (contract(words[0], phrase.german), words[1] + phrase.english))
        return
    clause.objects.append(phrase)
    if phrase.pronoun:
        place = "pronoun"
    elif not slot.persons and code in "xyz":
        place = "final"
    elif negated or phrase.definite:
        # With kein nothing else can stand for the negation, so every object stays early.
        place = "definite" if phrase.definite or clause.middle == "not" else "indefinite"
        place = "second" if place == "definite" and place in clause.german else place
    else:
        place = "indefinite"
    clause.german.setdefault(place, []).extend(phrase.german)


OWNED = listed(
    "waschen putzen reparieren suchen finden benutzen fotografieren malen zeichnen sehen füttern "
    "anschauen aufräumen kennen"
)
"""Verbs of what one does to the things of others."""

LISTED = listed("fruit vegetable baked food clothes press document plant pet farm furniture")
"""Groups of nouns that are named in lists."""


def _distribute(clause: Clause, code: str) -> str:
    """Make clothes plural when several people wear them, and avoid an `ihr` of two readings."""
    if clause.subject.person == 3 and clause.frame.verb.german in (
        "tragen",
        "anziehen",
        "ausziehen",
    ):
        return {"i": "B", "d": "D", "p": "D"}.get(code, code)
    hers = clause.subject.owner is not None and clause.subject.owner[0] == "ihr"
    if code == "p" and any(
        other.pronoun or (hers and (other.gender == "f" or other.person == 3))
        for other in clause.objects
    ):
        return "d"
    return code


def _list_objects(d, slot, subject, code, first, verb) -> Nominal:
    """Derive two or three objects of one kind: einen Apfel, eine Birne und eine Banane."""
    group = first.noun.group
    alike = [n for n in slot.nouns if n.group == group and n.german not in WOMENS]
    phrases = [first]
    for _ in range(2 if d.chance(0.35) else 1):
        noun = d.fresh(alike)
        phrases.append(thing_object(d, slot, subject, code, None, noun, verb))
    return coordinate(d, phrases)


def _finish_object(clause: Clause) -> None:
    """Put English objects and the particle in order: pick up the guest, pick him up."""
    verb = clause.frame.verb
    objects = clause.objects
    if verb.german in TO_DATIVE and objects and len(objects) == len(clause.frame.slots):
        dative = objects[0]
        to = Word("to", (), (clause.verb.unit, *dative.english[0].core))
        words = [word for phrase in objects[1:] for word in phrase.english]
        clause.english["object"] = [*words, to, *dative.english]
        return
    words = [word for phrase in objects for word in phrase.english]
    particle = clause.verb.particle
    late = bool(objects) and objects[-1].pronoun
    clause.english["object"] = words + particle if late else particle + words


def _add_place(d, clause, frame, tense, optional, negated, time) -> None:
    # A habit says little without a place or a manner: "I sometimes sleep".
    sparse = tense == "habit" and not frame.slots
    chance = 1.0 if sparse and not frame.clock else 0.38
    if frame.placed == "!" or (frame.placed and optional and d.chance(chance)):
        noun = d.fresh(frame.places)
        if noun.german == "Stuhl" and clause.subject.person == 3 and not frame.slots:
            raise DeadEndError  # a chair has room for one
        clause.put(
            "direction" if frame.directed else "place", place_phrase(d, noun, frame.directed)
        )
    elif frame.manners and not negated and d.chance(0.8 if sparse else 0.4):
        word = d.choose(frame.manners)
        if word in ("früh", "spät") and (tense == "now" or not time):
            return
        options = ADVERBS["manner"] + ADVERBS["early"]
        adverb = next(a for a in options if a.words[0][0] == word)
        clause.put("manner", adverbial(d, adverb))


TIME_CHANCES = {"past": 0.5, "now": 0.35, "modal": 0.3, "future": 1.0}
"""How often each tense names a time; a future must, as only the time shows it in German."""


MORNING = ("frühstücken", "aufstehen", "aufwachen")
EVENING = ("einschlafen", "ausgehen")
"""What nobody does in the evening, or in the morning."""

DAILY = ("aufstehen", "aufwachen", "einschlafen")
"""Verbs of what everybody does every day, so that only the hour is worth telling."""

TIMELESS = ("wohnen", "hängen", "liegen", "verstehen")
"""Verbs of what lasts longer than a day."""

LINGERING = listed("warten suchen trinken essen hören singen frühstücken bestellen")
"""Verbs whose future hardly goes with `soon`."""

RARE = ("nie", "selten")
"""Frequencies that go with one object, not with a list: never a hat and a shirt."""

INSTANT = listed(
    "öffnen schließen einschalten ausschalten anziehen ausziehen legen geben umarmen küssen "
    "begrüßen springen aufstehen aufwachen einschlafen zurückgeben wegwerfen lachen lächeln weinen "
    "schneiden antworten fragen danken folgen anfangen stehen sitzen bellen verlassen"
)
"""Verbs whose progressive goes with `now` and hardly with `today`."""


@cache
def times_for(group: str, verb: str) -> tuple[Adverb, ...]:
    """Return the adverbials of a group that fit a verb."""
    if group == "now" and verb in INSTANT:
        return ADVERBS["now"][:1]
    if group == "wish" or (group == "future" and verb in LINGERING):
        return tuple(adverb for adverb in ADVERBS["future"] if adverb.words[0][0] != "bald")
    wrong = "Abend" if verb in MORNING else "Morgen" if verb in EVENING else ""
    return tuple(
        adverb for adverb in ADVERBS[group] if wrong not in [word for word, _ in adverb.words]
    )


def add_times(
    d: Derivation, clause: Clause, tense: str, negated: bool = False, inverted: bool = False
) -> None:
    """Add times that go with a tense: a frequency, a day, an hour."""
    frame = clause.frame
    verb = frame.verb.german if frame else ""
    if tense == "habit" and d.chance(0.6):
        clause.put("often", adverbial(d, d.choose(_frequencies(clause, inverted))))
        clause.middle = "often"
    elif tense == "habit":
        clause.put("time", adverbial(d, d.choose(times_for("every", verb))))
    elif "manner" in clause.german and tense in ("now", "modal"):
        pass
    elif verb not in TIMELESS and d.chance(TIME_CHANCES.get(tense, 0)):
        clocked = frame is not None and frame.clock
        group = d.choose(("wish" if clocked else "now", "wish")) if tense == "modal" else tense
        group = "wish" if group == "future" and (negated or (frame and frame.clock)) else group
        times = times_for(group, verb)
        if "manner" in clause.german:
            # "Morgen früh" is tomorrow morning, so only days of the week go with a manner.
            times = [adverb for adverb in times if adverb.words[0][0] == "am"]
        clause.put("time", adverbial(d, d.choose(times)))
    clocked = frame and frame.clock and tense in ("habit", "past", "modal", "future")
    needed = tense == "habit" or (verb in DAILY and "time" in clause.german)
    if clocked and "manner" not in clause.german and d.chance(1.0 if needed else 0.4):
        clause.put("clock", adverbial(d, d.choose(ADVERBS["hour"])))


FOCUS = ("second", "place", "indefinite", "manner", "direction", "final")
"""Slots of what `meistens` can be about."""


def _frequencies(clause: Clause, inverted: bool) -> tuple[Adverb, ...]:
    """Return the adverbs of frequency that sound natural in a clause."""
    # In a question only often, always and sometimes do.
    options = ADVERBS["often"][: 3 if inverted else None]
    listing = any(phrase.noun is None and not phrase.pronoun for phrase in clause.objects)
    idle = clause.german.keys().isdisjoint(FOCUS) and not (clause.frame and clause.frame.clock)
    excluded = (RARE if listing else ()) + (("meistens",) if idle else ())
    return tuple(adverb for adverb in options if adverb.words[0][0] not in excluded)


def copula_clause(
    d: Derivation, subject: Nominal, complement: Sides, past: bool = False, negated: bool = False
) -> Clause:
    """Derive `X ist (nicht) ...`."""
    d.tenses.append("past" if past else "state")
    clause = Clause(subject, copula_parts(d, subject.person, past))
    if negated:
        clause.put("not", d.pair("nicht", "not"))
        clause.middle = "not"
    clause.put("final", complement)
    return clause


def verb_clause(d: Derivation, verb: str, tense: str, subject: Nominal, **options) -> Clause:
    """Derive a clause of a subject and a verb, with nothing else.

    Args:
        d: the derivation.
        verb: German infinitive.
        tense: "progressive", "simple", "future" or "past".
        subject: its subject.
        **options: `negated` and `inverted` as for `make_clause`.
    """
    negated, inverted = options.get("negated", False), options.get("inverted", False)
    d.used.add(VERBS[verb])
    d.tenses.append(tense)
    parts = verb_parts(d, VERBS[verb], tense, subject.person, negated or inverted)
    clause = Clause(subject, parts)
    if negated:
        clause.put("not", d.pair("nicht", "not"))
        clause.middle = "not"
    clause.put("object", ([], parts.particle))
    return clause


def join(*parts: Sides) -> Sides:
    """Concatenate parts on both sides."""
    german: Words = []
    english: Words = []
    for left, right in parts:
        german += left
        english += right
    return german, english


def accepts(frame: Frame, subject: Nominal) -> bool:
    """Tell whether a phrase can be the subject of a frame."""
    if subject.noun is None:
        return frame.personal
    return subject.noun in select(frame.subject)


BOTH_COMMAS = ([COMMA], [COMMA])
GERMAN_COMMA = ([COMMA], [])
