"""Changes to the account after it was seeded, asked for at the control address.

Each act is one `op` with an export key; Sections, attributes and tags may be given by name.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from migrator.simulators.apsis_one.bodies import stamp
from migrator.simulators.apsis_one.keys import absorb, write_consent
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.world import World
from migrator.simulators.seeds.consents import Consent
from migrator.simulators.seeds.shape import EXPORT_KEYSPACE, Section
from migrator.simulators.seeds.source import Event

Act = dict[str, Any]


def apply(world: World, act: Act, now: float) -> dict[str, Any]:
    """Do one act; returns what it touched. Refuses unknown acts and unknown things with 400."""
    op = act.get("op")
    if op == "add_profile":
        return {"export_key": world.add_profile()}
    if op not in _ACTS:
        raise ApiProblem(400, f"op must be one of {', '.join(('add_profile', *_ACTS))}.")
    index = _index(world, act.get("export_key"))
    _ACTS[op](world, index, act, now)
    return {"export_key": act["export_key"]}


def _edit_attribute(world: World, index: int, act: Act, now: float) -> None:
    section = _section(world, act)
    found = _named(section.attributes, act.get("attribute"), "attribute")
    world.write_value(index, section.discriminator, found.discriminator, act.get("value"))


def _set_tag(world: World, index: int, act: Act, now: float) -> None:
    section = _section(world, act)
    found = _named(section.tags, act.get("tag"), "tag")
    world.changes(index).tags[section.discriminator, found.discriminator] = bool(act.get("present", True))


def _set_consent(world: World, index: int, act: Act, now: float) -> None:
    section = _section(world, act)
    topic = _named(section.topics, act.get("topic"), "topic")
    channel = act.get("channel", topic.channels[0])
    write_consent(
        world,
        index,
        Consent(
            section.discriminator,
            topic.discriminator,
            channel,
            act["type"],
            "Changed",
            "One API",
            stamp(now),
        ),
    )


def _withdraw_consent(world: World, index: int, act: Act, now: float) -> None:
    """Every consent of the profile (in a Section, on a channel, where given) becomes an opt-out."""
    section = _section(world, act).discriminator if "section" in act else None
    for held in world.consents(index):
        if section in (None, held.section) and act.get("channel") in (None, held.channel):
            write_consent(
                world,
                index,
                Consent(
                    held.section,
                    held.topic,
                    held.channel,
                    "opt-out",
                    "Withdrawn",
                    "Preference page",
                    stamp(now),
                ),
            )


def _suppress(world: World, index: int, act: Act, now: float) -> None:
    world.changes(index).suppressed[act["channel"]] = bool(act.get("suppressed", True))


def _add_event(world: World, index: int, act: Act, now: float) -> None:
    section = _section(world, act)
    found = _named(section.events, act.get("event"), "event")
    moment = datetime.fromisoformat(act["event_time"]).timestamp() if "event_time" in act else now
    event = Event(section.discriminator, found.discriminator, found.live.id, int(moment), act.get("data", {}))
    world.changes(index).events.append(event)


def _delete(world: World, index: int, act: Act, now: float) -> None:
    _end(world, index, "deleted")


def _lock(world: World, index: int, act: Act, now: float) -> None:
    _end(world, index, "locked")


def _end(world: World, index: int, reason: str) -> None:
    page = world.changes(index)
    page.gone, page.gone_at = reason, 0.0


def _merge(world: World, index: int, act: Act, now: float) -> None:
    """The profile goes into another: its keys lead there from now on, its values fill gaps."""
    absorb(world, _index(world, act.get("into")), index)


_ACTS: dict[str, Callable[[World, int, Act, float], None]] = {
    "edit_attribute": _edit_attribute,
    "set_tag": _set_tag,
    "set_consent": _set_consent,
    "withdraw_consent": _withdraw_consent,
    "suppress": _suppress,
    "add_event": _add_event,
    "delete_profile": _delete,
    "lock_profile": _lock,
    "merge": _merge,
}


def _index(world: World, key: Any) -> int:
    index = world.find(EXPORT_KEYSPACE, key) if isinstance(key, str) else None
    if index is None or world.gone(index):
        raise ApiProblem(400, f"There is no profile {key}.")
    return index


def _section(world: World, act: Act) -> Section:
    section: Section = _named(world.shape.sections, act.get("section"), "section")
    return section


def _named(defined: Any, wanted: Any, kind: str) -> Any:
    for entry in defined:
        if wanted in (entry.discriminator, entry.name):
            return entry
    raise ApiProblem(400, f"There is no {kind} {wanted}.")
