"""What the inspector shows of one case, of whatever kind, as values for one template. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from migrator.charts import Bar, Chart, bars
from migrator.engine.cases import CaseKind, Decide
from reconciliation.buttons import Button, buttons_of
from reconciliation.choices import ACTIONS, heading_of, past_of
from reconciliation.comparison import Comparison, comparison_of, day, joined
from reconciliation.effects import Evidence, counted, effect_of, type_label
from reconciliation.models import ReviewItem
from reconciliation.suggestions import choice_label

MOST_BARS = 6


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Histogram:
    """The values of one Section, drawn."""

    section: str
    type: str
    filled: int
    chart: Chart


@dataclass(frozen=True, slots=True)
class Option:
    """One way to settle a case that is chosen by its number."""

    button: Button
    detail: str
    effect: str
    samples: tuple[str, ...] = ()
    suggested: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything the inspector shows besides the item itself."""

    heading: str
    reasons: tuple[Mapping[str, str], ...]
    effect: str
    done: str
    buttons: tuple[Button, ...]
    facts: tuple[Fact, ...] = ()
    comparison: Comparison | None = None
    histograms: tuple[Histogram, ...] = ()
    options: tuple[Option, ...] = ()
    options_title: str = ""


def sheet_of(item: ReviewItem) -> Sheet:
    """The sheet of a case of any kind."""
    kind = CaseKind(item.kind)
    options = _options(item, kind)
    # A choice that is shown with what it would lose needs no second button.
    chosen = {option.button.action for option in options} if kind == CaseKind.TYPE_CONFLICT else set()
    return Sheet(
        heading=suggested_heading(item),
        reasons=tuple(item.suggestion.get("reasons") or ()),
        effect=str(item.suggestion.get("effect") or ""),
        done=past_of(item.suggested_action) if item.suggested_action else "",
        buttons=tuple(button for button in buttons_of(item) if button.action not in chosen),
        facts=_facts(item, kind),
        comparison=comparison_of(item),
        histograms=tuple(_histogram(v) for v in item.evidence.get("variants") or ()),
        options=options,
        options_title=_OPTION_TITLES.get(kind, ""),
    )


_OPTION_TITLES = {
    CaseKind.TYPE_CONFLICT: "What each choice would lose",
    CaseKind.RARE_TAG: "Tags that are spelled like it",
}


def suggested_heading(item: ReviewItem) -> str:
    """The suggestion as a headline, with its own argument where one says more than the group's words."""
    args = item.suggestion.get("args") or {}
    match item.suggested_action:
        case Decide.MERGE_TAG:
            return f"Merge into {args.get('into', '')}"
        case Decide.AS_TYPE:
            return f"Keep as {type_label(str(args.get('type', '')))}"
        case Decide.DERIVE_NAME:
            return f"Name it {args.get('name', '')}"
        case Decide.SKIP:
            return "Skip this profile"
        case Decide.MERGE if item.kind != CaseKind.DUPLICATE:
            return f"Merge into {_candidate_label(item)}"
    return heading_of(item.kind, item.suggested_action)


def _candidate_label(item: ReviewItem) -> str:
    candidates = item.suggestion.get("candidates") or [{}]
    return str(candidates[0].get("label") or "another profile")


# Facts


def _facts(item: ReviewItem, kind: CaseKind) -> tuple[Fact, ...]:
    evidence = item.evidence
    match kind:
        case CaseKind.NO_EMAIL | CaseKind.NO_NAME:
            return tuple(_profile_facts(evidence, kind))
        case CaseKind.RARE_TAG:
            return (
                Fact("Profiles", f"{int(evidence.get('count') or 0):,}"),
                Fact("Sections", joined(evidence.get("sections"))),
            )
        case CaseKind.TYPE_CONFLICT:
            return (Fact("Profiles", f"{item.impact_profiles:,}"),)
    return ()


def _profile_facts(evidence: Evidence, kind: CaseKind) -> Iterable[Fact]:
    if kind == CaseKind.NO_EMAIL:
        yield Fact("Email", "Missing in every Section", "missing")
    else:
        yield Fact("Name", "Missing in every Section", "missing")
        yield _fact("Email", evidence.get("email"))
    yield _fact("Phone", evidence.get("phone"))
    yield _fact("Company", evidence.get("company"))
    yield _fact("CRM id", evidence.get("crm_id"))
    yield _fact("Sections", joined(evidence.get("sections")))
    yield _fact("Tags", joined(evidence.get("tags")), "none")
    yield _fact("Consent", joined(evidence.get("consents"), " · "), "none")
    yield Fact("Events", events_text(evidence))


