"""Approvals are bound to content: they count for one checksum, are given once, and end when withdrawn."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from migrator import approvals
from migrator.choices import Role
from migrator.engine.errors import RefusedError
from migrator.models import Approval, TrailEntry
from tests import factories as made

pytestmark = pytest.mark.django_db
ONE, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def erik(project: Any) -> Any:
    return made.user(project)


@pytest.mark.parametrize("subject", approvals.ACTS)
def test_what_was_signed_is_approved(project: Any, erik: Any, subject: str) -> None:
    signed = approvals.sign(project, subject, 7, ONE, erik)
    assert approvals.valid_approval(project, subject, ONE) == signed
    assert (signed.user, signed.role, signed.subject_id) == (erik, Role.ENGINEER, "7")


def test_an_approval_counts_for_no_other_content(project: Any, erik: Any) -> None:
    approvals.sign(project, "plan", 7, ONE, erik)
    assert approvals.valid_approval(project, "plan", OTHER) is None
    assert approvals.valid_approval(project, "rollback", ONE) is None
    assert approvals.valid_approval(made.project(), "plan", ONE) is None


def test_nothing_is_approved_where_there_is_no_content(project: Any, erik: Any) -> None:
    Approval.objects.create(
        project=project, subject="plan", subject_id="7", checksum="", user=erik, role=Role.OWNER
    )
    assert approvals.valid_approval(project, "plan", "") is None


def test_signing_twice_is_one_approval_and_one_entry(project: Any, erik: Any) -> None:
    assert approvals.sign(project, "plan", 7, ONE, erik) == approvals.sign(project, "plan", 7, ONE, erik)
    assert (Approval.objects.count(), TrailEntry.objects.filter(verb="approve").count()) == (1, 1)


def test_the_first_to_sign_is_named(project: Any, erik: Any) -> None:
    first = approvals.sign(project, "plan", 7, ONE, erik)
    approvals.sign(project, "plan", 7, ONE, made.user(project, Role.OWNER, "Olga Vik"))
    assert approvals.valid_approval(project, "plan", ONE) == first


def test_signing_leaves_an_entry_with_the_whole_checksum(project: Any, erik: Any) -> None:
    approvals.sign(project, "plan", 7, ONE, erik)
    entry = TrailEntry.objects.get()
    assert (entry.actor, entry.verb, entry.object_kind, entry.object_id) == (erik, "approve", "plan", "7")
    assert entry.data == {"checksum": ONE}


def test_without_content_there_is_nothing_to_sign(project: Any, erik: Any) -> None:
    with pytest.raises(RefusedError, match="There is no plan to approve yet"):
        approvals.sign(project, "plan", 7, "", erik)
    assert not Approval.objects.exists()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.CUSTOMER_ADMIN])
@pytest.mark.parametrize("subject", approvals.ACTS)
def test_it_refuses_the_signature_of(project: Any, role: Role, subject: str) -> None:
    with pytest.raises(RefusedError):
        approvals.sign(project, subject, 7, ONE, made.user(project, role))
    assert not Approval.objects.exists()
    assert not TrailEntry.objects.exists()


def test_what_was_withdrawn_counts_for_nothing(project: Any, erik: Any) -> None:
    approvals.sign(project, "map", 1, ONE, erik)
    approvals.sign(project, "map", 1, OTHER, erik)
    assert approvals.withdraw(project, "map", 1, erik, "a field changed.") == 2
    assert approvals.valid_approval(project, "map", ONE) is None
    entry = TrailEntry.objects.get(verb="withdraw")
    assert entry.sentence == "Approval withdrawn: a field changed."


def test_withdrawing_leaves_other_subjects_alone(project: Any, erik: Any) -> None:
    approvals.sign(project, "map", 1, ONE, erik)
    approvals.sign(project, "map", 2, OTHER, erik)
    approvals.withdraw(project, "map", 1, erik, "a field changed.")
    assert approvals.valid_approval(project, "map", OTHER) is not None


def test_withdrawing_nothing_leaves_no_entry(project: Any, erik: Any) -> None:
    assert approvals.withdraw(project, "map", 1, erik, "a field changed.") == 0
    assert not TrailEntry.objects.exists()


def test_what_was_withdrawn_can_be_signed_anew(project: Any, erik: Any) -> None:
    first = approvals.sign(project, "map", 1, ONE, erik)
    approvals.withdraw(project, "map", 1, erik, "a field changed.")
    again = approvals.sign(project, "map", 1, ONE, erik)
    assert (again.pk != first.pk, approvals.valid_approval(project, "map", ONE)) == (True, again)


def test_the_database_keeps_one_live_approval_per_person_and_content(project: Any, erik: Any) -> None:
    signed = approvals.sign(project, "plan", 7, ONE, erik)
    signed.pk = None
    with (
        pytest.raises(IntegrityError, match="one_live_approval_per_person_and_content"),
        transaction.atomic(),
    ):
        signed.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_signing_at_once_is_one_approval(start: Any) -> None:
    project = made.project()
    user = made.user(project)
    workers = [start(approvals.sign, project, "plan", 7, ONE, user) for _ in range(4)]
    assert len({worker.result(timeout=30).pk for worker in workers}) == 1
    assert (Approval.objects.count(), TrailEntry.objects.count()) == (1, 1)
