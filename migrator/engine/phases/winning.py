"""Whose value counts where several profiles became one person: the one that was chosen for the field, else the
survivor's. The others only fill what is empty. Pure."""

from collections.abc import Mapping, Sequence

from migrator.engine.field_map import FieldRule
from migrator.engine.inventory import TargetObject
from migrator.engine.records import Profile

_PERSONS = {"emails": "email", "phones": "phone", "first_name": "name", "last_name": "name", "name": "name"}
CRM_ID = "attribute:crmid"


def winner_first(rule: FieldRule, profiles: Sequence[Profile], wins: Mapping[str, str]) -> Sequence[Profile]:
    """The profiles in the order in which their values count for this rule."""
    if not wins or len(profiles) < 2:
        return profiles
    winner = next((wins[name] for name in _names_of(rule) if name in wins), "")
    return sorted(profiles, key=lambda profile: profile.source_key != winner)


def only_winner(field: str, profiles: Sequence[Profile], wins: Mapping[str, str]) -> Sequence[Profile]:
    """The one profile that was chosen for a standard field of the person; empty where none was."""
    winner = wins.get(_PERSONS[field], "")
    return [profile for profile in profiles if profile.source_key == winner] if len(profiles) > 1 else []


def _names_of(rule: FieldRule) -> tuple[str, ...]:
    """What people may have called the field when they chose, most exact first."""
    names = [rule.source]
    if rule.source == CRM_ID:
        names.append("crm_id")
    if rule.object == TargetObject.ORGANIZATION:
        names.append("company")
    elif rule.object == TargetObject.PERSON and not rule.custom and rule.field in _PERSONS:
        names.append(_PERSONS[rule.field])
    return tuple(names)
