"""The only writers of the field map: draft, approve, edit, reject, skip, undo, approve many, sign off.

Each act takes the version of the row that the person saw and a key of the request, and writes the row, the
event and one trail entry in one transaction.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from mapping_review import precedents, queries, sharing
from mapping_review.bulk import approve_many, decide_rows, undo_batch
from mapping_review.choices import UNDECIDED, Act, RowState, VersionState
from mapping_review.drafting import build_draft, copied, lapse, open_again
from mapping_review.models import FieldDecision, MapVersion
from mapping_review.policies import check_can_approve, check_can_edit_version
from mapping_review.proposers import by_rules
from mapping_review.proposers.rules import skip_rule
from mapping_review.rulebook import check_rule
from mapping_review.signing import check_can_sign, check_same_content, stale_rows
from mapping_review.workbook_apply import apply_import, keep_review
from mapping_review.writing import (
    Applied,
    Batch,
    note,
    note_many,
    opened,
    put_back,
    rest_on,
    state_for,
    write,
)
from migrator import approvals, staging
from migrator.engine.errors import RefusedError
from migrator.engine.field_map import Action, FieldRule
from migrator.models import Project

__all__ = [
    "Applied",
    "Batch",
    "apply_import",
    "approve",
    "approve_all",
    "approve_many",
    "build_draft",
    "decide_rows",
    "drop_field",
    "edit",
    "keep_review",
    "open_draft",
    "propose_map",
    "reject",
    "sign_current",
    "sign_off",
    "skip_field",
    "undo",
    "undo_batch",
]


Change = Callable[[FieldDecision], tuple[RowState, tuple[FieldRule, ...]]]


# One row


def approve(row_id: int, *, user: Any, expected_version: int, client_key: UUID) -> Applied:
    """Take the proposal as it stands now. A proposal to leave the field behind makes the row "not
    migrated"."""

    def take_proposal(row: FieldDecision) -> tuple[RowState, tuple[FieldRule, ...]]:
        found = queries.row_of(row)
        check_can_approve(found)
        rest_on(row, found.field)
        return state_for(found.now.rules), found.now.rules

    return _act(Act.APPROVE, row_id, take_proposal, user, expected_version, client_key)


def edit(row_id: int, rule: FieldRule, *, user: Any, expected_version: int, client_key: UUID) -> Applied:
    """Approve another rule than the proposed one. Raises RefusedError where the rule cannot work.

    Of a field that was split by type it is the first one's; the others stay as they are proposed. To leave the
    field out leaves all of it out.
    """

    def take_rule(row: FieldDecision) -> tuple[RowState, tuple[FieldRule, ...]]:
        found = queries.row_of(row)
        check_can_approve(found)
        own = replace(rule, source=row.source_key, kind=found.field.kind, sources=_sources_of(rule, found))
        check_rule(own)
        rest_on(row, found.field)
        rules = (own,) if own.is_left else (own, *found.now.more)
        return state_for(rules), rules

    return _act(Act.EDIT, row_id, take_rule, user, expected_version, client_key)


def reject(row_id: int, *, user: Any, expected_version: int, client_key: UUID) -> Applied:
    """Say that the proposal is wrong; the row stays undecided until somebody chooses."""
    return _act(Act.REJECT, row_id, lambda row: (RowState.REJECTED, ()), user, expected_version, client_key)


def skip_field(row_id: int, *, user: Any, expected_version: int, client_key: UUID) -> Applied:
    """Keep the field's values in the archive file and out of the target."""
    return _leave(Act.SKIP, row_id, Action.ARCHIVE, "", user, expected_version, client_key)


def drop_field(row_id: int, reason: str, *, user: Any, expected_version: int, client_key: UUID) -> Applied:
    """Leave the field behind for good. Raises RefusedError without a reason."""
    return _leave(Act.DROP, row_id, Action.DROP, reason, user, expected_version, client_key)


def _leave(
    act: Act, row_id: int, action: Action, reason: str, user: Any, expected_version: int, client_key: UUID
) -> Applied:
    def leave(row: FieldDecision) -> tuple[RowState, tuple[FieldRule, ...]]:
        found = queries.row_of(row)
        check_can_approve(found)
        rule = replace(skip_rule(found.field), action=action, reason=reason.strip())
        check_rule(rule)
        rest_on(row, found.field)
        return RowState.SKIPPED, (rule,)

    return _act(act, row_id, leave, user, expected_version, client_key)


def _sources_of(rule: FieldRule, found: queries.Row) -> tuple[tuple[str, str], ...]:
    """The order of a person where it names the same Sections, else the present one."""
    if rule.is_left:
        return found.field.sources
    present = found.now.proposal.rule.sources
    return rule.sources if sorted(rule.sources) == sorted(present) else present