def _fact(label: str, value: Any, otherwise: str = "empty") -> Fact:
    return Fact(label, str(value)) if value else Fact(label, otherwise, "empty")


def events_text(evidence: Evidence) -> str:
    count = int(evidence.get("event_count") or 0)
    newest = day(evidence.get("last_event"))
    return f"{counted(count, 'event')}, newest {newest}" if count and newest else counted(count, "event")


# Values and choices


def _histogram(variant: Evidence) -> Histogram:
    top = [(str(value), int(count)) for value, count in variant.get("top") or ()][:MOST_BARS]
    section, filled = str(variant.get("section") or ""), int(variant.get("filled") or 0)
    named = type_label(str(variant.get("type") or ""))
    first = f" The most frequent is {top[0][0]} with {top[0][1]:,}." if top else ""
    finding = f"{filled:,} values in {section}, read as {named}.{first}"
    drawing = bars(finding, [Bar(value, count) for value, count in top], unit="Profiles")
    return Histogram(section, named, filled, drawing)


def _options(item: ReviewItem, kind: CaseKind) -> tuple[Option, ...]:
    if kind == CaseKind.TYPE_CONFLICT:
        rows = list(item.suggestion.get("candidates") or ())
        rows += [c for c in map(_as_candidate, item.evidence.get("choices") or ()) if not _listed(c, rows)]
        return tuple(_option(item, row, number) for number, row in enumerate(rows, 1))
    if kind == CaseKind.RARE_TAG:
        rows = list(item.suggestion.get("candidates") or ())
        return tuple(_option(item, row, number) for number, row in enumerate(rows, 1))
    return ()


def _as_candidate(choice: Evidence) -> dict[str, Any]:
    args = {"type": choice["type"]} if choice["action"] == Decide.AS_TYPE else {}
    lost = int(choice.get("lost") or 0)
    detail = f"{counted(lost, 'value')} would be lost"
    return {"action": choice["action"], "args": args, "label": choice_label(choice), "detail": detail}


def _listed(candidate: Evidence, rows: Iterable[Evidence]) -> bool:
    return any(r["action"] == candidate["action"] and r["args"] == candidate["args"] for r in rows)


def _option(item: ReviewItem, row: Evidence, number: int) -> Option:
    action, args = Decide(row["action"]), row["args"]
    words = ACTIONS[action]
    button = Button(action, str(row["label"]), words.icon, str(number) if number < 10 else "", args=args)
    suggested = item.suggested_action == action and item.suggestion["args"] == args
    effect = effect_of(CaseKind(item.kind), item.evidence, action, args)
    return Option(button, str(row["detail"]), effect, _samples(item.evidence, action, args), suggested)


def _samples(evidence: Evidence, action: Decide, args: Evidence) -> tuple[str, ...]:
    for choice in evidence.get("choices") or ():
        if choice["action"] == action and (choice.get("type") or "") == (args.get("type") or ""):
            return tuple(str(s) for s in choice.get("samples") or ())[:4]
    return ()


def subtitle_of(item: ReviewItem) -> str:
    """The second line of a row in the list."""
    evidence = item.evidence
    match CaseKind(item.kind):
        case CaseKind.NO_EMAIL | CaseKind.NO_NAME:
            known = evidence.get("phone") or evidence.get("email") or "no phone"
            return f"{known} · {evidence.get('company') or 'no company'}"
        case CaseKind.TYPE_CONFLICT:
            variants = evidence.get("variants") or ()
            return ", ".join(f"{v.get('section')}: {type_label(str(v.get('type')))}" for v in variants)
        case CaseKind.RARE_TAG:
            profiles = counted(int(evidence.get("count") or 0), "profile")
            return f"on {profiles} · {joined(evidence.get('sections'))}"
    members, targets = len(evidence.get("members") or ()), len(evidence.get("targets") or ())
    persons = f" · {counted(targets, 'Person', 'Persons')} in Pipedrive" if targets else ""
    return f"{evidence.get('value') or ''} · {counted(members, 'profile')}{persons}"
