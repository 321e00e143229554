"""A Pipedrive account that has been in use: users, fields, labels and people that partly match the source.

Matches are spelled as two systems spell them: another case, another legal form, one channel only.
"""

from array import array
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from migrator.simulators.pipedrive.preload import DEFAULT_STAGES, Preload
from migrator.simulators.seeds.companies import PEOPLE_PER_GROUP, Company
from migrator.simulators.seeds.countries import COUNTRIES, EMAIL_DOMAINS
from migrator.simulators.seeds.people import Person
from migrator.simulators.seeds.source import Source, owners_of
from migrator.simulators.seeds.streams import Draw, between, mix, pick, stream
from migrator.simulators.seeds.times import NOW
from migrator.simulators.seeds.traps import Trap

Entry = dict[str, Any]
KNOWN_SHARE = 0.15
OTHER_SHARE = 0.08
_INTEGRATION = "Ada Integration"
_ADDED = "2024-05-14T08:00:00Z"


class Entries:
    """Entries that are made while they are read, as often as somebody reads them."""

    def __init__(self, make: Callable[[], Iterator[Entry]]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[Entry]:
        return self._make()


def target_preload(account: str, seed: int, source: Source) -> Preload:
    """The account's contents, written by name. Organizations, persons, deals, activities and notes are made
    on reading, so that an account of any size fits."""
    maker = _Maker(account, seed, source)
    return Preload(
        company=maker.company(),
        users=maker.users(),
        person_fields=maker.person_fields(),
        organization_fields=[{"field_name": maker.words["org_number"], "field_type": "varchar"}],
        person_labels=[
            ("Customer", "green"),
            ("Hot lead", "red"),
            ("Warm lead", "yellow"),
            ("Cold lead", "blue"),
            ("VIP", "purple"),
        ],
        pipelines=[{"name": "Wholesale", "stages": list(DEFAULT_STAGES)}],
        organizations=Entries(maker.organizations),
        persons=Entries(maker.persons),
        deals=Entries(maker.deals),
        activities=Entries(maker.activities),
        notes=Entries(maker.notes),
        filters=[_own_filter()],
        as_of=NOW,
        profiles=source.profiles,
    )


def _own_filter() -> Entry:
    condition = {"field": "name", "operator": "IS NOT NULL", "value": None}
    return {"name": "All people", "type": "people", "all": [condition]}


class _Maker:
    def __init__(self, account: str, seed: int, source: Source) -> None:
        self._tag = f"{account}/{seed}"
        self._source = source
        self._shape = source.shape
        self._owners = owners_of(source.spec)
        self.words = _FIELD_NAMES[COUNTRIES[source.shape.sections[0].country].language]

    def company(self) -> Entry:
        country = self._shape.sections[0].country
        currency = {"SE": "SEK", "NO": "NOK", "DK": "DKK"}.get(country, "EUR")
        return {
            "name": self._shape.title,
            "domain": self._shape.domain.removesuffix(".example"),
            "country_code": country,
            "default_currency": currency,
        }

    def users(self) -> list[Entry]:
        """The five people who own records, the last of whom has left, and one for the integration."""
        people = self._source.spec.people
        addresses = (*self._owners, f"ada.integration@{self._shape.domain}")
        return [
            {
                "name": name,
                "email": addresses[place],
                "is_admin": place in (0, len(people)),
                "active_flag": place != len(people) - 1,
            }
            for place, name in enumerate((*people, _INTEGRATION))
        ]

    def person_fields(self) -> list[Entry]:
        return [
            {"field_name": self.words["number"], "field_type": "varchar"},
            {
                "field_name": "Preferred store",
                "field_type": "enum",
                "options": sorted({town for _, town in COUNTRIES[self._shape.sections[0].country].towns}),
            },
            {"field_name": "Customer since", "field_type": "date"},
            {"field_name": "Email consent", "field_type": "enum", "options": ["Yes", "No"]},
            {"field_name": self.words["language"], "field_type": "varchar"},
            {"field_name": "Old system note", "field_type": "text"},
        ]

    def persons(self) -> Iterator[Entry]:
        return (self._person(code) for code in self._codes)

    @cached_property
    def _codes(self) -> "array[int]":
        """Who is there, in order: twice the index for somebody known, one more for a stranger. Four bytes a
        person are kept, since deals, activities and notes are told off by their places."""
        found = array("I")
        for index in range(self._source.profiles):
            draw = stream(self._tag, "target", index)
            if draw() < KNOWN_SHARE and _matchable(self._source.people.get(index)):
                self._known(self._source.people.get(index), draw)
                found.append(2 * index)
            if draw() < OTHER_SHARE:
                found.append(2 * index + 1)
        return found

    def _person(self, code: int) -> Entry:
        """The entry behind a code; a stranger comes after what was drawn for the known one."""
        index, is_stranger = divmod(code, 2)
        draw = stream(self._tag, "target", index)
        person = self._source.people.get(index)
        known = self._known(person, draw) if draw() < KNOWN_SHARE and _matchable(person) else None
        if is_stranger:
            draw()
            return self._stranger(index, draw)
        assert known is not None
        return known

    def _chosen(self, salt: int, one_in: int) -> Iterator[tuple[int, int, Entry]]:
        """One in so many persons, with the place and the number that chose it."""
        for place, person in enumerate(self._codes):
            code = mix(place + salt)
            if code % one_in == 0:
                yield place, code, self._person(person)

    def _known(self, person: Person, draw: Draw) -> Entry:
        """Somebody whom both systems know: by e-mail in another case, or by phone."""
        by_email = bool(person.email) and (person.mobile is None or draw() < 0.75)
        entry = self._entry(f"known-{person.index}", f"{person.first} {person.last}", draw)
        if by_email:
            address = person.email.upper() if draw() < 0.15 else person.email.title()
            entry["emails"] = [{"value": address, "primary": True, "label": "work"}]
        if not by_email or draw() < 0.4:
            entry["phones"] = [{"value": _spelled(person, draw), "primary": True, "label": "mobile"}]
        if person.company is not None and draw() < 0.6:
            entry["organization"] = f"company-{person.company}"
        entry["custom_fields"] = self._custom_fields(person, draw)
        return {key: value for key, value in entry.items() if value not in (None, {}, [])}

    def _stranger(self, index: int, draw: Draw) -> Entry:
        country = COUNTRIES[pick(draw, self._shape.sections).country]
        first, last = pick(draw, country.women + country.men), pick(draw, country.surnames)
        entry = self._entry(f"other-{index}", f"{first} {last}", draw)
        address = f"crm{index}@{pick(draw, EMAIL_DOMAINS)}"
        entry["emails"] = [{"value": address, "primary": True, "label": "work"}]
        return {key: value for key, value in entry.items() if value not in (None, {}, [])}

    def _entry(self, key: str, name: str, draw: Draw) -> Entry:
        roll = draw()
        label = "Customer" if roll < 0.4 else "Hot lead" if roll < 0.5 else "VIP" if roll < 0.53 else None
        owner = pick(draw, self._owners[:4])
        return {
            "key": key,
            "name": name,
            "owner": owner,
            "labels": [label] if label else [],
            "add_time": _ADDED,
            "update_time": f"2025-{between(draw, 1, 12):02d}-{between(draw, 1, 28):02d}T10:00:00Z",
        }

    def _custom_fields(self, person: Person, draw: Draw) -> Entry:
        found: Entry = {}
        if draw() < 0.3:
            found["Email consent"] = "Yes" if draw() < 0.7 else "No"
        if draw() < 0.4:
            found[self.words["number"]] = f"K{200_000 + person.index:07d}"
        if draw() < 0.2:
            found["Customer since"] = f"20{between(draw, 15, 24)}-{between(draw, 1, 12):02d}-01"
        if draw() < 0.05:
            found["Old system note"] = "Imported from the old register"
        return found

    def organizations(self) -> Iterator[Entry]:
        """Companies of the known people, under other spellings, and a few that only the CRM knows."""
        for number in self._known_companies():
            company = self._source.companies.get(number)
            draw = stream(self._tag, "target company", number)
            entry: Entry = {
                "key": f"company-{number}",
                "name": respelled(company, draw),
                "add_time": _ADDED,
            }
            if draw() < 0.5:
                entry["custom_fields"] = {self.words["org_number"]: company.org_number.replace("-", "")}
            if draw() < 0.4:
                entry["address"] = {"value": f"{company.street}, {company.postcode} {company.town}"}
            yield entry
        for place in range(max(2, self._source.profiles // 200)):
            name = f"{self.words['supplier']} {place + 1} {self.words['legal']}"
            yield {"key": f"only-{place}", "name": name, "add_time": _ADDED}

    def _known_companies(self) -> Iterator[int]:
        """In order; all who work for a company stand within one group of people."""
        group, found = 0, set[int]()
        for code in self._codes:
            if code % 2:
                continue
            if code // 2 // PEOPLE_PER_GROUP != group:
                yield from sorted(found)
                group, found = code // 2 // PEOPLE_PER_GROUP, set()
            employer = self._person(code).get("organization")
            if employer:
                found.add(int(employer.removeprefix("company-")))
        yield from sorted(found)

    def deals(self) -> Iterator[Entry]:
        for place, code, person in self._chosen(0, 9):
            entry: Entry = {
                "title": f"{person['name']}, order {place + 1}",
                "person": person["key"],
                "pipeline": "Wholesale",
                "stage": DEFAULT_STAGES[code // 9 % len(DEFAULT_STAGES)],
                "value": 500 * (1 + code // 64 % 90),
                "currency": self.company()["default_currency"],
                "status": ("open", "open", "won", "lost")[code // 1024 % 4],
            }
            if "organization" in person:
                entry["organization"] = person["organization"]
            yield entry

    def activities(self) -> Iterator[Entry]:
        for _, code, person in self._chosen(1_000_000, 6):
            yield {
                "subject": ("Follow up", "Call back", "Send catalogue")[code // 6 % 3],
                "type": ("task", "call", "task")[code // 6 % 3],
                "person": person["key"],
                "owner": person["owner"],
                "due_date": f"2026-{1 + code // 64 % 12:02d}-{1 + code // 1024 % 28:02d}",
                "done": bool(code // 32_768 % 4),
            }

    def notes(self) -> Iterator[Entry]:
        for _, _, person in self._chosen(2_000_000, 8):
            yield {"content": "Met at the fair, wants the spring catalogue.", "person": person["key"]}


def _words(number: str, language: str, org_number: str, supplier: str, legal: str) -> dict[str, str]:
    return {
        "number": number,
        "language": language,
        "org_number": org_number,
        "supplier": supplier,
        "legal": legal,
    }


_FIELD_NAMES = {
    "sv": _words("Kundnummer", "Språk", "Organisationsnummer", "Leverantör", "HB"),
    "nb": _words("Kundenummer", "Språk", "Organisasjonsnummer", "Leverandør", "ANS"),
    "fi": _words("Asiakasnumero", "Kieli", "Y-tunnus", "Toimittaja", "Ky"),
    "da": _words("Kundenummer", "Sprog", "CVR-nummer", "Leverandør", "I/S"),
    "de": _words("Kundennummer", "Sprache", "Handelsregisternummer", "Lieferant", "UG"),
    "nl": _words("Klantnummer", "Taal", "KvK-nummer", "Leverancier", "V.O.F."),
}


def respelled(company: Company, draw: Draw) -> str:
    """The company's name as another system has it: legal form dropped, added or in capitals, spaces."""
    bare, legal = company.bare, company.legal
    forms = (company.name, bare, f"{bare} {legal.upper()}", f"{bare}  {legal}", bare.upper())
    return pick(draw, forms)


def _matchable(person: Person) -> bool:
    reachable = bool(person.email) or person.mobile is not None
    return reachable and bool(person.first) and person.trap is not Trap.HOSTILE and person.partner is None


def _spelled(person: Person, draw: Draw) -> str:
    """The mobile as a person types it."""
    digits = str(person.mobile)
    dial = COUNTRIES[person.country].dial[: 3 if person.country == "FI" else 2]
    if not digits.startswith(dial):
        return digits
    local = digits[len(dial) :]
    spaced = f"{local[:2]} {local[2:5]} {local[5:]}"
    return f"+{dial} {spaced}" if draw() < 0.6 else f"0{spaced}" if person.country == "SE" else f"+{digits}"