@transaction.atomic
def undo(row_id: int, *, user: Any, expected_version: int, client_key: UUID) -> Applied:
    """Take back the last act on a row. A decision that came from an earlier version has no act here: it is
    opened again. Raises RefusedError where there is nothing to take back."""
    row, earlier = opened(row_id, user, client_key)
    if earlier or row.lock_version != expected_version:
        return Applied(row, earlier)
    last = row.events.exclude(act=Act.UNDO).filter(undone_by__isnull=True).order_by("-id").first()
    if last is None and row.is_settled:
        event = open_again(row, Act.REOPEN, user, client_key)
        note(row, user, Act.REOPEN)
        return Applied(row, event)
    if last is None or last.act == Act.LAPSE:
        raise RefusedError("There is nothing to undo on this field. Nothing was changed.")
    event = put_back(row, last, user, client_key, client_key)
    note(row, user, Act.UNDO)
    return Applied(row, event)


def _act(
    act: Act, row_id: int, change: Change, user: Any, expected_version: int, client_key: UUID
) -> Applied:
    with transaction.atomic():
        row, earlier = opened(row_id, user, client_key)
        if earlier or row.lock_version != expected_version:
            return Applied(row, earlier)
        state, rules = change(row)
        event = write(row, act, state, rules, user, client_key, client_key)
        note(row, user, act)
        return Applied(row, event, sharing.warning_for(row, rules))


# The version


def propose_map(project: Project) -> MapVersion:
    """Propose from the current discovery by rules alone, and bring the draft up to it."""
    settings = queries.settings_for(project)
    fields, catalogue = staging.source_fields(project), staging.target_fields(project)
    return build_draft(project, by_rules.propose(fields, catalogue, settings))


@transaction.atomic
def open_draft(version: MapVersion, *, user: Any) -> MapVersion:
    """A new draft beside a signed version; where one is open already, that one."""
    Project.objects.select_for_update().get(pk=version.project_id)
    draft = version.project.map_versions.filter(state=VersionState.DRAFT).first()
    check_can_edit_version(user, draft or MapVersion(project=version.project))
    return draft or copied(version, user=user)


def sign_off(version: MapVersion, user: Any, *, checksum: str = "") -> MapVersion:
    """Sign the map: its checksum is what a plan will be bound to.

    `checksum` is what the person saw; raises ContentChangedError where the map is another one by now, and
    RefusedError with a sentence while anything stands in the way (`signing.blockers`). Rows whose evidence
    changed since they were decided lapse, and are not signed.
    """
    check_can_edit_version(user, version)
    stale = _lapse_stale(version, user)
    if stale:
        raise RefusedError(
            f"{'1 approved field' if stale == 1 else f'{stale} approved fields'} changed in APSIS One or Pipedrive "
            "since the decision. Nothing was signed. Decide anew."
        )
    with transaction.atomic():
        version = (
            MapVersion.objects.select_for_update(of=("self",)).select_related("project").get(pk=version.pk)
        )
        content = queries.field_map(version).checksum
        check_same_content(version, checksum, content)
        check_can_sign(user, version)
        version.checksum = content
        version.state, version.signed_by, version.signed_at = VersionState.SIGNED, user, timezone.now()
        version.save()
        approvals.sign(version.project, "map", str(version.number), version.checksum, user)
        precedents.remember(version)
    return version


@transaction.atomic
def _lapse_stale(version: MapVersion, user: Any) -> int:
    fields = {field.key: field for field in staging.source_fields(version.project)}
    stale = stale_rows(version, fields)
    for row, why in stale:
        if row.source_key in fields:
            rest_on(row, fields[row.source_key])
        lapse(row, why)
    note_many(version, user, f"{len(stale)} approvals lapsed because their evidence changed.", len(stale))
    return len(stale)


# Whole maps, for the demo, the benchmark and tests


def approve_all(project: Project, user: Any) -> int:
    """Approve every undecided row's proposal one by one, as a person without objections would."""
    version = queries.current_version(project)
    if version is None or not version.is_draft:
        return 0
    rows = version.decisions.filter(state__in=UNDECIDED).order_by("pk").values_list("pk", "lock_version")
    for pk, lock_version in list(rows):
        approve(pk, user=user, expected_version=lock_version, client_key=uuid4())
    return len(rows)


def sign_current(project: Project, user: Any) -> MapVersion:
    """Sign the newest version; one that is signed already is left as it is."""
    version = queries.current_version(project)
    if version is None:
        raise RefusedError("There is no field map yet. Run a discovery first.")
    return sign_off(version, user) if version.is_draft else version
