"""What the account holds now: the seeded people with a journal of later changes laid over them.

Readers see one view; only `mutate` of the control address and the write endpoints change the journal.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from migrator.simulators.seeds.consents import Consent
from migrator.simulators.seeds.happenings import NOW
from migrator.simulators.seeds.segments import belongs
from migrator.simulators.seeds.shape import EMAIL_CHANNEL, Segment
from migrator.simulators.seeds.source import Event, Profile, SectionData, Source

LATEST = 1 << 40


@dataclass(slots=True)
class Changes:
    """What happened to one profile after it was seeded."""

    attributes: dict[tuple[str, str], Any] = field(default_factory=dict)
    tags: dict[tuple[str, str], bool] = field(default_factory=dict)
    consents: dict[tuple[str, str, str], Consent] = field(default_factory=dict)
    suppressed: dict[str, bool] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    gone: str = ""
    merged_into: int | None = None


class World:
    """One account as its API sees it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.shape = source.shape
        self.journal: dict[int, Changes] = {}
        self.added = 0

    @property
    def total(self) -> int:
        return self.source.profiles

    def reset(self) -> None:
        """Back to the seeded state."""
        self.journal.clear()
        self.source.profiles -= self.added
        self.added = 0

    def add_profile(self) -> str:
        """One more profile, the next of the seed; returns its export key."""
        self.source.profiles += 1
        self.added += 1
        return self.source.export_key(self.source.profiles - 1)

    def changes(self, index: int) -> Changes:
        """The journal page of a profile, made when first asked for."""
        return self.journal.setdefault(index, Changes())

    def iter_indexes(self) -> Iterator[int]:
        """Every profile that is there, in a fixed order."""
        return (i for i in range(self.total) if i not in self.journal or not self.journal[i].gone)

    def find(self, keyspace: str, key: str) -> int | None:
        """The profile behind a key, following merges; its state is for the caller to judge."""
        index = self.source.index_of(keyspace, key)
        while index is not None and index in self.journal:
            into = self.journal[index].merged_into
            if into is None:
                break
            index = into
        return index

    def gone(self, index: int) -> str:
        """Empty, or why the profile is not there: deleted, locked or merged."""
        return self.journal[index].gone if index in self.journal else ""

    def profile(self, index: int) -> Profile:
        profile = self.source.profile(index)
        changes = self.journal.get(index)
        if changes is None or not (changes.attributes or changes.tags):
            return profile
        names = dict.fromkeys([*profile.sections, *(s for s, _ in (*changes.attributes, *changes.tags))])
        return replace(profile, sections={s: _changed(profile.sections.get(s), changes, s) for s in names})

    def events(self, index: int, start: int = 0, end: int = LATEST) -> Iterator[Event]:
        """Events from `start` to before `end`, oldest first."""
        changes = self.journal.get(index)
        if changes is None or not changes.events:
            return self.source.events(index, start, end)
        later = [event for event in changes.events if start <= event.time < end]
        return iter(sorted((*self.source.events(index, start, end), *later), key=lambda e: e.time))

    def consents(self, index: int) -> list[Consent]:
        found = {(c.section, c.topic, c.channel): c for c in self.source.consents(index)}
        if index in self.journal:
            found |= self.journal[index].consents
        return list(found.values())

    def suppressed(self, index: int) -> frozenset[str]:
        """Channels on which the profile's address is blocked."""
        blocked = self.source.suppressed(index)
        changes = self.journal.get(index)
        if changes is None:
            return blocked
        on = {channel for channel, state in changes.suppressed.items() if state}
        return (blocked | on) - (changes.suppressed.keys() - on)

    def addresses(self, index: int) -> list[tuple[str, str]]:
        """The (channel, address) pairs that a profile has, without repeats."""
        found: dict[tuple[str, str], None] = {}
        for data in self.profile(index).sections.values():
            for channel, name in _ADDRESS_ATTRIBUTES:
                if name in data.attributes:
                    found[channel, str(data.attributes[name])] = None
        return list(found)

    def in_segment(self, index: int, segment: Segment) -> bool:
        return belongs(segment.rule, _Member(self, index))


_ADDRESS_ATTRIBUTES = (
    (EMAIL_CHANNEL, "com.apsis1.attributes.email"),
    ("com.apsis1.channels.sms", "com.apsis1.attributes.mobile"),
)


def _changed(data: SectionData | None, changes: Changes, section: str) -> SectionData:
    values: Mapping[str, Any] = data.attributes if data else {}
    tags: Sequence[str] = data.tags if data else ()
    mine = {name: value for (place, name), value in changes.attributes.items() if place == section}
    flags = {name: state for (place, name), state in changes.tags.items() if place == section}
    kept = {name: value for name, value in {**values, **mine}.items() if value is not None}
    left = [tag for tag in tags if flags.get(tag, True)]
    return SectionData(kept, (*left, *(t for t, state in flags.items() if state and t not in left)))


class _Member:
    """A profile as a Segment's rule asks for it."""

    def __init__(self, world: World, index: int) -> None:
        self._world, self._index = world, index
        self._profile = world.profile(index)

    def value(self, section: str, discriminator: str) -> Any:
        data = self._profile.sections.get(section)
        return data.attributes.get(discriminator) if data else None

    def has_section(self, section: str) -> bool:
        return section in self._profile.sections

    def has_tag(self, section: str, discriminator: str) -> bool:
        data = self._profile.sections.get(section)
        return data is not None and discriminator in data.tags

    def consent(self, section: str, channel: str, types: Sequence[str]) -> bool:
        return any(
            c.section == section and c.channel == channel and c.type in types
            for c in self._world.consents(self._index)
        )

    def events_since(self, section: str, discriminator: str, days: int) -> int:
        found = self._world.events(self._index, NOW - days * 86_400)
        return sum(e.section == section and e.discriminator == discriminator for e in found)
