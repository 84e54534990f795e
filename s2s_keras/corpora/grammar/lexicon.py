"""The words of the grammar: nouns, adjectives, verbs and adverbs in German and in English.

The tables are plain text so that they can be read and corrected at a glance. Every German lexeme
has one English translation. Nouns stand in groups that name what they mean; verbs and adjectives
name the groups they go with, which keeps every generated sentence sensible.
"""

from dataclasses import dataclass
from functools import cache

NOUN_TABLE = """
adult
  Mann m Männer | man men
  Frau f Frauen | woman women
  Lehrer m Lehrer | teacher
  Ärztin f Ärztinnen | doctor
  Bäcker m Bäcker | baker
  Gärtner m Gärtner | gardener
  Nachbarin f Nachbarinnen | neighbor
  Polizist m* Polizisten | policeman policemen
  Maler m Maler | painter
  Sängerin f Sängerinnen | singer
  Kellner m Kellner | waiter
  Tourist m* Touristen | tourist
  Gast m Gäste | guest
  Bauer m* Bauern | farmer
  Chefin f Chefinnen | boss
  Kollege m* Kollegen | colleague
  Künstlerin f Künstlerinnen | artist
  Musiker m Musiker | musician
  Freund m Freunde | friend
  Kundin f Kundinnen | customer
  Fahrer m Fahrer | driver
  Anwältin f Anwältinnen | lawyer
  Journalistin f Journalistinnen | journalist
  Ingenieur m Ingenieure | engineer
  Student m* Studenten | student
  Köchin f Köchinnen | cook
  Verkäuferin f Verkäuferinnen | saleswoman saleswomen
  Richter m Richter | judge
child
  Kind n Kinder | child children
  Junge m* Jungen | boy
  Mädchen n Mädchen | girl
  Schülerin f Schülerinnen | pupil
parent
  Vater m Väter | father
  Mutter f Mütter | mother
  Großvater m Großväter | grandfather
  Großmutter f Großmütter | grandmother
relative
  Bruder m Brüder | brother
  Schwester f Schwestern | sister
  Sohn m Söhne | son
  Tochter f Töchter | daughter
  Onkel m Onkel | uncle
  Tante f Tanten | aunt
  Cousin m Cousins | cousin
pet
  Hund m Hunde | dog
  Katze f Katzen | cat
  Pferd n Pferde | horse
  Kaninchen n Kaninchen | rabbit
farm
  Kuh f Kühe | cow
  Schaf n Schafe | sheep sheep
  Ente f Enten | duck
  Ziege f Ziegen | goat
  Esel m Esel | donkey
bird
  Vogel m Vögel | bird
literature
  Buch n Bücher | book
  Roman m Romane | novel
  Geschichte f Geschichten | story
  Gedicht n Gedichte | poem
document
  Brief m Briefe | letter
  Bericht m Berichte | report
  Nachricht f Nachrichten | message
  Artikel m Artikel | article
press
  Zeitung f Zeitungen | newspaper
  Zeitschrift f Zeitschriften | magazine
fruit
  Apfel m Äpfel | apple
  Birne f Birnen | pear
  Kirsche f Kirschen | cherry
  Banane f Bananen | banana
  Orange f Orangen | orange
vegetable
  Kartoffel f Kartoffeln | potato potatoes
  Tomate f Tomaten | tomato tomatoes
  Karotte f Karotten | carrot
  Ei n Eier | egg
baked
  Kuchen m Kuchen | cake
  Brötchen n Brötchen | roll
  Pizza f Pizzas | pizza
food
  Brot n - | bread
  Käse m - | cheese
  Fleisch n - | meat
  Reis m - | rice
  Suppe f - | soup
  Salat m - | salad
  Schokolade f - | chocolate
  Obst n - | fruit
hot
  Kaffee m - | coffee
  Tee m - | tea
cold
  Wasser n - | water
  Milch f - | milk
  Saft m - | juice
alcohol
  Wein m - | wine
  Bier n - | beer
clothes
  Hemd n Hemden | shirt
  Jacke f Jacken | jacket
  Mantel m Mäntel | coat
  Hut m Hüte | hat
  Mütze f Mützen | cap
  Pullover m Pullover | sweater
  Schal m Schals | scarf scarves
  Kleid n Kleider | dress
  Rock m Röcke | skirt
vehicle
  Auto n Autos | car
  Fahrrad n Fahrräder | bicycle
  Boot n Boote | boat
transport
  Zug m Züge | train
  Bus m Busse | bus
  Schiff n Schiffe | ship
furniture
  Tisch m Tische | table
  Stuhl m Stühle | chair
  Sofa n Sofas | sofa
  Bett n Betten | bed
  Schrank m Schränke | wardrobe
  Regal n Regale | shelf shelves
  Teppich m Teppiche | carpet
  Bank f Bänke | bench
thing
  Schlüssel m Schlüssel | key
  Uhr f Uhren | watch
  Tasche f Taschen | bag
  Koffer m Koffer | suitcase
  Rucksack m Rucksäcke | backpack
  Regenschirm m Regenschirme | umbrella
  Ball m Bälle | ball
  Messer n Messer | knife knives
  Tasse f Tassen | cup
  Glas n Gläser | glass
  Teller m Teller | plate
  Flasche f Flaschen | bottle
  Wörterbuch n Wörterbücher | dictionary
  Spiegel m Spiegel | mirror
device
  Lampe f Lampen | lamp
  Computer m Computer | computer
  Radio n Radios | radio
  Kamera f Kameras | camera
  Telefon n Telefone | phone
instrument
  Gitarre f Gitarren | guitar
  Klavier n Klaviere | piano
  Geige f Geigen | violin
picture
  Bild n Bilder | picture
  Foto n Fotos | photo
parcel
  Geschenk n Geschenke | gift
  Paket n Pakete | package
paper
  Fahrkarte f Fahrkarten | ticket
  Rechnung f Rechnungen | bill
  Karte f Karten | card
opening
  Tür f Türen | door
  Fenster n Fenster | window
part
  Wand f Wände | wall
plant
  Blume f Blumen | flower
  Rose f Rosen | rose
  Baum m Bäume | tree
room
  Küche f Küchen | kitchen
  Zimmer n Zimmer | room
  Balkon m Balkone | balcony
home
  Haus n Häuser | house
  Wohnung f Wohnungen | apartment
  Garten m Gärten | garden
building
  Büro n Büros | office
  Restaurant n Restaurants | restaurant
  Café n Cafés | café
  Hotel n Hotels | hotel
  Museum n Museen | museum
  Theater n Theater | theater
  Bibliothek f Bibliotheken | library libraries
  Krankenhaus n Krankenhäuser | hospital
  Supermarkt m Supermärkte | supermarket
  Bäckerei f Bäckereien | bakery
  Fabrik f Fabriken | factory
  Kirche f Kirchen | church
  Schloss n Schlösser | castle
  Turm m Türme | tower
  Brücke f Brücken | bridge
station
  Bahnhof m Bahnhöfe | station
  Flughafen m Flughäfen | airport
  Hafen m Häfen | harbor
  Universität f Universitäten | university
town
  Stadt f Städte | city
  Dorf n Dörfer | village
  Markt m Märkte | market
  Park m Parks | park
  Straße f Straßen | street
nature
  Wald m Wälder | forest
  See m Seen | lake
  Fluss m Flüsse | river
  Meer n - | sea
  Strand m Strände | beach
  Berg m Berge | mountain
  Insel f Inseln | island
country
  Italien n - | Italy
  Frankreich n - | France
  Spanien n - | Spain
  Norwegen n - | Norway
  Japan n - | Japan
  Griechenland n - | Greece
event
  Film m Filme | movie
  Konzert n Konzerte | concert
  Spiel n Spiele | game
  Kurs m Kurse | course
  Party f Partys | party
show
  Lied n Lieder | song
idea
  Problem n Probleme | problem
  Frage f Fragen | question
  Antwort f Antworten | answer
  Idee f Ideen | idea
  Plan m Pläne | plan
  Fehler m Fehler | mistake
  Aufgabe f Aufgaben | task
travel
  Reise f Reisen | trip
  Prüfung f Prüfungen | exam
  Sprache f Sprachen | language
sound
  Musik f - | music
sport
  Fußball m - | soccer
sky
  Sonne f - | sun
  Wetter n - | weather
"""

