"""What the inspector shows of one case, of whatever kind, as values for one template. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from migrator.charts import Bar, Chart, bars
from migrator.engine.cases import CaseKind, Decide
from reconciliation.buttons import Button, buttons_of, table_choice, unsure_button
from reconciliation.choices import ACTIONS, heading_of, past_of
from reconciliation.companies import CompanyTable, companies_of
from reconciliation.comparison import Comparison, comparison_of, day, joined
from reconciliation.effects import (
    CHANNELS,
    Evidence,
    answers_by_state,
    counted,
    effect_of,
    listed,
    type_label,
)
from reconciliation.guessing import domains_of, guesses
from reconciliation.models import ReviewItem
from reconciliation.suggesting.values import choice_label
from reconciliation.suggestions import usual_args

MOST_BARS = 6
MOST_TOGETHER = 3
# Keys are digits.
MOST_KEYS = 9
# What people write beside a skip, offered while they type.
REASONS = (
    "Nothing is known but the profile itself.",
    "No longer a customer.",
    "A test profile.",
    "The person asked to be removed.",
    "Kept in another system.",
)
USUAL_REASON = "Not needed in Pipedrive."


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
class Options:
    title: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one place says of a channel; `tone` is ok, bad or nothing."""

    where: str
    state: str
    tone: str


