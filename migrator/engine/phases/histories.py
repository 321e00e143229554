"""Histories: one profile's events become activities and notes, at the fidelity that was priced and chosen.

Calls and meetings keep a record each at every fidelity but the archive: they are what a salesperson looks for.
Nothing over the target's size limit is made: a long history is cut into pages.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape

from migrator.engine.canonical import JsonValue
from migrator.engine.field_map import FieldRule
from migrator.engine.records import Event, Kind, TargetRecord

# The target takes 100 kB (reference 7 and 8); the rest is room for the reference line and the tags around.
PAGE_BYTES = 90_000
PAGE_EVENTS = 5_000
# So many events fit a page whatever they say: a line has at most 200 characters of detail, of four bytes each.
SURE_PAGE = 60
DETAIL_KEYS = ("subject", "activity_name", "title", "name", "form", "url", "link", "page", "product", "text")


class Fidelity(StrEnum):
    EACH = "each"
    DIGEST = "digest"
    HISTORY = "history"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class EventPlan:
    """How events are written: the rule of each event type, what people call it, and the fidelity."""

    rules: Mapping[str, FieldRule]
    names: Mapping[str, str]
    fidelity: Fidelity

    def field_of(self, event: Event) -> str:
        """ "activity:task", "activity:call", "activity:meeting", "note", or "" where the type is not migrated."""
        rule = self.rules.get(event.type)
        return rule.field if rule and self.fidelity != Fidelity.ARCHIVE else ""

    def name_of(self, event: Event) -> str:
        return self.names.get(event.type, event.type.rsplit(".", 1)[-1].replace("_", " "))


def iter_records(person_key: str, events: Sequence[Event], plan: EventPlan) -> Iterator[TargetRecord]:
    """The records that hold a profile's events; their `source_count`s add up to the events that are migrated."""
    groups: dict[tuple[str, str], list[Event]] = {}
    for event in events:
        field = plan.field_of(event)
        if field:
            groups.setdefault((field, _group_of(event, field, plan)), []).append(event)
    for (field, group), members in sorted(groups.items()):
        for number, page in enumerate(_pages(members, plan), start=1):
            yield _record(person_key, field, f"{group}/{number}", page, plan)


def count_records(events: Sequence[Event], plan: EventPlan) -> dict[Kind, int]:
    """How many records `iter_records` would make; only groups that could need pages are looked at line by line."""
    groups: dict[tuple[str, str], list[Event]] = {}
    for event in events:
        field = plan.field_of(event)
        if field:
            groups.setdefault((field, _group_of(event, field, plan)), []).append(event)
    counts = {Kind.ACTIVITY: 0, Kind.NOTE: 0}
    for (field, _), members in groups.items():
        pages = 1 if len(members) <= SURE_PAGE else sum(1 for _ in _pages(members, plan))
        counts[Kind.NOTE if field == "note" else Kind.ACTIVITY] += pages
    return counts


def _group_of(event: Event, field: str, plan: EventPlan) -> str:
    if plan.fidelity == Fidelity.EACH or field in ("activity:call", "activity:meeting"):
        return f"each/{event.key}"
    if plan.fidelity == Fidelity.DIGEST:
        return f"month/{event.occurred_at:%Y-%m}"
    return "history"


def _pages(events: Sequence[Event], plan: EventPlan) -> Iterator[list[Event]]:
    page: list[Event] = []
    size = 0
    for event in events:
        length = len(_line(event, plan).encode())
        if page and (size + length > PAGE_BYTES or len(page) >= PAGE_EVENTS):
            yield page
            page, size = [], 0
        page.append(event)
        size += length
    if page:
        yield page


def _record(
    person_key: str, field: str, group: str, events: Sequence[Event], plan: EventPlan
) -> TargetRecord:
    key = f"{person_key}/{field}/{group}"
    if field == "note":
        return TargetRecord(Kind.NOTE, key, _note_body(person_key, events, plan), len(events))
    return TargetRecord(Kind.ACTIVITY, key, _activity_body(person_key, field, events, plan), len(events))


def _activity_body(
    person_key: str, field: str, events: Sequence[Event], plan: EventPlan
) -> dict[str, JsonValue]:
    last = max(event.occurred_at for event in events)
    subject = _heading(events, plan, "Email history" if _are_emails(events) else "Activity history")
    return {
        "subject": subject[:255],
        "type": field.split(":", 1)[1],
        "due_date": f"{last:%Y-%m-%d}",
        "due_time": f"{last:%H:%M:%S}",
        "person": person_key,
        "note": _lines(events, plan),
    }


def _note_body(person_key: str, events: Sequence[Event], plan: EventPlan) -> dict[str, JsonValue]:
    first = min(event.occurred_at for event in events)
    heading = _heading(events, plan, "Web history")
    return {
        "content": f"<p><b>{escape(heading)}</b></p>{_lines(events, plan)}",
        "add_time": f"{first:%Y-%m-%d %H:%M:%S}",
        "person": person_key,
    }


def _heading(events: Sequence[Event], plan: EventPlan, mixed: str) -> str:
    """The event's own name; "Purchase: 3 events" where they all have one, else what they are together."""
    if len(events) == 1:
        return plan.name_of(events[0])
    names = {plan.name_of(event) for event in events}
    return f"{names.pop() if len(names) == 1 else mixed}: {len(events)} events"


def _are_emails(events: Sequence[Event]) -> bool:
    return all("email" in event.type.casefold() for event in events)


def _lines(events: Sequence[Event], plan: EventPlan) -> str:
    return f"<ul>{''.join(_line(event, plan) for event in events)}</ul>"


def _line(event: Event, plan: EventPlan) -> str:
    detail = next((str(event.data[k]) for k in DETAIL_KEYS if event.data.get(k)), "")
    parts = [f"{event.occurred_at:%Y-%m-%d %H:%M:%S} UTC", plan.name_of(event), detail[:200]]
    return f"<li>{' · '.join(escape(part, quote=False) for part in parts if part)}</li>"