GROUPS = {
    "human": "adult child parent relative",
    "person": "adult child",
    "kin": "parent relative",
    "animal": "pet farm bird",
    "text": "literature document press",
    "drink": "hot cold alcohol",
    "goods": "clothes vehicle furniture device instrument",
    "place": "room home building station town nature",
}
"""Names for several groups of nouns at once."""

ADJECTIVE_TABLE = """
  jung young | adult -Gast -Student farm pet
  alt old | adult -Student pet Esel literature document Zeitung clothes vehicle Schiff
    furniture Uhr Koffer device instrument picture Tür Baum home building Stadt Dorf
    Bahnhof Bank
  neu new | literature document press clothes vehicle Schiff furniture thing device
    instrument Tür Fenster Küche home building Bahnhof Film Kurs Lied idea -Fehler
    Kollege Nachbarin Chefin Kundin
  groß big | pet farm bird baked fruit furniture Tasche Koffer Rucksack Ball Messer Tasse
    Glas Teller Flasche Spiegel Lampe parcel picture -Foto Fenster Tür plant room home
    building station Stadt Dorf Markt Park Straße Wald See Fluss Strand Berg Insel Problem
    Fehler Party Boot Schiff
  klein small | child pet farm bird baked fruit vegetable furniture -Teppich Tasche Koffer
    Rucksack Ball Messer Tasse Glas Teller Flasche Spiegel Lampe Radio Kamera parcel picture
    Fenster Tür Baum Blume room home building Bahnhof Flughafen Hafen Stadt Dorf Markt Park
    Straße Wald See Fluss Strand Insel Problem Fehler Party Boot
  schön beautiful | clothes Boot Schiff furniture Uhr Spiegel Lampe picture Geschenk plant
    home Museum Theater Schloss Brücke Kirche Turm Stadt Dorf Park Straße nature Lied
    Gedicht Reise Sprache Pferd Vogel instrument Balkon
  teuer expensive | clothes vehicle furniture Uhr Koffer device instrument Geschenk
    Fahrkarte Restaurant Hotel Wohnung Haus Reise Kurs Wein Käse
  billig cheap | clothes Auto Fahrrad furniture Uhr Koffer device Fahrkarte Restaurant Hotel
    Wohnung Reise Wein Gitarre Geige
  rot red | clothes vehicle Tasche Koffer Rucksack Regenschirm Ball Tasse Lampe Blume
    Rose Stuhl Sofa Teppich Tür
  blau blue | clothes vehicle Tasche Koffer Rucksack Regenschirm Ball Tasse Teller Stuhl
    Sofa Teppich Tür Blume
  grün green | clothes vehicle Tasche Rucksack Regenschirm Ball Flasche Sofa Teppich Tür
    Bank
  gelb yellow | Hemd Jacke Mantel Pullover Schal Mütze Kleid Rock vehicle Regenschirm Ball
    Tasse Blume Rose Vogel
  schwarz black | clothes vehicle Hund Katze Pferd Kaninchen Vogel Schaf Ziege Tasche Koffer
    Regenschirm Klavier Telefon Kamera Sofa Stuhl
  weiß white | clothes vehicle Hund Katze Pferd Kaninchen Ziege Ente Tasse Teller Rose Blume
    Sofa Schrank Tisch Wand Haus Boot Schiff
  grau gray | clothes Auto Katze Esel Sofa Teppich Koffer Wand
  braun brown | Hund Pferd Kuh Ziege Kaninchen Tasche Koffer Tisch Stuhl Schrank Jacke
    Mantel Hut Bank
  frisch fresh | fruit vegetable baked Brot Fleisch Salat Obst Milch Saft
  süß sweet | fruit Schokolade Kuchen Tee Saft
  lecker delicious | baked Brot Käse Suppe Salat Schokolade Obst Saft Fleisch
  heiß hot | hot Suppe
  kalt cold | cold -Milch Bier Suppe Wetter Küche Zimmer Wohnung
  warm warm | Jacke Mantel Pullover Schal Mütze Zimmer Küche Brot Wetter Milch
  schwer heavy | Tasche Koffer Rucksack parcel Tisch Schrank Sofa Bank Spiegel Tür
  schnell fast | vehicle Zug Schiff Pferd Computer
  modern modern | Küche home -Garten Büro Hotel Museum Theater Bibliothek Krankenhaus Fabrik
    Bahnhof Flughafen Brücke Stadt furniture -Teppich -Bank Lampe Computer Bild
  bequem comfortable | Sofa Stuhl Bett Jacke Pullover Hemd Hotel Zug
  elegant elegant | clothes -Mütze -Pullover Hotel Restaurant Tasche
  sauber clean | clothes Auto Küche Zimmer Wohnung Hotel Glas Tasse Teller Messer
    Strand Stadt Fluss See Fenster
  schmutzig dirty | clothes vehicle Küche Zimmer Glas Tasse Teller Messer Fenster
    Teppich Straße Fluss
  leer empty | Flasche Glas Tasse Koffer Schrank Regal Zimmer Wohnung Restaurant Bus Zug
    Straße Strand Theater Kirche
  ruhig quiet | Hotel Zimmer Wohnung Straße Dorf Park Wald Strand Insel See Café Bibliothek
    Garten
  laut loud | Musik Party Radio Konzert
  dunkel dark | Zimmer Wald Straße Küche Wohnung
  lang long | literature -Gedicht document Film Konzert Kurs Reise Brücke Strand Fluss
    Straße Prüfung Spiel Schal Mantel
  kurz short | Geschichte Gedicht Roman document Film Reise Antwort Kurs Prüfung Rock Kleid
  interessant interesting | literature press Bericht Artikel Brief Film Spiel Kurs Museum
    Stadt Frage Antwort Idee Reise Plan Aufgabe
  langweilig boring | literature press Bericht Artikel Film Konzert Spiel Kurs Party Aufgabe
    Dorf
  spannend exciting | Buch Roman Geschichte Film Spiel Reise
  lustig funny | Buch Geschichte Gedicht Film Lied Brief Foto Bild
  traurig sad | Geschichte Gedicht Lied Film human Brief
  wichtig important | document Frage Aufgabe Plan Prüfung Antwort Kundin Gast Spiel
  schwierig difficult | Frage Aufgabe Problem Prüfung Sprache Spiel Reise Gedicht
  einfach easy | Frage Aufgabe Problem Prüfung Spiel Sprache
  gut good | literature -Gedicht Bericht Artikel Zeitung Film Konzert Kurs Idee Plan Antwort
    Restaurant Hotel Wein Käse Freund Lehrer Ärztin Köchin Kamera Wetter Sängerin
  schlecht bad | Film Wetter Idee Antwort Plan
  gefährlich dangerous | Straße Berg Fluss Reise Spiel Brücke Plan Hund
  hungrig hungry | human pet farm
  müde tired | human pet
  krank sick | human pet farm
  durstig thirsty | human pet farm
  glücklich happy | human
  nervös nervous | human
  wütend angry | human
  zufrieden satisfied | human -child
  klug clever | adult child pet -Kaninchen kin
  nett nice | adult child kin
  freundlich friendly | adult child kin Hund
  höflich polite | adult child relative
  faul lazy | Schülerin Student Junge Mädchen Kollege relative Esel Katze Kellner
  fleißig diligent | Schülerin Student Junge Mädchen Kollege relative Gärtner Bauer Köchin
    Verkäuferin Ingenieur
  berühmt famous | Maler Sängerin Künstlerin Musiker Anwältin Journalistin Köchin Museum
    Schloss Turm Brücke Bild Roman Lied
  reich rich | Mann Frau Bauer Kundin Nachbarin Anwältin Onkel Tante
  arm poor | Mann Frau Bauer Maler Musiker Student
  mutig brave | adult -Gast -Kundin child relative
  ehrlich honest | adult child relative
  schüchtern shy | child Student Mann Frau Kollege Musiker Kaninchen
  neugierig curious | child Tourist Nachbarin Journalistin Katze Ziege
  streng strict | Lehrer Chefin Richter parent
  stark strong | Mann Frau Junge Mädchen Bauer Pferd Esel Kaffee Tee
  reif ripe | fruit Tomate
"""

