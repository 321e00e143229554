"""Which names are one company, and what it is called."""

from typing import Any

from reconciliation.checks.entries import LONGEST_NAME, Args, InvalidDecisionError, keys_of, text_of
from reconciliation.models import ReviewItem


def same(item: ReviewItem, args: Args) -> dict[str, Any]:
    """One company under one of its names."""
    known = _known(item)
    clean = _members(args, known)
    if len(clean) < 2:
        raise InvalidDecisionError("members", "Choose at least two names that are one company.")
    name = args.get("name")
    if not isinstance(name, str) or name not in clean:
        raise InvalidDecisionError("name", "Choose which of the names it keeps, or rename it.")
    return {"name": name, "members": clean}


def renamed(item: ReviewItem, args: Args) -> dict[str, Any]:
    """One company under a name that somebody enters."""
    name = text_of(args, "name", LONGEST_NAME, "the name of the Organization")
    clean = _members(args, _known(item))
    if not clean:
        raise InvalidDecisionError("members", "Choose the names that are this company.")
    return {"name": name, "members": clean}


def _known(item: ReviewItem) -> list[str]:
    return [str(m["name"]) for m in item.evidence.get("members") or ()]


def _members(args: Args, known: list[str]) -> list[str]:
    wanted = keys_of(args, "members", known)
    if not set(wanted) <= set(known):
        raise InvalidDecisionError("members", "Choose from the names that are shown.")
    return [name for name in known if name in wanted]
