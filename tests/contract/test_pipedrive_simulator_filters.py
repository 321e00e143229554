"""Filters of the simulated Pipedrive: operators by type of field, relative dates, and what they select."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.simulators.pipedrive import filter_dates, filter_helpers
from migrator.simulators.pipedrive.preload import Preload
from tests.contract.pipedrive_simulator import CLERK_TOKEN, Simulated, simulated

pytestmark = pytest.mark.slow

FILTERS, PERSONS, DEALS, ACTIVITIES = "/v1/filters", "/api/v2/persons", "/api/v2/deals", "/api/v2/activities"
TODAY = date(2026, 11, 23)  # a Monday
BIRTHDAYS = [
    *("2026-05-23", "2026-07-01", "2026-08-23", "2026-10-23", "2026-10-31", "2026-11-02", "2026-11-16"),
    *("2026-11-22", "2026-11-23", "2026-11-24", "2026-11-29", "2026-11-30", "2026-12-07", "2026-12-31"),
    *("2027-01-23", "2027-05-23"),
]
WORDS = [*filter_helpers.INTERVALS, *filter_helpers.RELATIVE_DAYS]


def number_of(account: Simulated, entity: str, name: str) -> str:
    field = account.app.state.catalogue.named(entity, name) or account.app.state.catalogue.field(entity, name)
    assert field is not None
    return str(field.number)


def conditions(every: list[Any], some: list[Any] | None = None) -> dict[str, Any]:
    groups = [{"glue": "and", "conditions": every}, {"glue": "or", "conditions": some or []}]
    return {"glue": "and", "conditions": groups}


def condition(account: Simulated, entity: str, name: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {
        "object": entity,
        "field_id": number_of(account, entity, name),
        "operator": operator,
        "value": value,
    }


def selected(account: Simulated, path: str, kind: str, items: list[Any], shown: str = "name") -> list[Any]:
    made = account.made(FILTERS, {"name": "F", "type": kind, "conditions": conditions(items)})
    found = [entry[shown] for entry in account.data(path, filter_id=made["id"], limit=500)]
    account.delete(f"{FILTERS}/{made['id']}")
    return found


@pytest.fixture(scope="module")
def born() -> Simulated:
    """One person for each birthday, and one without."""
    return simulated(
        preload=Preload(
            person_fields=[{"field_name": "Born", "field_type": "date"}],
            persons=[{"name": day, "custom_fields": {"Born": day}} for day in BIRTHDAYS] + [{"name": "none"}],
        )
    )


def test_the_helpers_name_operators_by_type_and_every_relative_date(born: Simulated) -> None:
    found = born.data(f"{FILTERS}/helpers")
    assert {"=": "is"} in found["operators"]["enum"]
    assert "contains" in found["operators"]["set"]
    assert "last_quarter" in found["relative_dates"]["Relative date intervals"]
    assert len(found["relative_dates"]["Relative dates"]) == 26
    assert "LIKE '%$'" in found["deprecated_operators"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("today", ["2026-11-23"]),
        ("yesterday", ["2026-11-22"]),
        ("tomorrow", ["2026-11-24"]),
        ("this_week", ["2026-11-23", "2026-11-24", "2026-11-29"]),
        ("last_week", ["2026-11-16", "2026-11-22"]),
        ("next_week", ["2026-11-30"]),
        ("last_month", ["2026-10-23", "2026-10-31"]),
        ("next_month", ["2026-12-07", "2026-12-31"]),
        ("last_quarter", ["2026-07-01", "2026-08-23"]),
        ("1_week_ago", ["2026-11-16"]),
        ("3_months_ago", ["2026-08-23"]),
        ("6_months_ago", ["2026-05-23"]),
        ("in_2_weeks", ["2026-12-07"]),
        ("in_2_months", ["2027-01-23"]),
        ("before_today", BIRTHDAYS[:8]),
        ("later_or_tomorrow", BIRTHDAYS[9:]),
    ],
)
def test_a_relative_date_selects_its_days(born: Simulated, word: str, expected: list[str]) -> None:
    assert selected(born, PERSONS, "people", [condition(born, "person", "Born", "=", word)]) == expected


@pytest.mark.parametrize("word", WORDS)
def test_operators_divide_the_days_at_a_relative_date(born: Simulated, word: str) -> None:
    def of(operator: str) -> list[str]:
        return list(selected(born, PERSONS, "people", [condition(born, "person", "Born", operator, word)]))

    inside = of("=")
    assert sorted(inside + of("!=")) == BIRTHDAYS
    assert sorted(of("<") + inside + of(">")) == BIRTHDAYS
    assert of("<=") == sorted(of("<") + inside)
    assert of(">=") == sorted(of(">") + inside)


def test_relative_dates_move_with_the_clock() -> None:
    account = simulated(preload=Preload(persons=[{"name": "Old"}]))
    items = [condition(account, "person", "add_time", "=", "today")]
    assert selected(account, PERSONS, "people", items) == ["Old"]
    account.clock.now += 86_400
    assert selected(account, PERSONS, "people", items) == []


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.sampled_from(WORDS))
def test_every_relative_date_is_a_span_in_order(today: date, word: str) -> None:
    found = filter_dates.span(word, today)
    assert found is not None
    first, end = found
    assert first is None or end is None or first < end
    if word.endswith("_week"):
        assert word[0].isdigit() or word.startswith("in_") or (first and end and end - first == timedelta(7))


@pytest.mark.parametrize("day", range(7))
def test_a_week_starts_on_its_monday_whatever_today_is(day: int) -> None:
    found = filter_dates.span("this_week", TODAY + timedelta(days=day))
    assert found == (TODAY, TODAY + timedelta(days=7))


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(-600, 600))
def test_months_on_keeps_the_day_or_takes_the_last_one(day: date, count: int) -> None:
    found = filter_dates.months_on(day, count)
    assert found.day == day.day or (found + timedelta(days=1)).day == 1
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == count


@pytest.mark.parametrize(
    ("name", "operator", "value"),
    [
        ("Born", "LIKE '$%'", "2026"),
        ("Born", "=", "someday"),
        ("Born", "=", "2026-02-30"),
        ("Born", "=", None),
        ("name", "contains", "A"),
        ("name", "<", "A"),
        ("label_ids", "<", "1"),
        ("label_ids", "=", "Customer"),
        ("visible_to", ">", "1"),
        ("owner_id", "LIKE '%$%'", "1"),
        ("owner_id", "=", "me"),
        ("no such operator", "~", "1"),
    ],
)
def test_an_operator_or_value_that_a_type_does_not_know_is_refused(
    born: Simulated, name: str, operator: str, value: Any
) -> None:
    item = condition(born, "person", "name" if " " in name else name, operator, value)
    before = born.data(FILTERS)
    born.refused(FILTERS, {"name": "F", "type": "people", "conditions": conditions([item])})
    assert born.data(FILTERS) == before


def test_sixteen_conditions_are_taken_and_seventeen_are_not(born: Simulated) -> None:
    item = condition(born, "person", "name", "=", "A")
    body = {"name": "F", "type": "people", "conditions": conditions([item] * 8, [item] * 8)}
    number = born.made(FILTERS, body)["id"]
    body["conditions"] = conditions([item] * 8, [item] * 9)
    assert "16" in born.refused(FILTERS, body)
    del body["type"]
    assert "16" in born.refused(f"{FILTERS}/{number}", body, method="PUT")
    assert born.delete(FILTERS, params={"ids": str(number)}).json()["data"] == {"id": [number]}


def test_wildcards_in_a_value_stand_for_themselves() -> None:
    account = simulated(preload=Preload(persons=[{"name": "50% off"}, {"name": "50 off"}, {"name": "a_b"}]))
    like = "LIKE '%$%'"
    assert selected(account, PERSONS, "people", [condition(account, "person", "name", like, "0%")]) == [
        "50% off"
    ]
    assert selected(account, PERSONS, "people", [condition(account, "person", "name", like, "_")]) == ["a_b"]


def test_no_address_fits_where_one_of_several_does() -> None:
    two = [{"value": "a@old.example"}, {"value": "a@new.example"}]
    account = simulated(preload=Preload(persons=[{"name": "Two", "emails": two}, {"name": "None"}]))
    field = condition(account, "person", "email", "=", "a@new.example")
    assert selected(account, PERSONS, "people", [field]) == ["Two"]
    assert selected(account, PERSONS, "people", [field | {"operator": "!="}]) == ["None"]
    assert selected(account, PERSONS, "people", [field | {"operator": "IS NULL", "value": None}]) == ["None"]


RANGES = [
    ("=", "2026-03-01", ["spring"]),
    ("ends_at", "2026-05-31", ["spring"]),
    ("ends_after", "2026-06-01", ["summer"]),
    ("ends_e_before", "2026-05-31", ["spring"]),
    ("includes", "2026-05-31", ["spring"]),
    ("includes", "2026-12-24", []),
    ("IS NULL", None, ["none"]),
]


@pytest.mark.parametrize(("operator", "value", "expected"), RANGES)
def test_ranges_are_compared_at_either_end(operator: str, value: str | None, expected: list[str]) -> None:
    spans = {"spring": ("2026-03-01", "2026-05-31"), "summer": ("2026-06-01", "2026-08-31")}
    persons: list[dict[str, Any]] = [
        {"name": name, "custom_fields": {"Season": {"value": first, "until": last}}}
        for name, (first, last) in spans.items()
    ]
    fields = [{"field_name": "Season", "field_type": "daterange"}]
    account = simulated(preload=Preload(person_fields=fields, persons=[*persons, {"name": "none"}]))
    items = [condition(account, "person", "Season", operator, value)]
    assert selected(account, PERSONS, "people", items) == expected


def test_deals_and_activities_are_selected_by_their_own_columns() -> None:
    account = simulated()
    pipeline, second = (
        account.data("/api/v2/pipelines")[0]["id"],
        account.made("/api/v2/pipelines", {"name": "B"}),
    )
    person = account.data(PERSONS)[0]["id"]
    account.made(DEALS, {"title": "Other", "person_id": person, "pipeline_id": second["id"]})
    items = [condition(account, "deal", "pipeline", "=", str(pipeline))]
    assert selected(account, DEALS, "deals", items, "title") == ["First deal"]
    account.made(ACTIVITIES, {"subject": "Undated", "type": "call"})
    items = [condition(account, "activity", "due_date", "IS NULL")]
    assert selected(account, ACTIVITIES, "activity", items, "subject") == ["Undated"]
    items = [condition(account, "activity", "done", "=", "1")]
    assert selected(account, ACTIVITIES, "activity", items, "subject") == ["Visit"]


def test_a_persons_filter_may_look_at_deals_and_activities() -> None:
    account = simulated()
    account.made(PERSONS, {"name": "Idle"})
    items = [condition(account, "deal", "title", "=", "First deal")]
    assert selected(account, PERSONS, "people", items) == ["Anna Berg Lund"]
    items = [condition(account, "activity", "subject", "=", "Visit")]
    assert selected(account, PERSONS, "people", items) == ["Anna Berg Lund"]


def test_filters_are_private_to_their_maker_and_admins() -> None:
    account = simulated()
    clerk = account.as_user(CLERK_TOKEN)
    own = account.data(FILTERS)[0]["id"]
    assert clerk.get(f"{FILTERS}/{own}").status_code == 404
    assert clerk.get(FILTERS).json()["data"] == []
    body = {"name": "Mine", "type": "people", "conditions": conditions([])}
    made = clerk.post(FILTERS, json=body).json()["data"]["id"]
    assert [entry["id"] for entry in account.data(FILTERS)] == [own, made]
    assert clerk.delete(f"{FILTERS}/{own}").status_code == 404
