"""Sentences of several clauses: subordination, relative clauses, infinitives, coordination."""

from collections.abc import Callable
from functools import cache

from s2s_keras.corpora.grammar import german as de
from s2s_keras.corpora.grammar.clauses import (
    BOTH_COMMAS,
    DAILY,
    GERMAN_COMMA,
    POSTURES,
    Clause,
    DeadEndError,
    Sides,
    accepts,
    adverbial,
    copula_clause,
    join,
    make_clause,
    modals_for,
    place_phrase,
    subject_phrase,
    verb_clause,
)
from s2s_keras.corpora.grammar.fragments import COMMA, Derivation, Word
from s2s_keras.corpora.grammar.frames import FRAMES, Frame, frames_for, frames_of, frames_with
from s2s_keras.corpora.grammar.lexicon import ADJECTIVES, ADVERBS, NOUNS, VERBS, Noun, select
from s2s_keras.corpora.grammar.nominal import Nominal, noun_phrase, predicate, refer, settle
from s2s_keras.corpora.grammar.simple_sentences import (
    USES,
    any_clause,
    any_frame,
    asked_place,
    asked_subject,
    described,
    main_clause,
    state_clause,
    tense_of,
)

QUALITIES = {
    "kaufen": "schön billig elegant frisch modern lecker bequem gut",
    "mieten": "schön billig groß ruhig modern",
    "lesen": "interessant spannend lustig kurz wichtig gut",
    "tragen": "warm elegant schön neu",
    "anziehen": "warm elegant schön neu",
    "essen": "lecker süß frisch",
    "trinken": "lecker kalt frisch",
    "fotografieren": "schön berühmt",
    "malen": "schön",
    "zeichnen": "schön",
    "waschen": "schmutzig",
    "putzen": "schmutzig",
    "verkaufen": "alt",
    "wegwerfen": "alt langweilig",
    "ausleihen": "interessant spannend lustig gut",
    "anschauen": "schön berühmt interessant",
    "erklären": "wichtig schwierig",
    "lernen": "schön",
}
"""For what quality of an object people do something to it."""

MOODS = {
    "glücklich": "lachen singen tanzen lächeln",
    "zufrieden": "lächeln singen",
    "traurig": "weinen",
    "müde": "schlafen liegen einschlafen",
    "krank": "liegen schlafen",
    "hungrig": "kochen backen essen frühstücken",
    "durstig": "trinken",
}
"""What people do because they are in some state."""

COMFORTS = {
    "glücklich": "lachen singen tanzen lächeln spielen hören kochen",
    "traurig": "weinen hören anrufen singen spielen trinken",
    "müde": "schlafen trinken fernsehen hören",
    "hungrig": "kochen backen essen",
    "durstig": "trinken",
    "nervös": "laufen hören trinken tanzen schwimmen",
    "wütend": "weinen laufen hören schwimmen",
}
"""What people do whenever they are in some state."""

OUTDOORS = "schwimmen laufen tanzen gehen fotografieren pflanzen einkaufen gießen füttern besuchen"
"""Verbs of what the weather may hinder."""

IDLE = (
    "schlafen einschlafen liegen weinen sitzen aufwachen wohnen stehen ankommen lächeln essen "
    "trinken warten"
)
"""Verbs that being tired or sick does not hinder."""

INDOORS = "lesen kochen backen fernsehen schlafen arbeiten zeichnen malen schreiben hören"
"""Verbs of what people do when the weather is bad."""

SUNNY = "schwimmen laufen fotografieren gießen pflanzen"
"""Verbs of what people do when the weather is good."""

CHORES = "kochen backen putzen waschen aufräumen arbeiten malen zeichnen packen gießen"
COMPANIONS = "singen hören"
"""Chores, and what one does in the meantime."""

RESTING = "sitzen stehen essen frühstücken"
CHATTING = "reden sprechen warten"
"""What leaves time for company, and what one does in company."""


def verbs(names: str) -> frozenset:
    """Return the verbs of a list."""
    return frozenset(VERBS[name] for name in names.split())


