"""The file of export D, written profile by profile so that it is never whole in memory.

Of each profile only what was asked for is made: the attributes up to the last chosen one, tags where some are
chosen, events of the window alone.
"""

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import orjson

from migrator.simulators.apsis_one import shapes
from migrator.simulators.apsis_one.definitions import visible_sections
from migrator.simulators.apsis_one.export_jobs import Writer
from migrator.simulators.apsis_one.selection import Key, Selection
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.apsis_one.world import World
from migrator.simulators.seeds.shape import Segment
from migrator.simulators.seeds.source import Profile

_NONE: frozenset[str] = frozenset()
_BUFFER = 1 << 20


def profiles_writer(
    state: ApsisState, selection: Selection, segment: Segment | None, start: int, end: int
) -> Writer:
    """D as JSON: `{"profiles": {export key: {"sections": {...}}}}` (assumed below "profiles")."""
    world, entries = state.world, _Entries(state, selection, start, end)
    part = world.source.part(selection.attributes, selection.tags)

    def write(path: Path) -> None:
        with path.open("wb", buffering=_BUFFER) as file:
            file.write(b'{"profiles":{')
            joint = b'"'
            for index in _members(world, segment):
                profile = world.partial(index, part)
                file.write(
                    b'%b%b":%b' % (joint, profile.export_key.encode(), _encode(entries.entry(profile)))
                )
                joint = b',\n"'
            file.write(b"}}\n")

    return write


def _encode(entry: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(entry)
    except TypeError:  # what only a write can bring in: numbers beyond 64 bits, halves of surrogate pairs
        return json.dumps(entry, separators=(",", ":")).encode()


class _Entries:
    """Makes the entry of one profile from what was asked for."""

    def __init__(self, state: ApsisState, selection: Selection, start: int, end: int) -> None:
        self._world = state.world
        self._with_ids = state.settings.event_ids
        self._selection = selection
        self._visible = frozenset(section.discriminator for section in visible_sections(state))
        self._window = (start, end)
        self._attributes = _by_section(selection.attributes)
        self._tags = _by_section(selection.tags)
        self._events = _by_section(selection.events)

    def entry(self, profile: Profile) -> dict[str, Any]:
        sections: dict[str, dict[str, Any]] = {}
        for name, data in profile.sections.items():
            if name not in self._visible:
                continue
            wanted, tags = self._attributes.get(name, _NONE), self._tags.get(name, _NONE)
            sections[name] = {
                "attributes": {key: value for key, value in data.attributes.items() if key in wanted},
                "tags": [tag for tag in data.tags if tag in tags],
            }
        if self._selection.events:
            self._add_events(profile, sections)
        if self._selection.topics:
            self._add_topics(profile, sections)
        return {"sections": sections}

    def _add_events(self, profile: Profile, sections: dict[str, dict[str, Any]]) -> None:
        key, with_ids = profile.export_key, self._with_ids
        lists: dict[str, list[dict[str, Any]]] = {}
        for event in self._world.events(profile.index, *self._window):
            section = event.section
            if event.discriminator in self._events.get(section, _NONE):
                rows = lists.get(section)
                if rows is None:
                    rows = lists[section] = _section(sections, section)["events"] = []
                rows.append(shapes.event_row(event, key, with_ids))

    def _add_topics(self, profile: Profile, sections: dict[str, dict[str, Any]]) -> None:
        for consent in self._world.consents(profile.index):
            if (consent.section, consent.topic) in self._selection.topics:
                rows = _section(sections, consent.section).setdefault("topics", [])
                rows.append(shapes.topic_state(consent))


def _section(sections: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    found = sections.get(name)
    if found is None:
        found = sections[name] = {"attributes": {}, "tags": []}
    return found


def _by_section(chosen: Collection[Key]) -> dict[str, frozenset[str]]:
    sections = dict.fromkeys(section for section, _ in chosen)
    return {s: frozenset(name for place, name in chosen if place == s) for s in sections}


def _members(world: World, segment: Segment | None) -> Iterator[int]:
    indexes = world.iter_indexes()
    return indexes if segment is None else (i for i in indexes if world.in_segment(i, segment))
