"""Profile keys after seeding: what moves them, and what becomes of two profiles that turn out to be one person.

Called under the account's lock.
"""

from collections.abc import Iterator
from typing import Any

from migrator.simulators.apsis_one.attribute_values import CRM_ATTRIBUTE, check_key, mapped_attribute
from migrator.simulators.apsis_one.permissions import look_up
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.apsis_one.world import EMAIL_ATTRIBUTE, MOBILE_ATTRIBUTE, World
from migrator.simulators.seeds.consents import Consent
from migrator.simulators.seeds.shape import CRM_KEYSPACE, EMAIL_KEYSPACE, EXPORT_KEYSPACE, MOBILE_KEYSPACE

# Two people whose values of these differ cannot be one (documented: D-merge).
_IDENTIFYING = (EMAIL_ATTRIBUTE, MOBILE_ATTRIBUTE, CRM_ATTRIBUTE)
MAPPED_KEYSPACES = (EMAIL_KEYSPACE, MOBILE_KEYSPACE, CRM_KEYSPACE)


def move_keys(state: ApsisState, index: int, values: dict[str, Any]) -> int:
    """Let keys follow their attributes, as v2 PATCH does; returns the profile to write to.

    A key that another profile owns is refused with 409, left where it is, or merges the two: the reference
    breaks off at this point (4.4), so a switch decides.
    """
    moves = list(_moves(state, index, values))
    mode = state.settings.taken_key_on_v2_patch
    if mode == "conflict" and any(owner not in (None, index) for _, _, owner in moves):
        raise ApiProblem(409, "Another profile has this key.")
    target = index
    for keyspace, key, owner in moves:
        if owner is None or owner == index:
            state.world.hold_key(target, keyspace, key)
        elif mode == "merge" and target == index:
            absorb(state.world, owner, index)
            target = owner
    return target


def _moves(state: ApsisState, index: int, values: dict[str, Any]) -> Iterator[tuple[str, str, int | None]]:
    """(keyspace, new key, its owner so far) for each key that the new values would move."""
    held = state.world.profile(index).keys
    for keyspace in MAPPED_KEYSPACES:
        value = values.get(str(mapped_attribute(keyspace)))
        if value is not None and keyspace in held:
            check_key(keyspace, str(value))
            yield keyspace, str(value), look_up(state, keyspace, str(value))


def check_takes(state: ApsisState, index: int, keyspace: str, key: str) -> None:
    """409 where a profile cannot take another key: it has a different one, or its full number of merges."""
    if merges(state.world, index) >= state.settings.most_merges:
        raise ApiProblem(409, f"A profile can be merged {state.settings.most_merges} times at most.")
    held = state.world.profile(index).keys.get(keyspace) if keyspace in MAPPED_KEYSPACES else None
    if held is not None and held.lower() != key.lower():
        raise ApiProblem(409, f"The profiles have different keys in {keyspace}.")


def check_mergeable(state: ApsisState, into: int, other: int) -> None:
    """409 where the keys or the values of e-mail, mobile or CRM-ID differ, or after too many merges."""
    world = state.world
    mine, theirs = world.profile(into), world.profile(other)
    for index, keys in ((into, theirs.keys), (other, mine.keys)):
        for keyspace, key in keys.items():
            check_takes(state, index, keyspace, key)
    for section in mine.sections.keys() & theirs.sections.keys():
        for name in _IDENTIFYING:
            ours = mine.sections[section].attributes.get(name)
            other_value = theirs.sections[section].attributes.get(name)
            if None not in (ours, other_value) and str(ours).lower() != str(other_value).lower():
                raise ApiProblem(409, f"The profiles have different values of {name}.")


def merges(world: World, index: int) -> int:
    """How many profiles went into this one."""
    return len(world.journal[index].absorbed) if index in world.journal else 0


def absorb(world: World, into: int, other: int) -> None:
    """A profile goes into another: its keys lead there from now on, its values fill gaps (assumed)."""
    target, held = world.changes(into), world.profile(into)
    theirs = world.profile(other)
    for section, data in theirs.sections.items():
        known = held.sections[section].attributes if section in held.sections else {}
        for name, value in data.attributes.items():
            if name not in known:
                world.write_value(into, section, name, value)
        target.tags.update({(section, tag): True for tag in data.tags})
    for keyspace, key in theirs.keys.items():
        if keyspace not in held.keys and keyspace != EXPORT_KEYSPACE:
            target.keys[keyspace] = key
    target.events.extend(world.events(other))
    agreed = {(c.section, c.topic, c.channel) for c in world.consents(into)}
    for consent in world.consents(other):
        if (consent.section, consent.topic, consent.channel) not in agreed:
            write_consent(world, into, consent)
    mine = world.changes(other)
    target.absorbed.extend((other, *mine.absorbed))
    target.subscriptions |= mine.subscriptions
    mine.gone, mine.merged_into, mine.gone_at = "merged", into, 0.0


def write_consent(world: World, index: int, consent: Consent) -> None:
    """Put one consent in the place of what was agreed for its topic and channel."""
    world.changes(index).consents[consent.section, consent.topic, consent.channel] = consent