MOOD_VERBS = {ADJECTIVES[state]: verbs(names) for state, names in MOODS.items()}
COMFORT_VERBS = {ADJECTIVES[state]: verbs(names) for state, names in COMFORTS.items()}
OUTDOOR_VERBS = verbs(OUTDOORS)
IDLE_VERBS = verbs(IDLE)
POSTURE_VERBS = frozenset(VERBS[name] for name in POSTURES)
INDOOR_VERBS = verbs(INDOORS)
SUNNY_VERBS = verbs(SUNNY)
CHORE_VERBS = verbs(CHORES)
COMPANION_VERBS = verbs(COMPANIONS)
PASTIMES = (
    (CHORE_VERBS, COMPANION_VERBS),
    (verbs(RESTING), verbs(CHATTING)),
)


def unused(d: Derivation, frames: tuple[Frame, ...] | list[Frame]) -> Frame:
    """Return a frame whose verb the sentence has not used.

    Raises:
        DeadEndError: if none is found soon.
    """
    for _ in range(6 if frames else 0):
        frame = d.choose(frames)
        if frame.verb not in d.used:
            return frame
    raise DeadEndError


@cache
def frames_by(use: str, test: Callable[[Frame], bool]) -> tuple[Frame, ...]:
    """Return the frames with a use that pass a test."""
    return tuple(frame for frame in frames_for(use) if test(frame))


def _is_present(frame: Frame) -> bool:
    return "P" in frame.uses


def _is_personal(frame: Frame) -> bool:
    return frame.personal


def _is_effort(frame: Frame) -> bool:
    return "T" in frame.uses and frame.verb not in IDLE_VERBS


def _is_present_effort(frame: Frame) -> bool:
    return "P" in frame.uses and frame.verb not in IDLE_VERBS


UNDESCRIBED = ("haben", "sammeln", "erklären", "verstehen")
"""Verbs whose object a relative clause does not go with."""


def _takes_definite(frame: Frame) -> bool:
    """Tell whether the last object can be `the` thing, for a relative clause to describe."""
    if not frame.slots:
        return False
    slot = frame.slots[-1]
    bound = bool(slot.german) or slot.case != de.ACCUSATIVE or frame.verb.german in UNDESCRIBED
    return bool(slot.nouns) and not bound and bool(set("diDB") & set(slot.determiners))


def _takes_definite_alone(frame: Frame) -> bool:
    return _takes_definite(frame) and frame.placed != "!" and frame.verb in STORIES


def subordinate_sides(d: Derivation, word: Sides, clause: Clause) -> Sides:
    """Order a clause after its conjunction, commas not included."""
    return join(word, clause.order("subordinate"))


def attach(d: Derivation, main: Clause, word: Sides, clause: Clause, first: bool) -> Sides:
    """Put a subordinate clause before or after its main clause, with its commas."""
    inner = subordinate_sides(d, word, clause)
    if first:
        return join(inner, BOTH_COMMAS, main.order("after"))
    return join(main.order("statement"), GERMAN_COMMA, inner, GERMAN_COMMA)


def subordinate(d: Derivation) -> Sides:
    """Derive a sentence with a subordinate clause."""
    rules = (content, content, content, because, because, whenever, although, meanwhile)
    rule = d.choose(rules)
    return rule(d) if rule is whenever else extend(d, rule(d))


def extend(d: Derivation, sides: Sides) -> Sides:
    """Let a sentence that grows go on with `und` or `aber` and a main clause."""
    if not d.chance(0.9 if d.grow else 0.06):
        return sides
    last = any_clause(d, "past" if d.tenses[0] == "past" else "now").order("statement")
    if d.chance(0.3):
        return join(sides, BOTH_COMMAS, d.pair("aber", "but"), last)
    return join(sides, ([], [COMMA]), d.pair("und", "and"), last)


def content(d: Derivation) -> Sides:
    """Derive `sie weiß, dass ...`, `er fragt, ob ...`, `ich weiß nicht, warum ...`."""
    chance = d.random()
    past = chance < 0.15
    subject = subject_phrase(d, "human", 0.5 if past else 0.3, general=True)
    verb = ""
    if chance < 0.6:
        verb = "sagen" if past else d.choose(("glauben", "wissen", "hoffen", "sagen"))
        if verb == "sagen" and not past and subject.person < 2:
            raise DeadEndError
        main = verb_clause(d, verb, "past" if past else "simple", subject)
        tenses = "past" if past else "now now state past past future modal"
        tenses = "past future" if verb == "hoffen" else tenses
        first = subject.pronoun and subject.lexeme in ("ich", "wir")
        inner = _content_clauses(d, ("dass", "that"), tenses, others=first)
    elif chance < 0.75:
        if subject.person < 2:
            raise DeadEndError
        main = verb_clause(d, "fragen", "simple", subject)
        tenses = "now past past future modal"
        inner = _content_clauses(d, ("ob", "whether"), tenses, others=True)
    else:
        main = verb_clause(d, "wissen", "simple", subject, negated=True)
        inner = _indirect_question(d)
    if "past" in d.tenses and not d.used.isdisjoint(POSTURE_VERBS):
        raise DeadEndError  # nobody hopes that a book lay on a chair
    same = stand_in(subject)
    if verb not in ("sagen", "hoffen") and d.lexemes.count(same) > subject.pronoun:
        raise DeadEndError  # "she asks whether she slept" is about two people
    return join(main.order("statement"), GERMAN_COMMA, inner, GERMAN_COMMA)


