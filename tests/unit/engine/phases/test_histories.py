"""Histories: every event is in exactly one record, none is too large, and the chosen fidelity is kept."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.phases.histories import PAGE_EVENTS, EventPlan, Fidelity, count_records, iter_records
from migrator.engine.records import Event, Kind, TargetRecord
from tests import factories as made

FIELDS = {
    "email.opened": "activity:task",
    "crm.call": "activity:call",
    "crm.meeting": "activity:meeting",
    "web.visit": "note",
}
RULES = {kind: made.rule(kind, field) for kind, field in FIELDS.items()}
LIMIT = 100_000
# Content that markup, JSON and UTF-8 make longer than it looks.
DETAILS = st.text(alphabet=st.sampled_from('a"&<>😀å\n'), max_size=300)
EVENTS = st.lists(
    st.builds(
        lambda kind, minutes, text: made.event(kind, minutes, name=text),
        st.sampled_from([*FIELDS, "unknown"]),
        st.integers(0, 200_000),
        DETAILS,
    ),
    max_size=30,
)


def plan(fidelity: Fidelity = Fidelity.HISTORY, **names: str) -> EventPlan:
    return EventPlan(RULES, names, fidelity)


def records_of(events: Sequence[Event], fidelity: Fidelity = Fidelity.HISTORY) -> list[TargetRecord]:
    return list(iter_records("p-1", events, plan(fidelity)))


def text_of(record: TargetRecord) -> str:
    return str(record.body["content" if record.kind == Kind.NOTE else "note"])


@given(EVENTS, st.sampled_from(Fidelity))
def test_every_migrated_event_is_in_exactly_one_record(events: list[Event], fidelity: Fidelity) -> None:
    records = records_of(events, fidelity)
    migrated = [e for e in events if e.type in FIELDS and fidelity != Fidelity.ARCHIVE]
    assert sum(record.source_count for record in records) == len(migrated)
    assert [text_of(record).count("<li>") for record in records] == [r.source_count for r in records]
    assert len({record.key for record in records}) == len(records)


@given(EVENTS, st.sampled_from(Fidelity))
def test_no_record_is_too_large(events: list[Event], fidelity: Fidelity) -> None:
    # The same events forty times over make pages necessary.
    many = [
        Event(f"{e.key}-{n}", e.section, e.type, e.occurred_at, e.data) for e in events for n in range(40)
    ]
    for record in records_of(many, fidelity):
        assert len(text_of(record).encode()) <= LIMIT


@given(EVENTS, st.sampled_from(Fidelity))
def test_the_count_foretells_the_records_while_they_fit_one_page(
    events: list[Event], fidelity: Fidelity
) -> None:
    counted = count_records(events, plan(fidelity))
    records = records_of(events, fidelity)
    assert counted == {kind: sum(r.kind == kind for r in records) for kind in (Kind.ACTIVITY, Kind.NOTE)}


@given(EVENTS)
def test_the_same_events_make_the_same_records(events: list[Event]) -> None:
    assert [r.payload_sha for r in records_of(events)] == [r.payload_sha for r in records_of(events)]


@pytest.mark.parametrize("kind", ["email.opened", "web.visit"])
def test_a_long_history_is_cut_into_pages(kind: str) -> None:
    events = [made.event(kind, minutes) for minutes in range(2 * PAGE_EVENTS + 1)]
    records = records_of(events)
    assert len(records) >= 3
    assert sum(r.source_count for r in records) == len(events)
    assert all(r.source_count <= PAGE_EVENTS and len(text_of(r).encode()) <= LIMIT for r in records)
    assert [r.key.rsplit("/", 1)[1] for r in records] == [str(n) for n in range(1, len(records) + 1)]


def test_a_page_is_measured_in_bytes_and_not_in_letters() -> None:
    records = records_of([made.event(minutes=n, name="😀" * 200) for n in range(400)])
    assert [len(text_of(record).encode()) <= LIMIT for record in records] == [True] * len(records)
    assert sum(record.source_count for record in records) == 400


def test_a_page_never_holds_more_events_than_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    # Lines as short as these do not exist; the limit by number must hold for them all the same.
    monkeypatch.setattr("migrator.engine.phases.histories.PAGE_BYTES", 10**9)
    records = records_of([made.event(minutes=n) for n in range(PAGE_EVENTS + 1)])
    assert [r.source_count for r in records] == [PAGE_EVENTS, 1]


GROUPS: dict[str, tuple[Fidelity, list[tuple[str, int]], int]] = {
    "each event its own record": (Fidelity.EACH, [("email.opened", 0), ("email.opened", 1)], 2),
    "one digest per month": (
        Fidelity.DIGEST,
        [("email.opened", 0), ("email.opened", 1), ("email.opened", 60_000)],
        2,
    ),
    "one history": (Fidelity.HISTORY, [("email.opened", 0), ("email.opened", 60_000)], 1),
    "activities and notes apart": (Fidelity.HISTORY, [("email.opened", 0), ("web.visit", 1)], 2),
    "calls stay single in a history": (Fidelity.HISTORY, [("crm.call", 0), ("crm.call", 1)], 2),
    "meetings stay single in a digest": (Fidelity.DIGEST, [("crm.meeting", 0), ("crm.meeting", 1)], 2),
    "nothing in the archive": (Fidelity.ARCHIVE, [("email.opened", 0), ("crm.call", 1)], 0),
    "nothing of a type without rule": (Fidelity.EACH, [("unknown", 0)], 0),
    "nothing of nothing": (Fidelity.EACH, [], 0),
}


@pytest.mark.parametrize(("fidelity", "events", "count"), GROUPS.values(), ids=GROUPS)
def test_it_makes(fidelity: Fidelity, events: list[tuple[str, int]], count: int) -> None:
    assert len(records_of([made.event(kind, minutes) for kind, minutes in events], fidelity)) == count


def test_a_single_event_keeps_its_name_and_time() -> None:
    [record] = records_of([made.event("email.opened", 90)], Fidelity.EACH)
    assert (record.kind, record.body["subject"], record.body["type"]) == (Kind.ACTIVITY, "opened", "task")
    assert (record.body["due_date"], record.body["due_time"]) == ("2026-03-12", "13:30:00")
    assert record.body["person"] == "p-1"


def test_an_activity_of_many_events_has_the_time_of_the_last() -> None:
    [record] = records_of([made.event(minutes=60), made.event(minutes=0)])
    assert (record.body["due_time"], record.body["subject"]) == ("13:00:00", "opened: 2 events")


MIXED = {
    "e-mails": (("email.opened", "email.clicked"), "Email history: 2 events"),
    "others": (("email.opened", "shop.purchase"), "Activity history: 2 events"),
}


@pytest.mark.parametrize(("kinds", "subject"), MIXED.values(), ids=MIXED)
def test_events_of_several_types_are_called_what_they_are_together(
    kinds: tuple[str, str], subject: str
) -> None:
    rules = {kind: made.rule(kind, "activity:task") for kind in kinds}
    plan = EventPlan(rules, {}, Fidelity.HISTORY)
    [record] = iter_records("p-1", [made.event(kind) for kind in kinds], plan)
    assert record.body["subject"] == subject


def test_a_note_of_many_events_has_the_time_of_the_first() -> None:
    [record] = records_of([made.event("web.visit", 60), made.event("web.visit", 0)])
    assert record.body["add_time"] == "2026-03-12 12:00:00"
    assert text_of(record).startswith("<p><b>visit: 2 events</b></p><ul><li>2026-03-12 13:00:00 UTC")


def test_a_type_has_the_name_that_people_know() -> None:
    events = EventPlan(RULES, {"web.visit": "Page & <visit>"}, Fidelity.EACH)
    [record] = iter_records("p-1", [made.event("web.visit")], events)
    assert "<b>Page &amp; &lt;visit&gt;</b>" in text_of(record)


LINES: dict[str, tuple[dict[str, Any], str]] = {
    "the detail": ({"url": "/shoes"}, "<ul><li>2026-03-12 12:00:00 UTC · opened · /shoes</li></ul>"),
    "the first detail only": (
        {"url": "/shoes", "subject": "Spring"},
        "<ul><li>2026-03-12 12:00:00 UTC · opened · Spring</li></ul>",
    ),
    "no detail": ({"other": "x"}, "<ul><li>2026-03-12 12:00:00 UTC · opened</li></ul>"),
    "no markup of others": (
        {"subject": "<script>"},
        "<ul><li>2026-03-12 12:00:00 UTC · opened · &lt;script&gt;</li></ul>",
    ),
    "a cut detail": (
        {"text": "x" * 300},
        f"<ul><li>2026-03-12 12:00:00 UTC · opened · {'x' * 200}</li></ul>",
    ),
}


@pytest.mark.parametrize(("data", "expected"), LINES.values(), ids=LINES)
def test_a_line_shows(data: dict[str, Any], expected: str) -> None:
    [record] = records_of([made.event(**data)])
    assert text_of(record) == expected


def test_a_subject_is_never_longer_than_its_field() -> None:
    [record] = iter_records(
        "p-1", [made.event()], EventPlan(RULES, {"email.opened": "x" * 300}, Fidelity.EACH)
    )
    assert len(str(record.body["subject"])) == 255


def test_the_source_event_is_found_from_its_record() -> None:
    event = made.event("crm.call")
    [record] = records_of([event])
    assert event.key in record.key
