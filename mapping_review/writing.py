"""How one act on a row is written: the row, locked and checked; the event; the trail. Used by the services
only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from mapping_review import queries
from mapping_review.choices import Act, RowState
from mapping_review.drafting import snapshot
from mapping_review.drift import source_evidence, target_evidence, writes_own
from mapping_review.models import DecisionEvent, FieldDecision, MapVersion
from mapping_review.policies import check_can_edit_version
from mapping_review.proposers.proposal import Proposal
from mapping_review.settling import evidence_sha
from migrator import trail
from migrator.engine.errors import RefusedError
from migrator.engine.field_map import FieldRule
from migrator.engine.inventory import SourceField
from migrator.models import Project

# What an act may change of a row.
_OPENED = (
    "state", "rule", "more_rules", "bulk", "decided_by", "decided_at", "lapsed", "proposal", "confidence",
    "evidence_sha", "evidence", "lock_version",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one request. On a conflict nothing was written and `row` is as somebody else left it.
    `warning` says what the decision still needs before the map can be signed."""

    row: FieldDecision
    event: DecisionEvent | None = None
    warning: str = ""

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


def opened(row_id: int, user: Any, client_key: UUID) -> tuple[FieldDecision, DecisionEvent | None]:
    """The row, locked, once role and version allow a change; with the answer to a repeated request."""
    row = (
        queries.with_source(FieldDecision.objects.select_for_update(of=("self", "version")))
        .select_related("version__project", "decided_by")
        .get(pk=row_id)
    )
    check_can_edit_version(user, row.version)
    earlier = DecisionEvent.objects.filter(project=row.version.project, client_key=client_key).first()
    if earlier and (earlier.decision_id != row.pk or earlier.actor_id != user.pk):
        raise RefusedError("This request was used for another decision. Decide again.")
    return row, earlier


def rest_on(row: FieldDecision, field: SourceField) -> None:
    """Note what the decision that follows rests on in the source; `write` adds the target."""
    row.evidence_sha, row.evidence = evidence_sha(field), source_evidence(field)


def write(  # noqa: PLR0913 -- as _act
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
    event = decided(row, act, state, rules, user, client_key, batch, bulk=bulk)
    row.save()
    event.save()
    return event


def decided(  # noqa: PLR0913 -- as _act
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
    """The row as it is after the act, and the event. Neither is saved: see `write` and `save_all`."""
    before, now = snapshot(row), timezone.now()
    row.state, row.bulk, row.lapsed = state, bulk, ""
    row.rule = rules[0].to_json() if rules else None
    row.more_rules = [rule.to_json() for rule in rules[1:]]
    row.evidence = {**row.evidence, "targets": _targets(row, rules)}
    row.decided_by, row.decided_at = user, now
    row.lock_version += 1
    return DecisionEvent(
        project=row.version.project,
        decision=row,
        act=act,
        actor=user,
        at=now,
        before=before,
        after=snapshot(row),
        bulk=bulk,
        client_key=client_key,
        batch=batch,
    )


def save_all(events: Sequence[DecisionEvent]) -> list[DecisionEvent]:
    """Save the rows of many acts, read whole and locked, and their events: two statements for each five
    hundred."""
    # All rows exist, so all of them conflict: a tenth of the time of bulk_update.
    FieldDecision.objects.bulk_create(
        [event.decision for event in events], batch_size=500,
        update_conflicts=True, update_fields=_OPENED, unique_fields=["id"],
    )  # fmt: skip
    return DecisionEvent.objects.bulk_create(events, batch_size=500)


def propose_instead(
    proposals: Iterable[tuple[FieldDecision, Proposal]], project: Project, user: Any, batch: UUID
) -> None:
    """Put a person's proposals in place of the present ones, in two statements however many there are.

    Each row is open again, and says so if it was approved.
    """
    now = timezone.now()
    rows, events = [], []
    for row, proposal in proposals:
        before = snapshot(row) | {"proposal": row.proposal, "confidence": row.confidence}
        _open_with(row, proposal, user)
        rows.append(row)
        events.append(
            DecisionEvent(
                project=project, decision=row, act=Act.IMPORT, actor=user, at=now, before=before,
                after=snapshot(row), bulk=True, client_key=uuid5(batch, row.source_key), batch=batch,
            )
        )  # fmt: skip
    FieldDecision.objects.bulk_update(rows, _OPENED, batch_size=500)
    DecisionEvent.objects.bulk_create(events, batch_size=500)


def _open_with(row: FieldDecision, proposal: Proposal, user: Any) -> None:
    if row.is_settled:
        row.lapsed = f"{Act.IMPORT.label}, by {user.get_full_name() or user.get_username()}"[:300]
    row.state, row.rule, row.more_rules, row.bulk = RowState.PROPOSED, None, [], False
    row.decided_by = row.decided_at = None
    row.proposal, row.confidence = proposal.to_json(), proposal.confidence
    row.lock_version += 1


def _targets(row: FieldDecision, rules: tuple[FieldRule, ...]) -> list[dict[str, Any]]:
    """The catalogue is read only where a rule names a field of the account."""
    own = [rule for rule in rules if writes_own(rule)]
    return target_evidence(own, row.version.catalogue) if own else []


def put_back(
    row: FieldDecision, event: DecisionEvent, user: Any, client_key: UUID, batch: UUID
) -> DecisionEvent:
    undone = taken_back(row, event, user, client_key, batch)
    row.save()
    undone.save()
    return undone


def taken_back(
    row: FieldDecision, event: DecisionEvent, user: Any, client_key: UUID, batch: UUID
) -> DecisionEvent:
    """The row as it was before the event, and the event that says so. Neither is saved, as in `decided`."""
    before, then = snapshot(row), event.before
    row.state, row.rule, row.more_rules = then["state"], then["rule"], then["more_rules"]
    row.bulk, row.lapsed, row.decided_by_id = then["bulk"], then["lapsed"], then["decided_by"]
    row.decided_at = parse_datetime(then["decided_at"]) if then["decided_at"] else None
    row.evidence = then.get("evidence", row.evidence)
    row.evidence_sha = then.get("evidence_sha", row.evidence_sha)
    # Only a workbook replaces the proposal too.
    row.proposal = then.get("proposal", row.proposal)
    row.confidence = then.get("confidence", row.confidence)
    row.lock_version += 1
    return DecisionEvent(
        project=row.version.project,
        decision=row,
        act=Act.UNDO,
        actor=user,
        at=timezone.now(),
        before=before,
        after=snapshot(row),
        client_key=client_key,
        batch=batch,
        undoes=event,
    )


def state_for(rules: Iterable[FieldRule]) -> RowState:
    return RowState.SKIPPED if all(rule.is_left for rule in rules) else RowState.APPROVED


def note(row: FieldDecision, user: Any, act: Act) -> None:
    sentence = f"{act.label} on field {row.source_key} in v{row.version.number}."
    trail.append(
        row.version.project, user, f"map_{act}", "field_decision", row.pk, sentence, {"state": row.state}
    )


def note_many(
    version: MapVersion, user: Any, sentence: str, count: int, data: dict[str, Any] | None = None
) -> None:
    if count:
        trail.append(
            version.project, user, "map_many", "map_version", version.number, sentence,
            {"rows": count} | (data or {}),
        )  # fmt: skip