def stand_in(subject: Nominal) -> str:
    """Return the pronoun that a reader takes for a subject."""
    if subject.pronoun:
        return subject.lexeme
    return "sie" if subject.person == 3 or subject.gender == "f" else "er"


def _content_clauses(d: Derivation, word: tuple[str, str], tenses: str, others: bool) -> Sides:
    """Derive one or two clauses, about others than the speaker if need be."""
    tense = tense_of(d, tenses)
    first = subordinate_sides(d, d.pair(*word), _content_clause(d, tense, others))
    chance = d.random()
    if chance < (0.5 if d.grow else 0.12):
        second = subordinate_sides(d, d.pair(*word), _content_clause(d, tense, others))
        return join(first, d.pair("und", "and"), second)
    return first


def _content_clause(d: Derivation, tense: str, others: bool) -> Clause:
    if others:
        return _asked_clause(d, tense)
    if tense == "state" and d.chance(0.5):
        return described(d)
    return any_clause(d, tense, negated=d.chance(0.12))


def _asked_clause(d: Derivation, tense: str, **options) -> Clause:
    """Derive a clause somebody asks about, which is rarely about oneself."""
    frame = any_frame(d, tense)
    if not frame.personal:
        return make_clause(d, frame, tense, **options)
    subject = subject_phrase(d, frame.subject, general=True, asked=True)
    return make_clause(d, frame, tense, subject, **options)


def _indirect_question(d: Derivation) -> Sides:
    chance = d.random()
    if chance < 0.25:
        return asked_subject(d).order("subordinate")
    if chance < 0.45:
        return asked_place(d, tense_of(d, "now past state"), False).order("subordinate")
    if chance < 0.75:
        word = d.pair("warum", "why")
        return subordinate_sides(d, word, _asked_clause(d, tense_of(d, "now past past")))
    if chance < 0.85:
        word = d.pair("wann", "when")
        return subordinate_sides(d, word, _asked_clause(d, "past", time=False))
    word = d.pair("ob", "whether")
    return subordinate_sides(d, word, _asked_clause(d, tense_of(d)))


def because(d: Derivation) -> Sides:
    """Derive a sentence with a reason that makes sense."""
    return d.choose((_because_quality, _because_wish, _because_state, _because_weather))(d)


def _because_quality(d: Derivation) -> Sides:
    tense = tense_of(d, "now past")
    frame = unused(d, frames_by(USES[tense], _has_quality))
    slot = next(s for s in frame.slots if s.nouns)
    qualities = [ADJECTIVES[word] for word in QUALITIES[frame.verb.german].split()]
    quality = d.choose(qualities)
    if frame.verb.german in ("malen", "zeichnen") and slot.nouns[0].group == "picture":
        raise DeadEndError
    noun = d.fresh([n for n in slot.nouns if n in quality.nouns] or slot.nouns)
    if noun not in quality.nouns or (slot.determiners in ("B", "z")) or not noun.plural:
        raise DeadEndError
    settle(d, quality)
    main = make_clause(d, frame, tense, given=noun, codes="d")
    if main.objects[-1].person == 3:
        raise DeadEndError
    lexeme = {"m": "er", "f": "sie", "n": "es"}[noun.gender]
    subject = Nominal(*d.pair(lexeme, "it"), person=2)
    reason = copula_clause(d, subject, predicate(d, quality), past=tense == "past")
    return attach(d, main, d.pair("weil", "because"), reason, False)


def _has_quality(frame: Frame) -> bool:
    things = any(slot.nouns and slot.case == de.ACCUSATIVE for slot in frame.slots)
    return things and frame.verb.german in QUALITIES


