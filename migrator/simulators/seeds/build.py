"""Turns a written shape and a seed into definitions with discriminators, version ids and rare-tag holders.

Nothing here depends on how many profiles the account has.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, product

from migrator.simulators.seeds.happenings import CAMPAIGN_YEARS, EVENT_KINDS, EventKind
from migrator.simulators.seeds.people import People
from migrator.simulators.seeds.segments import segments_for
from migrator.simulators.seeds.shape import (
    CRM_KEYSPACE,
    DEFAULTS,
    EMAIL_KEYSPACE,
    EXPORT_KEYSPACE,
    MOBILE_KEYSPACE,
    WEB_KEYSPACE,
    Activity,
    Attribute,
    AttributeSpec,
    EventType,
    Keyspace,
    Section,
    SectionSpec,
    Shape,
    ShapeSpec,
    Tag,
    Topic,
    Version,
)
from migrator.simulators.seeds.streams import Draw, number_for, stream, suffix
from migrator.simulators.seeds.traps import Trap
from migrator.simulators.seeds.values import KINDS

_SLUG_LENGTH = 41
_OLD = ("2021-03-02T08:00:00Z", "2023-05-15T09:30:00Z")
CRM_KINDS = tuple(kind for kind in KINDS if kind.startswith("crm_"))
_CONNECTOR_NAMES = {"webcrm": "webCRM", "lime": "Lime"}


@dataclass(slots=True)
class _Builder:
    spec: ShapeSpec
    draw: Draw
    ids: Iterator[int]

    def section(self, spec: SectionSpec) -> Section:
        own = self.discriminator("sections", spec.name if spec.slug is None else spec.slug)
        return Section(
            discriminator=own,
            name=spec.name,
            description=spec.description,
            country=spec.country,
            weight=spec.weight,
            crm=spec.crm,
            attributes=(
                *(self.default(own, *row) for row in DEFAULTS),
                *(self.attribute(own, row) for row in spec.attributes),
                *(self.crm_attribute(own, kind) for kind in (CRM_KINDS if spec.crm else ())),
            ),
            tags=tuple(Tag(own, self.discriminator("tags", name), name, share) for name, share in spec.tags),
            events=tuple(self.event(own, kind) for kind in EVENT_KINDS),
            topics=tuple(self.topics(own, spec)),
            campaigns=tuple(self.campaigns(own, spec)),
        )

    def discriminator(self, kind: str, name: str) -> str:
        slug = slug_of(name)
        return (
            f"usercreated.{kind}.{slug}-{suffix(self.draw)}"
            if slug
            else f"usercreated.{kind}.{suffix(self.draw)}"
        )

    def version(self, type_: str, created: str, deprecated: str | None = None) -> Version:
        return Version(str(next(self.ids)), type_, created, deprecated)

    def versions(self, type_: str, old: bool) -> tuple[Version, ...]:
        earlier = (self.version("text", *_OLD),) if old else ()
        return (*earlier, self.version(type_, _OLD[1]))

    def default(self, section: str, name: str, discriminator: str, kind: str, type_: str) -> Attribute:
        return Attribute(section, discriminator, name, None, kind, 1.0, self.versions(type_, False))

    def attribute(self, section: str, row: AttributeSpec) -> Attribute:
        own = self.discriminator("attributes", row.slug or row.name)
        versions = self.versions(KINDS[row.kind][0], row.old)
        return Attribute(section, own, row.name, row.description, row.kind, row.fill, versions)

    def crm_attribute(self, section: str, kind: str) -> Attribute:
        words = kind.removeprefix("crm_")
        own = f"com.apsis1.integrations.{self.spec.connector}.attributes.{words}-{suffix(self.draw)}"
        label = words.replace("_", " ").replace(" id", " ID").capitalize()
        name = f"{_CONNECTOR_NAMES[self.spec.connector]} - {label}"
        return Attribute(section, own, name, None, kind, 1.0, self.versions(KINDS[kind][0], False))

    def event(self, section: str, kind: EventKind) -> EventType:
        own = kind.discriminator
        if kind.custom:
            own = f"{own}-{suffix(self.draw)}"
        versions = self.versions("event", kind.custom and kind.key == "purchase")
        return EventType(
            section, own, kind.name, kind.description, kind.key, kind.weight, versions, kind.schema
        )

    def topics(self, section: str, spec: SectionSpec) -> Iterator[Topic]:
        folders = {row.folder: self.discriminator("targets", row.folder) for row in spec.topics}
        for row in spec.topics:
            own = self.discriminator("topics", row.name)
            yield Topic(section, own, row.name, folders[row.folder], row.channels, row.share)

    def campaigns(self, section: str, spec: SectionSpec) -> Iterator[Activity]:
        step = 12 // len(spec.campaigns)
        for year, (place, name) in product(CAMPAIGN_YEARS, enumerate(spec.campaigns)):
            sent = f"{year}-{place * step + 1:02d}-12T09:00:00Z"
            yield Activity(f"{next(self.ids)}", f"{name} {year}", section, "sent", sent)


def build_shape(spec: ShapeSpec, account: str, seed: int) -> Shape:
    """All definitions; rare tags have no holders yet (see `with_rare_tags`)."""
    ids = count(9_000_000 + number_for(account, seed, "versions") % 900_000, 7)
    builder = _Builder(spec, stream(account, seed, "definitions"), ids)
    sections = tuple(builder.section(row) for row in spec.sections)
    crm = next((s for s in sections if s.crm), sections[0])
    crm_keyspace = connector_keyspace(crm.discriminator, spec.connector)
    return Shape(
        title=spec.title,
        domain=spec.domain,
        sections=sections,
        keyspaces=_keyspaces(crm_keyspace, spec.connector, sections[-1].discriminator),
        segments=segments_for(sections, builder.discriminator, builder.version),
        flows=_flows(sections, ids),
        connector=spec.connector,
        crm_keyspace=crm_keyspace,
        options=spec.options,
    )


def rare_tags(
    spec: ShapeSpec, shape: Shape, people: People, account: str, seed: int
) -> dict[str, tuple[Tag, ...]]:
    """The rare tags of each Section with the few profiles that carry them, all among the first hundreds."""
    draw = stream(account, seed, "rare tags")
    builder = _Builder(spec, draw, count(1))
    found: dict[str, tuple[Tag, ...]] = {}
    for place, (row, section) in enumerate(zip(spec.sections, shape.sections, strict=True)):
        holders = _plain_profiles(people, place, int(draw() * 60))
        found[section.discriminator] = tuple(
            Tag(
                section.discriminator,
                builder.discriminator("tags", name),
                name,
                0.0,
                tuple(sorted(next(holders) for _ in range(wanted))),
            )
            for name, wanted in row.rare_tags
        )
    return found


def _plain_profiles(people: People, place: int, start: int) -> Iterator[int]:
    for index in count(start, 3):
        if people.home_of(index) == place and people.traps.of(index)[0] is Trap.NONE:
            yield index


def slug_of(name: str) -> str:
    """The readable part of a discriminator: lower case, ASCII, 41 characters (reference 3.1)."""
    kept = (c for c in name.lower().replace(" ", "_") if c.isascii() and (c.isalnum() or c in "-_."))
    return "".join(kept)[:_SLUG_LENGTH]


def connector_keyspace(section: str, connector: str) -> str:
    """The keyspace of a CRM installed on a Section (reference 3.4)."""
    digest = hashlib.md5(section.encode(), usedforsecurity=False).hexdigest()
    return f"com.apsis1.integrations.keyspaces.{digest[:8]}.{connector}"


def _keyspaces(crm_keyspace: str, connector: str, other_section: str) -> tuple[Keyspace, ...]:
    return (
        Keyspace(EMAIL_KEYSPACE, "Email", True),
        Keyspace(MOBILE_KEYSPACE, "Mobile", True),
        Keyspace(CRM_KEYSPACE, "CRM-ID", True),
        Keyspace(EXPORT_KEYSPACE, "Export key", False),
        Keyspace(WEB_KEYSPACE, "Website cookie", False),
        Keyspace(crm_keyspace, _CONNECTOR_NAMES[connector], True),
        # An integration that was uninstalled; its keyspace stays (reference 13).
        Keyspace(connector_keyspace(other_section, "dynamics"), "Dynamics 365 (old)", False),
    )


def _flows(sections: tuple[Section, ...], ids: Iterator[int]) -> tuple[Activity, ...]:
    names = (
        "Welcome series",
        "Birthday greeting",
        "Abandoned cart",
        "Win back after 12 months",
        "Lead to sales",
    )
    states = ("active", "active", "active", "paused", "draft")
    return tuple(
        Activity(
            str(next(ids)), name, sections[place % len(sections)].discriminator, state, "2026-09-01T07:00:00Z"
        )
        for place, (name, state) in enumerate(zip(names, states, strict=True))
    )
