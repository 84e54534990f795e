# ruff: noqa: E501 (a row of a table reads best on one line)
"""What goes with what: the subjects, objects and places that each verb takes.

A frame is one way to use a verb. Frames carry the knowledge that keeps sentences sensible: soup
is cooked in kitchens and by adults, letters are sent to people, and nobody buys a car every day.
"""

from dataclasses import dataclass
from functools import cache

from s2s_keras.corpora.grammar.german import ACCUSATIVE, DATIVE
from s2s_keras.corpora.grammar.lexicon import VERBS, Noun, Verb, select

FRAME_TABLE = """
lesen | human | acc literature document /diD/iB | relax? | PHFTMWV
lesen | human | acc press /di/diB | relax? | PHFTMW
schreiben | adult relative | acc document /iiB/iB | desk? | PHFTMIV
schreiben | adult relative | acc literature /iiB/iB | desk? | PHFTMIA
kaufen | human | acc fruit vegetable /iBBD/B | grocer? | PHFTMV
kaufen | human | acc baked /iBBD/B | Bäckerei Supermarkt? | PHFTMV
kaufen | human | acc food drink -alcohol -Suppe -Salat /m/m | grocer? | PHFTMV
kaufen | human | acc press Buch Roman Fahrkarte /di/- | - | PFTMV
kaufen | adult relative | acc goods -Fahrrad thing picture /dii/- | Stadt? | PFTMA
kaufen | adult kin | acc home -Garten Boot Fahrrad /id/- | - | FTMA
verkaufen | adult relative | acc vehicle home furniture instrument device /dip/- | - | PFTMIA
verkaufen | Bauer Verkäuferin Bäcker | acc fruit vegetable baked /BB/B | Markt? | PHFTM
essen | human | acc fruit baked /idBD/iB | eat? | PHFTMW
essen | human | acc food /mM/m | eat? | PHFTMW
trinken | adult relative | acc hot alcohol /mM/m | eat? | PHFTMW
trinken | human | acc cold /mM/m | eat? | PHFTMW
kochen | adult kin | acc Suppe Fleisch Reis /mMm/m | Küche? | PHFTMW
kochen | adult kin | acc Kartoffel Ei /BD/B | Küche? | PHFTMW
backen | adult relative | acc Kuchen Pizza /idB/iB | Küche? | PHFTMIW
bestellen | adult relative | acc drink Suppe Salat /m/m | restaurant? | PHFTM
bestellen | adult relative | acc Kuchen Pizza /i/i | restaurant? | PHFTM
schneiden | adult kin | acc Brot Käse Fleisch /M/- | Küche? | PFTM
schneiden | adult kin | acc Kuchen Tomate Karotte /dD/- | Küche? | PFTM
waschen | human | acc vehicle -Boot Hund Pferd /dp/dp | - | PHFTMWV
waschen | human | acc clothes -Hut -Mantel /dpD/- | - | PFTMWV
waschen | human | acc Apfel Birne Tomate Kartoffel Glas Tasse Teller /D/- | Küche? | PFTMV
putzen | adult relative child | acc room Wohnung Fahrrad Spiegel /d/d | - | PHFTMWV
putzen | adult relative child | acc Fenster /dD/d | - | PHFTMWV
reparieren | adult relative | acc vehicle device Uhr Tür Stuhl Tisch Fenster Klavier /ddp/- | - | PFTMIWV
öffnen | human | acc opening Flasche parcel Brief Koffer Schrank /d/- | - | PFTMI
schließen | human | acc opening Koffer Schrank /dD/- | - | PFTMV
suchen | human | acc Schlüssel Uhr Tasche Regenschirm Ball Messer pet picture Fahrkarte /dpi/- | - | PTMW
suchen | adult relative | acc Hotel Restaurant Wohnung Bahnhof Supermarkt Bibliothek /d/- | - | PTMW
suchen | human | acc @ | - | PTM
finden | human | acc Schlüssel Uhr Tasche Regenschirm Ball pet picture Fahrkarte Kamera /dpi/- | - | TTFI
finden | adult relative | acc Hotel Restaurant Wohnung Fehler Antwort /di/- | - | TM
finden | adult relative | acc Bahnhof /d/- | - | TM
verlieren | human | acc Schlüssel Uhr Tasche Regenschirm Ball Fahrkarte Mütze Schal Kamera /dpi/- | - | TT
vergessen | human | acc Schlüssel Uhr Tasche Regenschirm Mütze Jacke /pd/p | - | HT
vergessen | human | acc Fahrkarte Kamera /pd/- | - | T
sehen | human | acc animal /diDB/- | see? | STM
sehen | human | acc building station nature Stadt Dorf /d/- | - | STM
sehen | human | acc @ | - | STM
kennen | human | acc @ | - | SS
kennen | human | acc Stadt Dorf literature Lied Film Hotel Restaurant Insel Museum /dD/- | - | S
lieben | human | acc @ | - | S
lieben | human | acc Stadt Dorf nature -Fluss Garten Haus Katze Hund Pferd Musik /dp/- | - | S
mögen | human | acc food drink -alcohol Musik /m/- | - | S
mögen | human | acc @ | - | S
mögen | human | acc animal plant fruit literature -Roman building -Krankenhaus -Büro -Fabrik /B/- | - | S
brauchen | adult relative | acc vehicle thing device goods Fahrkarte /iip/- | - | S
brauchen | human | acc Antwort Idee Plan /i/- | - | S
brauchen | human | acc Wasser Milch Brot /m/- | - | S
haben | adult relative | acc pet vehicle instrument home Kamera Telefon /i/- | - | SS
haben | human | acc relative Idee Frage Problem Ball Bruder Schwester /i/- | - | SS
besitzen | adult relative | acc home Hotel Restaurant Café pet vehicle Bäckerei Schloss Bank -Bank /i/- | - | SS
bekommen | human | acc document parcel Buch Antwort Rechnung -Artikel /idB/- | - | FT
malen | human | acc Bild plant animal nature -Meer Haus Garten Schiff Boot /iid/iB | paint? | PHFTMIW
zeichnen | human | acc plant animal Haus Boot Schiff Auto Turm Brücke Schloss /iid/iB | paint? | PHFTMIW
fotografieren | adult child relative | acc animal plant building -Supermarkt nature -Meer /dDi/B | - | PHFTMIW
bauen | adult relative | acc Boot Regal Tisch /id/- | - | PFTMIWA
besuchen | human | acc @ | - | PHFTMVA
besuchen | human | acc Museum Schloss Stadt Insel Kirche Dorf /d/- | - | PFTMVA
treffen | human | acc @ | meet? | PHFTMA
fragen | human | acc @ | - | PHFTMV
verstehen | human | acc idea -Fehler Film Gedicht Artikel Sprache Bericht /dD/- | - | SSTMI
lernen | human | acc Gedicht Lied Sprache /id/- | - | PFTMIA
erklären | adult kin | dat @ ; acc idea -Idee -Antwort Spiel Plan /ddD/- | - | PFTMI
tragen | human | acc clothes -Kleid -Rock /idp/i | - | PHT
tragen | Frau Mädchen Mutter Sängerin Schwester Künstlerin | acc Kleid Rock /id/i | - | PHT
hören | human | acc Lied Radio /dd/d | loud? | PTMW
hören | human | acc Konzert /d/- | - | PTMW
hören | human | acc Musik /m/m | loud? | PHFTMW
singen | human | acc Lied /idD/iB | loud? | PHFTMW
singen | human | - | loud? ~laut,leise,allein | PHFTMW
spielen | human | acc Gitarre Geige /x/x | loud? | PHFTMW
spielen | human | acc Klavier /x/x | piano? | PHFTMW
spielen | human | acc Fußball /y/y | play? | PHFTMW
spielen | human | acc Karte /z/z | eat? | PHFTMW
füttern | human | acc animal /dDD/D | - | PHFTMWV
pflanzen | adult kin | acc plant /iB/B | garden? | PHFTMW
gießen | human | acc Blume Rose Baum /D/D | garden? | PHFTMWV
mieten | adult relative | acc Wohnung Auto Boot Zimmer Haus Fahrrad /id/- | - | FTMA
packen | human | acc Koffer Rucksack Tasche /dp/- | - | PFTMWV
vermissen | human | acc @ | - | S
vermissen | human | acc Hund Katze Pferd /p/- | - | S
benutzen | adult child relative | acc Computer Wörterbuch Kamera Telefon /ddp/d | - | PHFTM
bezahlen | adult relative | acc Rechnung /dD/D | - | PHFTMV
verlassen | human | acc home -Garten Büro Hotel Museum Theater Stadt Dorf Insel /d/- | - | PFTM
begrüßen | human | acc @ | - | PHFT
umarmen | human | acc #kin | - | PHTM
küssen | human | acc #kin | - | PHTM
sammeln | human | acc Bild Uhr Foto /B/- | - | SS
helfen | human | dat @ | - | PHFTMIVA
danken | human | dat @ | - | PFTMV
folgen | human | dat #person | - | PTM
antworten | human | dat @ | - | PFTMV
gehören | vehicle home pet thing instrument device clothes | dat @ | - | SSS
vertrauen | human | dat @ | - | SM
gratulieren | human | dat @ | - | PFTMV
warten | human | auf>for+acc Zug Bus /dd/d | Bahnhof? | PHTMW
warten | human | auf>for+acc Schiff /d/- | Hafen? | PTMW
warten | human | auf>for+acc @ | meet? | PHFTMW
warten | human | auf>for+acc Brief Paket Antwort Nachricht /dii/- | - | PTMW
denken | human | an>about+acc Reise Prüfung Party Sprache -Sprache Insel Frage /d/d | - | PHT
denken | human | an>about+acc @ | - | PHT
sprechen | human | mit>with+dat @ | meet? | PHFTMWV
reden | human | über>about+acc Film Plan Spiel Reise Problem Wetter Prüfung Party Buch /d/d | Büro Café Park? | PHFTMW
reden | human | mit>with+dat @ | meet? | PHFTMW
träumen | human | von>of+dat Reise Haus Garten Insel Boot Pferd /ii/i | - | PHT
lachen | human | über>at+acc Film Fehler Geschichte Foto Bild /d/- | - | PT
lachen | human | - | - ~laut,leise | PHT
geben | human | dat @ ; acc fruit Buch Schlüssel Geschenk Glas Tasse Teller Messer Tasche Ball Fahrkarte /idD/- | - | PFTMV
zeigen | human | dat @ ; acc picture home Stadt Museum Brief Fahrkarte Garten Büro /d/- | - | PFTMV
bringen | human | dat @ ; acc hot cold Brot Suppe /m/m | - | PHFTMV
bringen | adult relative | dat #adult ; acc alcohol /m/m | - | PHFTM
bringen | human | dat @ ; acc press Brief parcel Blume Rose /diB/iB | - | PHFTMV
schicken | adult relative | dat @ ; acc Brief Nachricht parcel Foto Rechnung /idiB/iB | - | PHFTMV
leihen | human | dat @ ; acc Auto Fahrrad Buch Kamera Regenschirm Rucksack Gitarre Wörterbuch /idp/- | - | FTM
erzählen | human | dat @ ; acc Geschichte /idi/iB | - | PHFTM
arbeiten | adult parent relative | - | work? ~allein | PHFTMW
arbeiten | adult | in>in+dat country | - | PM
schlafen | human Hund Katze | - | sleep? | PHFTMW
weinen | human | - | sleep? ~laut,leise,allein | PHTW
lächeln | human | - | - | PHT
tanzen | human | - | play? ~allein,langsam | PHFTMW
tanzen | human | mit>with+dat @ | - | PHFTMW
schwimmen | human Hund Ente | - | water? ~allein,langsam,schnell | PHFTMWI
laufen | human Hund Pferd | - | >out! | PTM
laufen | human | - | run? ~schnell,langsam | PHFTMW
wohnen | adult kin | - | live! | SSTTM
wohnen | adult kin | in>in+dat country | - | STTM
stehen | human | - | stand! | PTTW
sitzen | human | - | sit! | PHTTMW
liegen | Schlüssel Uhr Tasche Regenschirm Ball Buch Roman document press parcel picture paper -Karte Geige Gitarre Mütze Schal Jacke | - | top! | PTT
liegen | human Hund Katze | - | lie! | PTTW
hängen | Bild Foto Spiegel Uhr Lampe -Lampe | - | wall! | PTT
gehen | human | - | >go! | PHFTMV
gehen | human | - | >go! | PHFTM
fahren | adult relative | - | >far! | PHFTM
fahren | adult relative | nach>to+dat country -Japan | - | PFTM
reisen | adult kin | nach>to+dat country | - | PFTMA
fliegen | adult kin | nach>to+dat country | - | PFTMA
fliegen | Vogel Ente | - | >birds! | PT
bellen | Hund | - | play? ~laut | PHTW
springen | Katze Hund Kind Junge Mädchen | - | >onto! | PTT
legen | human | acc Schlüssel Uhr Tasche Ball Buch Roman document press parcel picture paper Geige Gitarre /dpD/- | >onto! | PFTM
frühstücken | human | - | eat? ~allein,spät,früh | PHFTMW
aufstehen | human | - | - ~früh,spät,langsam @ | PHHFTMM
einkaufen | human | - | shop? | PHFTMWV
anrufen | human | acc @ | - | PHFTMV
anrufen | human | acc @ | - | PFTMV
einladen | human | acc @ | - | PHFTMVA
abholen | adult relative | acc @ | stop? | PHFTMV
abholen | human | acc Paket Fahrkarte Auto Brief /dp/- | - | PFTMV
ankommen | Zug Bus | - | Bahnhof? ~früh,spät @ | PHHFT
ankommen | Schiff | - | Hafen? ~früh,spät @ | PHFT
ankommen | human | - | stop? ~spät,früh @ | PHFT
abfahren | transport | - | - ~früh,spät @ | PHHFTM
anfangen | event -Party Prüfung | - | - ~früh,spät @ | PHFT
aufhören | Film Konzert Spiel Musik | - | - | TT
fernsehen | human | - | tv? ~allein | PHFTMWW
aufräumen | human | acc room Schrank Büro Haus Wohnung /dd/d | - | PHFTMWV
zurückgeben | human | acc Buch Roman Schlüssel Regenschirm Kamera Wörterbuch Auto Fahrrad /dd/- | - | PFTMV
zurückkommen | human | - | - ~früh,spät,allein @ | PHFTMM
anziehen | human | acc clothes -Kleid -Rock -Schal /ddpp/- | - | PTMV
anziehen | Frau Mädchen Mutter Schwester Sängerin | acc Kleid Rock /dpi/- | - | PTM
ausziehen | human | acc Jacke Mantel Pullover Hemd /dpp/- | - | PTM
anschauen | human | acc picture home building -Krankenhaus -Supermarkt Uhr Schiff Karte /ddD/- | - | PFTMW
anschauen | human | acc Meer /d/- | - | PFTM
vorbereiten | adult relative | acc Party Reise Kurs Konzert Prüfung /dd/- | - | PFTMWI
einschlafen | human Hund Katze | - | - ~früh,spät @ | PHTT
aufwachen | human Hund Katze | - | - ~früh,spät @ | PHHTT
ausgehen | adult relative | - | - ~allein | HFTM
umziehen | adult kin | nach>to+dat country | - | PFTMA
umziehen | adult kin | - | >town! | PFTMA
anbieten | adult relative | dat @ ; acc hot cold Suppe /mm/- | - | PTMV
anbieten | adult relative | dat #adult ; acc alcohol /mm/- | - | PTM
anbieten | human | dat @ ; acc fruit Kuchen Stuhl /idB/- | - | PTM
absagen | adult relative | acc Konzert Reise Kurs Party Spiel /d/- | - | PFTMV
wegwerfen | human | acc furniture press document Buch Lampe Radio Schal Hut Mütze Rechnung /dDp/- | - | PFTMV
einschalten | human | acc device -Kamera /d/- | - | PFTMV
ausschalten | human | acc device -Kamera /d/d | - | PHFTMV
ausleihen | human | acc Buch Roman Kamera Fahrrad /idD/- | - | PFTMA
ausleihen | human | acc press /id/- | - | PFTM
"""
"""verb | subject | objects | place, ~manner | uses.

Objects are written `case nouns /determiners/determiners of habits`. Determiners: d and D the
definite singular and plural, i indefinite, B bare plural, m bare and M definite mass noun, p
possessive, x an instrument that is played, y and z a game in the singular and plural. `@` is any person, `#` a group of persons.

Places: `?` may, `!` must be named; `>` is a direction. A final `@` allows a time of the clock.

Uses: P progressive now, S simple (a state), H habit, F future, T past, M after a modal verb, W an
activity that goes on for a while, I something one tries, V something one forgets to do, A something
one hopes for and plans. A letter that occurs twice makes the use twice as likely.
"""

