"""Checks what a person entered for an act and returns it clean; the sentence of an error says what to do."""

from collections.abc import Callable
from typing import Any

from migrator.engine.cases import CaseKind, Decide
from reconciliation.checks import companies, duplicates, profiles, values
from reconciliation.checks.entries import Args, InvalidDecisionError, Offer
from reconciliation.models import ReviewItem

__all__ = ["InvalidDecisionError", "Offer", "action_of", "validated"]

_CHECKS: dict[Any, Callable[[ReviewItem, Args], dict[str, Any]]] = {
    Decide.SUPPLY_EMAIL: profiles.email,
    Decide.SUPPLY_NAME: profiles.name,
    Decide.DERIVE_NAME: profiles.derived_name,
    Decide.SKIP: profiles.reason,
    Decide.AS_TYPE: values.attribute_type,
    Decide.MERGE_TAG: values.tag,
    Decide.MERGE: profiles.merge_profile,
    Decide.RENAME: companies.renamed,
    (CaseKind.DUPLICATE, Decide.MERGE): duplicates.merge_members,
    (CaseKind.ORGANIZATION, Decide.MERGE): companies.same,
}


def action_of(text: str) -> Decide:
    try:
        return Decide(text)
    except ValueError:
        raise InvalidDecisionError("action", "That is no way to decide a case. Use its buttons.") from None


def validated(item: ReviewItem, action: Decide, args: Args) -> dict[str, Any]:
    """The arguments that the act needs and no others; raises InvalidDecisionError."""
    check = _CHECKS.get((CaseKind(item.kind), action)) or _CHECKS.get(action)
    return check(item, args) if check else {}
