"""Writes to one profile through a keyspace: create, attributes v1 and v2, tags, events (reference 4.4, 5, 6.2, 11).

Each handler checks everything first and changes nothing unless it answers with success.
"""

from typing import Any

from migrator.simulators.apsis_one.attribute_values import (
    check_key,
    check_value,
    mapped_attribute,
    mapped_value,
)
from migrator.simulators.apsis_one.bodies import moment_of, object_of, rows_of, text_of
from migrator.simulators.apsis_one.definitions import find_section
from migrator.simulators.apsis_one.keys import move_keys
from migrator.simulators.apsis_one.permissions import check_writable, look_up, may_write, present
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.profile_reads import PROFILE
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.http_wsgi import Request, Response, Router
from migrator.simulators.seeds.shape import Attribute, EventType, Section
from migrator.simulators.seeds.source import Event

_CREATE = "/audience/keyspaces/{keyspace}/sections/{section}/profiles"
_PLAIN_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "number": (int,),
    "decimal": (int, float),
    "boolean": (bool,),
}


class ProfileWrites:
    """Handlers of the writes; each runs under the account's lock."""

    def __init__(self, state: ApsisState) -> None:
        self._state = state

    def routes(self, router: Router) -> None:
        section = f"{PROFILE}/sections/{{section}}"
        router.add("POST", _CREATE, self.create)
        router.add("PATCH", f"{section}/attributes", self.patch_by_version)
        router.add("PATCH", f"/v2{section}/attributes", self.patch_by_discriminator)
        router.add("DELETE", f"{section}/attributes/{{version}}", self.clear_attribute)
        router.add("PATCH", f"{section}/tags", self.patch_tags)
        router.add("POST", f"{section}/events", self.add_events)

    def create(self, request: Request, keyspace: str, section: str) -> Response:
        """201, or 409 where the key is taken. Sets the mapped attribute in this Section only (D-create)."""
        check_writable(self._state, keyspace)
        place = find_section(self._state, section)
        key = text_of(object_of(request), "profile_key")
        with self._state.lock:
            if look_up(self._state, keyspace, key) is not None:
                raise ApiProblem(409, "The profile exists already.")
            create_profile(self._state, keyspace, key, place.discriminator)
        return Response(201)

    def patch_by_version(self, request: Request, keyspace: str, profile: str, section: str) -> Response:
        """v1: keys are version ids; a missing profile is created, a key never moves (D-attr1)."""
        check_writable(self._state, keyspace)
        place = find_section(self._state, section)
        known = {v.id: a for a in place.attributes for v in a.versions}
        values = self._checked(object_of(request), known, keyspace)
        with self._state.lock:
            index = look_up(self._state, keyspace, profile)
            if index is None:
                index = create_profile(self._state, keyspace, profile, section)
            self._write(index, place, values)
        return Response(204)

    def patch_by_discriminator(self, request: Request, keyspace: str, profile: str, section: str) -> Response:
        """v2: keys are discriminators; nothing is created, a profile key moves with its attribute (D-attr2)."""
        check_writable(self._state, keyspace)
        place = find_section(self._state, section)
        values = self._checked(object_of(request), {a.discriminator: a for a in place.attributes}, keyspace)
        with self._state.lock:
            index = look_up(self._state, keyspace, profile)
            if index is None:
                raise ApiProblem(
                    self._state.settings.missing_profile_on_v2_patch, "There is no such profile."
                )
            index = move_keys(self._state, index, {a.discriminator: v for a, v in values})
            self._write(index, place, values)
        return Response(204)

    def clear_attribute(
        self, request: Request, keyspace: str, profile: str, section: str, version: str
    ) -> Response:
        """204, also where there was no value (assumed)."""
        check_writable(self._state, keyspace)
        place = find_section(self._state, section)
        known = {v.id: a for a in place.attributes for v in a.versions}
        if version not in known:
            raise ApiProblem(404, f"There is no attribute version {version}.")
        values = self._checked({version: None}, known, keyspace)
        with self._state.lock:
            self._write(present(self._state, keyspace, profile), place, values)
        return Response(204)

    def patch_tags(self, request: Request, keyspace: str, profile: str, section: str) -> Response:
        """A merge patch: true sets, null or false removes (assumed); the profile must exist (assumed)."""
        check_writable(self._state, keyspace)
        place = find_section(self._state, section)
        body = object_of(request)
        known = {tag.discriminator for tag in place.tags}
        for name, held in body.items():
            if name not in known or not (held is None or isinstance(held, bool)):
                raise ApiProblem(
                    400, f"{name} is not a tag of the section, or its value is not true or null."
                )
            self._check_right(keyspace, name)
        with self._state.lock:
            index = present(self._state, keyspace, profile)
            for name, held in body.items():
                self._state.world.changes(index).tags[section, name] = bool(held)
        return Response(204)

    def add_events(self, request: Request, keyspace: str, profile: str, section: str) -> Response:
        """Events of types that the Section defines; the profile must exist (reference 6.2)."""
        state = self._state
        check_writable(state, keyspace)
        place = find_section(state, section)
        rows = rows_of(object_of(request), "items", state.settings.longest_list, required=True)
        events = [self._event(row, place, keyspace) for row in rows]
        with state.lock:
            state.world.changes(present(state, keyspace, profile)).events.extend(events)
        return Response(state.settings.event_post_status)

    def _checked(
        self, body: dict[str, Any], known: dict[str, Attribute], keyspace: str
    ) -> list[tuple[Attribute, Any]]:
        values: list[tuple[Attribute, Any]] = []
        for name, value in body.items():
            attribute = known.get(name)
            if attribute is None:
                raise ApiProblem(400, f"{name} is not an attribute of the section.")
            self._check_right(keyspace, attribute.discriminator)
            check_value(attribute.discriminator, attribute.live.type, value)
            values.append((attribute, value))
        return values

    def _check_right(self, keyspace: str, discriminator: str) -> None:
        if not may_write(self._state, keyspace, discriminator):
            raise ApiProblem(403, f"{discriminator} may not be written through this keyspace.")

    def _write(self, index: int, section: Section, values: list[tuple[Attribute, Any]]) -> None:
        for attribute, value in values:
            self._state.world.write_value(index, section.discriminator, attribute.discriminator, value)

    def _event(self, row: dict[str, Any], section: Section, keyspace: str) -> Event:
        wanted = str(row.get("version_id"))  # a number is taken too: one client sends it so (reference 2.5)
        found = next((e for e in section.events for v in e.versions if v.id == wanted), None)
        moment = moment_of(row, "event_time")
        data = row.get("data", {})
        if found is None or moment is None or not isinstance(data, dict):
            raise ApiProblem(400, "An event needs event_time, version_id of the section, and data.")
        tool = found.discriminator.startswith("com.apsis1.events.") and ".custom-" not in found.discriminator
        if tool and not self._state.settings.tool_events_writable:
            raise ApiProblem(403, f"{found.discriminator} belongs to a tool of APSIS One.")
        self._check_right(keyspace, found.discriminator)
        if self._state.settings.event_data_checked:
            _check_data(found, data)
        return Event(section.discriminator, found.discriminator, wanted, int(moment.timestamp()), data)


def check_creatable(state: ApsisState, keyspace: str, key: str) -> None:
    """400 for a key that the keyspace refuses, 404 where its keys are not for callers to choose."""
    if keyspace in state.settings.unwritable_keyspaces:
        raise ApiProblem(404, "There is no such profile.")
    check_key(keyspace, key)


def create_profile(state: ApsisState, keyspace: str, key: str, section: str) -> int:
    """A new profile with one key and its mapped attribute, or what `check_creatable` raises. Call under the lock."""
    check_creatable(state, keyspace, key)
    index = state.world.create(keyspace, key)
    attribute = mapped_attribute(keyspace)
    if attribute is not None and section:
        state.world.write_value(index, section, attribute, mapped_value(keyspace, key))
    return index


def _check_data(event: EventType, data: dict[str, Any]) -> None:
    """Fields must be those of the type, with values of its types (assumed; a switch leaves it out)."""
    schema = dict(event.schema)
    for name, value in data.items():
        types = _PLAIN_TYPES.get(schema.get(name, ""))
        if types is None or not isinstance(value, types) or (bool not in types and isinstance(value, bool)):
            raise ApiProblem(400, f"data: {name} does not fit the event {event.discriminator}.")