@dataclass(frozen=True, slots=True)
class Answers:
    channel: str
    rows: tuple[Answer, ...]
    people: str
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Help:
    """What an input of the inspector offers: completions, guesses that fill it, and what it holds at first."""

    usual_reason: str = USUAL_REASON
    reasons: tuple[str, ...] = REASONS
    addresses: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything the inspector shows besides the item itself. `accept` is the (name, value) by which accepting
    submits the form of the table, so that what is ticked there counts."""

    heading: str
    reasons: tuple[Mapping[str, str], ...]
    effect: str
    done: str
    buttons: tuple[Button, ...]
    unsure: Button
    help: Help
    accept: tuple[str, str] = ("", "")
    facts: tuple[Fact, ...] = ()
    comparison: Comparison | None = None
    companies: CompanyTable | None = None
    answers: Answers | None = None
    histograms: tuple[Histogram, ...] = ()
    choices: tuple[Options, ...] = ()
    any_tag: bool = False
    anybody: bool = False
    # A profile's key or a field's name says something; that of a group only repeats its value.
    shows_key: bool = True

    @property
    def entries(self) -> tuple[str, ...]:
        """The inputs that this inspector has: a sentence about one of them stands there."""
        own = [button.entry for button in self.buttons if button.entry]
        return (*own, "into") if self.any_tag else tuple(own)


def sheet_of(item: ReviewItem) -> Sheet:
    """The sheet of a case of any kind."""
    kind = CaseKind(item.kind)
    choices = _choices(item, kind)
    # A choice that is shown with what it would lose needs no second button.
    chosen = {o.button.action for group in choices for o in group.options if kind == CaseKind.TYPE_CONFLICT}
    args = item.suggestion.get("args") or {}
    return Sheet(
        heading=suggested_heading(item),
        reasons=tuple(item.suggestion.get("reasons") or ()),
        effect=str(item.suggestion.get("effect") or ""),
        done=past_of(item.suggested_action) if item.suggested_action else "",
        buttons=tuple(button for button in buttons_of(item) if button.action not in chosen),
        unsure=unsure_button(item),
        help=_help(item, kind),
        accept=table_choice(item, args) if item.suggested_action == Decide.MERGE else ("", ""),
        facts=_facts(item, kind),
        comparison=comparison_of(item),
        companies=companies_of(item),
        answers=_answers(item.evidence) if kind == CaseKind.CONSENT else None,
        histograms=tuple(_histogram(v) for v in item.evidence.get("variants") or ()),
        choices=choices,
        any_tag=kind == CaseKind.RARE_TAG,
        anybody=kind == CaseKind.NO_EMAIL,
        shows_key=kind in (CaseKind.NO_EMAIL, CaseKind.NO_NAME, CaseKind.TYPE_CONFLICT),
    )


def _help(item: ReviewItem, kind: CaseKind) -> Help:
    usual = str(usual_args(item.suggestion, Decide.SKIP).get("reason") or USUAL_REASON)
    if kind == CaseKind.CONSENT:
        return Help("Their consent is not clear.", ())
    if kind == CaseKind.RARE_TAG:
        return Help(tags=_tags_offered(item.evidence))
    if kind != CaseKind.NO_EMAIL:
        return Help(usual)
    found = guesses(item.evidence)
    return Help(usual, addresses=(*found, *domains_of(item.evidence)), guesses=found)


def _tags_offered(evidence: Evidence) -> tuple[str, ...]:
    rows = [*(evidence.get("similar") or ()), *(evidence.get("together") or ())]
    return tuple(dict.fromkeys([*(str(r["tag"]) for r in rows), *map(str, evidence.get("spellings") or ())]))


# The headline


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
        case Decide.RESTRICT:
            return f"Take No for {CHANNELS.get(str(item.evidence.get('channel')), 'this channel')}"
        case Decide.SKIP:
            return "Skip this profile"
        case Decide.MERGE if item.kind == CaseKind.ORGANIZATION:
            return f"One company: {args.get('name', '')}"
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
            return tuple(_tag_facts(evidence))
        case CaseKind.TYPE_CONFLICT:
            return (Fact("Profiles", f"{item.impact_profiles:,}"),)
    return ()


def _tag_facts(evidence: Evidence) -> Iterable[Fact]:
    yield Fact("Profiles", f"{int(evidence.get('count') or 0):,}")
    yield _fact("Sections", joined(evidence.get("sections")), "none")
    spellings = [str(s) for s in evidence.get("spellings") or ()]
    if len(spellings) > 1:
        yield Fact("Spelled also", joined(s for s in spellings if s != evidence.get("tag")))
    if together := evidence.get("together"):
        yield Fact("Used with", joined(f"{row['tag']} ({int(row.get('count') or 0):,})" for row in together))


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


def _choices(item: ReviewItem, kind: CaseKind) -> tuple[Options, ...]:
    """What is chosen by its number, under a heading of its own; nothing where one button says it all."""
    rows = list(item.suggestion.get("candidates") or ())
    if kind == CaseKind.TYPE_CONFLICT:
        rows += [c for c in map(_as_candidate, item.evidence.get("choices") or ()) if not _listed(c, rows)]
        return (_group("What each choice would lose", item, rows),)
    if kind == CaseKind.NO_NAME and len(rows) > 1:
        return (_group("Names that can be read", item, rows),)
    if kind != CaseKind.RARE_TAG:
        return ()
    near = [row for row in map(_used_together, item.evidence.get("together") or ()) if not _listed(row, rows)]
    groups = (
        _group("Tags that are spelled like it", item, rows),
        _group("Tags that the same profiles have", item, near[:MOST_TOGETHER], len(rows)),
    )
    return tuple(group for group in groups if group.options)


def _group(title: str, item: ReviewItem, rows: Iterable[Evidence], behind: int = 0) -> Options:
    return Options(title, tuple(_option(item, row, n) for n, row in enumerate(rows, behind + 1)))


def _used_together(row: Evidence) -> dict[str, Any]:
    tag, count = str(row["tag"]), int(row.get("count") or 0)
    return {
        "action": Decide.MERGE_TAG,
        "args": {"into": tag},
        "label": tag,
        "detail": f"on {counted(count, 'profile')}",
    }


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
    effect = effect_of(CaseKind(item.kind), item.evidence, action, args)
    cap = str(number) if number <= MOST_KEYS else ""
    button = Button(action.value, str(row["label"]), words.icon, cap, args=args, effect=effect)
    suggested = item.suggested_action == action and item.suggestion["args"] == args
    return Option(button, str(row["detail"]), effect, _samples(item.evidence, action, args), suggested)


def _samples(evidence: Evidence, action: Decide, args: Evidence) -> tuple[str, ...]:
    for choice in evidence.get("choices") or ():
        if choice["action"] == action and (choice.get("type") or "") == (args.get("type") or ""):
            return tuple(str(s) for s in choice.get("samples") or ())[:4]
    return ()


# Consents


def _answers(evidence: Evidence) -> Answers:
    tones = {"Yes": "ok", "No": "bad"}
    rows = tuple(
        Answer(str(a.get("where") or ""), str(a.get("state")), tones.get(str(a.get("state")), ""))
        for a in evidence.get("answers") or ()
    )
    samples = tuple(str(s.get("name") or s.get("source_key")) for s in evidence.get("samples") or ())
    people = counted(int(evidence.get("profiles") or 0), "profile")
    channel = CHANNELS.get(str(evidence.get("channel")), str(evidence.get("channel") or ""))
    return Answers(channel, rows, people, samples)


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
        case CaseKind.ORGANIZATION:
            return ", ".join(str(m["name"]) for m in evidence.get("members") or ())
        case CaseKind.CONSENT:
            said = [f"{state} in {listed(where)}" for state, where in answers_by_state(evidence).items()]
            return " · ".join(said)
    members, targets = len(evidence.get("members") or ()), len(evidence.get("targets") or ())
    persons = f" · {counted(targets, 'Person', 'Persons')} in Pipedrive" if targets else ""
    value = f"{evidence['value']} · " if evidence.get("value") else ""
    return f"{value}{counted(members, 'profile')}{persons}"
