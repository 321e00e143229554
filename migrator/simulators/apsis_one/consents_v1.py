"""Consents of the first model: lists, topics, and consents that hang on an address (reference 7.2).

Accounts on the second model are refused here; which status says so is unknown, so a switch decides. An opt-in
counts only for its topic; an opt-out at a higher level outranks it (H-cons).
"""

from collections.abc import Iterator

from migrator.simulators.apsis_one import shapes
from migrator.simulators.apsis_one.bodies import object_of, text_of
from migrator.simulators.apsis_one.definitions import check_model, find_section, folders_of
from migrator.simulators.apsis_one.permissions import check_manages_subscriptions, check_writable, present
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.profile_reads import PROFILE
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.http_wsgi import Request, Response, Router, json_response
from migrator.simulators.seeds.segments import PERMITTING
from migrator.simulators.seeds.shape import EMAIL_CHANNEL, SMS_CHANNEL, Section, Topic

_LISTS = "/audience/sections/{section}/consent-lists"
_ADDRESS = "/audience/channels/{channel}/addresses/{address}/consents"
Level = tuple[str, str, str]


class ConsentsV1:
    """Handlers of the five calls."""

    def __init__(self, state: ApsisState) -> None:
        self._state = state

    def routes(self, router: Router) -> None:
        router.add("GET", _LISTS, self.lists)
        router.add("GET", f"{_LISTS}/{{consent_list}}/topics", self.topics)
        router.add("POST", _ADDRESS, self.write)
        router.add(
            "GET", f"{_ADDRESS}/sections/{{section}}/consent-lists/{{consent_list}}/evaluations", self.read
        )
        router.add("POST", f"{PROFILE}/sections/{{section}}/subscriptions", self.subscribe)

    def lists(self, request: Request, section: str) -> Response:
        check_model(self._state, "1.0")
        rows = [shapes.folder_row(name) for name in folders_of(find_section(self._state, section))]
        return json_response(200, shapes.items(rows))

    def topics(self, request: Request, section: str, consent_list: str) -> Response:
        check_model(self._state, "1.0")
        topics = self._topics(find_section(self._state, section), consent_list)
        return json_response(200, shapes.items(shapes.topic_row(t) for t in topics))

    def write(self, request: Request, channel: str, address: str) -> Response:
        """201 for a new state, 204 for a changed one, 409 for the same again (D-c1; 201 and 204 as in 2.0)."""
        check_model(self._state, "1.0")
        self._check_channel(channel)
        body = object_of(request)
        type_, level = text_of(body, "type"), self._level(body)
        if type_ not in ("opt-in", "opt-out"):
            raise ApiProblem(400, "type must be opt-in or opt-out.")
        if type_ == "opt-in" and not level[2]:
            raise ApiProblem(400, "An opt-in needs a topic.")
        with self._state.lock:
            before = self._held(channel, address, level)
            if before == type_:
                raise ApiProblem(409, "The consent has this value already.")
            self._state.say_by_address((channel, address.lower(), *level), type_)
        return Response(201 if before is None else 204)

    def read(self, request: Request, channel: str, address: str, section: str, consent_list: str) -> Response:
        """Effective opt-ins only; an empty list when there are none (C-presta)."""
        check_model(self._state, "1.0")
        self._check_channel(channel)
        topics = self._topics(find_section(self._state, section), consent_list)
        agreed = [t.discriminator for t in topics if self._agrees(channel, address, t)]
        return json_response(200, shapes.address_evaluation_body(agreed))

    def subscribe(self, request: Request, keyspace: str, profile: str, section: str) -> Response:
        """201 for a new subscription, 409 for one that is there (D-sub names 403; the rest is assumed)."""
        check_model(self._state, "1.0")
        check_writable(self._state, keyspace)
        check_manages_subscriptions(self._state, keyspace)
        body = object_of(request)
        wanted = text_of(body, "topic_discriminator")
        listed = self._topics(find_section(self._state, section), text_of(body, "consent_list_discriminator"))
        topic = next((t for t in listed if t.discriminator == wanted), None)
        if topic is None:
            raise ApiProblem(404, f"There is no topic {wanted} in the list.")
        with self._state.lock:
            index = present(self._state, keyspace, profile)
            held = self._state.world.changes(index).subscriptions
            place = (section, topic.folder, topic.discriminator)
            if place in held:
                raise ApiProblem(409, "The profile is subscribed already.")
            held.add(place)
        return Response(201)

    def _agrees(self, channel: str, address: str, topic: Topic) -> bool:
        if channel not in topic.channels:
            return False
        above: tuple[Level, ...] = (("", "", ""), (topic.section, "", ""), (topic.section, topic.folder, ""))
        if any(self._held(channel, address, level) == "opt-out" for level in above):
            return False
        return self._held(channel, address, (topic.section, topic.folder, topic.discriminator)) in PERMITTING

    def _held(self, channel: str, address: str, level: Level) -> str | None:
        """What was written for the address, else what its profile was seeded with."""
        written = self._state.address_consents.get((channel, address.lower(), *level))
        if written is not None or not level[2]:
            return written
        return next(self._seeded(channel, address, level), None)

    def _seeded(self, channel: str, address: str, level: Level) -> Iterator[str]:
        world = self._state.world
        index = world.owner_of(channel, address)
        if index is not None:
            for consent in world.consents(index):
                if (consent.section, consent.topic, consent.channel) == (level[0], level[2], channel):
                    yield consent.type

    def _level(self, body: dict[str, object]) -> Level:
        """Account, section, list or topic: which ids are sent selects it (D-c1)."""
        if "section_discriminator" not in body:
            return "", "", ""
        section = find_section(self._state, text_of(body, "section_discriminator"))
        if "consent_list_discriminator" not in body:
            return section.discriminator, "", ""
        listed = self._topics(section, text_of(body, "consent_list_discriminator"))
        if "topic_discriminator" not in body:
            return section.discriminator, listed[0].folder, ""
        wanted = text_of(body, "topic_discriminator")
        topic = next((t for t in listed if t.discriminator == wanted), None)
        if topic is None:
            raise ApiProblem(404, f"There is no topic {wanted} in the list.")
        return section.discriminator, topic.folder, topic.discriminator

    def _topics(self, section: Section, consent_list: str) -> list[Topic]:
        found = [t for t in section.topics if t.folder == consent_list]
        if not found:
            raise ApiProblem(404, f"There is no consent list {consent_list} in the section.")
        return found

    def _check_channel(self, channel: str) -> None:
        if channel not in (EMAIL_CHANNEL, SMS_CHANNEL):
            raise ApiProblem(404, f"There is no channel {channel}.")
