"""Who signed which checksum. An approval of other content than the present one counts for nothing."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from migrator import trail
from migrator.engine.errors import RefusedError
from migrator.models import Approval, Project
from migrator.policies import check_can

ACTS = {"map": "sign_map", "plan": "approve_plan", "rollback": "rollback"}


def sign(project: Project, subject: str, subject_id: object, checksum: str, user: Any) -> Approval:
    """Record the approval and its trail entry in one transaction; signing twice is one approval.

    Raises RefusedError where the role may not, or where there is nothing to sign.
    """
    role = check_can(ACTS[subject], user, project)
    if not checksum:
        raise RefusedError(f"There is no {subject} to approve yet. Nothing was signed.")
    with transaction.atomic():
        approval, created = Approval.objects.get_or_create(
            project=project,
            subject=subject,
            subject_id=str(subject_id),
            checksum=checksum,
            user=user,
            withdrawn_at=None,
            defaults={"role": role},
        )
        if created:
            sentence = f"Approved {subject} {subject_id} with checksum {checksum[:12]}."
            trail.append(project, user, "approve", subject, subject_id, sentence, {"checksum": checksum})
    return approval


def valid_approval(project: Project, subject: str, checksum: str) -> Approval | None:
    """The earliest live approval of exactly this content."""
    live = Approval.objects.filter(
        project=project, subject=subject, checksum=checksum, withdrawn_at__isnull=True
    ).select_related("user")
    return live.order_by("at").first() if checksum else None


def withdraw(project: Project, subject: str, subject_id: object, user: Any, why: str) -> int:
    """Withdraw every live approval of a subject, because its content changed; returns how many."""
    with transaction.atomic():
        live = Approval.objects.filter(
            project=project, subject=subject, subject_id=str(subject_id), withdrawn_at__isnull=True
        )
        count = live.update(withdrawn_at=timezone.now())
        if count:
            trail.append(project, user, "withdraw", subject, subject_id, f"Approval withdrawn: {why}")
    return count
