"""Deciding one case: what is written, what is refused, and two people at once."""

import threading
from uuid import uuid4

import pytest
from django.db import connection
from django.db.utils import IntegrityError

from migrator.choices import Role
from migrator.engine.cases import CaseKind, Decide
from migrator.engine.errors import RefusedError
from migrator.models import TrailEntry
from migrator.staging import source_fields
from reconciliation.arguments import InvalidDecisionError
from reconciliation.models import Decision, ReviewItem
from reconciliation.resolving import resolutions_for
from reconciliation.services import Conflict, Decided, decide
from tests import factories_reconciliation as made

pytestmark = pytest.mark.django_db


def decided(item, action, args=None, *, user, version=None, key=None):
    version = item.lock_version if version is None else version
    return decide(item.pk, action, args or {}, user=user, expected_version=version, client_key=key or uuid4())


def test_it_writes_the_item_the_decision_and_the_trail(project, sofia):
    item = made.make_item(project)
    done = decided(item, Decide.SKIP, {"reason": "Left the company"}, user=sofia)
    item.refresh_from_db()
    assert (item.state, item.action, item.args) == ("decided", "skip", {"reason": "Left the company"})
    assert (item.decided_by, item.lock_version) == (sofia, 1)
    assert done.decision.evidence_sha == item.evidence_sha
    entry = TrailEntry.objects.get(project=project, verb="decide")
    assert entry.actor == sofia
    assert entry.object_id == str(item.pk)


def test_the_trail_holds_no_personal_data(project, sofia):
    item = made.make_item(project)
    decided(item, Decide.SUPPLY_EMAIL, {"email": "astrid@example.com"}, user=sofia)
    entry = TrailEntry.objects.get(project=project, verb="decide")
    assert "astrid" not in f"{entry.sentence}{entry.data}".lower()


def test_it_accepts_the_suggestion_where_no_act_is_named(project, sofia):
    item = made.make_item(project)
    assert decided(item, None, user=sofia).decision.action == item.suggested_action == Decide.NAME_ONLY


def test_the_same_client_key_gives_the_first_answer_and_writes_nothing(project, sofia):
    item, key = made.make_item(project), uuid4()
    first = decided(item, Decide.SKIP, user=sofia, key=key)
    again = decided(item, Decide.NAME_ONLY, user=sofia, key=key)
    assert again.repeated
    assert again.decision == first.decision
    assert Decision.objects.count() == 1
    assert TrailEntry.objects.filter(verb="decide").count() == 1


def test_a_client_key_of_another_decision_is_refused(project, sofia):
    one, two, key = made.make_item(project), made.make_item(project), uuid4()
    decided(one, Decide.SKIP, user=sofia, key=key)
    with pytest.raises(InvalidDecisionError):
        decided(two, Decide.SKIP, user=sofia, key=key)
    assert ReviewItem.objects.get(pk=two.pk).is_open


def test_a_stale_version_names_who_was_faster(project, sofia, erik):
    item = made.make_item(project)
    decided(item, Decide.SKIP, user=erik)
    late = decided(item, Decide.NAME_ONLY, user=sofia, version=0)
    assert isinstance(late, Conflict)
    assert late.sentence.startswith("Erik chose Skip")
    assert late.sentence.endswith("Keep Erik's choice or use yours.")
    assert ReviewItem.objects.get(pk=item.pk).action == Decide.SKIP