VERB_TABLE = """
  lesen liest gelesen h | read read
  schreiben schreibt geschrieben h | write wrote
  kaufen kauft gekauft h | buy bought
  verkaufen verkauft verkauft h | sell sold
  essen isst gegessen h | eat ate
  trinken trinkt getrunken h | drink drank
  kochen kocht gekocht h | cook cooked
  backen backt gebacken h | bake baked
  bestellen bestellt bestellt h | order ordered
  schneiden schneidet geschnitten h | cut cut
  waschen wäscht gewaschen h | wash washed
  putzen putzt geputzt h | clean cleaned
  reparieren repariert repariert h | repair repaired
  öffnen öffnet geöffnet h | open opened
  schließen schließt geschlossen h | close closed
  suchen sucht gesucht h | look looked >for
  finden findet gefunden h | find found
  verlieren verliert verloren h | lose lost
  vergessen vergisst vergessen h | forget forgot
  sehen sieht gesehen h | see saw
  kennen kennt gekannt h | know knew
  lieben liebt geliebt h | love loved
  mögen mag gemocht h | like liked
  brauchen braucht gebraucht h | need needed
  haben hat gehabt h | have had
  besitzen besitzt besessen h | own owned
  bekommen bekommt bekommen h | receive received
  malen malt gemalt h | paint painted
  zeichnen zeichnet gezeichnet h | draw drew
  fotografieren fotografiert fotografiert h | photograph photographed
  bauen baut gebaut h | build built
  besuchen besucht besucht h | visit visited
  treffen trifft getroffen h | meet met
  fragen fragt gefragt h | ask asked
  verstehen versteht verstanden h | understand understood
  lernen lernt gelernt h | learn learned
  erklären erklärt erklärt h | explain explained
  tragen trägt getragen h | wear wore
  hören hört gehört h | listen listened >to
  singen singt gesungen h | sing sang
  spielen spielt gespielt h | play played
  füttern füttert gefüttert h | feed fed
  pflanzen pflanzt gepflanzt h | plant planted
  gießen gießt gegossen h | water watered
  mieten mietet gemietet h | rent rented
  packen packt gepackt h | pack packed
  vermissen vermisst vermisst h | miss missed
  benutzen benutzt benutzt h | use used
  bezahlen bezahlt bezahlt h | pay paid
  verlassen verlässt verlassen h | leave left
  begrüßen begrüßt begrüßt h | greet greeted
  umarmen umarmt umarmt h | hug hugged
  küssen küsst geküsst h | kiss kissed
  sammeln sammelt gesammelt h | collect collected
  helfen hilft geholfen h | help helped
  danken dankt gedankt h | thank thanked
  folgen folgt gefolgt s | follow followed
  antworten antwortet geantwortet h | answer answered
  gehören gehört gehört h | belong belonged
  vertrauen vertraut vertraut h | trust trusted
  gratulieren gratuliert gratuliert h | congratulate congratulated
  warten wartet gewartet h | wait waited
  denken denkt gedacht h | think thought
  sprechen spricht gesprochen h | speak spoke
  reden redet geredet h | talk talked
  träumen träumt geträumt h | dream dreamed
  lachen lacht gelacht h | laugh laughed
  geben gibt gegeben h | give gave
  zeigen zeigt gezeigt h | show showed
  bringen bringt gebracht h | bring brought
  schicken schickt geschickt h | send sent
  leihen leiht geliehen h | lend lent
  erzählen erzählt erzählt h | tell told
  arbeiten arbeitet gearbeitet h | work worked
  schlafen schläft geschlafen h | sleep slept
  weinen weint geweint h | cry cried
  lächeln lächelt gelächelt h | smile smiled
  tanzen tanzt getanzt h | dance danced
  schwimmen schwimmt geschwommen s | swim swam
  laufen läuft gelaufen s | run ran
  wohnen wohnt gewohnt h | live lived
  stehen steht gestanden h | stand stood
  sitzen sitzt gesessen h | sit sat
  liegen liegt gelegen h | lie lay
  hängen hängt gehangen h | hang hung
  gehen geht gegangen s | go went
  fahren fährt gefahren s | drive drove
  reisen reist gereist s | travel traveled
  fliegen fliegt geflogen s | fly flew
  bellen bellt gebellt h | bark barked
  springen springt gesprungen s | jump jumped
  legen legt gelegt h | put put
  frühstücken frühstückt gefrühstückt h | have had +breakfast
  regnen regnet geregnet h | rain rained
  schneien schneit geschneit h | snow snowed
  scheinen scheint geschienen h | shine shone
  glauben glaubt geglaubt h | believe believed
  wissen weiß gewusst h | know knew
  sagen sagt gesagt h | say said
  hoffen hofft gehofft h | hope hoped
  versuchen versucht versucht h | try tried
  planen plant geplant h | plan planned
  auf-stehen steht gestanden s | get got ^up
  ein-kaufen kauft gekauft h | shop shopped
  an-rufen ruft gerufen h | call called
  ein-laden lädt geladen h | invite invited
  ab-holen holt geholt h | pick picked ^up
  an-kommen kommt gekommen s | arrive arrived
  ab-fahren fährt gefahren s | depart departed
  an-fangen fängt gefangen h | begin began
  auf-hören hört gehört h | stop stopped
  fern-sehen sieht gesehen h | watch watched +television
  auf-räumen räumt geräumt h | tidy tidied
  zurück-geben gibt gegeben h | return returned
  zurück-kommen kommt gekommen s | come came ^back
  an-ziehen zieht gezogen h | put put ^on
  aus-ziehen zieht gezogen h | take took ^off
  an-schauen schaut geschaut h | look looked >at
  vor-bereiten bereitet bereitet h | prepare prepared
  ein-schlafen schläft geschlafen s | fall fell ^asleep
  auf-wachen wacht gewacht s | wake woke ^up
  aus-gehen geht gegangen s | go went ^out
  um-ziehen zieht gezogen s | move moved
  an-bieten bietet geboten h | offer offered
  ab-sagen sagt gesagt h | cancel canceled
  weg-werfen wirft geworfen h | throw threw ^away
  ein-schalten schaltet geschaltet h | turn turned ^on
  aus-schalten schaltet geschaltet h | turn turned ^off
  aus-leihen leiht geliehen h | borrow borrowed
"""

