"""The contents of export files, written profile by profile so that no file is ever whole in memory."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from migrator.simulators.apsis_one.definitions import visible_sections
from migrator.simulators.apsis_one.export_jobs import Writer
from migrator.simulators.apsis_one.profile_reads import event_row
from migrator.simulators.apsis_one.selection import Key, Selection
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.apsis_one.world import World
from migrator.simulators.seeds.segments import PERMITTING
from migrator.simulators.seeds.shape import Section, Segment
from migrator.simulators.seeds.source import Profile

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def profiles_writer(
    state: ApsisState, selection: Selection, segment: Segment | None, start: int, end: int
) -> Writer:
    """D as JSON: `{"profiles": {export key: {"sections": {...}}}}` (assumed below "profiles")."""
    entries = _Entries(state, selection, start, end)

    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8") as file:
            file.write('{"profiles":{')
            joint = ""
            for index in _members(state.world, segment):
                profile = state.world.profile(index)
                file.write(f'{joint}"{profile.export_key}":{_encode(entries.entry(profile))}')
                joint = ",\n"
            file.write("}}\n")

    return write


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
        for event in self._world.events(profile.index, *self._window):
            if (event.section, event.discriminator) in self._selection.events:
                rows = _section(sections, event.section).setdefault("events", [])
                rows.append(event_row(event, profile.export_key, self._with_ids))

    def _add_topics(self, profile: Profile, sections: dict[str, dict[str, Any]]) -> None:
        for consent in self._world.consents(profile.index):
            if (consent.section, consent.topic) in self._selection.topics:
                rows = _section(sections, consent.section).setdefault("topics", [])
                rows.append(
                    {
                        "topic_discriminator": consent.topic,
                        "channel_discriminator": consent.channel,
                        "type": consent.type,
                    }
                )


_NONE: frozenset[str] = frozenset()


def _section(sections: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    return sections.setdefault(name, {"attributes": {}, "tags": []})


def _by_section(chosen: dict[Key, str]) -> dict[str, frozenset[str]]:
    sections = dict.fromkeys(section for section, _ in chosen)
    return {s: frozenset(name for place, name in chosen if place == s) for s in sections}


def _members(world: World, segment: Segment | None) -> Iterator[int]:
    indexes = world.iter_indexes()
    return indexes if segment is None else (i for i in indexes if world.in_segment(i, segment))


def segment_writer(
    state: ApsisState, selection: Selection, segment: Segment | None, profile_type: Any
) -> Writer:
    """A as CSV: the export key and a column for each chosen attribute and tag."""
    columns = [*selection.attributes.values(), *selection.tags.values()]

    def rows() -> Iterator[list[Any]]:
        for index in _members(state.world, segment):
            profile = state.world.profile(index)
            if profile_type in (None, "known" if profile.known else "unknown"):
                yield [profile.export_key, *_cells(profile, selection)]

    return _csv(["export_key", *columns], rows)


def consents_writer(
    state: ApsisState, section: Section, topics: list[str], channels: list[tuple[str, str]]
) -> Writer:
    """B as CSV: every profile of the Section, with an address only where it may be used."""

    def rows() -> Iterator[list[Any]]:
        for index in state.world.iter_indexes():
            profile = state.world.profile(index)
            if section.discriminator in profile.sections:
                agreed = {
                    c.channel
                    for c in state.world.consents(index)
                    if c.topic in topics and c.type in PERMITTING
                }
                data = profile.sections[section.discriminator].attributes
                yield [
                    profile.export_key,
                    *(_address(data, ch) if ch in agreed else "" for _, ch in channels),
                ]

    return _csv(["export_key", *(name for name, _ in channels)], rows)


def duplicates_writer(state: ApsisState, selection: Selection) -> Writer:
    """C as CSV: the profiles that share a value of one attribute."""

    def rows() -> Iterator[list[Any]]:
        values: list[tuple[str, str]] = []
        for index in state.world.iter_indexes():
            profile = state.world.profile(index)
            found = next((str(cell) for cell in _cells(profile, selection) if cell != ""), "")
            values.append((profile.export_key, found))
        counts = Counter(value.lower() for _, value in values)
        yield from ([key, value] for key, value in values if value and counts[value.lower()] > 1)

    return _csv(["export_key", next(iter(selection.attributes.values()))], rows)


def _cells(profile: Profile, selection: Selection) -> Iterator[Any]:
    for section, name in selection.attributes:
        data = profile.sections.get(section)
        yield "" if data is None else data.attributes.get(name, "")
    for section, name in selection.tags:
        data = profile.sections.get(section)
        yield "true" if data is not None and name in data.tags else "false"  # assumed


def _address(values: Any, channel: str) -> str:
    name = "email" if channel.endswith("email") else "mobile"
    return str(values.get(f"com.apsis1.attributes.{name}", ""))


def _csv(header: list[str], rows: Any) -> Writer:
    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(rows())

    return write