def test_the_later_person_may_use_their_own_choice(project, sofia, erik):
    item = made.make_item(project)
    decided(item, Decide.SKIP, user=erik)
    assert isinstance(decided(item, Decide.NAME_ONLY, user=sofia, version=1), Decided)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_give_one_decision_and_one_conflict():
    project = made.make_project()
    people = [made.make_member(project), made.make_member(project, Role.OWNER, "Ola")]
    item = made.make_item(project)
    barrier, outcomes = threading.Barrier(2), []

    def act(user, action):
        barrier.wait()
        outcomes.append(type(decided(item, action, user=user)).__name__)
        connection.close()

    acts = zip(people, (Decide.SKIP, Decide.NAME_ONLY), strict=True)
    threads = [threading.Thread(target=act, args=pair) for pair in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["Conflict", "Decided"]
    assert Decision.objects.count() == 1


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_a_role_that_may_not_decide_is_refused(project, role):
    item = made.make_item(project)
    with pytest.raises(RefusedError, match="decide cases"):
        decided(item, Decide.SKIP, user=made.make_member(project, role))
    assert not Decision.objects.exists()


def test_a_person_outside_the_project_is_refused(project):
    item = made.make_item(project)
    with pytest.raises(RefusedError):
        decided(item, Decide.SKIP, user=made.make_member(made.make_project()))


@pytest.mark.parametrize(
    "email", ["", "astrid", "astrid@@example.com", "a b@example.com", "@example.com", "x@y"]
)
def test_an_address_that_is_none_is_not_taken(project, sofia, email):
    item = made.make_item(project)
    with pytest.raises(InvalidDecisionError) as problem:
        decided(item, Decide.SUPPLY_EMAIL, {"email": email}, user=sofia)
    assert problem.value.field == "email"
    assert ReviewItem.objects.get(pk=item.pk).is_open


def test_an_address_of_another_profile_is_named_with_the_merge_it_asks_for(project, sofia):
    made.make_profile(made.make_discovery(project), "karin", name="Karin Holm-Ek", email="karin@example.com")
    item = made.make_item(project)
    with pytest.raises(InvalidDecisionError, match="Already used by Karin Holm-Ek") as problem:
        decided(item, Decide.SUPPLY_EMAIL, {"email": "Karin@Example.com"}, user=sofia)
    offer = problem.value.offer
    assert decided(item, offer.action, offer.args, user=sofia).item.args == {"into": "karin"}


def test_an_address_of_a_person_in_pipedrive_is_named_too(project, sofia):
    made.make_person(made.make_discovery(project), "77", "Karin Holm-Ek", "karin@example.com")
    item = made.make_item(project)
    with pytest.raises(InvalidDecisionError, match="a Person in Pipedrive") as problem:
        decided(item, Decide.SUPPLY_EMAIL, {"email": "karin@example.com"}, user=sofia)
    assert problem.value.offer.args == {"target_id": "77"}


def test_an_address_given_to_two_cases_is_noticed(project, sofia):
    one, two = made.make_item(project), made.make_item(project)
    decided(one, Decide.SUPPLY_EMAIL, {"email": "astrid@example.com"}, user=sofia)
    with pytest.raises(InvalidDecisionError, match="already"):
        decided(two, Decide.SUPPLY_EMAIL, {"email": "ASTRID@example.com"}, user=sofia)


def test_a_profile_cannot_be_merged_into_itself_or_into_nobody(project, sofia):
    item = made.make_item(project)
    for into in (item.key, "unknown", ""):
        with pytest.raises(InvalidDecisionError):
            decided(item, Decide.MERGE, {"into": into}, user=sofia)


def test_a_merge_of_duplicates_keeps_the_chosen_survivor(project, sofia):
    item = made.make_item(project, made.duplicate())
    done = decided(item, Decide.MERGE, {"survivor": "a"}, user=sofia)
    assert done.decision.args == {"survivor": "a", "members": ["a", "b"]}


def test_a_survivor_from_elsewhere_is_not_taken(project, sofia):
    item = made.make_item(project, made.duplicate())
    with pytest.raises(InvalidDecisionError, match="which profile stays"):
        decided(item, Decide.MERGE, {"survivor": "z"}, user=sofia)


def test_a_type_is_settled_in_the_inventory_at_once(project, sofia):
    item = made.make_item(project, made.type_conflict())
    decided(item, Decide.AS_TYPE, {"type": "number"}, user=sofia)
    assert project.type_settlements.get().settled == "number"
    decided(item, Decide.SPLIT, user=sofia, version=1)
    assert project.type_settlements.get().settled == "split"
    assert source_fields(project) == []


@pytest.mark.parametrize("unknown", ["", "colour", "date"])
def test_a_type_that_was_not_offered_is_not_taken(project, sofia, unknown):
    item = made.make_item(project, made.type_conflict())
    with pytest.raises(InvalidDecisionError) as problem:
        decided(item, Decide.AS_TYPE, {"type": unknown}, user=sofia)
    assert problem.value.field == "type"
    assert not project.type_settlements.exists()


def test_two_tags_are_never_merged_into_each_other(project, sofia):
    one = made.make_item(project, made.rare_tag("vip", similar=[("vips", 3)]))
    two = made.make_item(project, made.rare_tag("vips", similar=[("vip", 3)]))
    decided(one, Decide.MERGE_TAG, {"into": "vips"}, user=sofia)
    with pytest.raises(InvalidDecisionError, match="Undo that first"):
        decided(two, Decide.MERGE_TAG, {"into": "vip"}, user=sofia)


def test_an_act_of_another_kind_is_refused(project, sofia):
    item = made.make_item(project, made.rare_tag())
    with pytest.raises(RefusedError, match="is no way to decide a rare tag"):
        decided(item, Decide.SUPPLY_EMAIL, {"email": "a@example.com"}, user=sofia)


def test_an_unknown_act_is_invalid(project, sofia):
    with pytest.raises(InvalidDecisionError):
        decided(made.make_item(project), "explode", user=sofia)


def test_the_database_holds_no_decided_item_without_a_person(project):
    item = made.make_item(project)
    with pytest.raises(IntegrityError, match="decided_has_who_when_and_action"):
        ReviewItem.objects.filter(pk=item.pk).update(state="decided")


def test_decisions_come_back_as_resolutions_and_the_rest_as_open_keys(project, sofia):
    done, waiting = made.make_item(project), made.make_item(project)
    decided(done, Decide.SKIP, {"reason": "Test"}, user=sofia)
    resolutions = resolutions_for(project)
    found = resolutions.get(CaseKind.NO_EMAIL, done.key)
    assert (found.action, found.args) == (Decide.SKIP, {"reason": "Test"})
    assert resolutions.is_open(CaseKind.NO_EMAIL, waiting.key)
    assert not resolutions.is_open(CaseKind.NO_EMAIL, done.key)
