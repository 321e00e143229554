"""Which profiles become one, which of them stays, whose value wins, and which Person in Pipedrive it is."""

from collections.abc import Mapping
from typing import Any

from reconciliation.checks.entries import Args, InvalidDecisionError, key_of, keys_of
from reconciliation.effects import FIELD_LABELS
from reconciliation.models import ReviewItem


def merge_members(item: ReviewItem, args: Args) -> dict[str, Any]:
    """{"survivor", "members"}, with "target_id" where it is a Person, and "fields" where another value wins."""
    rows = {str(m["source_key"]): m for m in item.evidence.get("members") or ()}
    known = list(rows)
    wanted = keys_of(args, "members", known)
    survivor = key_of(args, "survivor") or (known[0] if len(known) == 1 else "")
    if not set(wanted) <= set(known) or survivor not in known:
        raise InvalidDecisionError("survivor", "Choose which profile stays.")
    if survivor not in wanted:
        raise InvalidDecisionError("members", "Tick the profile that stays, or keep another one.")
    clean: dict[str, Any] = {"survivor": survivor, "members": [key for key in known if key in wanted]}
    if item.evidence.get("match") == "target":
        clean["target_id"] = _chosen_person(item, args)
    elif len(wanted) < 2:
        raise InvalidDecisionError("members", "Choose at least two profiles to merge.")
    fields = _fields(args, rows, clean)
    return clean | ({"fields": fields} if fields else {})


def _chosen_person(item: ReviewItem, args: Args) -> str:
    target_id = key_of(args, "target_id")
    if target_id not in {str(t["target_id"]) for t in item.evidence.get("targets") or ()}:
        raise InvalidDecisionError("target_id", "Choose the Person in Pipedrive that it is.")
    return target_id


def _fields(args: Args, rows: Mapping[str, Any], clean: Args) -> dict[str, str]:
    """The fields that another profile than the one that stays wins; what it would win anyway is left out."""
    chosen = args.get("fields") or {}
    if not isinstance(chosen, Mapping):
        raise InvalidDecisionError("fields", "Choose each value from the profiles that are shown.")
    found: dict[str, str] = {}
    for field, key in chosen.items():
        if not key or key == clean["survivor"]:
            continue
        if field not in FIELD_LABELS or key not in clean["members"]:
            raise InvalidDecisionError("fields", "Choose each value from a profile that is merged.")
        if not rows[key].get(field):
            raise InvalidDecisionError("fields", f"{FIELD_LABELS[field]} is empty there. Choose another one.")
        found[field] = str(key)
    return found
