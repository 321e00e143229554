"""Keeps the preview of an uploaded file, and applies exactly that preview. Part of `services`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from mapping_review import queries
from mapping_review.choices import VersionState
from mapping_review.drafting import copied
from mapping_review.models import DecisionEvent, FieldDecision, MapImport, MapVersion
from mapping_review.policies import check_can_edit_version
from mapping_review.proposers.proposal import FOR, Alternative, Proposal, Reason
from mapping_review.settling import BY_PERSON
from mapping_review.workbook_review import Review
from mapping_review.writing import Batch, note_many, propose_instead, rest_on
from migrator import policies as roles
from migrator import staging
from migrator.engine.errors import RefusedError
from migrator.engine.field_map import FieldRule, rule_from_json
from migrator.engine.inventory import SourceField
from migrator.models import Project

LIFETIME = timedelta(hours=1)
MOST_ALTERNATIVES = 3
_AGAIN = "Nothing was changed. Upload the file again."


def keep_review(version: MapVersion, found: Review, *, user: Any, file_name: str, file_sha: str) -> MapImport:
    """Store what was found for the preview page; clears away what expired."""
    now = timezone.now()
    version.project.map_imports.filter(expires_at__lt=now).delete()
    return MapImport.objects.create(
        project=version.project, version=version, user=user, file_name=file_name[:120], file_sha=file_sha,
        review=found.to_json(), expires_at=now + LIFETIME,
    )  # fmt: skip


@transaction.atomic
def apply_import(key: UUID, *, user: Any) -> Batch:
    """Put the previewed changes into the draft as this person's proposals; opens a draft where none is.

    All of them or none: raises RefusedError where the map is no longer what the preview was made of. Asking
    again changes nothing.
    """
    kept = MapImport.objects.select_for_update(of=("self",)).select_related("version").get(pk=key)
    project = Project.objects.select_for_update().get(pk=kept.project_id)
    roles.check_can_edit_fields(user, project)
    if kept.applied_at:
        return Batch(kept.pk, _done(kept))
    _check_fresh(kept, user)
    draft = _draft_for(kept, project, user)
    rows = _rows(kept, draft)
    _propose(kept, draft, rows, user)
    kept.applied_at = timezone.now()
    kept.save(update_fields=["applied_at"])
    return Batch(kept.pk, tuple(rows.values()))


def _done(kept: MapImport) -> tuple[FieldDecision, ...]:
    events = DecisionEvent.objects.filter(project=kept.project_id, batch=kept.pk).select_related("decision")
    return tuple(event.decision for event in events)


def _check_fresh(kept: MapImport, user: Any) -> None:
    if kept.user_id != user.pk:
        raise RefusedError(f"Somebody else uploaded this file. {_AGAIN}")
    if kept.expires_at < timezone.now():
        raise RefusedError(f"This preview is more than an hour old. {_AGAIN}")
    if not kept.review["changed"]:
        raise RefusedError("The file changes nothing, so there is nothing to put into a draft.")


def _draft_for(kept: MapImport, project: Project, user: Any) -> MapVersion:
    """The draft that was previewed, or one that begins as the signed version that was."""
    newest = queries.current_version(project)
    if newest is None or newest.pk != kept.version_id:
        raise RefusedError(f"Another version of the map was opened since the preview. {_AGAIN}")
    if newest.state == VersionState.SIGNED:
        newest = copied(newest, user=user)
    check_can_edit_version(user, newest)
    return newest


def _rows(kept: MapImport, draft: MapVersion) -> dict[str, FieldDecision]:
    """The rows to change, locked and as the preview saw them."""
    wanted = {change["source_key"]: change["lock_version"] for change in kept.review["changed"]}
    found = draft.decisions.select_for_update(of=("self",)).select_related("version__project")
    rows = {row.source_key: row for row in found.filter(source_key__in=wanted).order_by("pk")}
    # A draft that was made just now numbers its rows anew; the signed version that it copies never changed.
    is_copy = draft.pk != kept.version_id
    moved = [
        k for k, lock in wanted.items() if k not in rows or not (is_copy or rows[k].lock_version == lock)
    ]
    if moved:
        amount = "1 field" if len(moved) == 1 else f"{len(moved)} fields"
        raise RefusedError(f"{amount} changed since the preview. {_AGAIN}")
    return rows


def _propose(kept: MapImport, draft: MapVersion, rows: Mapping[str, FieldDecision], user: Any) -> None:
    fields = {field.key: field for field in staging.source_fields(draft.project)}
    proposals = []
    for change in kept.review["changed"]:
        row = rows[change["source_key"]]
        field = fields.get(row.source_key)
        proposals.append((row, _proposal(row, rule_from_json(change["rule"]), field, kept, user)))
        if field and not row.is_settled:
            # What it rests on now. An approval keeps what it was given for, in case it is put back.
            rest_on(row, field)
    propose_instead(proposals, draft.project, user, kept.pk)
    amount = "1 field" if len(rows) == 1 else f"{len(rows)} fields"
    note_many(
        draft, user, f"Changed {amount} of v{draft.number} by a workbook.", len(rows), {"file": kept.file_sha}
    )


def _proposal(
    row: FieldDecision, rule: FieldRule, field: SourceField | None, kept: MapImport, user: Any
) -> Proposal:
    """A person's rule, with what stood there before as the first alternative."""
    old = row.proposed
    known = [(old.rule, old.confidence), *((other.rule, other.confidence) for other in old.alternatives)]
    before = row.rules[:1] or (old.rule,)
    others = {each.ref: Alternative(each, sure) for each, sure in [(before[0], old.confidence), *known]}
    others.pop(rule.ref, None)
    who = user.get_full_name() or user.get_username()
    return replace(
        old,
        rule=rule,
        # How sure the machine is of this home of the field, which may be not at all.
        confidence=next((sure for each, sure in known if each.ref == rule.ref), 0.0),
        reasons=(Reason(FOR, f"{who} chose this in a workbook"),),
        alternatives=tuple(others.values())[:MOST_ALTERNATIVES],
        abstained=False,
        provenance={
            "proposer": BY_PERSON,
            "file": kept.file_sha[:12],
            "settled": field.settled if field else "",
        },
    )
