"""The only writers of the field map: draft, approve, edit, reject, skip, undo, approve many, sign off.

Each act takes the version of the row that the person saw and a key of the request, and writes the row, the
event and one trail entry in one transaction.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from mapping_review import fences, queries
from mapping_review.choices import UNDECIDED, Act, RowState, VersionState
from mapping_review.drafting import CHANGED, build_draft, copied, lapse, snapshot
from mapping_review.models import DecisionEvent, FieldDecision, MapVersion
from mapping_review.policies import check_can_approve, check_can_edit_version, check_can_sign
from mapping_review.proposers import by_rules
from mapping_review.proposers.rules import skip_rule
from mapping_review.rulebook import check_rule
from mapping_review.settling import effective, evidence_sha, is_open_conflict
from migrator import approvals, staging, trail
from migrator.engine.errors import RefusedError
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import SourceKind
from migrator.models import Project
from migrator.texts import TOOLS

__all__ = [
    "Applied", "Batch", "approve", "approve_all", "approve_many", "build_draft", "decide_rows", "edit", "open_draft",
    "propose_map",
    "reject", "sign_current", "sign_off", "skip_field", "undo", "undo_batch",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one request. On a conflict nothing was written and `row` is as somebody else left it."""

    row: FieldDecision
    event: DecisionEvent | None = None

    @property
    def is_conflict(self) -> bool:
        return self.event is None


@dataclass(frozen=True, slots=True)
class Batch:
    """`changed` rows were decided by somebody else meanwhile; `kept` ones stand behind a fence. Both were
    left alone."""

    key: UUID
    approved: tuple[FieldDecision, ...] = ()
    changed: tuple[FieldDecision, ...] = ()
    kept: tuple[FieldDecision, ...] = ()


Change = Callable[[FieldDecision], tuple[RowState, tuple[FieldRule, ...]]]


# One row


def approve(row_id: int, *, user: Any, expected_version: int, client_key: UUID) -> Applied:
    """Take the proposal as it stands now. A proposal to leave the field behind makes the row "not
    migrated"."""

    def take_proposal(row: FieldDecision) -> tuple[RowState, tuple[FieldRule, ...]]:
        found = queries.row_of(row)
        check_can_approve(found)
        row.evidence_sha = evidence_sha(found.field)
        return _state_for(found.now.rules), found.now.rules

    return _act(Act.APPROVE, row_id, take_proposal, user, expected_version, client_key)


def edit(row_id: int, rule: FieldRule, *, user: Any, expected_version: int, client_key: UUID) -> Applied:
    """Approve another rule than the proposed one. Raises RefusedError where the rule cannot work."""

    def take_rule(row: FieldDecision) -> tuple[RowState, tuple[FieldRule, ...]]:
        found = queries.row_of(row)
        check_can_approve(found)
        own = replace(
            rule, source=row.source_key, kind=found.field.kind, sources=found.now.proposal.rule.sources
        )
        check_rule(own)
        row.evidence_sha = evidence_sha(found.field)
        return _state_for((own,)), (own,)

    return _act(Act.EDIT, row_id, take_rule, user, expected_version, client_key)


def reject(row_id: int, *, user: Any, expected_version: int, client_key: UUID) -> Applied:
    """Say that the proposal is wrong; the row stays undecided until somebody chooses."""
    return _act(Act.REJECT, row_id, lambda row: (RowState.REJECTED, ()), user, expected_version, client_key)


def skip_field(row_id: int, *, user: Any, expected_version: int, client_key: UUID) -> Applied:
    """Leave the field behind."""

    def leave(row: FieldDecision) -> tuple[RowState, tuple[FieldRule, ...]]:
        found = queries.row_of(row)
        check_can_approve(found)
        row.evidence_sha = evidence_sha(found.field)
        return RowState.SKIPPED, (skip_rule(found.field),)

    return _act(Act.SKIP, row_id, leave, user, expected_version, client_key)


@transaction.atomic
def undo(row_id: int, *, user: Any, expected_version: int, client_key: UUID) -> Applied:
    """Take back the last act on a row. Raises RefusedError where there is none to take back."""
    row, earlier = _opened(row_id, user, client_key)
    if earlier or row.lock_version != expected_version:
        return Applied(row, earlier)
    last = row.events.exclude(act=Act.UNDO).filter(undone_by__isnull=True).order_by("-id").first()
    if last is None or last.act == Act.LAPSE:
        raise RefusedError("There is nothing to undo on this field. Nothing was changed.")
    event = _put_back(row, last, user, client_key, client_key)
    _note(row, user, Act.UNDO)
    return Applied(row, event)


def _act(
    act: Act, row_id: int, change: Change, user: Any, expected_version: int, client_key: UUID
) -> Applied:
    with transaction.atomic():
        row, earlier = _opened(row_id, user, client_key)
        if earlier or row.lock_version != expected_version:
            return Applied(row, earlier)
        state, rules = change(row)
        event = _write(row, act, state, rules, user, client_key, client_key)
        _note(row, user, act)
        return Applied(row, event)


def _opened(row_id: int, user: Any, client_key: UUID) -> tuple[FieldDecision, DecisionEvent | None]:
    """The row, locked, once role and version allow a change; with the answer to a repeated request."""
    row = (
        FieldDecision.objects.select_for_update(of=("self", "version"))
        .select_related("version__project", "decided_by")
        .get(pk=row_id)
    )
    check_can_edit_version(user, row.version)
    earlier = DecisionEvent.objects.filter(project=row.version.project, client_key=client_key).first()
    if earlier and (earlier.decision_id != row.pk or earlier.actor_id != user.pk):
        raise RefusedError("This request was used for another decision. Decide again.")
    return row, earlier