DUTIES = ("müssen", "wollen", "möchten")
DUTY_VERBS = verbs("arbeiten kaufen einkaufen warten sprechen treffen abholen")
"""Verbs of errands that one may have to do."""


def _because_wish(d: Derivation) -> Sides:
    subject = subject_phrase(d, "adult relative", 0.35)
    goes, frame = going(d, subject)
    choices = DUTIES if frame.verb in DUTY_VERBS else DUTIES[1:]
    modals = modals_for(frame.verb.german, False, choices)
    subject = refer(d, subject)
    wish = make_clause(d, frame, "modal", subject, modal=d.choose(modals), nowhere=True, time=False)
    return attach(d, goes, d.pair("weil", "because"), wish, False)


GOING = tuple(
    frame for frame in FRAMES if frame.verb.german in ("gehen", "fahren") and frame.places
)


def going(d: Derivation, subject: Nominal, tense: str = "now") -> tuple[Clause, Frame]:
    """Derive a clause of going somewhere and choose what one can do there."""
    frame = d.choose(GOING)
    destination = d.fresh(frame.places)
    errand = unused(d, errands(destination))
    if not (accepts(frame, subject) and accepts(errand, subject)):
        raise DeadEndError
    clause = make_clause(d, frame, tense, subject, nowhere=True, time=False)
    clause.put("direction", place_phrase(d, destination, True))
    return clause, errand


@cache
def errands(destination: Noun) -> tuple[Frame, ...]:
    """Return the frames of what one goes to a place for."""
    return tuple(
        frame
        for frame in frames_for("M")
        if destination in frame.places
        and not frame.directed
        and frame.verb.german not in NO_ERRANDS
    )


NO_ERRANDS = (
    "sehen",
    "stehen",
    "liegen",
    "ankommen",
    "wohnen",
    "weinen",
    "sitzen",
    "kochen",
    "backen",
)
"""Verbs of what nobody goes somewhere for."""


def _because_state(d: Derivation) -> Sides:
    past = d.chance(0.4)
    use = "T" if past else "P"
    if d.chance(0.55):
        state = d.choose(tuple(MOOD_VERBS))
        frame = unused(d, frames_of(use, MOOD_VERBS[state]))
        negated = False
    else:
        state = ADJECTIVES[d.choose(("müde", "krank"))]
        frame = unused(d, frames_by("W", _is_effort if past else _is_present_effort))
        negated = True
    return _with_state(d, frame, state, past, negated, d.pair("weil", "because"), False)


def _with_state(d, frame, state, past, negated, word, first) -> Sides:
    """Derive an action of somebody and, in a subordinate clause, the state they are in."""
    settle(d, state)
    subject = subject_phrase(d, "human", 0.3, general=True)
    again = refer(d, subject)
    if not accepts(frame, subject):
        raise DeadEndError
    outer, inner = (again, subject) if first else (subject, again)
    main = make_clause(d, frame, "past" if past else "now", outer, negated=negated, time=past)
    clause = state_clause(d, inner, past, state=state)
    return attach(d, main, word, clause, first)


def _because_weather(d: Derivation) -> Sides:
    past = d.chance(0.4)
    frame = unused(d, frames_of("T" if past else "P", OUTDOOR_VERBS))
    main = make_clause(d, frame, "past" if past else "now", negated=True, time=False)
    return attach(d, main, d.pair("weil", "because"), weather(d, "past" if past else "progressive"),
                  False)  # fmt: skip


def weather(d: Derivation, tense: str, good: bool = False) -> Clause:
    """Derive a clause about the weather."""
    if good and d.chance(0.7):
        sun = noun_phrase(d, NOUNS["Sonne"], de.NOMINATIVE, describe=0)
        return verb_clause(d, "scheinen", tense, sun)
    if good or d.chance(0.4):
        noun = noun_phrase(d, NOUNS["Wetter"], de.NOMINATIVE, describe=0)
        quality = ADJECTIVES[d.choose(("gut", "warm") if good else ("schlecht", "kalt"))]
        return copula_clause(d, noun, predicate(d, quality), past=tense == "past")
    subject = Nominal(*d.pair("es", "it"), person=2)
    return verb_clause(d, d.choose(("regnen", "regnen", "schneien")), tense, subject)