ADVERB_TABLE = """
now
  jetzt>now
  heute>today
  heute>this Abend>evening
future
  morgen>tomorrow
  am>on Samstag>Saturday
  am>on Freitag>Friday
  bald>soon
past
  gestern>yesterday
  am>on Montag>Monday
  am>on Dienstag>Tuesday
  am>on Mittwoch>Wednesday
  heute>this Morgen>morning
  gestern>yesterday Abend>evening
often
  oft>often
  immer>always
  manchmal>sometimes
  nie>never
  selten>rarely
  meistens>usually
every
  jeden>every Tag>day
  jeden>every Morgen>morning
  jeden>every Abend>evening
  jeden>every Samstag>Saturday
  jeden>every Sonntag>Sunday
hour
  um>at sieben>seven Uhr>o'clock
  um>at acht>eight Uhr>o'clock
  um>at neun>nine Uhr>o'clock
  um>at zehn>ten Uhr>o'clock
early
  früh>early
  spät>late
manner
  langsam>slowly
  schnell>quickly
  laut>loudly
  leise>quietly
  allein>alone
degree
  sehr>very
  ziemlich>quite
"""

LEMMAS = {
    "am": "an",
    "jeden": "jeder",
}
"""Citation forms of the inflected words in fixed expressions."""


def listed(text: str) -> tuple[str, ...]:
    """Return the words of a list that is written as running text."""
    return tuple(text.split())


