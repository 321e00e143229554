"""Acts on many rows at once, behind the fences; one undo takes a whole batch back. Part of `services`."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from mapping_review import fences, queries
from mapping_review.choices import Act
from mapping_review.models import DecisionEvent, FieldDecision, MapVersion
from mapping_review.policies import check_can_edit_version
from mapping_review.proposers.proposal import ProposerSettings
from mapping_review.proposers.rules import skip_rule
from mapping_review.settling import effective, evidence_sha, is_open_conflict
from mapping_review.writing import Batch, note_many, put_back, state_for, write
from migrator import staging
from migrator.engine.inventory import SourceField, SourceKind
from migrator.texts import TOOLS


@transaction.atomic
def approve_many(
    version: MapVersion,
    threshold: float,
    *,
    user: Any,
    client_key: UUID,
    seen: Mapping[int, int] | None = None,
) -> Batch:
    """Approve every proposal at or above the threshold that no fence keeps back.

    `seen` maps row ids to the versions that the person was shown: rows outside it, or changed since, are left
    alone.
    """
    version = MapVersion.objects.select_for_update(of=("self",)).select_related("project").get(pk=version.pk)
    check_can_edit_version(user, version)
    done = DecisionEvent.objects.filter(project=version.project, batch=client_key).select_related("decision")
    if done:
        return Batch(client_key, tuple(event.decision for event in done))
    fields = {field.key: field for field in staging.source_fields(version.project)}
    settings = queries.settings_for(version.project)
    rows = list(version.decisions.select_for_update().order_by("pk"))
    chosen = fences.bulk_rows(rows, fields, threshold, settings, TOOLS)
    changed = [r for r in rows if seen is not None and r.pk in seen and seen[r.pk] != r.lock_version]
    approved = [r for r in chosen if seen is None or seen.get(r.pk) == r.lock_version]
    for row in approved:
        row.version = version
        row.evidence_sha = evidence_sha(fields[row.source_key])
        rules = effective(row.proposed, fields[row.source_key], settings).rules
        write(
            row,
            Act.APPROVE,
            state_for(rules),
            rules,
            user,
            uuid5(client_key, str(row.pk)),
            client_key,
            bulk=True,
        )
    note_many(
        version,
        user,
        f"Approved {len(approved)} fields at {threshold:.0%} confidence or more.",
        len(approved),
    )
    return Batch(client_key, tuple(approved), tuple(changed))


@transaction.atomic
def decide_rows(
    version: MapVersion, act: Act, seen: Mapping[int, int], *, user: Any, client_key: UUID
) -> Batch:
    """Approve or leave out the rows that a person selected. Fences hold here too: what they keep back is
    reported."""
    version = MapVersion.objects.select_for_update(of=("self",)).select_related("project").get(pk=version.pk)
    check_can_edit_version(user, version)
    done = DecisionEvent.objects.filter(project=version.project, batch=client_key).select_related("decision")
    if done:
        return Batch(client_key, tuple(event.decision for event in done))
    fields = {field.key: field for field in staging.source_fields(version.project)}
    settings = queries.settings_for(version.project)
    rows = list(version.decisions.select_for_update().filter(pk__in=seen).order_by("pk"))
    changed = [row for row in rows if seen[row.pk] != row.lock_version]
    kept = [row for row in rows if row not in changed and _is_fenced(row, act, fields, settings)]
    decided = [row for row in rows if row not in changed and row not in kept]
    for row in decided:
        row.version = version
        field = fields[row.source_key]
        row.evidence_sha = evidence_sha(field)
        rules = effective(row.proposed, field, settings).rules if act == Act.APPROVE else (skip_rule(field),)
        write(row, act, state_for(rules), rules, user, uuid5(client_key, str(row.pk)), client_key, bulk=True)
    note_many(version, user, f"{act.label}: {len(decided)} selected fields.", len(decided))
    return Batch(client_key, tuple(decided), tuple(changed), tuple(kept))


def _is_fenced(
    row: FieldDecision, act: Act, fields: Mapping[str, SourceField], settings: ProposerSettings
) -> bool:
    field = fields.get(row.source_key)
    if field is None or row.is_settled or is_open_conflict(field):
        return True
    fence = fences.fence_around(row, field, settings, TOOLS)
    return bool(fence) if act == Act.APPROVE else row.kind == SourceKind.CONSENT


@transaction.atomic
def undo_batch(version: MapVersion, batch: UUID, *, user: Any, client_key: UUID) -> Batch:
    """Take back what is left of a bulk approval; rows that somebody decided again since stay as they are."""
    check_can_edit_version(user, version)
    rows, changed = [], []
    for event in DecisionEvent.objects.filter(project=version.project, batch=batch, undone_by__isnull=True):
        row = (
            FieldDecision.objects.select_for_update(of=("self",))
            .select_related("version__project")
            .get(pk=event.decision_id)
        )
        is_last = not row.events.filter(pk__gt=event.pk).exists()
        if is_last and event.act != Act.UNDO:
            put_back(row, event, user, uuid5(client_key, str(row.pk)), client_key)
            rows.append(row)
        else:
            changed.append(row)
    note_many(version, user, f"Undid the approval of {len(rows)} fields.", len(rows))
    return Batch(client_key, tuple(rows), tuple(changed))
