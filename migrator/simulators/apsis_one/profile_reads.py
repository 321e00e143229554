"""What one profile has, asked for through a keyspace: attributes, tags, events, consents, Segment membership.

An unknown key is 404, a locked person 410, a keyspace that may not read 403 (assumed).
"""

from typing import Any

from migrator.simulators.apsis_one.definitions import find_section, find_segment
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.http_wsgi import Request, Response, Router, json_response
from migrator.simulators.seeds.consents import Consent
from migrator.simulators.seeds.source import Event, SectionData

PROFILE = "/audience/keyspaces/{keyspace}/profiles/{profile}"
_NOTHING = SectionData({}, ())


class ProfileReads:
    """Handlers of the per-profile reads."""

    def __init__(self, state: ApsisState) -> None:
        self._state = state

    def routes(self, router: Router) -> None:
        section = f"{PROFILE}/sections/{{section}}"
        router.add("GET", f"{section}/attributes", self.attributes)
        router.add("GET", f"{section}/tags", self.tags)
        router.add("GET", f"{section}/events", self.events)
        router.add("GET", f"/v2{section}/consents", self.consents)
        router.add("POST", f"{PROFILE}/evaluations", self.evaluations)

    def attributes(self, request: Request, keyspace: str, profile: str, section: str) -> Response:
        index = self._index(keyspace, profile)
        values = self._data(index, section).attributes
        found: dict[str, Any] = {}
        for attribute in find_section(self._state, section).attributes:
            if attribute.discriminator in values:
                old = self._state.world.source.uses_old_version(index, attribute)
                version = attribute.versions[0] if old else attribute.live
                found[version.id] = values[attribute.discriminator]
        return json_response(200, found)

    def tags(self, request: Request, keyspace: str, profile: str, section: str) -> Response:
        data = self._data(self._index(keyspace, profile), section)
        return json_response(200, dict.fromkeys(data.tags, True))  # assumed

    def events(self, request: Request, keyspace: str, profile: str, section: str) -> Response:
        index = self._index(keyspace, profile)
        find_section(self._state, section)
        found = self._state.world.events(index)
        with_ids = self._state.settings.event_ids
        rows = [event_row(e, profile, with_ids) for e in found if e.section == section]
        return json_response(200, {"items": rows})  # assumed: whole, oldest first

    def consents(self, request: Request, keyspace: str, profile: str, section: str) -> Response:
        index = self._index(keyspace, profile)
        find_section(self._state, section)
        wanted = request.query.get("consent_types")
        rows = [
            consent_row(c)
            for c in self._state.world.consents(index)
            if c.section == section and (wanted is None or c.type in wanted)
        ]
        body = {"items": rows, "suppressions": self._suppressions(index, profile, request)}  # assumed
        return json_response(200, body)

    def evaluations(self, request: Request, keyspace: str, profile: str) -> Response:
        index = self._index(keyspace, profile)
        body = request.json()
        rows = body.get("segments") if isinstance(body, dict) else None
        if not isinstance(rows, list):
            raise ApiProblem(400, "The list segments is missing.")
        names = [row["discriminator"] for row in rows if isinstance(row, dict) and "discriminator" in row]
        world = self._state.world
        matches = {name: world.in_segment(index, find_segment(self._state, name)) for name in names}
        return json_response(200, {"matches": {"segments": matches}})  # assumed

    def _suppressions(self, index: int, key: str, request: Request) -> list[dict[str, Any]]:
        """Always for the address that is the key; others when asked for, or all of them (assumed)."""
        asked = {key, *request.query.get("suppression_addresses", ())}
        everything = self._state.settings.suppression_for_all_addresses
        blocked = self._state.world.suppressed(index)
        return [
            {"channel_discriminator": channel, "address": address, "suppressed": channel in blocked}
            for channel, address in self._state.world.addresses(index)
            if everything or address in asked
        ]

    def _data(self, index: int, section: str) -> SectionData:
        find_section(self._state, section)
        return self._state.world.profile(index).sections.get(section, _NOTHING)

    def _index(self, keyspace: str, key: str) -> int:
        return find_profile(self._state, keyspace, key)


def find_profile(state: ApsisState, keyspace: str, key: str) -> int:
    """The index behind a key, or 403, 404, 410."""
    if all(k.discriminator != keyspace for k in state.world.shape.keyspaces):
        raise ApiProblem(404, f"There is no keyspace {keyspace}.")
    if keyspace in state.settings.unreadable_keyspaces:
        raise ApiProblem(403, "This keyspace has no permission to read.")
    index = state.world.find(keyspace, key)
    reason = "deleted" if index is None else state.world.gone(index)
    if reason == "locked":
        raise ApiProblem(410, "The profile is locked.")
    if index is None or reason:
        raise ApiProblem(404, "There is no such profile.")
    return index


def event_row(event: Event, export_key: str, with_id: bool) -> dict[str, Any]:
    """One event (assumed: the shape mirrors the one for writing)."""
    row: dict[str, Any] = {
        "event_time": event.event_time,
        "version_id": event.version_id,
        "discriminator": event.discriminator,
        "data": event.data,
    }
    return {"id": f"{export_key}-{event.time}", **row} if with_id else row


def consent_row(consent: Consent) -> dict[str, str]:
    """One consent; source, reason and modified_at are documented, the other names assumed."""
    return {
        "topic_discriminator": consent.topic,
        "channel_discriminator": consent.channel,
        "type": consent.type,
        "reason": consent.reason,
        "source": consent.source,
        "modified_at": consent.modified_at,
    }
