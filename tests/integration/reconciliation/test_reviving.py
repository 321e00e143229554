"""What comes back with a discovery, and no longer can: a later decision on another case stands against it."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from migrator import trail
from migrator.engine.cases import CaseKind, Decide
from reconciliation import queries
from reconciliation.models import Decision
from reconciliation.replay import replayed
from reconciliation.services import close_missing, decide, left_by_undo, open_items, undo
from tests import factories_reconciliation as made

pytestmark = pytest.mark.django_db

GIVEN = "a@example.com was given to Astrid Lindqvist since."


def settle(project, user, key, action, **args):
    item = project.review_items.get(key=key)
    version = item.lock_version
    return decide(item.pk, action, args, user=user, expected_version=version, client_key=uuid4()).decision


def give(project, user, key):
    return settle(project, user, key, Decide.SUPPLY_EMAIL, email="a@example.com")


def tag(name, into, count=3):
    return made.rare_tag(name, count, similar=[(into, 90)])


def person(key, into, phone="+47 1"):
    row = {"name": "Astrid Lindqvist", "phone": phone, "why": "phone", "source_key": into}
    return made.no_email(key, phone=phone, candidates=[row])


def standing(project):
    """Key, state and act of every case; the history replays to exactly that."""
    items = list(project.review_items.order_by("key"))
    assert replayed(items, Decision.objects.all()) == {
        i.pk: (i.state, i.action, i.args, i.decided_by_id, i.decided_at) for i in items
    }
    return [(item.key, item.state, item.action) for item in items]


@pytest.fixture
def given_twice(project, sofia):
    """An address was given to p1, and to p2 while p1 was another case."""
    open_items(project, [made.no_email("p1"), made.no_email("p2")])
    first = give(project, sofia, "p1")
    open_items(project, [made.no_email("p1", phone="+47 900")])
    return first, give(project, sofia, "p2")


def test_an_address_that_was_given_elsewhere_since_does_not_come_back(project, given_twice):
    counts = open_items(project, [made.no_email("p1")])
    assert (counts.revived, counts.reopened) == (0, 1)
    assert standing(project) == [("p1", "open", ""), ("p2", "decided", "supply_email")]
    item = project.review_items.get(key="p1")
    assert item.changed == f"What was decided before cannot come back: {GIVEN}"
    assert item.opened_at == item.touched_at


def test_the_history_says_who_took_it_back_and_why(project, given_twice):
    open_items(project, [made.no_email("p1")])
    row = Decision.objects.get(undoes__isnull=False)
    assert (row.actor, row.undoes, row.reason) == (None, given_twice[0], f"Undid: {GIVEN}")
    line = queries.history(project)[0]
    assert (line.who, line.what) == ("Crosswalk", "undid the decision on Astrid Lindqvist.")
    entry = project.trail.get(verb="undo")
    assert (entry.actor, entry.data) == (None, {"undone": 1})
    assert trail.first_break(project) is None


def test_once_taken_back_it_stays_so(project, sofia, given_twice):
    first, second = given_twice
    open_items(project, [made.no_email("p1")])
    undo(project, second.batch, user=sofia, client_key=uuid4())
    assert open_items(project, [made.no_email("p1")]).kept == 1
    assert standing(project) == [("p1", "open", ""), ("p2", "open", "")]
    assert left_by_undo(project, first.batch) == ()


def test_it_comes_back_where_the_other_decision_was_undone_before(project, sofia, given_twice):
    undo(project, given_twice[1].batch, user=sofia, client_key=uuid4())
    assert open_items(project, [made.no_email("p1")]).revived == 1
    assert standing(project) == [("p1", "decided", "supply_email"), ("p2", "open", "")]


def test_nothing_that_was_decided_before_it_comes_back_in_its_place(project, sofia):
    open_items(project, [made.no_email("p1"), made.no_email("p2")])
    settle(project, sofia, "p1", Decide.SKIP)
    give(project, sofia, "p1")
    open_items(project, [made.no_email("p1", phone="+47 900")])
    give(project, sofia, "p2")
    open_items(project, [made.no_email("p1")])
    assert standing(project) == [("p1", "open", ""), ("p2", "decided", "supply_email")]
    assert Decision.objects.filter(actor=None).count() == 2


def test_of_two_that_come_back_together_the_newer_decision_holds(project, sofia, given_twice):
    open_items(project, [made.no_email("p2", phone="+47 900")])
    open_items(project, [made.no_email("p2"), made.no_email("p1")])
    assert standing(project) == [("p1", "open", ""), ("p2", "decided", "supply_email")]


@pytest.mark.parametrize(
    ("act", "args", "reason"),
    [
        (Decide.DROP, {}, "vips, which it was merged into, was dropped since."),
        (Decide.MERGE_TAG, {"into": "vip"}, "What it was merged into is merged into this case since."),
    ],
    ids=["dropped", "merged the other way"],
)
def test_a_merge_does_not_come_back_where_its_tag_went_another_way(project, sofia, act, args, reason):
    open_items(project, [tag("vip", "vips"), tag("vips", "vip")])
    settle(project, sofia, "vip", Decide.MERGE_TAG, into="vips")
    open_items(project, [tag("vip", "vips", 4)])
    settle(project, sofia, "vips", act, **args)
    open_items(project, [tag("vip", "vips")])
    assert standing(project) == [("vip", "open", ""), ("vips", "decided", act)]
    assert project.review_items.get(key="vip").changed.endswith(reason)


def test_a_case_that_was_gone_is_not_merged_in_a_circle(project, sofia):
    open_items(project, [person("p1", "p2"), person("p2", "p1")], scan="1")
    settle(project, sofia, "p1", Decide.MERGE, into="p2")
    open_items(project, [person("p2", "p1")], scan="2")
    close_missing(project, "2", [CaseKind.NO_EMAIL])
    settle(project, sofia, "p2", Decide.MERGE, into="p1")
    counts = open_items(project, [person("p1", "p2")], scan="3")
    assert (counts.returned, counts.reopened) == (0, 1)
    assert standing(project) == [("p1", "open", ""), ("p2", "decided", "merge")]


def test_a_merge_that_nothing_stands_against_comes_back(project, sofia):
    open_items(project, [tag("vip", "vips"), tag("vips", "vip")])
    settle(project, sofia, "vip", Decide.MERGE_TAG, into="vips")
    settle(project, sofia, "vips", Decide.KEEP)
    open_items(project, [tag("vip", "vips", 4)])
    assert open_items(project, [tag("vip", "vips")]).revived == 1
    assert standing(project) == [("vip", "decided", "merge_tag"), ("vips", "decided", "keep")]


def test_only_an_undo_may_be_without_a_person(project):
    item = made.make_item(project)
    row = {"project": project, "item": item, "evidence_sha": item.evidence_sha, "at": item.opened_at}
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.create(**row, action="skip", client_key=uuid4(), batch=uuid4())