FUNCTION_WORDS = listed(
    "der ein kein mein dein sein ihr unser ich du er sie wir es nicht und aber dass ob weil wenn "
    "obwohl während wer was wo wohin wann warum in an auf zu von mit nach um über können müssen "
    "wollen sollen dürfen möchten"
)
"""Determiners, pronouns, conjunctions, prepositions, question words and auxiliaries."""


@dataclass(frozen=True, eq=False)
class Noun:
    """A noun with its gender and plural in German and its number forms in English.

    Attributes:
        german: nominative singular.
        gender: "m", "f" or "n".
        plural: German nominative plural, or "" for a mass noun or a name.
        weak: whether the noun takes -(e)n in all cases but the nominative singular.
        english: English singular.
        english_plural: English plural.
        group: what the noun means, as in `NOUN_TABLE`.
    """

    german: str
    gender: str
    plural: str
    weak: bool
    english: str
    english_plural: str
    group: str


@dataclass(frozen=True, eq=False)
class Adjective:
    """An adjective, its translation, and the nouns that it may describe."""

    german: str
    english: str
    nouns: frozenset[Noun]


@dataclass(frozen=True, eq=False)
class Verb:
    """A verb with its principal parts in both languages.

    Attributes:
        german: infinitive with its prefix.
        prefix: separable prefix, or "".
        stem: infinitive without the prefix.
        third: third person singular of the present, without the prefix.
        participle: past participle with the prefix.
        auxiliary: "haben" or "sein", with which the perfect is formed.
        english: base form.
        past: English simple past.
        particle: English word that belongs to the verb: `up` in "get up".
        attachment: "" for none, ">" for a preposition (look at), "^" for a particle that follows
            a pronoun (pick him up), "+" for a complement that is half of the meaning (have
            breakfast).
    """

    german: str
    prefix: str
    stem: str
    third: str
    participle: str
    auxiliary: str
    english: str
    past: str
    particle: str
    attachment: str


