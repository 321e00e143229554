"""What an APSIS One account defines, as values: Sections, attributes, tags, events, topics and more.

Names of fields that no public page confirms are read in one place here (reference 14).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from migrator.engine.canonical import JsonValue
from migrator.engine.ports import Json

_OPTION = 255


@dataclass(frozen=True, slots=True)
class Definition:
    """One defined thing. `section` is empty for what belongs to the account; `declared` is the type in its
    live version; `channel` is set for topics of one channel; `versions` are ids, the live one first."""

    discriminator: str
    name: str
    section: str = ""
    description: str = ""
    declared: str = ""
    channel: str = ""
    folder: str = ""
    versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Activity:
    """An e-mail or a marketing automation flow, as far as the account lists it."""

    id: str
    name: str
    section: str
    state: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class Keyspace:
    """A kind of profile key; consents can be read only where `manages_consents`."""

    discriminator: str
    name: str
    manages_consents: bool


@dataclass(frozen=True, slots=True)
class Definitions:
    """Everything that a discovery needs before it reads profiles."""

    sections: tuple[Definition, ...]
    attributes: tuple[Definition, ...]
    tags: tuple[Definition, ...]
    events: tuple[Definition, ...]
    topics: tuple[Definition, ...]

    @property
    def tag_names(self) -> dict[str, str]:
        return {tag.discriminator: tag.name for tag in self.tags}


def items_of(data: JsonValue) -> list[Json]:
    """The rows of a list answer; a bare list is taken as well."""
    rows = data.get("items") if isinstance(data, dict) else data
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def definitions_of(data: JsonValue, section: str = "") -> tuple[Definition, ...]:
    """The definitions in a list answer, in its order."""
    return tuple(_definition(row, section) for row in items_of(data) if row.get("discriminator"))


def sections_of(data: JsonValue) -> tuple[Definition, ...]:
    """The Sections in a list answer. Each becomes an option of one field, so its name is one line, and as long as
    an option may be."""
    found = definitions_of(data)
    names = [" ".join(one.name.split())[:_OPTION].strip() for one in found]
    return tuple(replace(one, name=name or one.discriminator) for one, name in zip(found, names, strict=True))


def activities_of(data: JsonValue) -> tuple[Activity, ...]:
    return tuple(
        Activity(
            id=_text(row.get("id")),
            name=_text(row.get("name")),
            section=_text(row.get("section_discriminator")),
            state=_text(row.get("state")),
            updated_at=_text(row.get("updated_at")),
        )
        for row in items_of(data)
    )


def keyspaces_of(data: JsonValue) -> tuple[Keyspace, ...]:
    return tuple(
        Keyspace(
            discriminator=_text(row.get("discriminator")),
            name=_text(row.get("name")) or _text(row.get("discriminator")),
            manages_consents=row.get("manage_subscriptions") is True,
        )
        for row in items_of(data)
    )


def _definition(row: Json, section: str) -> Definition:
    versions = list(_versions(row))
    return Definition(
        discriminator=_text(row.get("discriminator")),
        name=_text(row.get("name")) or _text(row.get("discriminator")),
        section=section,
        description=_text(row.get("description")),
        declared=_text(versions[0].get("type")) if versions else "",
        channel=_text(row.get("channel_discriminator")),
        folder=_text(row.get("folder_discriminator")),
        versions=tuple(_text(version.get("id")) for version in versions),
    )


def _versions(row: Json) -> Iterator[Json]:
    """The live version first, then the deprecated ones: values may still stand under those."""
    raw = row.get("versions")
    versions = [version for version in raw if isinstance(version, dict)] if isinstance(raw, list) else []
    yield from (version for version in versions if version.get("deprecated_at") is None)
    yield from (version for version in versions if version.get("deprecated_at") is not None)


def _text(value: JsonValue) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