def often(d: Derivation, clause: Clause) -> Clause:
    """Let a habit name its frequency or not: often, always, sometimes."""
    if d.chance(0.4):
        clause.put("often", adverbial(d, d.choose(ADVERBS["often"][:3])))
        clause.middle = "often"
    return clause


def whenever(d: Derivation) -> Sides:
    """Derive a habit and its condition."""
    word = d.pair("wenn", "when")
    first = d.chance(0.5)
    if d.chance(0.45):
        state = settle(d, d.choose(tuple(COMFORT_VERBS)))
        frame = unused(d, frames_of("H", COMFORT_VERBS[state]))
        subject = subject_phrase(d, "human", 0.3, general=True)
        again = refer(d, subject)
        if not accepts(frame, subject):
            raise DeadEndError
        outer, inner = (again, subject) if first else (subject, again)
        main = often(d, make_clause(d, frame, "habit", outer, bare=True, place=False))
        return attach(d, main, word, state_clause(d, inner, state=state), first)
    if d.chance(0.6):
        good = d.chance(0.5)
        condition = weather(d, "simple", good)
        frame = unused(d, frames_of("H", SUNNY_VERBS if good else INDOOR_VERBS))
        main = often(d, make_clause(d, frame, "habit", bare=True, place=good))
        return attach(d, main, word, condition, first)
    subject = subject_phrase(d, "adult relative", 0.3, general=True)
    again = refer(d, subject)
    outer, inner = (again, subject) if first else (subject, again)
    chore = unused(d, frames_of("H", CHORE_VERBS))
    companion = unused(d, frames_of("H", COMPANION_VERBS))
    main = often(d, make_clause(d, companion, "habit", outer, bare=True, place=False))
    condition = make_clause(d, chore, "habit", inner, bare=True, place=False)
    return attach(d, main, word, condition, first)


def although(d: Derivation, past: bool | None = None) -> Sides:
    """Derive an action in spite of something."""
    past = d.chance(0.5) if past is None else past
    word = d.pair("obwohl", "although")
    use, tense = ("T", "past") if past else ("P", "now")
    if d.chance(0.5):
        frame = unused(d, frames_of(use, OUTDOOR_VERBS))
        main = make_clause(d, frame, tense, time=False)
        return attach(d, main, word, weather(d, "past" if past else "progressive"), d.chance(0.4))
    state = ADJECTIVES[d.choose(("müde", "krank"))]
    frame = unused(d, frames_by("W", _is_effort if past else _is_present_effort))
    return _with_state(d, frame, state, past, False, word, d.chance(0.4))


def meanwhile(d: Derivation) -> Sides:
    """Derive two activities at the same time."""
    word = d.pair("während", "while")
    main = make_clause(d, _durative(d), "now", time=False)
    inner = make_clause(d, _durative(d), "now", time=False)
    one, other = main.subject, inner.subject
    if (one.pronoun or other.pronoun) and stand_in(one) == stand_in(other):
        raise DeadEndError  # "while the boy plays soccer, he washes a sweater" is about two boys
    return attach(d, main, word, inner, d.chance(0.3))


def _durative(d: Derivation) -> Frame:
    return unused(d, frames_by("W", _is_present))


def relative(d: Derivation) -> Sides:
    """Derive a sentence with a relative clause."""
    chance = d.random()
    if chance < 0.5:
        return extend(d, _person_with_relative(d))
    if chance < 0.75:
        subject = _thing_with_relative(d)
        past = d.tenses[-1] == "past"
        return extend(d, described(d, past, subject=subject).order("statement"))
    return extend(d, _object_with_relative(d))


RELATIVE_TENSES = (
    ("past", "past"),
    ("past", "past"),
    ("past", "now"),
    ("state", "now"),
    ("state", "past"),
    ("now", "state"),
)
"""Tenses of a relative clause and of its main clause that make sense together."""


def _person_with_relative(d: Derivation, tense: str = "") -> Sides:
    inner, outer = d.choose([p for p in RELATIVE_TENSES if p[1] == (tense or p[1])])
    frame = any_frame(d, outer)
    if frame.verb.german in DAILY:
        raise DeadEndError
    options = [n for n in select(frame.subject) if n.group in ("adult", "child")]
    noun = d.fresh(options)
    d.used.add(frame.verb)
    d.tenses.append(outer)
    subject = noun_phrase(d, noun, de.NOMINATIVE, plural=d.chance(0.2), describe=0.15)
    add_relative(d, subject, inner, inner != outer)
    clause = make_clause(d, frame, outer, subject, negated=d.chance(0.1))
    return clause.order("statement")


