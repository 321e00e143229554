"""What a company writes about: the options of its packed lists, its notes, pages, forms and subjects.

The demo's words stand with the demo (`nordlys.py`); here are those of the invented companies by language.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one Section. Every tuple has at least two entries."""

    topics: tuple[str, ...]
    interests: tuple[str, ...]
    notes: tuple[str, ...]
    note_starts: tuple[str, ...]
    note_ends: tuple[str, ...]
    origins: tuple[str, ...]
    subjects: tuple[str, ...]
    pages: tuple[str, ...]
    forms: tuple[str, ...]
    messages: tuple[str, ...]
    meetings: tuple[str, ...]
    contact_page: str
    sender: str
    files: str


_SENDER, _FILES = "post@brief.example", "https://files.brief.example/documents"

SWEDISH = Vocabulary(
    topics=("nyheter", "kampanjer", "tips", "event", "outlet", "utbildning", "hållbarhet"),
    interests=("Hem", "Trädgård", "Verkstad", "Resor", "Mat", "Musik"),
    notes=(
        "Vill bli uppringd efter semestern",
        "Reklamation godkänd, ny vara skickad",
        "Intresserad av ramavtal",
        "Byter kontaktperson till våren",
    ),
    note_starts=("ringt", "mail", "butik", "mässa"),
    note_ends=("ok per tel", "ej sms", "vill ha katalog", "kolla igen"),
    origins=("google", "facebook", "nyhetsbrev", "mässa", "direkt"),
    subjects=("nyheter för dig", "bara i helgen", "tack för ditt köp", "☀️ snart sommar", "din inbjudan"),
    pages=("start", "sortiment", "kampanj", "om-oss", "guider", "outlet", "kontakt"),
    forms=("Kontakta oss", "Anmäl nyhetsbrev", "Begär offert", "Tävling"),
    messages=("", "Kan ni ringa mig <efter 17>?", "Finns den i lager?", "Vill ha katalog & prislista"),
    meetings=("Genomgång", "Visning", "Avtalsmöte"),
    contact_page="kontakt",
    sender=_SENDER,
    files=_FILES,
)
NORWEGIAN = Vocabulary(
    topics=("nyheter", "tilbud", "tips", "arrangement", "kurs", "bærekraft"),
    interests=("Hage", "Hytte", "Båt", "Interiør", "Mat", "Tur"),
    notes=("Ønsker tilbud før påske", "Reklamasjon, ny vare sendt", "Ring tilbake i mai", "Flytter i høst"),
    note_starts=("ringt", "epost", "butikk", "messe"),
    note_ends=("ok på tlf", "ikke sms", "vil ha katalog", "sjekk igjen"),
    origins=("google", "facebook", "nyhetsbrev", "messe", "direkte"),
    subjects=("nytt til deg", "kun i helgen", "takk for kjøpet", "🌷 våren er her", "du er invitert"),
    pages=("forside", "sortiment", "tilbud", "om-oss", "inspirasjon", "butikker"),
    forms=("Kontakt oss", "Meld på nyhetsbrev", "Be om tilbud"),
    messages=("", "Kan dere ringe <etter 16>?", "Når kommer den på lager?", "Vil ha katalog & prisliste"),
    meetings=("Befaring", "Gjennomgang", "Avtalemøte"),
    contact_page="kontakt-oss",
    sender=_SENDER,
    files=_FILES,
)
FINNISH = Vocabulary(
    topics=("uutiset", "tarjoukset", "vinkit", "tapahtumat", "kurssit", "kestävyys"),
    interests=("Musiikki", "Koti", "Mökki", "Puutarha", "Ruoka", "Matkailu"),
    notes=(
        "Toivoo tarjousta keväällä",
        "Reklamaatio hyväksytty",
        "Soita elokuussa",
        "Vaihtaa yhteyshenkilöä",
    ),
    note_starts=("soitettu", "sposti", "myymälä", "messut"),
    note_ends=("ok puhelimitse", "ei tekstiviestejä", "haluaa luettelon", "tarkista"),
    origins=("google", "facebook", "uutiskirje", "messut", "suora"),
    subjects=("uutta sinulle", "vain viikonloppuna", "kiitos ostoksesta", "❄️ talvi tulee", "kutsu"),
    pages=("etusivu", "valikoima", "tarjoukset", "tietoa", "oppaat", "myymälät"),
    forms=("Ota yhteyttä", "Tilaa uutiskirje", "Pyydä tarjous"),
    messages=("", "Voitteko soittaa <klo 17 jälkeen>?", "Onko varastossa?", "Haluan luettelon & hinnaston"),
    meetings=("Katselmus", "Esittely", "Sopimuspalaveri"),
    contact_page="yhteystiedot",
    sender=_SENDER,
    files=_FILES,
)
DANISH = Vocabulary(
    topics=("nyheder", "tilbud", "tips", "arrangementer", "kurser", "bæredygtighed"),
    interests=("Bolig", "Have", "Køkken", "Strik", "Rejser", "Vin"),
    notes=(
        "Vil have tilbud efter sommer",
        "Reklamation, ny vare sendt",
        "Ring i næste uge",
        "Ny adresse til maj",
    ),
    note_starts=("ringet", "mail", "butik", "messe"),
    note_ends=("ok pr. tlf", "ikke sms", "vil have katalog", "tjek igen"),
    origins=("google", "facebook", "nyhedsbrev", "messe", "direkte"),
    subjects=("nyt til dig", "kun i weekenden", "tak for dit køb", "🍂 efterår", "du er inviteret"),
    pages=("forside", "sortiment", "tilbud", "om-os", "inspiration", "butikker"),
    forms=("Kontakt os", "Tilmeld nyhedsbrev", "Bestil tilbud"),
    messages=("", "Kan I ringe <efter kl. 16>?", "Har I den på lager?", "Vil gerne have katalog & priser"),
    meetings=("Gennemgang", "Fremvisning", "Aftalemøde"),
    contact_page="kontakt",
    sender=_SENDER,
    files=_FILES,
)
GERMAN = Vocabulary(
    topics=("Neuheiten", "Angebote", "Tipps", "Veranstaltungen", "Kurse", "Nachhaltigkeit"),
    interests=("Segeln", "Garten", "Küche", "Wandern", "Werkstatt", "Naturkost"),
    notes=(
        "Wünscht Angebot nach Ostern",
        "Reklamation anerkannt, Ersatz verschickt",
        "Rückruf im Juni",
        "Neuer Ansprechpartner ab Herbst",
    ),
    note_starts=("Anruf", "Mail", "Filiale", "Messe"),
    note_ends=("ok per Tel.", "keine SMS", "möchte Katalog", "nochmals prüfen"),
    origins=("google", "facebook", "Newsletter", "Messe", "direkt"),
    subjects=(
        "Neues für Sie",
        "nur am Wochenende",
        "Danke für Ihren Einkauf",
        "☀️ Frühling",
        "Ihre Einladung",
    ),
    pages=("start", "sortiment", "angebote", "über-uns", "ratgeber", "filialen"),
    forms=("Kontakt", "Newsletter-Anmeldung", "Angebot anfordern", "Gewinnspiel"),
    messages=("", "Bitte um Rückruf <nach 17 Uhr>", "Ist das vorrätig?", "Bitte Katalog & Preisliste"),
    meetings=("Beratung", "Vorführung", "Vertragsgespräch"),
    contact_page="kontakt",
    sender=_SENDER,
    files=_FILES,
)
DUTCH = Vocabulary(
    topics=("nieuws", "aanbiedingen", "tips", "evenementen", "cursussen", "duurzaamheid"),
    interests=("Fietsen", "Tuin", "Kust", "Koken", "Kamperen", "Muziek"),
    notes=(
        "Wil offerte na de zomer",
        "Klacht opgelost, nieuw verzonden",
        "Terugbellen in mei",
        "Verhuist in juni",
    ),
    note_starts=("gebeld", "mail", "winkel", "beurs"),
    note_ends=("ok per tel", "geen sms", "wil catalogus", "nog nakijken"),
    origins=("google", "facebook", "nieuwsbrief", "beurs", "direct"),
    subjects=("nieuw voor u", "alleen dit weekend", "bedankt voor uw aankoop", "🌷 lente", "uw uitnodiging"),
    pages=("home", "assortiment", "aanbiedingen", "over-ons", "inspiratie", "winkels"),
    forms=("Contact", "Aanmelden nieuwsbrief", "Offerte aanvragen"),
    messages=("", "Kunt u mij bellen <na 17 uur>?", "Is dit op voorraad?", "Graag catalogus & prijslijst"),
    meetings=("Adviesgesprek", "Rondleiding", "Contractgesprek"),
    contact_page="contact",
    sender=_SENDER,
    files=_FILES,
)

VOCABULARIES: Mapping[str, Vocabulary] = {
    "sv": SWEDISH,
    "nb": NORWEGIAN,
    "fi": FINNISH,
    "da": DANISH,
    "de": GERMAN,
    "nl": DUTCH,
}