def _write(  # noqa: PLR0913 -- as _act
    row: FieldDecision,
    act: Act,
    state: RowState,
    rules: tuple[FieldRule, ...],
    user: Any,
    client_key: UUID,
    batch: UUID,
    *,
    bulk: bool = False,
) -> DecisionEvent:
    before, now = snapshot(row), timezone.now()
    row.state, row.bulk, row.lapsed = state, bulk, ""
    row.rule = rules[0].to_json() if rules else None
    row.more_rules = [rule.to_json() for rule in rules[1:]]
    row.decided_by, row.decided_at = user, now
    row.lock_version += 1
    row.save()
    return DecisionEvent.objects.create(
        project=row.version.project, decision=row, act=act, actor=user, at=now, before=before, after=snapshot(row),
        bulk=bulk, client_key=client_key, batch=batch,
    )  # fmt: skip


def _put_back(
    row: FieldDecision, event: DecisionEvent, user: Any, client_key: UUID, batch: UUID
) -> DecisionEvent:
    before, then = snapshot(row), event.before
    row.state, row.rule, row.more_rules = then["state"], then["rule"], then["more_rules"]
    row.bulk, row.lapsed, row.decided_by_id = then["bulk"], then["lapsed"], then["decided_by"]
    row.decided_at = parse_datetime(then["decided_at"]) if then["decided_at"] else None
    row.lock_version += 1
    row.save()
    return DecisionEvent.objects.create(
        project=row.version.project, decision=row, act=Act.UNDO, actor=user, at=timezone.now(), before=before,
        after=snapshot(row), client_key=client_key, batch=batch, undoes=event,
    )  # fmt: skip


def _state_for(rules: Iterable[FieldRule]) -> RowState:
    return RowState.SKIPPED if all(rule.action == Action.SKIP for rule in rules) else RowState.APPROVED


def _note(row: FieldDecision, user: Any, act: Act) -> None:
    sentence = f"{act.label} on field {row.source_key} in v{row.version.number}."
    trail.append(
        row.version.project, user, f"map_{act}", "field_decision", row.pk, sentence, {"state": row.state}
    )


# Many rows


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
        _write(
            row,
            Act.APPROVE,
            _state_for(rules),
            rules,
            user,
            uuid5(client_key, str(row.pk)),
            client_key,
            bulk=True,
        )
    _note_many(
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
        _write(
            row, act, _state_for(rules), rules, user, uuid5(client_key, str(row.pk)), client_key, bulk=True
        )
    _note_many(version, user, f"{act.label}: {len(decided)} selected fields.", len(decided))
    return Batch(client_key, tuple(decided), tuple(changed), tuple(kept))


def _is_fenced(row: FieldDecision, act: Act, fields: Mapping[str, Any], settings: Any) -> bool:
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
        row = FieldDecision.objects.select_for_update(of=("self",)).select_related("version__project").get(
            pk=event.decision_id
        )  # fmt: skip
        is_last = not row.events.filter(pk__gt=event.pk).exists()
        if is_last and event.act != Act.UNDO:
            _put_back(row, event, user, uuid5(client_key, str(row.pk)), client_key)
            rows.append(row)
        else:
            changed.append(row)
    _note_many(version, user, f"Undid the approval of {len(rows)} fields.", len(rows))
    return Batch(client_key, tuple(rows), tuple(changed))


def _note_many(version: MapVersion, user: Any, sentence: str, count: int) -> None:
    if count:
        trail.append(
            version.project, user, "map_many", "map_version", version.number, sentence, {"rows": count}
        )


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


def sign_off(version: MapVersion, user: Any, open_conflicts: int) -> MapVersion:
    """Sign the map: its checksum is what a plan will be bound to.

    Raises RefusedError with a sentence while a row is undecided, a conflict is open, or the plan has no room.
    Rows whose evidence changed since they were decided lapse, and are not signed.
    """
    check_can_edit_version(user, version)
    stale = _lapse_stale(version, user)
    if stale:
        raise RefusedError(
            f"{stale} approved fields changed in APSIS One since they were decided. They wait for a new decision; "
            "nothing was signed."
        )
    with transaction.atomic():
        version = (
            MapVersion.objects.select_for_update(of=("self",)).select_related("project").get(pk=version.pk)
        )
        check_can_sign(user, version, open_conflicts)
        version.checksum = queries.field_map(version).checksum
        version.state, version.signed_by, version.signed_at = VersionState.SIGNED, user, timezone.now()
        version.save()
        approvals.sign(version.project, "map", str(version.number), version.checksum, user)
    return version


@transaction.atomic
def _lapse_stale(version: MapVersion, user: Any) -> int:
    fields = {field.key: field for field in staging.source_fields(version.project)}
    stale = queries.stale_rows(version)
    for row in stale:
        if row.source_key in fields:
            row.evidence_sha = evidence_sha(fields[row.source_key])
        lapse(row, CHANGED)
    _note_many(version, user, f"{len(stale)} approvals lapsed because their evidence changed.", len(stale))
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
    return sign_off(version, user, queries.open_conflicts(project)) if version.is_draft else version