PLACE_TABLE = {
    "relax": "Garten Park Café Balkon Küche Bibliothek Zimmer Strand",
    "loud": "Garten Park Balkon Küche Zimmer Strand",
    "piano": "Zimmer Wohnung Café Restaurant Theater",
    "paint": "Garten Park Balkon Strand Zimmer",
    "desk": "Büro Bibliothek Café Küche Zimmer",
    "grocer": "Supermarkt Markt",
    "shop": "Supermarkt Markt Stadt Dorf",
    "eat": "Küche Restaurant Café Garten Park Hotel",
    "restaurant": "Restaurant Café Hotel",
    "see": "Garten Park Wald Straße",
    "meet": "Park Café Restaurant Bahnhof Museum Stadt Bibliothek Theater Büro Flughafen",
    "play": "Garten Park Strand Straße",
    "garden": "Garten Park",
    "stop": "Bahnhof Flughafen Hafen",
    "work": "Büro Fabrik Krankenhaus Bibliothek Restaurant Hotel Supermarkt Garten Bäckerei "
    "Museum Universität Hafen",
    "sleep": "Zimmer Haus Garten Hotel Küche Park",
    "water": "See Meer Fluss",
    "run": "Park Wald Strand",
    "live": "Stadt Dorf Haus Wohnung Schloss Hotel Insel",
    "stand": "Brücke Balkon Straße Garten Küche Turm Bahnhof Strand Fenster Tür Markt",
    "sit": "Stuhl Sofa Bank Garten Café Restaurant Küche Balkon Zug Bus Park",
    "lie": "Bett Sofa Teppich Garten Strand Park",
    "top": "Tisch Stuhl Sofa Bett Regal Schrank Teppich",
    "onto": "Tisch Stuhl Sofa Bett",
    "wall": "Wand",
    "tv": "Zimmer Wohnung Küche Hotel",
    "out": "Garten Haus Park Wald",
    "birds": "Garten Wald Park Balkon Brücke Turm",
    "go": "Park Stadt Markt Bahnhof Bibliothek Museum Theater Supermarkt Bäckerei Strand Wald "
    "Restaurant Café Büro Kirche See",
    "far": "Stadt Dorf Flughafen Bahnhof Strand See Meer Supermarkt Krankenhaus Insel Universität "
    "Museum Fabrik Hafen",
    "town": "Stadt Dorf Wohnung Haus",
}
"""Where things happen."""

