"""Two people, or a person and a discovery, at the same moment: the slower one sees what the faster one did."""

import threading
import time
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from migrator.choices import Role
from migrator.engine.cases import CaseKind, Decide
from reconciliation import bulks, queries, waivers
from reconciliation.arguments import InvalidDecisionError
from reconciliation.models import Decision, ReviewItem
from reconciliation.services import Choice, decide, decide_many, open_items, undo
from tests import factories_reconciliation as made

pytestmark = pytest.mark.django_db(transaction=True)

LONGEST_S = 60
REASON = "The sales team wants to see the others first."


class Slower(threading.Thread):
    """An act in a transaction of its own; what came of it is in `outcome`."""

    def __init__(self, act) -> None:
        super().__init__()
        self.act, self.outcome, self.pid = act, None, None

    def run(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            (self.pid,) = cursor.fetchone()
        try:
            self.outcome = self.act()
        except Exception as problem:
            self.outcome = problem
        connection.close()

    def wait_until_it_waits(self) -> None:
        ends = time.monotonic() + LONGEST_S
        while self.is_alive() and time.monotonic() < ends:
            with connection.cursor() as cursor:
                cursor.execute("select cardinality(pg_blocking_pids(%s))", [self.pid or 0])
                if cursor.fetchone()[0]:
                    return
            time.sleep(0.01)
        pytest.fail(f"It did not wait: {self.outcome!r}")


def while_it_waits(faster, slower):
    """Both at once: `slower` begins before what `faster` did is committed. Returns what came of it."""
    with transaction.atomic():
        faster()
        thread = Slower(slower)
        thread.start()
        thread.wait_until_it_waits()
    thread.join()
    return thread.outcome


@pytest.fixture
def project():
    return made.make_project()


@pytest.fixture
def two(project):
    return [made.make_item(project, made.no_email(key)) for key in ("p1", "p2")]


def deciding(item, user, action, **args):
    version = ReviewItem.objects.get(pk=item.pk).lock_version
    return lambda: decide(item.pk, action, args, user=user, expected_version=version, client_key=uuid4())


def test_one_address_is_given_to_one_of_two_profiles(project, two, sofia, erik):
    acts = [
        deciding(item, user, Decide.SUPPLY_EMAIL, email="a@example.com")
        for item, user in zip(two, (sofia, erik), strict=True)
    ]
    outcome = while_it_waits(*acts)
    assert isinstance(outcome, InvalidDecisionError)
    assert outcome.sentence.startswith("You gave this address to")
    assert Decision.objects.count() == 1


def test_two_profiles_are_not_merged_into_each_other(project, sofia, erik):
    row = {"name": "Astrid Lindqvist", "phone": "+46 70 555 01 24", "why": "phone"}
    one, other = (
        made.make_item(project, made.no_email(key, candidates=[{**row, "source_key": into}]))
        for key, into in (("p1", "p2"), ("p2", "p1"))
    )
    outcome = while_it_waits(
        deciding(one, sofia, Decide.MERGE, into="p2"),
        lambda: decide_many(
            project, ReviewItem.objects.filter(pk=other.pk), Choice(), user=erik, client_key=uuid4()
        ),
    )
    assert [r.sentence for r in outcome.refused] == [
        "Astrid Lindqvist is merged into this one. Undo that first."
    ]
    assert ReviewItem.objects.get(pk=other.pk).state == "open"


@pytest.mark.parametrize("opening", ["discovery", "changed", "undo", "unsure", "many", "bulk"])
def test_a_waiver_waits_for_a_case_that_is_opening(project, two, sofia, opening):
    """Its moment is taken already, and nobody else sees it yet: the waiver would cover what it never counted."""
    engineer = made.make_member(project, Role.ENGINEER)
    decision = deciding(two[0], sofia, Decide.NAME_ONLY)().decision
    parking = {"user": sofia, "client_key": uuid4()}
    park = Choice(Decide.UNSURE)
    opens = {
        "discovery": lambda: open_items(project, [made.no_email("p3")]),
        "changed": lambda: open_items(project, [made.no_email("p1", phone="")]),
        "undo": lambda: undo(project, decision.batch, user=sofia, client_key=uuid4()),
        "unsure": deciding(two[0], sofia, Decide.UNSURE),
        "many": lambda: decide_many(project, project.review_items.all(), park, **parking),
        "bulk": lambda: bulks.start(
            project, CaseKind.NO_EMAIL, "?state=decided", timezone.now(), park, **parking
        ),
    }
    outcome = while_it_waits(opens[opening], lambda: waivers.give(project, engineer, REASON, expected=1))
    assert outcome.sentence.startswith("2 cases are open now, not 1.")
    assert queries.standing_waiver(project) is None
