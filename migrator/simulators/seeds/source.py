"""Everything the source account holds, profile by profile and on demand: nothing is kept but definitions.

Profile number i is a pure function of account, seed and i; a keyspace's key leads back to its number.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from migrator.simulators.seeds.build import build_shape, rare_tags
from migrator.simulators.seeds.companies import Companies, ascii_slug
from migrator.simulators.seeds.consents import Consent, consents_of, suppressed_channels
from migrator.simulators.seeds.countries import COUNTRIES, EMAIL_DOMAINS
from migrator.simulators.seeds.happenings import NOW, Happening, Happenings
from migrator.simulators.seeds.people import Home, People, Person
from migrator.simulators.seeds.shape import (
    CRM_KEYSPACE,
    EMAIL_KEYSPACE,
    EXPORT_KEYSPACE,
    MOBILE_KEYSPACE,
    WEB_KEYSPACE,
    Attribute,
    Section,
    Shape,
    ShapeSpec,
)
from migrator.simulators.seeds.streams import mix, pick, stream
from migrator.simulators.seeds.traps import Trap
from migrator.simulators.seeds.values import HOSTILE_NOTES, KINDS, Facts

_NUMBER_BEFORE_AT = re.compile(r"(\d+)@")
_CRM_START = 20_000


@dataclass(frozen=True, slots=True)
class SectionData:
    """What one Section holds of a profile: values by attribute discriminator, tags by discriminator."""

    attributes: Mapping[str, Any]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile. `keys` holds its key in each keyspace that knows it."""

    index: int
    export_key: str
    keys: Mapping[str, str]
    sections: Mapping[str, SectionData]
    known: bool


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a profile with its data."""

    section: str
    discriminator: str
    version_id: str
    time: int
    data: Mapping[str, Any]

    @property
    def event_time(self) -> str:
        return datetime.fromtimestamp(self.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Source:
    """The APSIS One side of an account."""

    def __init__(self, account: str, seed: int, profiles: int, spec: ShapeSpec) -> None:
        self.profiles = profiles
        self._tag = f"{account}/{seed}"
        bare = build_shape(spec, account, seed)
        owners = tuple(f"{name}@{spec.domain}" for name in OWNERS)
        countries = _company_countries(bare)
        self.companies = Companies(account, seed, countries, owners)
        homes = [Home(p, s.country, s.weight, s.crm) for p, s in enumerate(bare.sections)]
        self.people = People(account, seed, homes, self.companies)
        rare = rare_tags(spec, bare, self.people, account, seed)
        self.shape: Shape = replace(
            bare, sections=tuple(replace(s, tags=(*s.tags, *rare[s.discriminator])) for s in bare.sections)
        )
        self._happenings = Happenings(self.shape.sections, spec.domain)
        self.heavy = self._heavy_index()
        self.profile = lru_cache(maxsize=2048)(self._make_profile)
        self.happenings = lru_cache(maxsize=256)(self._make_happenings)

    def export_key(self, index: int) -> str:
        return self.people.export_keys.forward(index)

    def iter_profiles(self) -> Iterator[Profile]:
        """All profiles in order of index."""
        return (self._make_profile(index) for index in range(self.profiles))

    def index_of(self, keyspace: str, key: str) -> int | None:
        """The profile that a key belongs to."""
        index = self._guess(keyspace, key)
        if not 0 <= index < self.profiles:
            return None
        held = self.profile(index).keys.get(keyspace, "")
        return index if held.lower() == key.lower() else None

    def events(self, index: int, start: int = 0, end: int = NOW + 1) -> Iterator[Event]:
        """The events of a profile from `start` to before `end` (Unix seconds), oldest first."""
        for happening in self.happenings(index):
            if start <= happening.time < end:
                yield self._event(happening)

    def consents(self, index: int) -> tuple[Consent, ...]:
        person = self.people.get(index)
        return consents_of(person, self.shape.sections, stream(self._tag, "consents", index))

    def suppressed(self, index: int) -> frozenset[str]:
        """The channels on which this profile's address is blocked."""
        return suppressed_channels(self.people.get(index))

    def uses_old_version(self, index: int, attribute: Attribute) -> bool:
        """Whether the value still sits under the attribute's deprecated version."""
        return len(attribute.versions) > 1 and mix(index) % 12 == 0

    def _event(self, happening: Happening) -> Event:
        kind = happening.type
        return Event(
            kind.section, kind.discriminator, kind.live.id, happening.time, self._happenings.data(happening)
        )

    def _make_happenings(self, index: int) -> list[Happening]:
        person = self.people.get(index)
        heavy = index == self.heavy
        return self._happenings.of(person, stream(self._tag, "events", index), heavy=heavy)

    def _make_profile(self, index: int) -> Profile:
        person = self.people.get(index)
        places = [person.home] if person.second is None else [person.home, person.second]
        sections = {
            self.shape.sections[place].discriminator: self._section_data(person, place) for place in places
        }
        return Profile(
            index=index,
            export_key=self.export_key(index),
            keys=self._keys(person),
            sections=sections,
            known=person.trap is not Trap.COOKIE,
        )

    def _section_data(self, person: Person, place: int) -> SectionData:
        section = self.shape.sections[place]
        draw = stream(self._tag, "values", person.index, place)
        company = None if person.company is None else self.companies.get(person.company)
        facts = Facts(person, COUNTRIES[section.country], company, draw)
        share = 1.0 if place == person.home else 0.5
        values: dict[str, Any] = {}
        for attribute in section.attributes:
            value = self._value(attribute, facts, section, share)
            if value is not None and value != "":
                values[attribute.discriminator] = value
        return SectionData(values, self._tags(person, section, share))

    def _value(self, attribute: Attribute, facts: Facts, section: Section, share: float) -> Any:
        person, kind = facts.person, attribute.kind
        if person.trap is Trap.COOKIE:
            return facts.country.language if kind == "language" else None
        if kind in _DEFAULT_VALUES:
            return _DEFAULT_VALUES[kind](facts, share)
        if kind.startswith("crm_"):
            return _crm_value(kind, facts) if person.linked and share == 1.0 else None
        if kind == "long_note" and person.trap is Trap.HOSTILE and person.ordinal in HOSTILE_NOTES:
            return HOSTILE_NOTES[person.ordinal]
        if kind == "epoch" and person.trap is Trap.EMPTY_DATE:
            return 0
        if facts.draw() >= attribute.fill * share:
            return None
        return KINDS[kind][1](facts)

    def _tags(self, person: Person, section: Section, share: float) -> tuple[str, ...]:
        if person.trap in (Trap.COOKIE, Trap.NAMELESS):
            return ()
        draw = stream(self._tag, "tags", person.index, section.discriminator)
        quiet = person.trap is Trap.NO_EMAIL and person.ordinal in (6, 7)
        return tuple(
            tag.discriminator
            for tag in section.tags
            if (person.index in tag.only if tag.only else draw() < tag.share * share and not quiet)
        )

    def _keys(self, person: Person) -> dict[str, str]:
        keys = {EXPORT_KEYSPACE: self.export_key(person.index)}
        merged = person.trap is Trap.MERGED
        alone = person.partner is None
        if person.email and alone and (merged or not person.linked):
            keys[EMAIL_KEYSPACE] = person.email
        if person.mobile and alone and (merged or not person.email):
            keys[MOBILE_KEYSPACE] = str(person.mobile)
        if person.linked:
            keys[self.shape.crm_keyspace] = str(_CRM_START + person.index)
        elif _has_crm_id(person):
            keys[CRM_KEYSPACE] = str(_CRM_START + person.index)
        if person.trap is Trap.COOKIE or merged:
            keys[WEB_KEYSPACE] = self.people.cookies.forward(person.index)
        return keys

    def _guess(self, keyspace: str, key: str) -> int:
        if keyspace == EXPORT_KEYSPACE:
            return self.people.export_keys.backward(key)
        if keyspace == WEB_KEYSPACE:
            return self.people.cookies.backward(key)
        if keyspace == MOBILE_KEYSPACE:
            return self.people.index_of_mobile(key)
        if keyspace == EMAIL_KEYSPACE:
            found = _NUMBER_BEFORE_AT.search(key)
            return int(found.group(1)) if found else -1
        return int(key) - _CRM_START if key.isdigit() else -1

    def _heavy_index(self) -> int:
        plain = (i for i in range(5, self.profiles) if self.people.traps.of(i)[0] is Trap.NONE)
        return next(plain, -1)


