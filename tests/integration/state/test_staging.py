"""Staging: pages may be repeated, reading is paged by key, and the inventory comes back as it was stored."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db.models import Q

from migrator import staging
from migrator.engine.inventory import FieldType, ValueType
from migrator.engine.profiling import Accumulator
from migrator.models import Discovery, StagedProfile
from tests import factories as made

pytestmark = pytest.mark.django_db


@pytest.fixture
def discovery(project: Any) -> Discovery:
    return made.discovery(project)


def profile(key: str, **columns: Any) -> dict[str, Any]:
    return {"source_key": key, "raw": {"k": key}, "raw_sha": "0" * 64} | columns


def event(profile: str, key: str, minutes: int = 0) -> dict[str, Any]:
    at = made.NOON + timedelta(minutes=minutes)
    return {
        "source_key": profile,
        "event_key": key,
        "type": "email.opened",
        "section": "s",
        "occurred_at": at,
    }


def target(target_id: str, **columns: Any) -> dict[str, Any]:
    return {"kind": "person", "target_id": target_id, "body": {"id": target_id}} | columns


def test_repeating_a_page_of_profiles_changes_nothing(discovery: Discovery) -> None:
    page = [profile("a", name="Astrid"), profile("b")]
    for _ in range(2):
        assert staging.store_profiles(discovery, page) == 2
    assert list(discovery.profiles.order_by("source_key").values_list("source_key", "name")) == [
        ("a", "Astrid"),
        ("b", ""),
    ]


def test_a_profile_that_was_read_again_has_its_newest_values(discovery: Discovery) -> None:
    staging.store_profiles(
        discovery, [profile("a", name="Old", email="old@x.example", phone="1", crm_id="1")]
    )
    newest = {"name": "New", "email": "new@x.example", "phone": "2", "crm_id": "2", "has_consents": True}
    staging.store_profiles(discovery, [profile("a", raw={"k": 2}, raw_sha="1" * 64, **newest)])
    stored = discovery.profiles.values(*newest, "raw", "raw_sha").get()
    assert stored == newest | {"raw": {"k": 2}, "raw_sha": "1" * 64}


def test_of_what_comes_twice_in_one_page_the_last_counts(discovery: Discovery) -> None:
    assert staging.store_profiles(discovery, [profile("a", name="Old"), profile("a", name="New")]) == 1
    assert staging.store_targets(discovery, [target("17", marker="old"), target("17", marker="new")]) == 1
    assert (discovery.profiles.get().name, discovery.target_records.get().marker) == ("New", "new")


def test_the_same_profile_in_another_discovery_is_another_row(project: Any, discovery: Discovery) -> None:
    staging.store_profiles(discovery, [profile("a")])
    staging.store_profiles(made.discovery(project), [profile("a")])
    assert StagedProfile.objects.count() == 2


def test_repeating_a_page_of_events_changes_nothing(discovery: Discovery) -> None:
    page = [event("a", "e1"), event("a", "e2")]
    for _ in range(2):
        assert staging.store_events(discovery, page) == 2
    assert discovery.events.count() == 2


def test_a_record_of_the_target_that_was_read_again_is_replaced(discovery: Discovery) -> None:
    staging.store_targets(discovery, [target("17", emails=["a@x.example"])])
    newest = {
        "marker": "p-1",
        "name_key": "astrid",
        "emails": ["b@x.example"],
        "phones": ["46"],
        "body": {"id": 18},
    }
    assert staging.store_targets(discovery, [target("17", **newest)]) == 1
    assert discovery.target_records.values(*newest).get() == newest


def test_each_profile_knows_its_number_of_events_and_the_newest(project: Any, discovery: Discovery) -> None:
    staging.store_profiles(discovery, [profile("a"), profile("b")])
    staging.store_events(discovery, [event("a", "e1", 5), event("a", "e2", 60), event("gone", "e3")])
    other = made.discovery(project)
    staging.store_profiles(other, [profile("a")])
    staging.count_events(discovery)
    counted = discovery.profiles.order_by("source_key").values_list("event_count", "last_event_at")
    assert list(counted) == [(2, made.NOON + timedelta(minutes=60)), (0, None)]
    assert other.profiles.get().event_count == 0


def test_profiles_are_read_in_pages_by_key(discovery: Discovery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "PAGE", 2)
    staging.store_profiles(discovery, [profile(key) for key in "ebdac"])
    pages = [[row.source_key for row in page] for page in staging.iter_profiles(discovery)]
    assert pages == [["a", "b"], ["c", "d"], ["e"]]


def test_reading_goes_on_after_the_last_key(discovery: Discovery) -> None:
    staging.store_profiles(discovery, [profile(key) for key in "abc"])
    assert [[r.source_key for r in page] for page in staging.iter_profiles(discovery, after="b")] == [["c"]]
    assert list(staging.iter_profiles(discovery, after="c")) == []


def test_only_the_profiles_that_are_asked_for_are_read(discovery: Discovery) -> None:
    staging.store_profiles(discovery, [profile("a", name="Astrid"), profile("b")])
    [page] = staging.iter_profiles(discovery, only=Q(name=""))
    assert [row.source_key for row in page] == ["b"]


def test_events_come_by_profile_in_order_of_time(discovery: Discovery) -> None:
    staging.store_events(
        discovery,
        [event("b", "e1", 9), event("a", "e3", 5), event("a", "e2", 5), event("a", "e4"), event("c", "e5")],
    )
    found = staging.events_of(discovery, ["a", "b", "none"])
    assert {key: [e.event_key for e in events] for key, events in found.items()} == {
        "a": ["e4", "e2", "e3"],
        "b": ["e1"],
    }


def test_the_newest_event_is_where_the_next_reading_begins(discovery: Discovery) -> None:
    assert staging.newest_event(discovery) is None
    staging.store_events(discovery, [event("a", "e1", 5), event("b", "e2", 60)])
    assert staging.newest_event(discovery) == made.NOON + timedelta(minutes=60)


# Values

SIZE = ("s", "size")


def store(discovery: Discovery, ref: tuple[str, str] = SIZE, /, **values: int) -> None:
    staging.store_values(discovery, {ref: {f'"{v}"': (n, "p-1") for v, n in values.items()}})


def values(discovery: Discovery, *refs: tuple[str, str]) -> list[tuple[Any, int]]:
    return [(value, profiles) for value, profiles, _ in staging.iter_values(discovery, refs or [SIZE])]


def test_a_later_page_adds_to_the_counts_of_earlier_ones(discovery: Discovery) -> None:
    store(discovery, M=3, L=1)
    store(discovery, M=2, S=1)
    assert sorted(values(discovery)) == [("L", 1), ("M", 5), ("S", 1)]


def test_the_first_profile_stays_the_example(discovery: Discovery) -> None:
    for key in ("first", "second"):
        staging.store_values(discovery, {SIZE: {'"M"': (1, key)}})
    assert list(staging.iter_values(discovery, [SIZE])) == [("M", 2, "first")]


def test_values_that_json_tells_apart_are_apart(discovery: Discovery) -> None:
    texts = ("true", "1", '"1"', '["1"]', "1.5", '"Å"')
    staging.store_values(discovery, {SIZE: dict.fromkeys(texts, (1, "p"))})
    found = [value for value, _ in values(discovery)]
    assert sorted(map(repr, found)) == sorted(map(repr, [True, 1, "1", ["1"], 1.5, "Å"]))


def test_values_come_in_one_order_whatever_the_page(
    discovery: Discovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(discovery, **{f"v{n}": n + 1 for n in range(7)})
    whole = values(discovery)
    for size in (1, 2, 7):
        monkeypatch.setattr(staging, "VALUES_PAGE", size)
        assert values(discovery) == whole
    assert len(whole) == 7


def test_values_of_several_sources_come_source_by_source(project: Any, discovery: Discovery) -> None:
    store(discovery, M=3)
    store(discovery, ("t", "size"), M=4)
    store(discovery, ("s", "other"), M=5)
    store(made.discovery(project), M=6)
    assert values(discovery, ("t", "size"), SIZE, SIZE) == [("M", 4), ("M", 3)]
    assert staging.counted_refs(discovery) == {SIZE, ("t", "size"), ("s", "other")}


def test_names_that_are_too_long_stay_apart(discovery: Discovery) -> None:
    one, other = ("s", "x" * 400), ("s", "x" * 399 + "y")
    store(discovery, one, M=1)
    store(discovery, other, L=2)
    assert (values(discovery, one), values(discovery, other)) == ([("M", 1)], [("L", 2)])


def test_distinct_values_are_counted_over_all_sources_and_from_any_place_on(discovery: Discovery) -> None:
    store(discovery, M=3, L=1)
    store(discovery, ("t", "size"), M=4, S=2)
    whole = list(staging.iter_distinct(discovery, [SIZE, ("t", "size")]))
    assert sorted((value, profiles) for _, value, profiles, _ in whole) == [("L", 1), ("M", 7), ("S", 2)]
    after = whole[0][0]
    assert list(staging.iter_distinct(discovery, [SIZE, ("t", "size")], after=after)) == whole[1:]


def test_two_workers_that_add_the_same_values_lose_none_and_do_not_wait_for_ever(start: Any) -> None:
    discovery = made.discovery(made.project())
    names = [f"v{n}" for n in range(4_000)]
    ways = [dict.fromkeys(names, 1), dict.fromkeys(reversed(names), 1)] * 3
    for future in [start(partial(store, discovery, **way)) for way in ways]:
        future.result(timeout=30)
    assert values(discovery) == [(value, 6) for value, _ in values(discovery)]
    assert len(values(discovery)) == 4_000


# The inventory


def test_the_newest_discovery_that_was_read_whole_counts(project: Any) -> None:
    assert staging.current_discovery(project) is None
    older = made.discovery(project)
    newest = made.discovery(project)
    Discovery.objects.filter(pk=older.pk).update(completed_at=made.NOON - timedelta(days=1))
    made.discovery(project, completed=False)
    made.discovery(made.project())
    assert staging.current_discovery(project) == newest


def test_without_a_discovery_there_are_no_fields(project: Any) -> None:
    made.discovery(project, completed=False)
    assert (staging.source_fields(project), staging.target_fields(project)) == ([], [])


def test_fields_come_back_as_they_were_stored(project: Any, discovery: Discovery) -> None:
    sources = [
        made.source_field("a", [made.variant(ValueType.NUMBER, 7, [("42", 4), ("41", 3)])], conflict=True),
        made.source_field("b"),
    ]
    targets = [made.target_field("Size", FieldType.ENUM, options=("S", "M")), made.target_field()]
    for _ in range(2):
        staging.store_fields(discovery, reversed(sources), targets)
    assert staging.source_fields(project) == sources
    assert staging.target_fields(project) == targets


def test_the_evidence_for_a_type_comes_back_as_it_was_stored(project: Any, discovery: Discovery) -> None:
    accumulator = Accumulator("text")
    for value in ["41,5"] * 40 + ["L", "a@b.example"]:
        accumulator.add(value)
    field = made.source_field("a", [accumulator.variant("s", "Sweden", "d")])
    staging.store_fields(discovery, [field], [])
    (found,) = staging.source_fields(project)
    assert found == field
    assert [c.profiles for c in found.contradictions] == [1, 1]


def test_fields_that_were_stored_before_evidence_was_kept_are_still_read(
    project: Any, discovery: Discovery
) -> None:
    staging.store_fields(discovery, [made.source_field("a")], [])
    row = discovery.source_fields.get()
    del row.payload["variants"][0]["evidence"]
    row.save()
    (found,) = staging.source_fields(project)
    assert (found, found.contradictions) == (made.source_field("a"), ())


def test_storing_fields_replaces_those_of_the_same_discovery(project: Any, discovery: Discovery) -> None:
    staging.store_fields(discovery, [made.source_field("a")], [made.target_field()])
    staging.store_fields(discovery, [made.source_field("b")], [])
    assert [field.name for field in staging.source_fields(project)] == ["b"]
    assert staging.target_fields(project) == []


def settled(project: Any) -> str:
    [field] = staging.source_fields(project)
    return field.settled


def test_a_settled_type_outlives_the_discovery_and_can_be_changed_and_opened_again(project: Any) -> None:
    staging.settle_type(project, "attribute:a", "text")
    staging.store_fields(made.discovery(project), [made.source_field("a", conflict=True)], [])
    assert settled(project) == "text"
    staging.settle_type(project, "attribute:a", "number")
    assert settled(project) == "number"
    staging.settle_type(project, "attribute:a", "")
    assert settled(project) == ""


def test_where_nothing_conflicts_nothing_is_settled(project: Any, discovery: Discovery) -> None:
    staging.settle_type(project, "attribute:a", "text")
    staging.store_fields(discovery, [made.source_field("a")], [])
    assert settled(project) == ""


def test_another_projects_settlement_counts_for_nothing(project: Any, discovery: Discovery) -> None:
    staging.settle_type(made.project(), "attribute:a", "text")
    staging.store_fields(discovery, [made.source_field("a", conflict=True)], [])
    assert settled(project) == ""
