"""Deciding many: one batch, item by item, and nothing twice."""

from uuid import uuid4

import pytest

from migrator.engine.cases import Decide
from migrator.engine.errors import RefusedError
from migrator.models import TrailEntry
from reconciliation import queries
from reconciliation.models import Decision, ReviewItem
from reconciliation.services import Choice, accept_all_suggestions, decide, decide_many, undo
from tests import factories_reconciliation as made

pytestmark = pytest.mark.django_db


def test_it_accepts_each_items_own_suggestion(project, sofia):
    made.make_item(project, made.no_email("known"))
    made.make_item(project, made.no_email("unknown", phone="", event_count=0))
    accepted = accept_all_suggestions(project, sofia)
    assert {d.item.key: d.action for d in accepted.decided} == {
        "known": Decide.NAME_ONLY,
        "unknown": Decide.SKIP,
    }
    assert queries.open_count(project) == 0


def test_every_kind_can_be_accepted(project, sofia):
    cases = [
        made.no_email(),
        made.no_name(),
        made.duplicate(),
        made.duplicate(
            made.member("solo"),
            key="target:x",
            match="target",
            targets=[{"target_id": 7, "name": "Karin Holm"}],
        ),
        made.type_conflict(),
        made.rare_tag(),
        made.rare_tag("vip", similar=[("v_i_p", 90)]),
    ]
    for case in cases:
        made.make_item(project, case)
    batch = accept_all_suggestions(project, sofia)
    assert (len(batch.decided), batch.refused, batch.conflicts) == (len(cases), (), ())


def test_it_is_one_batch_and_one_line_in_the_trail(project, sofia):
    for _ in range(3):
        made.make_item(project)
    batch = accept_all_suggestions(project, sofia)
    assert {d.batch for d in batch.decided} == {batch.key}
    entry = TrailEntry.objects.get(verb="decide")
    assert entry.data == {"acts": {"name_only": 3}}


def test_one_address_is_given_to_one_of_many(project, sofia):
    for key in ("p1", "p2"):
        made.make_item(project, made.no_email(key))
    choice = Choice(Decide.SUPPLY_EMAIL, {"email": "Astrid@example.com"})
    batch = decide_many(project, project.review_items.all(), choice, user=sofia, client_key=uuid4())
    assert [d.item.key for d in batch.decided] == ["p1"]
    assert [(r.item.key, r.sentence[:32]) for r in batch.refused] == [
        ("p2", "You gave this address to Astrid ")
    ]


def test_the_same_key_again_writes_nothing(project, sofia):
    key, items = uuid4(), [made.make_item(project) for _ in range(3)]
    for before in (set(), {item.pk for item in items}):
        batch = decide_many(
            project, project.review_items.all(), Choice(Decide.SKIP), user=sofia, client_key=key
        )
        assert len(batch.decided) == len(items)
        assert batch.repeated == before
    assert Decision.objects.count() == 3


def test_an_item_that_cannot_take_it_is_left_and_named(project, sofia):
    made.make_item(project, made.no_name("named"))
    odd = made.make_item(project, made.no_name("odd", email=""))
    batch = decide_many(
        project, project.review_items.all(), Choice(Decide.DERIVE_NAME), user=sofia, client_key=uuid4()
    )
    assert len(batch.decided) == 1
    assert [(r.item, r.sentence[:8]) for r in batch.refused] == [(odd, "No email")]
    assert ReviewItem.objects.get(pk=odd.pk).is_open


def test_an_item_that_somebody_else_decided_is_a_conflict(project, sofia, erik):
    items = [made.make_item(project) for _ in range(2)]
    seen = {item.pk: 0 for item in items}
    decide(items[0].pk, Decide.SKIP, {}, user=erik, expected_version=0, client_key=uuid4())
    rows = project.review_items.filter(pk__in=seen)
    batch = decide_many(
        project, rows, Choice(Decide.NAME_ONLY), user=sofia, client_key=uuid4(), versions=seen
    )
    assert [c.item for c in batch.conflicts] == [items[0]]
    assert ReviewItem.objects.get(pk=items[0].pk).action == Decide.SKIP


def test_items_of_another_project_are_not_touched(project, sofia):
    other = made.make_item(made.make_project())
    decide_many(project, ReviewItem.objects.all(), user=sofia, client_key=uuid4())
    assert ReviewItem.objects.get(pk=other.pk).is_open


def test_a_role_that_may_not_decide_is_refused(project):
    made.make_item(project)
    with pytest.raises(RefusedError):
        accept_all_suggestions(project, made.make_member(project, "viewer"))


def test_undo_takes_the_whole_batch_back(project, sofia):
    for _ in range(3):
        made.make_item(project)
    fields = ("pk", "state", "action", "args", "decided_by", "evidence_sha")
    before = list(ReviewItem.objects.order_by("pk").values_list(*fields))
    batch = accept_all_suggestions(project, sofia)
    undo(project, batch.key, user=sofia, client_key=uuid4())
    assert list(ReviewItem.objects.order_by("pk").values_list(*fields)) == before


def test_the_number_of_queries_does_not_grow_with_the_items(project, sofia, django_assert_max_num_queries):
    for _ in range(60):
        made.make_item(project)
    with django_assert_max_num_queries(25):
        accept_all_suggestions(project, sofia)