@dataclass(frozen=True, eq=False)
class Adverb:
    """An adverbial: (German word, English word) pairs in an order that both languages share."""

    words: tuple[tuple[str, str], ...]


def regular_plural(noun: str) -> str:
    """Return the regular English plural: bosses, cherries, parties, dogs."""
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def _read_nouns() -> dict[str, Noun]:
    nouns, group = {}, ""
    for line in NOUN_TABLE.strip().splitlines():
        if not line.startswith(" "):
            group = line.strip()
            continue
        german, english = (half.split() for half in line.split("|"))
        name, gender, plural = german
        plural_english = english[1] if len(english) > 1 else regular_plural(english[0])
        plural = "" if plural == "-" else plural
        weak = gender.endswith("*")
        nouns[name] = Noun(name, gender[0], plural, weak, english[0], plural_english, group)
    return nouns


NOUNS = _read_nouns()
"""Every noun by its German singular."""


@cache
def select(names: str) -> tuple[Noun, ...]:
    """Return the nouns that a list of groups and nouns names, in the order of the list.

    Args:
        names: words separated by blanks; capitalised ones are nouns, others are groups, and a
            leading minus takes away.
    """
    chosen: dict[str, Noun] = {}
    for name in names.split():
        for noun in _members(name.lstrip("-")):
            if name.startswith("-"):
                chosen.pop(noun.german, None)
            else:
                chosen[noun.german] = noun
    return tuple(chosen.values())


