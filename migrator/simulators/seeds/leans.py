"""The invented companies that have a name: where they are at home, what they sell, which CRM they had when.

A name stands for a company, a seed for one of its possible accounts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from migrator.simulators.seeds.connectors import CONNECTORS
from migrator.simulators.seeds.streams import number_for


@dataclass(frozen=True, slots=True)
class Lean:
    """What is always true of a company. The first country is where its CRM is; `topics` and `pages` are what
    it writes about, in its own language."""

    title: str
    countries: tuple[str, ...]
    topics: tuple[str, ...]
    pages: tuple[str, ...]


DEMO = "nordlys"
LEANS: Mapping[str, Lean] = {
    DEMO: Lean(
        "Nordlys Outdoor",
        ("SE", "NO", "FI", "DK"),
        ("skidor", "vandring", "paddling", "cykling", "camping", "klättring"),
        ("skor", "jackor", "tält", "skidor", "kajak", "outlet", "butiker"),
    ),
    "bergvarg": Lean(
        "Bergvarg Verktyg",
        ("SE", "NO", "FI"),
        ("elverktyg", "handverktyg", "arbetskläder", "uthyrning", "service", "skyddsutrustning"),
        ("borrmaskiner", "sågar", "arbetskläder", "hyrmaskiner", "service", "outlet", "depåer"),
    ),
    "fjordrose": Lean(
        "Fjordrose Hagesenter",
        ("NO", "SE", "DK"),
        ("roser", "grønnsaker", "hagemøbler", "kurs", "julestjerner", "stell av plen"),
        ("roser", "stauder", "frø", "hagemøbler", "kurs", "butikker", "julemarked"),
    ),
    "havblik": Lean(
        "Havblik Boliginteriør",
        ("DK", "NO", "DE"),
        ("sofaer", "lamper", "tæpper", "køkken", "tekstiler", "indretning"),
        ("sofaer", "lamper", "tæpper", "spiseborde", "outlet", "indretning", "butikker"),
    ),
    "tuulikannel": Lean(
        "Tuulikannel Soitin",
        ("FI", "SE", "DE"),
        ("kanteleet", "pianot", "kitarat", "nuotit", "huolto", "konsertit"),
        ("kanteleet", "kitarat", "pianot", "nuotit", "huolto", "vuokraus", "myymälät"),
    ),
    "kornblume": Lean(
        "Kornblume Naturwaren",
        ("DE", "NL", "DK"),
        ("Tee", "Naturkosmetik", "Backen", "Babykost", "Wäsche", "Rezepte"),
        ("tee", "naturkosmetik", "backen", "geschenke", "rezepte", "filialen", "abo-kiste"),
    ),
    "sturmlicht": Lean(
        "Sturmlicht Segelbedarf",
        ("DE", "DK", "SE", "NL"),
        ("Segel", "Takelage", "Bekleidung", "Elektronik", "Winterlager", "Regatta"),
        ("segel", "tauwerk", "bekleidung", "navigation", "winterlager", "regatta", "häfen"),
    ),
    "zilverduin": Lean(
        "Zilverduin Reizen",
        ("NL", "DE", "DK"),
        ("stedentrips", "kust", "fietsreizen", "rondreizen", "kamperen", "last minute"),
        ("stedentrips", "fietsreizen", "waddeneilanden", "campings", "last-minute", "reisgids", "kantoren"),
    ),
}
NAMES = tuple(LEANS)


def connector_of(name: str, seed: int) -> str:
    """The CRM of an account. With one seed the eight names have each of the four twice; the demo has webCRM."""
    known = tuple(CONNECTORS)
    place = NAMES.index(name) if name in LEANS else number_for(name, "connector")
    return known[(place + seed) % len(known)]


def old_connector_of(name: str, seed: int) -> str:
    """The CRM that was there before and was uninstalled."""
    others = [key for key in CONNECTORS if key != connector_of(name, seed)]
    return others[number_for(name, seed, "old connector") % len(others)]
