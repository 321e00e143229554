"""The simulated Pipedrive's file: documents come back as they were kept, and figures without counting."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.simulators.pipedrive.documents import Shape
from migrator.simulators.pipedrive.state import Store, UnreadableFile

pytestmark = pytest.mark.slow

TEMPLATE: dict[str, Any] = {
    "id": 0,
    "subject": None,
    "done": False,
    "busy": False,
    "due_date": None,
    "person_id": None,
    "participants": [],
    "location": None,
    "is_deleted": False,
}
TIMES = {"add_time": "2026-01-01T00:00:00Z", "update_time": "2026-01-01T00:00:00Z"}
LINKS = dict.fromkeys(("owner_id", "org_id", "deal_id"))
texts = st.text(st.characters(blacklist_categories=("Cs",)), max_size=20)
numbers = st.none() | st.integers(1, 2**40)
activities = st.fixed_dictionaries(
    {"id": st.integers(1, 2**40)},
    optional={
        "subject": st.none() | texts,
        "done": st.booleans(),
        "busy": st.booleans(),
        "due_date": st.none() | st.dates().map(str),
        "person_id": numbers,
        "participants": st.lists(st.fixed_dictionaries({"person_id": numbers, "primary": st.booleans()})),
        "location": st.none() | st.just({}) | st.fixed_dictionaries({"value": texts}),
        "is_deleted": st.booleans(),
        "something_else": st.none() | texts | st.just([]),
    },
)


def activity(number: int, **more: Any) -> dict[str, Any]:
    return TEMPLATE | LINKS | TIMES | {"id": number, "participants": []} | more


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(Store(":memory:", {"activities": TEMPLATE})) as opened:
        yield opened


def as_json(doc: Any) -> str:
    # True is 1 to Python, but not to who reads the answer.
    return json.dumps(doc, sort_keys=True)


def put(store: Store, *docs: dict[str, Any]) -> None:
    with store.transaction():
        store.insert_many("activities", [(doc, 0.0, "") for doc in docs])


@given(activities)
def test_a_document_comes_back_as_it_was_kept(sent: dict[str, Any]) -> None:
    doc = activity(**{"number": sent["id"]} | {key: value for key, value in sent.items() if key != "id"})
    with closing(Store(":memory:", {"activities": TEMPLATE})) as store:
        put(store, doc)
        for found in (store.get("activities", doc["id"]), *store.select("activities")):
            assert (found, as_json(found)) == (doc, as_json(doc))


def test_what_every_record_has_takes_no_room() -> None:
    shape = Shape("activities", TEMPLATE)
    assert shape.row(activity(7))[-1] == b'{"busy":false}'


def test_two_documents_never_share_a_list(store: Store) -> None:
    put(store, activity(1), activity(2))
    first, second = store.select("activities")
    first["participants"].append("changed")
    assert second["participants"] == []
    found = store.get("activities", 1)
    assert found is not None
    assert found["participants"] == []


def test_live_and_deleted_records_are_counted_while_they_are_written(store: Store) -> None:
    put(store, activity(1), activity(2), activity(3, is_deleted=True), activity(4))
    with store.transaction():
        store.rewrite("activities", activity(1, is_deleted=True))
        store.rewrite("activities", activity(2, subject="New"))
        store.rewrite("activities", activity(3, is_deleted=False))
        store.rewrite("activities", activity(4, is_deleted=True))
    counts = [store.count("activities", where) for where in ([], ["is_deleted=0"], ["is_deleted=1"])]
    by_hand = store.rows("SELECT count(*), sum(is_deleted=0), sum(is_deleted=1) FROM activities")[0]
    assert tuple(counts) == by_hand == (4, 2, 2)


def test_a_transaction_that_fails_changes_no_count(store: Store) -> None:
    def fail() -> None:
        with store.transaction():
            store.insert("activities", activity(1), written=0.0, search="")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.count("activities") == 0
    assert store.select("activities") == []


def test_numbers_are_taken_in_one_go_or_one_by_one(store: Store) -> None:
    with store.transaction():
        assert [store.next_ids("things", 5), store.next_id("things"), store.next_ids("things", 2)] == [
            1,
            6,
            7,
        ]
        assert store.next_id("things") == 9


def test_a_number_that_no_record_can_have_finds_none(store: Store) -> None:
    assert store.get("activities", 2**70) is None


def test_records_are_handed_out_some_at_a_time_while_others_are_written(store: Store) -> None:
    put(store, *(activity(number) for number in range(1, 4_102)))
    seen = []
    for doc in store.iterate("activities", ["is_deleted=0"]):
        if doc["id"] == 1:
            put(store, activity(5_000))
        seen.append(doc["id"])
    assert seen == [*range(1, 4_102), 5_000]


def test_everything_is_forgotten_and_can_be_written_anew(store: Store) -> None:
    put(store, activity(1))
    with store.transaction():
        store.set_fact("salt", "x")
        store.erase()
    assert (store.count("activities"), store.select("activities"), store.fact("salt")) == (0, [], None)
    put(store, activity(1))
    assert store.count("activities") == 1


def test_a_file_of_another_making_is_refused(tmp_path: Path) -> None:
    strange, text = tmp_path / "strange.sqlite3", tmp_path / "text.sqlite3"
    with closing(sqlite3.connect(strange)) as other:
        other.execute("CREATE TABLE somebody_elses (id)")
    text.write_text("This is no database. " * 100)
    for file in (strange, text):
        with pytest.raises(UnreadableFile, match=file.name):
            Store(str(file))


def test_the_meter_adds_up_by_day_and_by_operation(store: Store) -> None:
    with store.transaction():
        for day, name, tokens, limited in (
            (1, "GET a", 10, False),
            (1, "GET b", 1, False),
            (2, "GET a", 0, True),
        ):
            store.meter(name, day=day, tokens=tokens, refused=False, limited=limited)
    assert store.rows("SELECT * FROM days ORDER BY day") == [(1, 11, 2), (2, 0, 1)]
    assert store.rows("SELECT * FROM operations ORDER BY name") == [
        ("GET a", 2, 10, 0, 1),
        ("GET b", 1, 1, 0, 0),
    ]


def index_names(store: Store) -> set[str]:
    return {
        row[0] for row in store.rows("SELECT name FROM sqlite_master WHERE type='index' AND sql IS NOT NULL")
    }


def test_indexes_are_back_after_very_many_inserts_whatever_happened(store: Store) -> None:
    before, believed = index_names(store), store.rows("SELECT * FROM sqlite_stat1 ORDER BY idx")

    def load(doc: dict[str, Any]) -> None:
        with store.unindexed("activities"):
            assert not any(name.startswith("activities_") for name in index_names(store))
            put(store, doc)

    load(activity(1))
    with pytest.raises(sqlite3.IntegrityError):
        load(activity(1))
    assert index_names(store) == before
    assert store.rows("SELECT * FROM sqlite_stat1 ORDER BY idx") == believed
