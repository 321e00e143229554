"""Leases: two people never hold the same case, and a lease ends by itself."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from migrator.choices import Role
from migrator.engine.cases import Decide
from migrator.engine.errors import RefusedError
from reconciliation import holds
from reconciliation.models import Hold, ReviewItem
from reconciliation.services import Choice, Conflict, Decided, decide, decide_many
from tests import factories_reconciliation as made

pytestmark = pytest.mark.django_db


def lapse(item):
    Hold.objects.filter(item=item.pk).update(until=timezone.now() - timedelta(seconds=1))


def skip(item, user, **more):
    return decide(item.pk, Decide.SKIP, {}, user=user, expected_version=0, client_key=uuid4(), **more)


def test_a_case_that_somebody_has_open_is_not_taken_but_named(project, sofia, erik):
    item = made.make_item(project)
    assert holds.take(item, erik).user == erik
    other = holds.take(item, sofia)
    assert (other.name, other.initials) == ("Erik", "E")
    assert holds.held_by_others(project, [item.pk], sofia) == {item.pk: other}
    assert holds.held_by_others(project, [item.pk], erik) == {}


def test_a_lease_is_renewed_by_its_owner_and_ends_by_itself(project, sofia, erik):
    item = made.make_item(project)
    first = holds.take(item, erik).until
    assert holds.take(item, erik).until > first
    lapse(item)
    assert holds.held_by_others(project, [item.pk], sofia) == {}
    assert holds.take(item, sofia).user == sofia


def test_a_person_holds_one_case_of_a_project(project, erik):
    one, two = made.make_item(project), made.make_item(project)
    holds.take(one, erik)
    holds.take(two, erik)
    assert list(Hold.objects.values_list("item", flat=True)) == [two.pk]
    holds.release(erik, project)
    assert not Hold.objects.exists()


def test_who_only_looks_holds_nobody_up(project):
    with pytest.raises(RefusedError):
        holds.take(made.make_item(project), made.make_member(project, Role.VIEWER))
    assert not Hold.objects.exists()


def test_deciding_a_held_case_is_a_conflict_until_it_is_taken_over(project, sofia, erik):
    item = made.make_item(project)
    holds.take(item, erik)
    outcome = skip(item, sofia)
    assert isinstance(outcome, Conflict)
    assert outcome.held
    assert outcome.sentence == "Erik has this case open. Take it over, or go on with the next."
    assert ReviewItem.objects.get(pk=item.pk).is_open
    assert isinstance(skip(item, sofia, take_over=True), Decided)
    assert not Hold.objects.exists()


def test_its_owner_and_anybody_after_its_end_decide_freely(project, sofia, erik):
    mine, late = made.make_item(project), made.make_item(project)
    holds.take(mine, sofia)
    assert isinstance(skip(mine, sofia), Decided)
    holds.take(late, erik)
    lapse(late)
    assert isinstance(skip(late, sofia), Decided)


def test_a_person_takes_a_case_over(project, sofia, erik):
    item = made.make_item(project)
    holds.take(item, erik)
    assert holds.take_over(item, sofia).user == sofia
    assert isinstance(holds.take(item, erik), holds.Other)


def test_many_at_once_leave_what_somebody_has_open(project, sofia, erik):
    items = [made.make_item(project) for _ in range(3)]
    holds.take(items[1], erik)
    batch = decide_many(
        project, project.review_items.all(), Choice(Decide.SKIP), user=sofia, client_key=uuid4()
    )
    assert [c.item for c in batch.conflicts] == [items[1]]
    assert batch.conflicts[0].sentence == "Erik has this case open. It was left as it is."
    assert len(batch.decided) == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_gets_the_case():
    project = made.make_project()
    people = [made.make_member(project), made.make_member(project, Role.OWNER, "Ola")]
    item = made.make_item(project)
    barrier, outcomes = threading.Barrier(2), []

    def act(user):
        barrier.wait()
        outcomes.append(type(holds.take(item, user)).__name__)
        connection.close()

    threads = [threading.Thread(target=act, args=[user]) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["Hold", "Other"]
