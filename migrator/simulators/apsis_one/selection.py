"""What an export is asked to contain: attributes, tags, events and topics, by any of the accepted spellings.

How the real service addresses them is unknown (reference 9.2), so several forms are taken (assumed): a
discriminator, a version id, or an object {discriminator | version_id, section_discriminator?, field_name?},
also as imports write it, {attribute_discriminator | attribute_version_id | tag_discriminator | …}.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from migrator.simulators.apsis_one.definitions import visible_sections
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.seeds.shape import Attribute, EventType, Tag, Topic

Definition = Attribute | EventType | Tag | Topic
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Selection:
    """Chosen things as (section, discriminator) in the order asked for; `columns` names them for CSV."""

    attributes: dict[Key, str]
    tags: dict[Key, str]
    events: frozenset[Key]
    topics: frozenset[Key]


def read_selection(state: ApsisState, body: dict[str, Any]) -> Selection:
    """The selection of a request body, or 400 for anything that the account does not define."""
    sections = visible_sections(state)
    return Selection(
        attributes=_chosen(body, "attributes", [a for s in sections for a in s.attributes]),
        tags=_chosen(body, "tags", [t for s in sections for t in s.tags]),
        events=frozenset(_chosen(body, "events", [e for s in sections for e in s.events])),
        topics=frozenset(_chosen(body, "topics", [t for s in sections for t in s.topics])),
    )


def _chosen(body: dict[str, Any], name: str, defined: Iterable[Definition]) -> dict[Key, str]:
    entries = body.get(name, [])
    if not isinstance(entries, list):
        raise ApiProblem(400, f"{name} must be a list.")
    known = _by_name(defined)
    found: dict[Key, str] = {}
    for entry in entries:
        for definition in _matches(entry, name, known):
            column = entry.get("field_name") if isinstance(entry, dict) else None
            found[definition.section, definition.discriminator] = column or definition.name
    return found


def _by_name(defined: Iterable[Definition]) -> dict[str, list[Definition]]:
    known: dict[str, list[Definition]] = {}
    for definition in defined:
        versions = getattr(definition, "versions", ())
        for name in (definition.discriminator, *(v.id for v in versions)):
            known.setdefault(name, []).append(definition)
    return known


def _matches(entry: Any, name: str, known: dict[str, list[Definition]]) -> list[Definition]:
    row = entry if isinstance(entry, dict) else {"discriminator": entry}
    one = name.removesuffix("s")
    spellings = ("discriminator", "version_id", f"{one}_discriminator", f"{one}_version_id")
    wanted = next((row[spelling] for spelling in spellings if row.get(spelling)), None)
    if wanted is None:
        raise ApiProblem(400, f"{name}: an entry needs a discriminator or a version_id.")
    section = row.get("section_discriminator")
    found = known.get(wanted, []) if isinstance(wanted, str) else []
    found = [definition for definition in found if section in (None, definition.section)]
    if not found:
        raise ApiProblem(400, f"{name}: {wanted} is not defined.")
    return found
