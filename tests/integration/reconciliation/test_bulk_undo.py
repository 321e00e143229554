"""The undo of a bulk, set by set: it writes what an undo of each decision alone would have written."""

from uuid import uuid4

import pytest
from django.utils import timezone

from migrator import trail
from migrator.engine.cases import CaseKind, Decide
from reconciliation import bulks
from reconciliation.models import Decision
from reconciliation.replay import replayed, state_checksum
from reconciliation.services import Choice, close_missing, decide, open_items, undo
from tests import factories_reconciliation as made

pytestmark = pytest.mark.django_db

CASES = [
    made.no_email("p0"),
    made.no_email("p1"),
    made.no_email("p2", phone="", event_count=0),
    made.no_email("parked"),
    made.no_email("decided"),
    made.duplicate(),
    made.duplicate(
        made.member("solo"), key="target:x", match="target", targets=[{"target_id": 7, "name": "K"}]
    ),
    made.organizations(),
    made.type_conflict(),
    made.rare_tag("vip", similar=[("v_i_p", 90)]),
]


def by_bulk(project, user, kind, choice):
    return bulks.start(project, kind, "", timezone.now(), choice, user=user, client_key=uuid4())


def settle(project, user, key, action, **args):
    item = project.review_items.get(key=key)
    version = item.lock_version
    decide(item.pk, action, args, user=user, expected_version=version, client_key=uuid4())


def filled(project, user):
    """A queue with all that an undo may meet: fresh, parked and decided cases of every family."""
    open_items(project, CASES)
    settle(project, user, "parked", Decide.UNSURE)
    settle(project, user, "decided", Decide.SKIP, reason="Old")
    kinds = [kind for kind in CaseKind if project.review_items.filter(kind=kind.value).exists()]
    return [by_bulk(project, user, kind, Choice()) for kind in kinds]


def told(project):
    """Every case and the whole history, without what differs from project to project by itself."""
    rows = Decision.objects.filter(project=project).order_by("item__kind", "item__key", "pk")
    history = rows.values_list(
        "item__key", "action", "args", "evidence_sha", "undoes__action", "reason", "actor__first_name"
    )
    cases = project.review_items.order_by("kind", "key")
    return list(history), list(cases.values_list("key", "state", "action", "args", "lock_version"))


@pytest.fixture
def twin():
    project = made.make_project()
    return project, made.make_member(project)


def test_it_writes_what_one_undo_after_the_other_writes(project, sofia, twin):
    other, olga = twin
    for bulk in filled(project, sofia):
        assert bulks.undo(bulk, sofia, uuid4()).done == bulk.done
    for bulk in filled(other, olga):
        undo(other, bulk.batch, user=olga, client_key=uuid4())
    assert told(project) == told(other)
    assert state_checksum(project) == state_checksum(other)
    assert trail.first_break(project) is None


def test_each_case_is_open_since_then_and_its_history_replays(project, sofia):
    for bulk in filled(project, sofia):
        bulks.undo(bulk, sofia, uuid4())
    items = list(project.review_items.all())
    assert replayed(items, Decision.objects.all()) == {
        i.pk: (i.state, i.action, i.args, i.decided_by_id, i.decided_at) for i in items
    }
    undone = project.review_items.get(key="p0")
    assert undone.opened_at == undone.touched_at
    assert undone.decisions.get(undoes__isnull=False).reason == "Undid: no email, import by name only"


def test_a_case_that_is_gone_stays_gone(project, sofia):
    open_items(project, [made.no_email("p0"), made.no_email("p1")], scan="1")
    bulk = by_bulk(project, sofia, CaseKind.NO_EMAIL, Choice())
    open_items(project, [made.no_email("p0")], scan="2")
    close_missing(project, "2")
    assert bulks.undo(bulk, sofia, uuid4()).done == 2
    assert list(project.review_items.order_by("key").values_list("state", "action")) == [
        ("open", ""),
        ("gone", ""),
    ]


def test_a_decision_on_older_evidence_is_taken_back_and_the_case_stays_as_it_is(project, sofia):
    open_items(project, [made.no_email("p0")])
    bulk = by_bulk(project, sofia, CaseKind.NO_EMAIL, Choice())
    open_items(project, [made.no_email("p0", phone="+47 900")])
    settle(project, sofia, "p0", Decide.SKIP)
    before = state_checksum(project)
    assert bulks.undo(bulk, sofia, uuid4()).done == 1
    assert state_checksum(project) == before


def test_a_merge_that_the_evidence_no_longer_allows_is_listed_with_the_reason(project, sofia):
    """Such as a suggestion of an older version: it is checked like a single decision."""
    open_items(project, [made.duplicate(), made.duplicate(key="email:odd@example.com")])
    odd = project.review_items.get(key="email:odd@example.com")
    odd.suggestion["args"]["survivor"] = "nobody"
    odd.save(update_fields=["suggestion"])
    bulk = by_bulk(project, sofia, CaseKind.DUPLICATE, Choice())
    assert (bulk.done, bulk.refused) == (1, 1)
    assert bulks.problems(bulk)[0].problem == "Choose which profile stays."