OWNERS = ("sara.blom", "jon.vestby", "helmi.rantala", "kim.damsgaard", "per.old")


def _company_countries(shape: Shape) -> tuple[str, ...]:
    """Eight countries by weight of their Sections: the pattern of a group of companies."""
    slots = [s.country for s in shape.sections for _ in range(max(1, round(s.weight * 8)))]
    return tuple((slots * 8)[:8]) if len(slots) < 8 else tuple(slots[:8])


def _first(facts: Facts, share: float) -> str:
    return facts.person.first


def _last(facts: Facts, share: float) -> str:
    return facts.person.last


def _email(facts: Facts, share: float) -> str:
    person = facts.person
    if share < 1.0 and person.trap is Trap.SECTION_EMAILS:
        return f"{ascii_slug(person.first)[:1]}{person.index}.alt@{pick(facts.draw, EMAIL_DOMAINS)}"
    return person.email


def _mobile(facts: Facts, share: float) -> int | None:
    return facts.person.mobile


def _birth_date(facts: Facts, share: float) -> str | None:
    if facts.person.trap is Trap.EMPTY_DATE:
        return "1899-12-31"
    if facts.draw() > 0.55 * share:
        return None
    year = 1944 + int(facts.draw() * 62)
    return f"{year}-{1 + int(facts.draw() * 12):02d}-{1 + int(facts.draw() * 28):02d}"


def _has_crm_id(person: Person) -> bool:
    """Merged people, and a few whose id came with a file once, without an integration."""
    imported = mix(person.index) % 80 == 0 and person.trap is Trap.NONE
    return person.trap is Trap.MERGED or imported


def _crm_id(facts: Facts, share: float) -> str | None:
    person = facts.person
    number = _CRM_START + person.index
    if not person.linked and not _has_crm_id(person):
        return None
    if person.trap is Trap.BROKEN_CRM_ID:
        return (f"{number * 1000:,}", f"{number}.0", f"{number:.4E}")[person.ordinal % 3]
    return str(number)


_DEFAULT_VALUES: dict[str, Any] = {
    "firstname": _first,
    "lastname": _last,
    "email": _email,
    "mobile": _mobile,
    "birthdate": _birth_date,
    "crmid": _crm_id,
}


def _crm_value(kind: str, facts: Facts) -> Any:
    if kind == "crm_contact_id" and facts.person.trap is Trap.BROKEN_CRM_ID:
        return _crm_id(facts, 1.0)
    return KINDS[kind][1](facts)
