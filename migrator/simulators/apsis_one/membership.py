"""Whether a profile belongs to a Segment or to the audience of an activity, from what the account holds now."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

from migrator.simulators.seeds.consents import Consent
from migrator.simulators.seeds.source import Event, Profile
from migrator.simulators.seeds.times import NOW


class People(Protocol):
    """What is asked of the account about one profile."""

    def profile(self, index: int) -> Profile: ...
    def consents(self, index: int) -> list[Consent]: ...
    def events(self, index: int, start: int = 0) -> Iterator[Event]: ...


class Member:
    """A profile as a Segment's rule asks for it."""

    def __init__(self, people: People, index: int) -> None:
        self._people, self._index = people, index

    @cached_property
    def _profile(self) -> Profile:
        # Made when a rule asks for it: consents and events need none, which matters to exports of a Segment.
        return self._people.profile(self._index)

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
            for c in self._people.consents(self._index)
        )

    def events_since(self, section: str, discriminator: str, days: int) -> int:
        found = self._people.events(self._index, NOW - days * 86_400)
        return sum(e.section == section and e.discriminator == discriminator for e in found)


def took_part(people: People, index: int, rule: Mapping[str, Any]) -> bool:
    """Whether a profile has an event `event` of the activity `activity` in `section`."""
    return any(
        e.discriminator == rule["event"]
        and e.section == rule["section"]
        and e.data.get("activity_id") == rule["activity"]
        for e in people.events(index)
    )