def add_relative(d: Derivation, phrase: Nominal, tense: str, time: bool) -> None:
    """Give a phrase that names a person a relative clause: der Mann, der das Brot kauft."""
    frame = unused(d, frames_with(USES[tense], phrase.noun))
    if frame.verb.german == "sehen":
        raise DeadEndError
    key = "pl" if phrase.person == 3 else phrase.gender
    words = d.pair(de.RELATIVE[key][de.NOMINATIVE], "who", "der")
    subject = Nominal(*words, person=phrase.person, gender=phrase.gender)
    clause = make_clause(d, frame, tense, subject, time=time)
    german, english = clause.order("subordinate")
    phrase.german = [*phrase.german, COMMA, *german, COMMA]
    phrase.english = [*phrase.english, *english]


def _thing_with_relative(d: Derivation) -> Nominal:
    tense = tense_of(d, "now past past state")
    frame = unused(d, frames_by(USES[tense], _takes_definite))
    slot = frame.slots[-1]
    noun = d.fresh([n for n in slot.nouns if n.plural])
    d.used.add(ADJECTIVES["schlecht"])  # nobody needs a bad idea
    phrase = noun_phrase(d, noun, de.NOMINATIVE, plural=d.chance(0.15), describe=0.15)
    _relativise(d, phrase, frame, tense)
    return phrase


def _relativise(d: Derivation, phrase: Nominal, frame: Frame, tense: str) -> None:
    """Give a phrase a relative clause in which it is the object."""
    slot = frame.slots[-1]
    if frame.verb.german == "sehen" and tense != "past":
        raise DeadEndError
    key = "pl" if phrase.person == 3 else phrase.gender
    clause = make_clause(d, frame, tense, omit=slot, place=False)
    clause.put("front", d.pair(de.RELATIVE[key][slot.case], "that", "der"))
    german, english = clause.order("subordinate")
    phrase.german = [*phrase.german, COMMA, *german, COMMA]
    phrase.english = [*phrase.english, *english]


STORY_TABLE = """
lesen | kaufen ausleihen bekommen kennen mögen bringen
kaufen mieten | anschauen brauchen suchen
verkaufen | kaufen reparieren putzen waschen malen finden
schneiden | kaufen backen waschen
essen | kaufen backen waschen schneiden
waschen | kaufen finden brauchen mögen lieben tragen
putzen | kaufen finden brauchen mieten besitzen
reparieren | kaufen finden brauchen mieten besitzen benutzen
öffnen | bekommen kaufen schicken bringen schließen
schließen | öffnen kaufen putzen reparieren
suchen | verlieren brauchen kaufen lieben mögen sehen
finden | suchen verlieren brauchen vergessen
verlieren vergessen | kaufen brauchen finden
sehen füttern | suchen lieben mögen fotografieren malen zeichnen
malen | sehen lieben mögen kennen besuchen kaufen besitzen
zeichnen | sehen lieben mögen besuchen kaufen besitzen
fotografieren | sehen lieben mögen kennen besuchen besitzen
bauen | brauchen
besuchen | kennen lieben mögen fotografieren
tragen anziehen | kaufen waschen brauchen
ausziehen | kaufen waschen
hören | kennen vorbereiten singen
singen | kennen hören
lernen | kennen hören mögen
packen | kaufen finden brauchen leihen
bezahlen | bekommen schicken
verlassen | kaufen mieten lieben mögen kennen besitzen
geben leihen | kaufen finden brauchen suchen
schicken | kaufen finden suchen
bringen | kaufen
zeigen | kaufen kennen lieben mögen finden malen bekommen mieten
erzählen | kennen lesen schreiben mögen
abholen | kaufen brauchen reparieren mieten
aufräumen | kaufen mieten
zurückgeben | ausleihen finden mieten
anschauen | kennen lieben mögen kaufen malen fotografieren
absagen | vorbereiten
wegwerfen | kaufen bekommen reparieren
einschalten ausschalten | kaufen reparieren brauchen
ausleihen | brauchen kennen mögen
anbieten | kaufen waschen backen
"""