PREPOSITION_TABLE = """
an at : zu to | Bahnhof Universität
an at : zu to | Flughafen
in at : zu to | Hafen
auf at : auf to | Markt
in at : in to | Supermarkt Bäckerei Restaurant Café Büro
an on : an to | Strand
in in : an to | See Meer Fluss
auf on : auf to | Insel
auf on : auf onto | Brücke Balkon Straße Stuhl Sofa Bank Tisch Bett Regal Schrank Teppich Turm
an at : an to | Fenster Tür
an on : an on | Wand
in on : in onto | Zug Bus
in in : in into | Garten Haus Wald Zimmer Wohnung Schloss Küche
in in : in to | room home building station town nature
"""
"""German and English preposition of place : of direction | nouns; the first match counts."""

ACCUSATIVE_DIRECTIONS = ("in", "auf", "an")
"""Prepositions that take the dative for a place and the accusative for a direction."""


@dataclass(frozen=True, eq=False)
class Slot:
    """One object of a verb.

    Attributes:
        case: its case.
        nouns: what may fill it; empty for persons.
        persons: group of persons that may fill it, or "".
        determiners: codes of its determiners in single events.
        habitual: codes of its determiners in habits; "" forbids the habit.
        german: preposition, or "".
        english: preposition, or "".
    """

    case: int
    nouns: tuple[Noun, ...]
    persons: str
    determiners: str
    habitual: str
    german: str = ""
    english: str = ""


