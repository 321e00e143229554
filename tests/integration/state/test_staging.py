"""Staging: pages may be repeated, reading is paged by key, and the inventory comes back as it was stored."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Q

from migrator import staging
from migrator.engine.inventory import FieldType, ValueType
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