STORIES = {
    VERBS[name]: verbs(others)
    for names, _, others in (line.partition("|") for line in STORY_TABLE.strip().splitlines())
    for name in names.split()
}
"""What may be told of the object of a verb: one eats the cake that somebody bought."""


@cache
def _story_frames(frame: Frame, use: str) -> tuple[Frame, ...]:
    """Return the frames of what may be told of the object of a frame."""
    told = STORIES.get(frame.verb, frozenset())
    return tuple(other for other in frames_by(use, _takes_definite) if other.verb in told)


def _object_with_relative(d: Derivation) -> Sides:
    """Derive a relative clause behind the verb of the main clause, at its object."""
    tense = tense_of(d, "now past past modal")
    frame = unused(d, frames_by(USES[tense], _takes_definite_alone))
    told = tense_of(d, "past past state")
    inner = unused(d, _story_frames(frame, USES[told]))
    shared = [n for n in frame.slots[-1].nouns if n.plural and n in inner.slots[-1].nouns]
    noun = d.fresh(shared)
    clause = make_clause(d, frame, tense, given=noun, codes="d", place=False, time=False)
    empty = Nominal([], [], 2, noun.gender)
    _relativise(d, empty, inner, told)
    return join(clause.order("statement"), (empty.german, empty.english))


def infinitive(d: Derivation) -> Sides:
    """Derive a sentence with an infinitive with zu."""
    rule = d.choose((_attempt, _attempt, _attempt, _purpose, _purpose, _judgement))
    return extend(d, rule(d))


ATTEMPTS = (
    ("versuchen", "progressive", "I"),
    ("versuchen", "past", "I"),
    ("hoffen", "simple", "A"),
    ("planen", "progressive", "A"),
    ("vergessen", "past", "V"),
    ("anfangen", "progressive", "W"),
    ("anfangen", "past", "W"),
)
"""(verb, tense, use of the frames that fit under it)."""

UNBEGUN = verbs(
    "warten sitzen stehen liegen schlafen fernsehen anschauen trinken hören tragen treffen"
)
"""Verbs of what has no beginning worth telling."""


def _attempt(d: Derivation) -> Sides:
    verb, tense, use = d.choose(ATTEMPTS)
    subject = subject_phrase(d, "human", 0.35)
    d.used.add(VERBS[verb])
    frame = unused(d, frames_with(use, subject.noun))
    if "M" not in frame.uses or (verb == "anfangen" and frame.verb in UNBEGUN):
        raise DeadEndError
    main = verb_clause(d, verb, tense, subject, negated=verb == "vergessen" and d.chance(0.2))
    inner = make_clause(d, frame, "infinitive", subject, time=False)
    return join(main.order("statement"), GERMAN_COMMA, inner.order("infinitive"), GERMAN_COMMA)


def _purpose(d: Derivation) -> Sides:
    subject = subject_phrase(d, "adult relative", 0.35)
    goes, frame = going(d, subject, tense_of(d, "now past past"))
    inner = make_clause(d, frame, "infinitive", subject, time=False, nowhere=True)
    german, english = inner.order("infinitive")
    d.unit("um")
    zu = next(unit for word in german for unit in word.core if d.lexemes[unit] == "zu")
    return join(
        goes.order("statement"),
        GERMAN_COMMA,
        ([Word("um", (), (zu,))], []),
        (german, english),
        GERMAN_COMMA,
    )


def _judgement(d: Derivation) -> Sides:
    subject = Nominal(*d.pair("es", "it"), person=2, gender="n")
    d.used.add("es")
    use = d.choose("IV")
    frame = unused(d, frames_by(use, _is_personal))
    names = ("schwierig", "einfach", "wichtig") if use == "I" else ("wichtig",)
    negated = d.chance(0.2)
    words = predicate(d, settle(d, ADJECTIVES[d.choose(names)]), negated)
    main = copula_clause(d, subject, words, past=d.chance(0.3), negated=negated)
    inner = make_clause(d, frame, "infinitive", subject, time=False)
    return join(main.order("statement"), GERMAN_COMMA, inner.order("infinitive"), GERMAN_COMMA)


def coordination(d: Derivation) -> Sides:
    """Derive coordinated clauses or verb phrases."""
    return d.choose((_clauses, _clauses, _verb_phrases, _verb_phrases, _mixture))(d)


