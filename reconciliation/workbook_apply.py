"""Keeps the preview of an uploaded spreadsheet, and applies exactly that preview as one batch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.db import transaction
from django.utils import timezone

from migrator import policies as roles
from migrator.engine.cases import Decide
from migrator.engine.errors import RefusedError
from migrator.models import Project
from reconciliation import notes, services
from reconciliation.models import QueueImport, ReviewItem
from reconciliation.workbook_in import Rejected
from reconciliation.workbook_review import Review

LIFETIME = timedelta(hours=24)
_AGAIN = "Nothing was changed. Upload the file again."


def keep_review(project: Project, found: Review, *, user: Any, file_name: str) -> QueueImport:
    """Store what was found for the preview page; clears away what was never applied."""
    project.queue_imports.filter(at__lt=timezone.now() - LIFETIME, applied_at=None).delete()
    return QueueImport.objects.create(
        project=project, by=user, file_name=file_name[:200], lines=found.lines, rejected=found.rejected,
        unchanged=found.unchanged, batch=uuid4(),
    )  # fmt: skip


@transaction.atomic
def apply_import(pk: int, *, user: Any) -> QueueImport:
    """Decide what the preview showed, all in one batch that one undo takes back; asking again changes nothing.

    A case that moved on since the preview is left as it is and joins the rejected lines. Raises RefusedError where
    the person may not decide, did not upload the file, or waited longer than a day.
    """
    kept = QueueImport.objects.select_for_update(of=("self",)).select_related("project").get(pk=pk)
    roles.check_can_decide_items(user, kept.project)
    if kept.applied_at:
        return kept
    _check_fresh(kept, user)
    left = _decided(kept, user)
    _write_notes(kept, user)
    kept.lines = [line for line in kept.lines if line["id"] not in left or line["note"]]
    for line in kept.lines:
        if line["id"] in left:
            line.pop("action", None)
    kept.rejected += list(left.values())
    kept.applied_at = timezone.now()
    kept.save(update_fields=["lines", "rejected", "applied_at"])
    return kept


def is_expired(kept: QueueImport) -> bool:
    return kept.at < timezone.now() - LIFETIME


def _check_fresh(kept: QueueImport, user: Any) -> None:
    if kept.by_id != user.pk:
        raise RefusedError(f"Somebody else uploaded this file. {_AGAIN}")
    if is_expired(kept):
        raise RefusedError(f"This preview is more than a day old. {_AGAIN}")
    if not kept.lines:
        raise RefusedError("The file decides nothing, so there is nothing to apply.")


@dataclass(frozen=True, slots=True)
class _Lines(services.Choice):
    """To each case what its own line says."""

    lines: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    def for_item(self, item: ReviewItem) -> tuple[Decide, Mapping[str, Any]]:
        line = self.lines[item.pk]
        return Decide(line["action"]), line["args"]


def _decided(kept: QueueImport, user: Any) -> dict[int, dict[str, Any]]:
    """Decide the lines; returns the rejected ones by case."""
    lines = {line["id"]: line for line in kept.lines if "action" in line}
    batch = services.decide_many(
        kept.project,
        kept.project.review_items.filter(pk__in=list(lines)),
        _Lines(lines=lines),
        user=user,
        client_key=_batch_of(kept),
        versions={pk: line["version"] for pk, line in lines.items()},
    )
    left = [(problem.item.pk, problem.sentence) for problem in batch.conflicts]
    left += [(problem.item.pk, problem.sentence) for problem in batch.refused]
    return {pk: Rejected(lines[pk]["cell"], pk, sentence).as_json() for pk, sentence in left}


def _batch_of(kept: QueueImport) -> UUID:
    assert kept.batch is not None  # since keep_review
    return kept.batch


def _write_notes(kept: QueueImport, user: Any) -> None:
    texts = {line["id"]: line["note"] for line in kept.lines if line["note"]}
    for item in kept.project.review_items.filter(pk__in=list(texts)).select_related("project"):
        notes.add(item, user, texts[item.pk], uuid5(_batch_of(kept), f"note {item.pk}"))
