"""Pages of long lists hold the right records whichever way they are read, and no way reads everything."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator.simulators.pipedrive import reading
from migrator.simulators.pipedrive.reading import Wanted, read_page
from migrator.simulators.pipedrive.state import Store

DAYS = [f"2026-01-{day:02d}T00:00:00Z" for day in range(1, 8)]
COLUMNS = ("id", "update_time", "add_time", "due_date")


def activity(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "is_deleted": number % 11 == 0,
        "add_time": DAYS[number % 5],
        "update_time": DAYS[number * number % 7],
        "owner_id": 1 + number % 2,
        "person_id": number % 9 or None,
        "org_id": None,
        "deal_id": None,
        "done": number % 4 != 0,
        "due_date": DAYS[number % 3][:10] if number % 2 else None,
    }


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with closing(Store(":memory:")) as opened:
        with opened.transaction():
            opened.insert_many("activities", [(activity(number), 0.0, "") for number in range(100, 400)])
        yield opened


conditions = st.fixed_dictionaries(
    {},
    optional={
        "owner_id=?": st.integers(1, 3),
        "person_id=?": st.integers(1, 9),
        "done=0": st.just(None),
        "update_time >= ?": st.sampled_from(DAYS),
        "update_time < ?": st.sampled_from(DAYS),
    },
)


def by_hand(asked: dict[str, Any], column: str, direction: str) -> list[int]:
    tests = {
        "owner_id=?": lambda doc, value: doc["owner_id"] == value,
        "person_id=?": lambda doc, value: doc["person_id"] == value,
        "done=0": lambda doc, value: not doc["done"],
        "update_time >= ?": lambda doc, value: doc["update_time"] >= value,
        "update_time < ?": lambda doc, value: doc["update_time"] < value,
    }
    docs = [doc for doc in map(activity, range(100, 400)) if not doc["is_deleted"]]
    docs = [doc for doc in docs if all(tests[name](doc, value) for name, value in asked.items())]
    docs.sort(
        key=lambda doc: (doc[column] or "" if column != "id" else 0, doc["id"]), reverse=direction == "desc"
    )
    return [doc["id"] for doc in docs]


def all_pages(store: Store, wanted: dict[str, Any], column: str) -> list[int]:
    found: list[int] = []
    after = None
    while True:
        page = read_page(store, Wanted("activities", **wanted, column=column, after=after))
        found += [doc["id"] for doc in page]
        if len(page) < wanted["limit"]:
            return found
        after = (page[-1][column], page[-1]["id"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=conditions,
    column=st.sampled_from(COLUMNS),
    direction=st.sampled_from(["asc", "desc"]),
    limit=st.integers(1, 90),
    few=st.sampled_from([0, 20, 10_000]),
    walked=st.sampled_from([3, 100, 100_000]),
)
def test_every_record_is_on_one_page_in_order(
    asked: dict[str, Any], column: str, direction: str, limit: int, few: int, walked: int, store: Store
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reading, "FEW", few)
        patched.setattr(reading, "WALKED", walked)
        values = [value for value in asked.values() if value is not None]
        wanted = {"where": ["is_deleted=0", *asked], "values": values, "direction": direction, "limit": limit}
        assert all_pages(store, wanted, column) == by_hand(asked, column, direction)


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize(("walked", "sorted_too"), [(3, 1), (100_000, 0)])
def test_many_changes_are_looked_for_near_the_page_and_then_in_their_own_order(
    direction: str, walked: int, sorted_too: int, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "FEW", 0)
    monkeypatch.setattr(reading, "WALKED", walked)
    asked = {"update_time >= ?": DAYS[3]}
    wanted = {"where": ["is_deleted=0", *asked], "values": [DAYS[3]], "direction": direction, "limit": 40}
    assert all_pages(store, wanted, "id") == by_hand(asked, "id", direction)
    steps = plans(store, Wanted("activities", wanted["where"], [DAYS[3]], direction=direction, limit=200))
    walks = [step for step in steps if "INTEGER PRIMARY KEY" in step]
    sorts = [step for step in steps if "ORDER BY" in step]
    assert (len(walks), len(sorts)) == (1, sorted_too)


def plans(store: Store, wanted: Wanted) -> list[str]:
    """How SQLite reads what a page asks for."""
    asked: list[str] = []
    store._db.set_trace_callback(asked.append)
    read_page(store, wanted)
    store._db.set_trace_callback(None)
    return [row[3] for sql in asked for row in store.rows(f"EXPLAIN QUERY PLAN {sql}")]


@pytest.mark.parametrize("few", [0, 10_000])
@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize(
    ("condition", "value"),
    [("person_id=?", 3), ("owner_id=?", 1), ("done=0", None), ("update_time >= ?", DAYS[3]), ("", None)],
)
@pytest.mark.parametrize("after", [None, (DAYS[2], 200)])
def test_a_page_enters_an_index_at_its_place(
    few: int,
    column: str,
    condition: str,
    value: Any,
    after: Any,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "FEW", few)
    where, values = ["is_deleted=0", *([condition] if condition else [])], [] if value is None else [value]
    found = plans(store, Wanted("activities", where, values, column=column, after=after, limit=10))
    # Without a place to enter at, a scan is fine where it is in the order of the page and ends with it.
    is_first_page = after is None and (not condition or few == 0)
    scans = [plan for plan in found if plan.startswith("SCAN") and "(subquery" not in plan]
    assert not scans or is_first_page, found
    assert few or column == "id" or "USE TEMP B-TREE FOR ORDER BY" not in found