@dataclass(frozen=True, eq=False)
class Frame:
    """One use of a verb: who does it, to what, where, how, and in which tenses.

    Attributes:
        verb: the verb.
        subject: groups of its subjects.
        slots: its objects, datives first.
        places: nouns of its places.
        placed: "" no place, "?" optional, "!" obligatory.
        directed: whether the place is a direction.
        manners: adverbs of manner.
        clock: whether a time of the clock fits.
        uses: letters as in `FRAME_TABLE`.
    """

    verb: Verb
    subject: str
    slots: tuple[Slot, ...]
    places: tuple[Noun, ...]
    placed: str
    directed: bool
    manners: tuple[str, ...]
    clock: bool
    uses: str

    @property
    def personal(self) -> bool:
        """Whether its subjects are people, so that pronouns can stand for them."""
        groups = self.subject.split()
        return "human" in groups or "adult" in groups


def _read_slot(text: str) -> Slot:
    head, determiners, habitual = [*text.split("/"), "", ""][:3]
    marker, _, names = head.strip().partition(" ")
    prepositions, _, case = marker.rpartition("+")
    german, _, english = prepositions.partition(">")
    names = names.strip()
    persons = "human" if names == "@" else names[1:] if names.startswith("#") else ""
    if persons == "person":
        persons = "adult child"
    return Slot(
        case=ACCUSATIVE if case == "acc" else DATIVE,
        nouns=() if persons else select(names),
        persons=persons,
        determiners=determiners.strip() or "d",
        habitual=habitual.strip().replace("-", "") if determiners else "d",
        german=german,
        english=english,
    )


