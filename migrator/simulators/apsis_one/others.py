"""Others in the same account: somebody in the tool who edits, adds, deletes, locks or withdraws (faults F17)."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from migrator.simulators.apsis_one.world import World
from migrator.simulators.faults import ActorDraw
from migrator.simulators.http_wsgi import Request
from migrator.simulators.seeds.shape import Section

Act = dict[str, Any]
Thing = TypeVar("Thing")

_PROFILE = re.compile(r"(?:/v2)?/audience/keyspaces/([^/]+)/profiles/([^/]+)(?:/.*)?")
_TRIES = 50


def act_of(world: World, drawn: ActorDraw, request: Request) -> Act | None:
    """What the actor does, in the words of `mutate`; None where there is nothing to do it to.

    It happens to the profile in the request's address; for other requests, to one that the roll picks.
    """
    if drawn.name == "add_profile":
        return {"op": "add_profile"}
    index = _addressed(world, request)
    index = _picked(world, drawn.roll) if index is None else index
    if index is None or world.gone(index):
        return None
    act = _ACTS[drawn.name](world, index, drawn.roll)
    return act and {"export_key": world.profile(index).export_key, **act}


def _addressed(world: World, request: Request) -> int | None:
    found = _PROFILE.fullmatch(request.path)
    return world.find(found[1], found[2]) if found else None


def _picked(world: World, roll: float) -> int | None:
    first = int(roll * world.total)
    tried = (number % world.total for number in range(first, first + min(_TRIES, world.total)))
    return next((index for index in tried if not world.gone(index)), None)


def _edit(world: World, index: int, roll: float) -> Act | None:
    section = _home(world, index)
    texts = [
        one for one in section.attributes if one.live.type == "text" and ".email" not in one.discriminator
    ]
    attribute = _pick(texts, roll)
    if attribute is None:
        return None
    held = world.profile(index).sections[section.discriminator].attributes.get(attribute.discriminator)
    value = f"{held} (changed)" if held else "changed"
    return _in(section, "edit_attribute", attribute=attribute.discriminator, value=value)


def _tag(world: World, index: int, roll: float) -> Act | None:
    section = _home(world, index)
    tag = _pick(section.tags, roll)
    if tag is None:
        return None
    held = tag.discriminator in world.profile(index).sections[section.discriminator].tags
    return _in(section, "set_tag", tag=tag.discriminator, present=not held)


def _withdraw(world: World, index: int, roll: float) -> Act | None:
    return {"op": "withdraw_consent"} if world.consents(index) else None


def _append(world: World, index: int, roll: float) -> Act | None:
    section = _home(world, index)
    event = _pick(section.events, roll)
    return _in(section, "add_event", event=event.discriminator) if event else None


def _delete(world: World, index: int, roll: float) -> Act | None:
    return {"op": "delete_profile"}


def _lock(world: World, index: int, roll: float) -> Act | None:
    return {"op": "lock_profile"}


def _merge(world: World, index: int, roll: float) -> Act | None:
    into = _picked(world, (roll * 7) % 1)
    return {"op": "merge", "into": world.profile(into).export_key} if into not in (None, index) else None


_ACTS: dict[str, Callable[[World, int, float], Act | None]] = {
    "edit_attribute": _edit,
    "change_tag": _tag,
    "withdraw_consent": _withdraw,
    "append_event": _append,
    "delete_profile": _delete,
    "lock_profile": _lock,
    "merge_profiles": _merge,
}
ACTORS = (*_ACTS, "add_profile")


def _in(section: Section, op: str, **more: Any) -> Act:
    return {"op": op, "section": section.discriminator, **more}


def _home(world: World, index: int) -> Section:
    """A Section that the profile has data in; the first defined one where it has none."""
    held = world.profile(index).sections
    return next((s for s in world.shape.sections if s.discriminator in held), world.shape.sections[0])


def _pick(things: Sequence[Thing], roll: float) -> Thing | None:
    return things[int(roll * len(things))] if things else None
