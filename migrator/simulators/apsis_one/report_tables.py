"""The rows of reports A, B and C, and the cells of chosen attributes and tags that other files share."""

from collections.abc import Iterator, Mapping
from typing import Any

from migrator.simulators.apsis_one import shapes
from migrator.simulators.apsis_one.segment_filters import SegmentFilter
from migrator.simulators.apsis_one.selection import Selection
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.apsis_one.tables import Table
from migrator.simulators.apsis_one.world import ADDRESS_ATTRIBUTES, World
from migrator.simulators.seeds.segments import PERMITTING
from migrator.simulators.seeds.shape import Section, Segment
from migrator.simulators.seeds.source import Profile

EXPORT_KEY = "export_key"
_ADDRESSES = dict(ADDRESS_ATTRIBUTES)


def segment_table(
    state: ApsisState, selection: Selection, segment: Segment, profile_type: str | None
) -> Table:
    """A: the members of a Segment with a column for each chosen attribute and tag."""

    part = state.world.source.part(selection.attributes, selection.tags)

    def rows() -> Iterator[list[Any]]:
        for index in state.world.iter_indexes():
            if state.world.in_segment(index, segment):
                profile = state.world.partial(index, part)
                if profile_type in (None, "known" if profile.known else "unknown"):
                    yield [profile.export_key, *cells(profile, selection)]

    return Table([EXPORT_KEY, *columns(selection)], rows)


def consents_table(
    state: ApsisState,
    section: Section,
    topics: list[str],
    channels: list[tuple[str, str]],
    wanted: SegmentFilter,
) -> Table:
    """B: the Section's profiles that pass the filter, with an address only where it may be used for a topic."""
    named = list(wanted.segments) if state.settings.segment_columns_in_consent_report else []

    part = state.world.source.part([(section.discriminator, name) for name in _ADDRESSES.values()], ())

    def rows() -> Iterator[list[Any]]:
        for index in state.world.iter_indexes():
            profile = state.world.partial(index, part)
            if section.discriminator not in profile.sections:
                continue
            truths = _truths(state.world, index, wanted)
            if wanted.passes(truths):
                data = profile.sections[section.discriminator].attributes
                agreed = _agreed(state.world, index, topics)
                addresses = [_address(data, channel) if channel in agreed else "" for _, channel in channels]
                yield [profile.export_key, *addresses, *(shapes.tag_cell(truths[name]) for name in named)]

    return Table([EXPORT_KEY, *(name for name, _ in channels), *named], rows)


def duplicates_table(state: ApsisState, selection: Selection, wanted: SegmentFilter) -> Table:
    """C: the profiles that share a value of one attribute, compared without case (assumed)."""

    def rows() -> Iterator[list[Any]]:
        # Two walks, so that of a large account only its values are in memory, each once.
        seen, repeated = set[str](), set[str]()
        for _, value in _values(state.world, selection, wanted):
            (repeated if value.lower() in seen else seen).add(value.lower())
        found = _values(state.world, selection, wanted)
        yield from ([key, value] for key, value in found if value and value.lower() in repeated)

    return Table([EXPORT_KEY, *columns(selection)[:1]], rows)


def columns(selection: Selection) -> list[str]:
    """The names of the chosen attributes' and tags' columns."""
    return [*selection.attributes.values(), *selection.tags.values()]


def cells(profile: Profile, selection: Selection) -> Iterator[Any]:
    """The chosen attributes and tags of a profile, empty where it has none."""
    for section, name in selection.attributes:
        data = profile.sections.get(section)
        yield "" if data is None else _cell(data.attributes.get(name, ""))
    for section, name in selection.tags:
        data = profile.sections.get(section)
        yield shapes.tag_cell(data is not None and name in data.tags)


def _cell(value: Any) -> Any:
    return shapes.tag_cell(value) if isinstance(value, bool) else value


def _values(world: World, selection: Selection, wanted: SegmentFilter) -> Iterator[tuple[str, str]]:
    part = world.source.part(selection.attributes, selection.tags)
    for index in world.iter_indexes():
        if wanted.passes(_truths(world, index, wanted)):
            profile = world.partial(index, part)
            yield profile.export_key, next((str(c) for c in cells(profile, selection) if c != ""), "")


def _truths(world: World, index: int, wanted: SegmentFilter) -> dict[str, bool]:
    return {name: world.in_segment(index, segment) for name, segment in wanted.segments.items()}


def _agreed(world: World, index: int, topics: list[str]) -> set[str]:
    return {c.channel for c in world.consents(index) if c.topic in topics and c.type in PERMITTING}


def _address(values: Mapping[str, Any], channel: str) -> str:
    return str(values.get(_ADDRESSES.get(channel, ""), ""))
