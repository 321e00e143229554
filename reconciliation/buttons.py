"""The acts of a case as buttons: what each sends, which key it has, and why it cannot be pressed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from migrator.engine.cases import CaseKind, Decide
from reconciliation.choices import ACTIONS
from reconciliation.models import ReviewItem
from reconciliation.policies import ALLOWED, refusal_for

# Acts that ask for something before they can be sent.
ENTRY: dict[Decide, str] = {Decide.SUPPLY_EMAIL: "email", Decide.SUPPLY_NAME: "name"}


@dataclass(frozen=True, slots=True)
class Button:
    """One act. `entry` names the input that it opens; `refusal` says why it cannot be pressed now."""

    action: str
    label: str
    icon: str
    key: str
    entry: str = ""
    refusal: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)


def buttons_of(item: ReviewItem) -> tuple[Button, ...]:
    """The acts of the kind, in their order; acts with a choice of their own stand with that choice."""
    return tuple(_button(item, action) for action in ALLOWED[CaseKind(item.kind)] if action != Decide.AS_TYPE)


def _button(item: ReviewItem, action: Decide) -> Button:
    words, args = ACTIONS[action], _default_args(item, action)
    refusal = refusal_for(item, action) or _nothing_to_choose(item, action, args)
    return Button(action.value, words.button, words.icon, words.key, ENTRY.get(action, ""), refusal, args)


def _default_args(item: ReviewItem, action: Decide) -> Mapping[str, Any]:
    """The likeliest arguments, so that one press is enough: the suggestion's, else the first candidate's."""
    if item.suggested_action == action:
        return dict(item.suggestion.get("args") or {})
    candidates = item.suggestion.get("candidates") or ()
    return next((dict(c["args"]) for c in candidates if c["action"] == action), {})


def _nothing_to_choose(item: ReviewItem, action: Decide, args: Mapping[str, Any]) -> str:
    if args or action not in (Decide.MERGE, Decide.MERGE_TAG):
        return ""
    if action == Decide.MERGE_TAG:
        return "No other tag is spelled like this one."
    return "" if item.kind == CaseKind.DUPLICATE else "No other profile or Person fits this one."
