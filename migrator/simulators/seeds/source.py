"""Everything the source account holds, profile by profile and on demand: nothing is kept but definitions.

Profile number i is a pure function of account, seed and i; a keyspace's key leads back to its number.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from migrator.simulators.seeds.build import build_shape, rare_tags
from migrator.simulators.seeds.companies import Companies, ascii_slug
from migrator.simulators.seeds.connectors import CONNECTORS
from migrator.simulators.seeds.consents import Consent, consents_of, suppressed_channels
from migrator.simulators.seeds.countries import COUNTRIES
from migrator.simulators.seeds.event_data import Ground
from migrator.simulators.seeds.happenings import EVER, Happening, Happenings
from migrator.simulators.seeds.people import Home, People, Person
from migrator.simulators.seeds.profile_values import OLD_ID_START, SectionValues, has_crm_id
from migrator.simulators.seeds.shape import (
    CRM_KEYSPACE,
    EMAIL_KEYSPACE,
    EXPORT_KEYSPACE,
    MOBILE_KEYSPACE,
    WEB_KEYSPACE,
    Attribute,
    Shape,
    ShapeSpec,
)
from migrator.simulators.seeds.streams import mix, stream
from migrator.simulators.seeds.times import NOW, stamp
from migrator.simulators.seeds.traps import Trap
from migrator.simulators.seeds.values import Facts

_NUMBER_BEFORE_AT = re.compile(r"(\d+)@")
# One in so many people still has a key of the integration that was uninstalled.
_OLD_KEYS = 40
Key = tuple[str, str]


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


class Event(NamedTuple):
    """One event of a profile. `data` may be shared with other events and must not be changed."""

    section: str
    discriminator: str
    version_id: str
    time: int
    data: Mapping[str, Any]

    @property
    def event_time(self) -> str:
        """The time in ISO 8601, as the service writes it."""
        return stamp(self.time)


class Part(NamedTuple):
    """What of a profile somebody needs: by Section the number of attributes from the first, and the tags."""

    counts: tuple[int, ...]
    tags: tuple[bool, ...]


class Source:
    """The APSIS One side of an account.

    `events` is how many events a profile has on average, some eight where it is None. `separator` stands
    before "lead" in the keyspace of a CRM's leads (reference 3.4: unknown).
    """

    def __init__(
        self,
        account: str,
        seed: int,
        profiles: int,
        spec: ShapeSpec,
        *,
        events: float | None = None,
        separator: str = ".",
    ) -> None:
        self.profiles = profiles
        self.spec = spec
        self._tag = f"{account}/{seed}"
        bare = build_shape(spec, account, seed, separator)
        self.companies = Companies(
            account, seed, _company_countries(bare), owners_of(spec), varied=spec.varied_companies
        )
        homes = [Home(p, s.country, s.weight, s.crm) for p, s in enumerate(bare.sections)]
        self.people = People(account, seed, homes, self.companies)
        rare = rare_tags(spec, bare, self.people, account, seed)
        self.shape: Shape = replace(
            bare, sections=tuple(replace(s, tags=(*s.tags, *rare[s.discriminator])) for s in bare.sections)
        )
        connector = CONNECTORS[spec.connector]
        self._ids = connector.ids(account, seed)
        self._values = [SectionValues(section, connector, self._ids) for section in self.shape.sections]
        self._happenings = Happenings(self._grounds(), spec.history_days, events)
        self.heavy = self._heavy_index()
        self.profile = lru_cache(maxsize=2048)(self._make_profile)
        self.happenings = lru_cache(maxsize=256)(self._make_happenings)

    def export_key(self, index: int) -> str:
        return self.people.export_keys.forward(index)

    def iter_profiles(self) -> Iterator[Profile]:
        """All profiles in order of index."""
        return (self._make_profile(index) for index in range(self.profiles))

    def part(self, attributes: Iterable[Key], tags: Iterable[Key]) -> Part:
        """What has to be made of each profile for these attributes and tags, as (section, discriminator)."""
        wanted, tagged = set(attributes), {section for section, _ in tags}
        names = [section.discriminator for section in self.shape.sections]
        chosen = [{name for section, name in wanted if section == place} for place in names]
        return Part(
            tuple(values.needed(found) for values, found in zip(self._values, chosen, strict=True)),
            tuple(name in tagged for name in names),
        )

    def partial(self, index: int, part: Part) -> Profile:
        """A profile without its keys, and with no more than what the part needs."""
        person = self.people.get(index)
        return Profile(
            index=index,
            export_key=self.export_key(index),
            keys={},
            sections={
                self.shape.sections[place].discriminator: self._section_data(
                    person, place, part.counts[place], tags=part.tags[place]
                )
                for place in _places(person)
            },
            known=person.trap is not Trap.COOKIE,
        )

    def index_of(self, keyspace: str, key: str) -> int | None:
        """The profile that a key belongs to."""
        index = self._guess(keyspace, key)
        if not 0 <= index < self.profiles:
            return None
        held = self.profile(index).keys.get(keyspace, "")
        return index if held.lower() == key.lower() else None

    def events(self, index: int, start: int = 0, end: int = NOW + 1) -> Iterator[Event]:
        """The events of a profile from `start` to before `end` (Unix seconds), oldest first."""
        whole = start <= EVER[0] and end >= EVER[1]
        found = self.happenings(index) if whole else self._make_happenings(index, (start, end))
        return (
            Event(rung.section, rung.discriminator, rung.version_id, time, rung.data(time, code))
            for time, rung, code in found
        )

    def consents(self, index: int) -> tuple[Consent, ...]:
        person = self.people.get(index)
        return consents_of(person, self.shape.sections, stream(self._tag, "consents", index))

    def suppressed(self, index: int) -> frozenset[str]:
        """The channels on which this profile's address is blocked."""
        return suppressed_channels(self.people.get(index))

    def uses_old_version(self, index: int, attribute: Attribute) -> bool:
        """Whether the value still sits under the attribute's deprecated version."""
        return len(attribute.versions) > 1 and mix(index) % 12 == 0

    def _grounds(self) -> list[Ground]:
        spec = self.spec
        pairs = zip(self.shape.sections, spec.sections, strict=True)
        return [Ground(section, row.words, spec.domain, spec.years) for section, row in pairs]

    def _make_happenings(self, index: int, window: tuple[int, int] = EVER) -> list[Happening]:
        trap, ordinal = self.people.traps.of(index)
        return self._happenings.of(
            trap,
            ordinal,
            lambda: self.people.get(index),
            stream(self._tag, "events", index),
            heavy=index == self.heavy,
            window=window,
        )

    def _make_profile(self, index: int) -> Profile:
        person = self.people.get(index)
        return Profile(
            index=index,
            export_key=self.export_key(index),
            keys=self._keys(person),
            sections={
                self.shape.sections[place].discriminator: self._section_data(person, place)
                for place in _places(person)
            },
            known=person.trap is not Trap.COOKIE,
        )

    def _section_data(
        self, person: Person, place: int, count: int | None = None, *, tags: bool = True
    ) -> SectionData:
        section, values = self.shape.sections[place], self._values[place]
        share = 1.0 if place == person.home else 0.5
        made: dict[str, Any] = {}
        if count != 0:
            draw = stream(self._tag, "values", person.index, place)
            company = None if person.company is None else self.companies.get(person.company)
            words = self.spec.sections[place].words
            facts = Facts(person, COUNTRIES[section.country], company, draw, words)
            made = values.attributes(facts, share, count)
        if not tags:
            return SectionData(made, ())
        draw = stream(self._tag, "tags", person.index, section.discriminator)
        return SectionData(made, values.tags(person, draw, share))

    def _keys(self, person: Person) -> dict[str, str]:
        keys = {EXPORT_KEYSPACE: self.export_key(person.index)}
        merged = person.trap is Trap.MERGED
        alone = person.partner is None
        if person.email and alone and (merged or not person.linked):
            keys[EMAIL_KEYSPACE] = person.email
        if person.mobile and alone and (merged or not person.email):
            keys[MOBILE_KEYSPACE] = str(person.mobile)
        keys |= self._crm_keys(person)
        if person.trap is Trap.COOKIE or merged:
            keys[WEB_KEYSPACE] = self.people.cookies.forward(person.index)
        return keys

    def _crm_keys(self, person: Person) -> dict[str, str]:
        """The keys that the CRM gave, or a file that came from it, or an integration of the past."""
        index, shape, keys = person.index, self.shape, dict[str, str]()
        lead = person.linked and self._ids.is_lead(index)
        if person.linked and not lead:
            keys[shape.crm_keyspace] = self._ids.forward(index)
        elif not lead and has_crm_id(person):
            keys[CRM_KEYSPACE] = self._ids.forward(index)
        if lead or (person.linked and self._ids.was_lead(index)):
            keys[shape.lead_keyspace] = self._ids.of("lead", index)
        if self.spec.stale_attributes and mix(index ^ 0x01D) % _OLD_KEYS == 0 and person.email:
            keys[shape.old_keyspace] = str(OLD_ID_START + index)
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
        if keyspace == self.shape.old_keyspace:
            return int(key) - OLD_ID_START if key.isascii() and key.isdigit() else -1
        return self._ids.backward(key)

    def _heavy_index(self) -> int:
        plain = (i for i in range(5, self.profiles) if self.people.traps.of(i)[0] is Trap.NONE)
        return next(plain, -1)


def _places(person: Person) -> tuple[int, ...]:
    return (person.home,) if person.second is None else (person.home, person.second)


def owners_of(spec: ShapeSpec) -> tuple[str, ...]:
    """The e-mail addresses of the people who own records."""
    return tuple(f"{'.'.join(map(ascii_slug, name.split()))}@{spec.domain}" for name in spec.people)


def _company_countries(shape: Shape) -> tuple[str, ...]:
    """Eight countries by weight of their Sections: the pattern of a group of companies."""
    slots = [s.country for s in shape.sections for _ in range(max(1, round(s.weight * 8)))]
    return tuple((slots * 8)[:8]) if len(slots) < 8 else tuple(slots[:8])