def _members(name: str) -> tuple[Noun, ...]:
    if name in NOUNS:
        return (NOUNS[name],)
    if name in GROUPS:
        return select(GROUPS[name])
    members = tuple(noun for noun in NOUNS.values() if noun.group == name)
    if not members:
        raise KeyError(f"no noun and no group of nouns is called {name!r}")
    return members


def _read_adjectives() -> dict[str, Adjective]:
    adjectives = {}
    for line in ADJECTIVE_TABLE.replace("\n    ", " ").strip().splitlines():
        words, nouns = line.split("|")
        german, english = words.split()
        adjectives[german] = Adjective(german, english, frozenset(select(nouns.strip())))
    return adjectives


def _read_verbs() -> dict[str, Verb]:
    verbs = {}
    for line in VERB_TABLE.strip().splitlines():
        german, english = (half.split() for half in line.split("|"))
        prefix, _, stem = german[0].rpartition("-")
        attached = english[2] if len(english) > 2 else ""
        verb = Verb(
            german=prefix + stem,
            prefix=prefix,
            stem=stem,
            third=german[1],
            participle=prefix + german[2],
            auxiliary={"h": "haben", "s": "sein"}[german[3]],
            english=english[0],
            past=english[1],
            particle=attached[1:],
            attachment=attached[:1],
        )
        verbs[verb.german] = verb
    return verbs


def _read_adverbs() -> dict[str, tuple[Adverb, ...]]:
    adverbs: dict[str, tuple[Adverb, ...]] = {}
    for line in ADVERB_TABLE.strip().splitlines():
        if not line.startswith(" "):
            group = line.strip()
            adverbs[group] = ()
            continue
        pairs = tuple(tuple(word.split(">")) for word in line.split())
        adverbs[group] += (Adverb(pairs),)
    return adverbs


ADJECTIVES = _read_adjectives()
"""Every adjective by its German base form."""

VERBS = _read_verbs()
"""Every verb by its German infinitive."""

ADVERBS = _read_adverbs()
"""Adverbials by what they express: a time, a frequency, a manner, a degree."""


@cache
def adjectives_for(noun: Noun) -> tuple[Adjective, ...]:
    """Return the adjectives that may describe `noun`, in the order of the table."""
    return tuple(adjective for adjective in ADJECTIVES.values() if noun in adjective.nouns)


def _lexemes() -> tuple[str, ...]:
    adverbs = (word for group in ADVERBS.values() for adverb in group for word, _ in adverb.words)
    names = [*NOUNS, *ADJECTIVES, *VERBS, *(LEMMAS.get(word, word) for word in adverbs)]
    return tuple(dict.fromkeys([*names, *FUNCTION_WORDS]))


LEXEMES = _lexemes()
"""The citation form of every German lexeme, each once."""