def _read_frame(line: str) -> Frame:
    verb, subject, objects, place, uses = (part.strip() for part in line.split("|"))
    place, _, manner = place.partition("~")
    manner, at, _ = manner.partition("@")
    place = place.strip()
    names = place.lstrip(">").rstrip("?!").strip("- ")
    return Frame(
        verb=VERBS[verb],
        subject=subject,
        slots=() if objects == "-" else tuple(map(_read_slot, objects.split(";"))),
        places=select(PLACE_TABLE.get(names, names)) if names else (),
        placed=place[-1] if names else "",
        directed=place.startswith(">"),
        manners=tuple(word.strip() for word in manner.split(",") if word.strip()),
        clock=bool(at),
        uses=uses,
    )


FRAMES = tuple(_read_frame(line) for line in FRAME_TABLE.strip().splitlines())
"""Every frame, in the order of the table."""

CLOSED_FRAME_VERBS = ("regnen", "schneien", "scheinen")
"""Verbs without a frame: they occur in clauses about the weather only."""


@cache
def frames_for(use: str, separable: bool | None = None) -> tuple[Frame, ...]:
    """Return the frames with a use, each as often as its letter is repeated.

    Args:
        use: one letter of `Frame.uses`.
        separable: keep only verbs with (True) or without (False) a separable prefix.
    """
    return tuple(
        frame
        for frame in FRAMES
        for _ in range(frame.uses.count(use))
        if separable is None or bool(frame.verb.prefix) == separable
    )


@cache
def frames_of(use: str, verbs: frozenset[Verb]) -> tuple[Frame, ...]:
    """Return the frames with a use whose verb is one of `verbs`."""
    return tuple(frame for frame in frames_for(use) if frame.verb in verbs)


@cache
def frames_with(use: str, noun: Noun | None) -> tuple[Frame, ...]:
    """Return the frames with a use that `noun`, or None for a pronoun, can be the subject of."""
    return tuple(
        frame
        for frame in frames_for(use)
        if (frame.personal if noun is None else noun in select(frame.subject))
    )


@cache
def prepositions(noun: Noun, directed: bool) -> tuple[str, int, str]:
    """Return the German preposition, its case, and the English preposition for a place."""
    for line in PREPOSITION_TABLE.strip().splitlines():
        pattern, names = line.split("|")
        if noun in select(names.strip()):
            place, direction = (part.split() for part in pattern.split(":"))
            german, english = direction if directed else place
            moves = directed and german in ACCUSATIVE_DIRECTIONS
            return german, ACCUSATIVE if moves else DATIVE, english
    raise KeyError(noun.german)
