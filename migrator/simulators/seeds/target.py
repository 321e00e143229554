"""A Pipedrive account that has been in use: users, fields, labels and people that partly match the source.

Matches are spelled as two systems spell them: another case, another legal form, one channel only.
"""

from collections.abc import Iterator
from typing import Any

from migrator.simulators.pipedrive.preload import DEFAULT_STAGES, Preload
from migrator.simulators.seeds.companies import Company
from migrator.simulators.seeds.countries import COUNTRIES, EMAIL_DOMAINS
from migrator.simulators.seeds.people import Person
from migrator.simulators.seeds.source import OWNERS, Source
from migrator.simulators.seeds.streams import Draw, between, mix, pick, stream
from migrator.simulators.seeds.traps import Trap

Entry = dict[str, Any]
KNOWN_SHARE = 0.15
OTHER_SHARE = 0.08
_USERS = ("Sara Blom", "Jon Vestby", "Helmi Rantala", "Kim Damsgaard", "Per Old", "Ada Integration")
_ADDED = "2024-05-14T08:00:00Z"


def target_preload(account: str, seed: int, source: Source) -> Preload:
    """The account's contents, written by name."""
    maker = _Maker(account, seed, source)
    persons = list(maker.persons())
    return Preload(
        company=maker.company(),
        users=maker.users(),
        person_fields=maker.person_fields(),
        organization_fields=[{"field_name": "Organisationsnummer", "field_type": "varchar"}],
        person_labels=[
            ("Customer", "green"),
            ("Hot lead", "red"),
            ("Warm lead", "yellow"),
            ("Cold lead", "blue"),
            ("VIP", "purple"),
        ],
        pipelines=[{"name": "Wholesale", "stages": list(DEFAULT_STAGES)}],
        organizations=list(maker.organizations()),
        persons=persons,
        deals=list(maker.deals(persons)),
        activities=list(maker.activities(persons)),
        notes=list(maker.notes(persons)),
        filters=[_own_filter()],
    )


def _own_filter() -> Entry:
    condition = {"field": "name", "operator": "IS NOT NULL", "value": None}
    return {"name": "All people", "type": "people", "all": [condition]}


class _Maker:
    def __init__(self, account: str, seed: int, source: Source) -> None:
        self._tag = f"{account}/{seed}"
        self._source = source
        self._shape = source.shape
        self._known_companies: dict[int, str] = {}

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
        return [
            {
                "name": name,
                "email": f"{(*OWNERS, 'ada.integration')[place]}@{self._shape.domain}",
                "is_admin": place in (0, 5),
                "active_flag": name != "Per Old",
            }
            for place, name in enumerate(_USERS)
        ]

    def person_fields(self) -> list[Entry]:
        return [
            {"field_name": "Kundnummer", "field_type": "varchar"},
            {
                "field_name": "Preferred store",
                "field_type": "enum",
                "options": sorted({town for _, town in COUNTRIES[self._shape.sections[0].country].towns}),
            },
            {"field_name": "Customer since", "field_type": "date"},
            {"field_name": "Email consent", "field_type": "enum", "options": ["Yes", "No"]},
            {"field_name": "Språk", "field_type": "varchar"},
            {"field_name": "Old system note", "field_type": "text"},
        ]

    def persons(self) -> Iterator[Entry]:
        for index in range(self._source.profiles):
            draw = stream(self._tag, "target", index)
            person = self._source.people.get(index)
            if draw() < KNOWN_SHARE and _matchable(person):
                yield self._known(person, draw)
            if draw() < OTHER_SHARE:
                yield self._stranger(index, draw)

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
            entry["organization"] = self._organization_key(person.company)
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
        owner = f"{pick(draw, OWNERS[:4])}@{self._shape.domain}"
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
            found["Kundnummer"] = f"K{200_000 + person.index:07d}"
        if draw() < 0.2:
            found["Customer since"] = f"20{between(draw, 15, 24)}-{between(draw, 1, 12):02d}-01"
        if draw() < 0.05:
            found["Old system note"] = "Imported from the old register"
        return found

    def _organization_key(self, number: int) -> str:
        key = f"company-{number}"
        self._known_companies[number] = key
        return key

    def organizations(self) -> Iterator[Entry]:
        """Companies of the known people, under other spellings, and a few that only the CRM knows."""
        for number, key in sorted(self._known_companies.items()):
            company = self._source.companies.get(number)
            draw = stream(self._tag, "target company", number)
            entry: Entry = {"key": key, "name": respelled(company, draw), "add_time": _ADDED}
            if draw() < 0.5:
                entry["custom_fields"] = {"Organisationsnummer": company.org_number.replace("-", "")}
            if draw() < 0.4:
                entry["address"] = {"value": f"{company.street}, {company.postcode} {company.town}"}
            yield entry
        for place in range(max(2, self._source.profiles // 200)):
            yield {"key": f"only-{place}", "name": f"Leverantör {place + 1} HB", "add_time": _ADDED}

    def deals(self, persons: list[Entry]) -> Iterator[Entry]:
        for place, person in enumerate(persons):
            code = mix(place)
            if code % 9:
                continue
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

    def activities(self, persons: list[Entry]) -> Iterator[Entry]:
        for place, person in enumerate(persons):
            code = mix(place + 1_000_000)
            if code % 6 == 0:
                yield {
                    "subject": ("Follow up", "Call back", "Send catalogue")[code // 6 % 3],
                    "type": ("task", "call", "task")[code // 6 % 3],
                    "person": person["key"],
                    "owner": person["owner"],
                    "due_date": f"2026-{1 + code // 64 % 12:02d}-{1 + code // 1024 % 28:02d}",
                    "done": bool(code // 32_768 % 4),
                }

    def notes(self, persons: list[Entry]) -> Iterator[Entry]:
        for place, person in enumerate(persons):
            if mix(place + 2_000_000) % 8 == 0:
                yield {"content": "Met at the fair, wants the spring catalogue.", "person": person["key"]}


def respelled(company: Company, draw: Draw) -> str:
    """The company's name as another system has it: legal form dropped, added or in capitals, spaces."""
    country = COUNTRIES[company.country]
    bare = company.name.removesuffix(f" {country.legal}")
    forms = (company.name, bare, f"{bare} {country.legal.upper()}", f"{bare}  {country.legal}", bare.upper())
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
