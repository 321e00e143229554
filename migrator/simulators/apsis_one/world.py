"""What the account holds now: the seeded people with a journal of later changes laid over them.

Readers see one view; only `mutate` of the control address, the write endpoints and imports change the journal.
Writers hold the account's lock; readers need none.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from migrator.simulators.apsis_one.changes import Changes
from migrator.simulators.apsis_one.membership import Member, took_part
from migrator.simulators.seeds.consents import Consent
from migrator.simulators.seeds.segments import belongs
from migrator.simulators.seeds.shape import (
    EMAIL_CHANNEL,
    EMAIL_KEYSPACE,
    EXPORT_KEYSPACE,
    MOBILE_KEYSPACE,
    SMS_CHANNEL,
    WEB_KEYSPACE,
    Segment,
)
from migrator.simulators.seeds.source import Event, Part, Profile, SectionData, Source

LATEST = 1 << 40
# Profiles made by the API stand beyond any seeded one; their number still gives an export key, and back.
CREATED = 1 << 40
EMAIL_ATTRIBUTE = "com.apsis1.attributes.email"
MOBILE_ATTRIBUTE = "com.apsis1.attributes.mobile"
ADDRESS_ATTRIBUTES = ((EMAIL_CHANNEL, EMAIL_ATTRIBUTE), (SMS_CHANNEL, MOBILE_ATTRIBUTE))
_NUMBER_BEFORE_AT = re.compile(r"(\d+)@")

KeyPlace = tuple[str, str]


class World:
    """One account as its API sees it. `clock` tells when a deletion takes effect."""

    def __init__(self, source: Source, clock: Callable[[], float] = lambda: float(LATEST)) -> None:
        self.source = source
        self.shape = source.shape
        self.clock = clock
        self.journal: dict[int, Changes] = {}
        self.moved: dict[KeyPlace, int | None] = {}
        self.created: list[int] = []
        self.added = 0
        self.dirty: set[int] = set()
        self.dirty_keys: set[KeyPlace] = set()
        self._addresses: dict[KeyPlace, int] = {}

    @property
    def total(self) -> int:
        """How many profiles were seeded; those made by the API are in `created`."""
        return self.source.profiles

    def reset(self) -> None:
        """Back to the seeded state."""
        self.journal.clear()
        self.moved.clear()
        self.created.clear()
        self.dirty.clear()
        self.dirty_keys.clear()
        self._addresses.clear()
        self.source.profiles -= self.added
        self.added = 0

    def load(self, pages: Iterator[tuple[int, Changes]], keys: Iterator[tuple[str, str, int | None]]) -> None:
        """Lay a kept journal over the seeded people."""
        self.journal.update(pages)
        self.created.extend(sorted(number for number in self.journal if number >= CREATED))
        self.moved.update({(keyspace, key): number for keyspace, key, number in keys})
        for number, page in self.journal.items():
            for (_, name), value in page.attributes.items():
                self._remember_address(number, name, value)

    def add_profile(self) -> str:
        """One more profile, the next of the seed; returns its export key."""
        self.source.profiles += 1
        self.added += 1
        return self.source.export_key(self.source.profiles - 1)

    def create(self, keyspace: str, key: str) -> int:
        """An empty profile with one key; whether the key is free is for the caller to judge."""
        index = CREATED + len(self.created)
        self.created.append(index)
        self.changes(index).keys.update({EXPORT_KEYSPACE: self.source.export_key(index), keyspace: key})
        self.lead(keyspace, key, index)
        return index

    def hold_key(self, index: int, keyspace: str, key: str) -> None:
        """Give a profile a key; one that it held in the same keyspace leads nowhere from now on."""
        held = self.profile(index).keys.get(keyspace)
        if held is not None and held.lower() != key.lower():
            self.lead(keyspace, held, None)
        self.changes(index).keys[keyspace] = key
        self.lead(keyspace, key, index)

    def lead(self, keyspace: str, key: str, index: int | None) -> None:
        """From now on a key leads to this profile, or nowhere."""
        place = keyspace, key.lower()
        self.moved[place] = index
        self.dirty_keys.add(place)

    def changes(self, index: int) -> Changes:
        """The journal page of a profile for writing, made when first asked for."""
        self.dirty.add(index)
        return self.journal.setdefault(index, Changes())

    def write_value(self, index: int, section: str, attribute: str, value: Any) -> None:
        """Set an attribute, or clear it with None."""
        page = self.changes(index)
        page.attributes[section, attribute] = value
        page.history.append((section, attribute, self.clock(), value))
        self._remember_address(index, attribute, value)

    def iter_indexes(self) -> Iterator[int]:
        """Every profile that is there, in a fixed order."""
        everyone = chain(range(self.total), tuple(self.created))
        return (i for i in everyone if i not in self.journal or not self.gone(i))

    def find(self, keyspace: str, key: str) -> int | None:
        """The profile behind a key, following merges; its state is for the caller to judge."""
        index = self.holder(keyspace, key)
        while index is not None and index in self.journal:
            into = self.journal[index].merged_into
            if into is None:
                break
            index = into
        return index

    def holder(self, keyspace: str, key: str) -> int | None:
        """The profile that a key was given to, before any merge."""
        place = keyspace, key.lower()
        if place in self.moved:
            return self.moved[place]
        if keyspace == EXPORT_KEYSPACE:
            made = self.source.people.export_keys.backward(key)
            if CREATED <= made < CREATED + len(self.created):
                return made
        return self.source.index_of(keyspace, key)

    def gone(self, index: int) -> str:
        """Empty, or why the profile is not there: deleted, locked or merged."""
        page = self.journal.get(index)
        if page is None or not page.gone or page.gone_at > self.clock():
            return ""
        return page.gone

    def profile(self, index: int) -> Profile:
        page = self.journal.get(index)
        profile = self._made(index) if index >= CREATED else self.source.profile(index)
        if page is None or not page.alters_data:
            return profile
        names = dict.fromkeys([*profile.sections, *(s for s, _ in (*page.attributes, *page.tags))])
        sections = {s: _changed(profile.sections.get(s), page, s) for s in names}
        keys = {k: key for k, key in {**profile.keys, **page.keys}.items() if key is not None}
        known = profile.known or bool(keys.keys() - {EXPORT_KEYSPACE, WEB_KEYSPACE})
        return replace(profile, sections=sections, keys=keys, known=known)

    def partial(self, index: int, part: Part) -> Profile:
        """A profile with what the part needs, and perhaps more; for files of many profiles."""
        if index in self.journal or index >= CREATED:
            return self.profile(index)
        return self.source.partial(index, part)

    def events(self, index: int, start: int = 0, end: int = LATEST) -> Iterator[Event]:
        """Events from `start` to before `end`, oldest first."""
        page = self.journal.get(index)
        seeded = iter(()) if index >= CREATED else self.source.events(index, start, end)
        if page is None or not page.events:
            return seeded
        later = [event for event in page.events if start <= event.time < end]
        return iter(sorted((*seeded, *later), key=lambda e: e.time))

    def consents(self, index: int) -> list[Consent]:
        seeded = () if index >= CREATED else self.source.consents(index)
        found = {(c.section, c.topic, c.channel): c for c in seeded}
        if index in self.journal:
            found |= self.journal[index].consents
        return list(found.values())

    def suppressed(self, index: int) -> frozenset[str]:
        """Channels on which the profile's address is blocked."""
        blocked = frozenset[str]() if index >= CREATED else self.source.suppressed(index)
        page = self.journal.get(index)
        if page is None:
            return blocked
        on = {channel for channel, state in page.suppressed.items() if state}
        return (blocked | on) - (page.suppressed.keys() - on)

    def addresses(self, index: int) -> list[tuple[str, str]]:
        """The (channel, address) pairs that a profile has, without repeats."""
        found: dict[tuple[str, str], None] = {}
        for data in self.profile(index).sections.values():
            for channel, name in ADDRESS_ATTRIBUTES:
                if name in data.attributes:
                    found[channel, str(data.attributes[name])] = None
        return list(found)

    def owner_of(self, channel: str, address: str) -> int | None:
        """A profile that has this address, whether or not it is a key of it."""
        keyspace = EMAIL_KEYSPACE if channel == EMAIL_CHANNEL else MOBILE_KEYSPACE
        candidates = [self._addresses.get((channel, address.lower())), self.find(keyspace, address)]
        candidates.append(self._seeded_owner(channel, address))
        for index in candidates:
            if index is not None and not self.gone(index) and _has(self.addresses(index), channel, address):
                return index
        return None

    def in_segment(self, index: int, segment: Segment) -> bool:
        """Whether the profile is in a Segment, or among an activity's audience (see `aql`)."""
        if "activity" in segment.rule:
            return took_part(self, index, segment.rule)
        return belongs(segment.rule, Member(self, index))

    def wrote(self, index: int, section: str, attribute: str) -> bool:
        """Whether a value was written after seeding, and so stands under the attribute's live version."""
        page = self.journal.get(index)
        return page is not None and (section, attribute) in page.attributes

    def _made(self, index: int) -> Profile:
        key = self.source.export_key(index)
        return Profile(index, key, {EXPORT_KEYSPACE: key}, {}, known=False)

    def _seeded_owner(self, channel: str, address: str) -> int | None:
        """Seeded addresses carry their profile's number, also those that are no key."""
        if channel == EMAIL_CHANNEL:
            found = _NUMBER_BEFORE_AT.search(address)
            index = int(found.group(1)) if found else -1
        else:
            index = self.source.people.index_of_mobile(address)
        return index if 0 <= index < self.total else None

    def _remember_address(self, index: int, attribute: str, value: Any) -> None:
        for channel, name in ADDRESS_ATTRIBUTES:
            if name == attribute and value is not None:
                self._addresses[channel, str(value).lower()] = index


def _has(addresses: list[tuple[str, str]], channel: str, address: str) -> bool:
    return any(c == channel and a.lower() == address.lower() for c, a in addresses)


def _changed(data: SectionData | None, page: Changes, section: str) -> SectionData:
    values: Mapping[str, Any] = data.attributes if data else {}
    tags: Sequence[str] = data.tags if data else ()
    mine = {name: value for (place, name), value in page.attributes.items() if place == section}
    flags = {name: state for (place, name), state in page.tags.items() if place == section}
    kept = {name: value for name, value in {**values, **mine}.items() if value is not None}
    left = [tag for tag in tags if flags.get(tag, True)]
    return SectionData(kept, (*left, *(t for t, state in flags.items() if state and t not in left)))
