"""The acts of a case as buttons: what each sends, which key it has, and why it cannot be pressed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from migrator.engine.cases import CaseKind, Decide
from reconciliation.choices import ACTIONS
from reconciliation.models import ReviewItem
from reconciliation.policies import ALLOWED, refusal_for
from reconciliation.suggestions import usual_args

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

    @property
    def short(self) -> str:
        """The words for the dock of a phone."""
        return ACTIONS[Decide(self.action)].button

    @property
    def past(self) -> str:
        return ACTIONS[Decide(self.action)].past


def buttons_of(item: ReviewItem) -> tuple[Button, ...]:
    """The acts of the kind, in their order; acts with a choice of their own stand with that choice."""
    return tuple(_button(item, action) for action in ALLOWED[CaseKind(item.kind)] if action != Decide.AS_TYPE)


def _button(item: ReviewItem, action: Decide) -> Button:
    words, args = ACTIONS[action], usual_args(item.suggestion, action)
    refusal = refusal_for(item, action) or _nothing_to_choose(item, action, args)
    label = _label(item, action, args) or words.button
    return Button(action.value, label, words.icon, words.key, ENTRY.get(action, ""), refusal, args)


def _label(item: ReviewItem, action: Decide, args: Mapping[str, Any]) -> str:
    """Names what one press would choose, where the act alone does not say it."""
    if action == Decide.MERGE_TAG and args:
        return f"Merge into {args['into']}"
    if action == Decide.DERIVE_NAME and args:
        return f"Name it {args['name']}"
    if action == Decide.MERGE and item.kind != CaseKind.DUPLICATE:
        found = next((c for c in item.suggestion.get("candidates") or () if c["args"] == args), None)
        return f"Merge into {found['label']}" if found else ""
    return ""


def _nothing_to_choose(item: ReviewItem, action: Decide, args: Mapping[str, Any]) -> str:
    if args or action not in (Decide.MERGE, Decide.MERGE_TAG):
        return ""
    if action == Decide.MERGE_TAG:
        return "No other tag is spelled like this one."
    return "" if item.kind == CaseKind.DUPLICATE else "No other profile or Person fits this one."


def bulk_buttons_of(kind: CaseKind) -> tuple[Button, ...]:
    """The acts that settle many cases at once: they ask for nothing, or the usual choice is known."""
    bulk = [a for a in ALLOWED[kind] if a not in ENTRY and a not in (Decide.AS_TYPE, Decide.SPLIT)]
    if kind == CaseKind.TYPE_CONFLICT:
        return ()
    if kind == CaseKind.NO_EMAIL:
        bulk.remove(Decide.MERGE)  # into whom differs from case to case: accepting the suggestions does that
    return tuple(Button(a.value, ACTIONS[a].button, ACTIONS[a].icon, ACTIONS[a].key) for a in bulk)
