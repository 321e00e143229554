"""The acts of a case as buttons: what each sends and does, which key it has, and why it cannot be pressed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from migrator.engine.cases import CaseKind, Decide
from reconciliation.choices import ACTIONS
from reconciliation.effects import effect_of
from reconciliation.models import ReviewItem
from reconciliation.policies import ALLOWED, refusal_for
from reconciliation.suggestions import usual_args

# Acts of one case that open an input before they are sent.
ENTRY: dict[Decide, str] = {
    Decide.SUPPLY_EMAIL: "email",
    Decide.SUPPLY_NAME: "name",
    Decide.RENAME: "name",
    Decide.SKIP: "reason",
}
# What nobody can enter for many cases at once; a reason fits all of them.
OF_ONE_CASE = (Decide.SUPPLY_EMAIL, Decide.SUPPLY_NAME, Decide.RENAME, Decide.AS_TYPE, Decide.SPLIT)
# These kinds choose inside a table, whose form holds what is ticked there.
IN_TABLE = (CaseKind.DUPLICATE, CaseKind.ORGANIZATION)
LABELS: dict[tuple[CaseKind, Decide], str] = {
    (CaseKind.ORGANIZATION, Decide.MERGE): "Same company",
    (CaseKind.ORGANIZATION, Decide.KEEP_APART): "Separate",
    (CaseKind.NO_EMAIL, Decide.MERGE): "Merge into…",
    (CaseKind.CONSENT, Decide.SKIP): "Leave them out",
}
SHORT: dict[tuple[CaseKind, Decide], str] = {
    (CaseKind.ORGANIZATION, Decide.MERGE): "Same",
    (CaseKind.ORGANIZATION, Decide.KEEP_APART): "Separate",
    (CaseKind.CONSENT, Decide.RESTRICT_ALL): "No to all",
}
FIELD = "field-"


@dataclass(frozen=True, slots=True)
class Button:
    """One act. `entry` names the input that it opens; `refusal` says why it cannot be pressed now; `sends` is the
    (name, value) by which it submits the form of the table instead of its own."""

    action: str
    label: str
    icon: str
    key: str
    entry: str = ""
    refusal: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)
    effect: str = ""
    sends: tuple[str, str] = ("", "")
    # The words for the dock of a phone.
    short: str = ""

    @property
    def past(self) -> str:
        return ACTIONS[Decide(self.action)].past

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return pairs_of(self.args)


def pairs_of(args: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Arguments as the fields of a form: a list is several of one name, and "fields" one for each field."""
    found: list[tuple[str, str]] = []
    for name, value in args.items():
        if isinstance(value, Mapping):
            found += [(FIELD + part, str(key)) for part, key in value.items()]
        elif isinstance(value, list | tuple):
            found += [(name, str(one)) for one in value]
        else:
            found.append((name, str(value)))
    return found


def buttons_of(item: ReviewItem) -> tuple[Button, ...]:
    """The acts of the kind, in their order; acts with a choice of their own stand with that choice."""
    acts = [act for act in ALLOWED[CaseKind(item.kind)] if act not in (Decide.AS_TYPE, Decide.UNSURE)]
    return tuple(_button(item, action) for action in acts)


def unsure_button(item: ReviewItem) -> Button:
    """Parks the case; it stands apart from the acts that settle it."""
    words = ACTIONS[Decide.UNSURE]
    effect = effect_of(CaseKind(item.kind), item.evidence, Decide.UNSURE, {})
    return Button(Decide.UNSURE.value, words.button, words.icon, words.key, effect=effect)


def _button(item: ReviewItem, action: Decide) -> Button:
    words, args = ACTIONS[action], usual_args(item.suggestion, action)
    refusal = refusal_for(item, action) or _nothing_to_choose(item, action, args)
    kind, entry = CaseKind(item.kind), ENTRY.get(action, "")
    return Button(
        action.value,
        _label(item, action, args) or words.button,
        words.icon,
        words.key,
        entry,
        refusal,
        args,
        effect_of(kind, item.evidence, action, args) if not refusal else "",
        sends=table_choice(item, args) if action == Decide.MERGE else ("", ""),
        short=SHORT.get((kind, action), words.button),
    )


def table_choice(item: ReviewItem, args: Mapping[str, Any]) -> tuple[str, str]:
    """How a button chooses in the table of its case; ("", "") where the kind has none."""
    if item.kind not in IN_TABLE or not args:
        return ("", "")
    name = (
        "name" if item.kind == CaseKind.ORGANIZATION else "target_id" if args.get("target_id") else "survivor"
    )
    return name, str(args.get(name) or "")


def _label(item: ReviewItem, action: Decide, args: Mapping[str, Any]) -> str:
    """Names what one press would choose, where the act alone does not say it."""
    if action == Decide.MERGE_TAG and args:
        return f"Merge into {args['into']}"
    if action == Decide.DERIVE_NAME and args:
        return f"Name it {args['name']}"
    if action == Decide.MERGE and item.kind == CaseKind.NO_EMAIL and args:
        found = next((c for c in item.suggestion.get("candidates") or () if c["args"] == args), None)
        return f"Merge into {found['label']}" if found else ""
    return LABELS.get((CaseKind(item.kind), action), "")


def _nothing_to_choose(item: ReviewItem, action: Decide, args: Mapping[str, Any]) -> str:
    if args or action not in (Decide.MERGE, Decide.MERGE_TAG) or item.kind in IN_TABLE:
        return ""
    if action == Decide.MERGE_TAG:
        return "No other tag is spelled like this one. Choose one below."
    return "No other profile or Person fits this one. Search for one below."


def bulk_buttons_of(kind: CaseKind) -> tuple[Button, ...]:
    """The acts that settle many cases at once: they ask for nothing that differs, or the usual choice is known."""
    bulk = [act for act in ALLOWED[kind] if act not in OF_ONE_CASE]
    if kind == CaseKind.TYPE_CONFLICT:
        return ()
    if kind == CaseKind.NO_EMAIL:
        bulk.remove(Decide.MERGE)  # into whom differs from case to case: accepting the suggestions does that
    return tuple(
        Button(a.value, LABELS.get((kind, a), ACTIONS[a].button), ACTIONS[a].icon, ACTIONS[a].key)
        for a in bulk
    )
