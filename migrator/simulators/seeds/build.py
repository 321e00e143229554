"""Turns a written shape and a seed into definitions with discriminators, version ids and rare-tag holders.

Nothing here depends on how many profiles the account has.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, product

from migrator.simulators.seeds.connectors import CONNECTORS, Connector, CrmField
from migrator.simulators.seeds.event_kinds import EventKind
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
# How much of an uninstalled integration's values is still there.
_STALE_FILL = 0.04


@dataclass(slots=True)
class _Builder:
    spec: ShapeSpec
    draw: Draw
    ids: Iterator[int]

    def section(self, spec: SectionSpec) -> Section:
        own = spec.discriminator or self.discriminator(
            "sections", spec.name if spec.slug is None else spec.slug
        )
        old = CONNECTORS[self.spec.old_connector] if spec.crm and self.spec.stale_attributes else None
        fields = CONNECTORS[self.spec.connector].fields if spec.crm else ()
        lists = tuple(
            Tag(own, self.discriminator("tags", name), name, share, linked=True)
            for name, share in spec.crm_lists
        )
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
                *(self.crm_attribute(own, self.spec.connector, field) for field in fields),
                *(self.stale_attribute(own, field) for field in _identifying(old)),
            ),
            tags=(
                *(Tag(own, self.discriminator("tags", name), name, share) for name, share in spec.tags),
                *lists,
            ),
            events=tuple(self.event(own, kind) for kind in self.spec.events),
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

    def crm_attribute(self, section: str, connector: str, field: CrmField) -> Attribute:
        slug = field.slug or slug_of(field.name)
        word = CONNECTORS[connector].word
        own = f"com.apsis1.integrations.{word}.attributes.{slug}-{suffix(self.draw)}"
        return Attribute(section, own, field.name, None, field.kind, 1.0, self.versions(field.type, False))

    def stale_attribute(self, section: str, field: CrmField) -> Attribute:
        """What an uninstalled integration wrote stays, and nobody keeps it up to date (reference 13)."""
        made = self.crm_attribute(section, self.spec.old_connector, field)
        return replace(made, kind=f"stale_{field.kind}", fill=_STALE_FILL)

    def event(self, section: str, kind: EventKind) -> EventType:
        own = kind.discriminator
        if kind.custom:
            own = f"{own}-{suffix(self.draw)}"
        versions = self.versions("event", kind.custom and kind.key == "purchase")
        return EventType(
            section=section,
            discriminator=own,
            name=kind.name,
            description=kind.description,
            kind=kind.key,
            weight=kind.weight,
            versions=versions,
            schema=kind.schema,
            years=kind.years,
        )

    def topics(self, section: str, spec: SectionSpec) -> Iterator[Topic]:
        folders = {row.folder: self.discriminator("targets", row.folder) for row in spec.topics}
        for row in spec.topics:
            own = self.discriminator("topics", row.name)
            yield Topic(section, own, row.name, folders[row.folder], row.channels, row.share)

    def campaigns(self, section: str, spec: SectionSpec) -> Iterator[Activity]:
        step = 12 // len(spec.campaigns)
        for year, (place, name) in product(self.spec.years, enumerate(spec.campaigns)):
            sent = f"{year}-{place * step + 1:02d}-12T09:00:00Z"
            yield Activity(f"{next(self.ids)}", f"{name} {year}", section, "sent", sent)


def _identifying(connector: Connector | None) -> tuple[CrmField, ...]:
    """The attributes by which an integration's records are told apart."""
    fields = connector.fields if connector else ()
    return tuple(field for field in fields if field.kind in ("crm_contact_id", "crm_company_name"))


def build_shape(spec: ShapeSpec, account: str, seed: int, separator: str = ".") -> Shape:
    """All definitions; rare tags have no holders yet (see `rare_tags`). `separator` stands before the entity
    in the keyspace of a CRM's leads (reference 3.4: unknown)."""
    ids = count(9_000_000 + number_for(account, seed, "versions") % 900_000, 7)
    builder = _Builder(spec, stream(account, seed, "definitions"), ids)
    sections = tuple(builder.section(row) for row in spec.sections)
    crm = next((s for s in sections if s.crm), sections[0])
    connector, old = CONNECTORS[spec.connector], CONNECTORS[spec.old_connector]
    own = connector_keyspace(crm.discriminator, connector.word)
    lead = f"{own}{separator}{connector.lead}" if connector.lead else ""
    # An integration that was uninstalled; its keyspace stays (reference 13).
    stale = connector_keyspace(sections[-1].discriminator, old.word)
    integrations = (
        *(() if spec.crm_in_crm_id else (Keyspace(own, connector.title, True),)),
        *((Keyspace(lead, f"{connector.title} leads", True),) if lead else ()),
        Keyspace(stale, f"{old.title} (old)", False),
    )
    return Shape(
        title=spec.title,
        domain=spec.domain,
        sections=sections,
        keyspaces=(*_KEYSPACES, *integrations),
        segments=segments_for(sections, builder.discriminator, builder.version),
        flows=_flows(sections, ids),
        connector=spec.connector,
        crm_keyspace=CRM_KEYSPACE if spec.crm_in_crm_id else own,
        options=spec.options,
        lead_keyspace=lead,
        old_keyspace=stale,
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


def connector_keyspace(section: str, word: str) -> str:
    """The keyspace of a CRM installed on a Section (reference 3.4)."""
    digest = hashlib.md5(section.encode(), usedforsecurity=False).hexdigest()
    return f"com.apsis1.integrations.keyspaces.{digest[:8]}.{word}"


_KEYSPACES = (
    Keyspace(EMAIL_KEYSPACE, "Email", True),
    Keyspace(MOBILE_KEYSPACE, "Mobile", True),
    Keyspace(CRM_KEYSPACE, "CRM-ID", True),
    Keyspace(EXPORT_KEYSPACE, "Export key", False),
    Keyspace(WEB_KEYSPACE, "Website cookie", False),
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