def _clauses(d: Derivation) -> Sides:
    """Derive `A und B`, `A, aber B` or `A, B und C`."""
    tense = tense_of(d, "now past past future habit")
    dated = tense in ("future", "habit")
    clauses = [any_clause(d, tense)]
    first = main_clause(d, clauses[0], 0.5)
    three = d.chance(0.9 if d.grow else 0.25)
    contrast = not three and d.chance(0.3)
    for _ in range(2 if three else 1):
        clauses.append(any_clause(d, tense, negated=contrast and tense != "habit", time=dated))
    pronouns = [clause.subject.lexeme for clause in clauses if clause.subject.pronoun]
    if len(set(pronouns)) < len(pronouns):
        raise DeadEndError  # "I slept, and I cooked" asks for one subject
    *middle, last = [clause.order("statement") for clause in clauses[1:]]
    parts = [part for sides in middle for part in (BOTH_COMMAS, sides)]
    if contrast:
        return join(first, BOTH_COMMAS, d.pair("aber", "but"), last)
    return join(first, *parts, ([], [COMMA]), d.pair("und", "and"), last)


def _verb_phrases(d: Derivation) -> Sides:
    """Derive several things that one subject does."""
    tense = tense_of(d, "now past past past future")
    if tense == "now":
        return _chore(d)
    frame = any_frame(d, tense)
    if frame.verb in LASTING_VERBS:
        raise DeadEndError
    clause = make_clause(d, frame, tense)
    if not accepts_people(clause.subject):
        raise DeadEndError
    parts = [main_clause(d, clause, 0.7)]
    auxiliary = frame.verb.auxiliary
    for _ in range(2 if d.chance(0.95 if d.grow else 0.35) else 1):
        part, auxiliary = _another(d, clause.subject, tense, auxiliary)
        parts.append(part)
    if len(parts) == 3:
        return join(parts[0], BOTH_COMMAS, parts[1], ([], [COMMA]), d.pair("und", "and"), parts[2])
    return join(parts[0], d.pair("und", "and"), parts[1])


def _chore(d: Derivation) -> Sides:
    """Derive two things that one subject does at the same time."""
    chores, others = d.choose(PASTIMES)
    clause = make_clause(d, unused(d, frames_of("P", chores)), "now", time=False)
    frame = unused(d, frames_of("P", others))
    if not accepts_people(clause.subject) or not accepts(frame, clause.subject):
        raise DeadEndError
    part = make_clause(d, frame, "now", clause.subject, time=False, place=False)
    return join(main_clause(d, clause, 0.7), d.pair("und", "and"), part.order("second"))


LASTING_VERBS = verbs(
    "schlafen wohnen tragen liegen hängen sehen verstehen aufwachen einschlafen weinen stehen "
    "sitzen ankommen aufstehen umziehen"
)
"""Verbs that do not go into a list of what somebody does one after another."""


def accepts_people(subject: Nominal) -> bool:
    """Tell whether a subject names people."""
    groups = ("adult", "child", "parent", "relative")
    return subject.noun is None or subject.noun.group in groups


def _another(d: Derivation, subject: Nominal, tense: str, auxiliary: str) -> tuple[Sides, str]:
    """Derive a verb phrase that shares a subject, and in German the auxiliary if it can.

    Returns:
        The words, and the auxiliary that the next verb phrase may share.
    """
    frame = unused(d, frames_with(USES[tense], subject.noun))
    if frame.verb in LASTING_VERBS:
        raise DeadEndError
    shared = tense == "past" and frame.verb.auxiliary == auxiliary
    part = make_clause(d, frame, tense, subject, time=False, place=False)
    return part.order("elided" if shared else "second"), frame.verb.auxiliary


def _mixture(d: Derivation) -> Sides:
    """Derive a simple clause joined to a complex sentence."""
    past = d.chance(0.5)
    tense = "past" if past else "now"
    first = any_clause(d, tense)
    rules = (although, _person_with_relative) if past else (content, _because_wish, meanwhile)
    rule = d.choose(rules)
    if rule is although:
        second = although(d, past)
    else:
        second = _person_with_relative(d, tense) if rule is _person_with_relative else rule(d)
    if first.subject.pronoun and d.lexemes.count(first.subject.lexeme) > 1:
        raise DeadEndError
    conjunction = d.pair(*d.choose((("und", "and"), ("aber", "but"))))
    comma = BOTH_COMMAS if conjunction[0][0].text == "aber" else ([], [COMMA])
    return join(first.order("statement"), comma, conjunction, second)
