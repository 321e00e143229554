"""How a decision is put on its case and how both are written: few statements, however many there are.

Callers hold the rows locked and write the trail. Django's own bulk update grows with the square of a batch.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from psycopg.types.json import Jsonb

from migrator import staging
from migrator.engine.cases import CaseKind, Decide
from migrator.models import Project
from reconciliation.choices import UNDECIDED_STATES, ItemState
from reconciliation.models import Decision, ReviewItem

_UPDATE = """
update reconciliation_reviewitem item
set state = new.state, action = new.action, args = new.args, decided_by_id = new.decided_by,
    decided_at = new.decided_at, opened_at = new.opened_at, touched_at = new.touched_at,
    lock_version = new.lock_version
from unnest(%s::bigint[], %s::text[], %s::text[], %s::jsonb[], %s::bigint[], %s::timestamptz[],
            %s::timestamptz[], %s::timestamptz[], %s::int[])
     as new(id, state, action, args, decided_by, decided_at, opened_at, touched_at, lock_version)
where item.id = new.id
"""
_INSERT = """
insert into reconciliation_decision
    (project_id, item_id, action, args, evidence_sha, actor_id, at, client_key, batch, undoes_id, reason)
select new.*
from unnest(%s::bigint[], %s::bigint[], %s::text[], %s::jsonb[], %s::text[], %s::bigint[], %s::timestamptz[],
            %s::uuid[], %s::uuid[], %s::bigint[], %s::text[]) as new
returning id
"""

# What a discovery reports, with the types that the arrays have.
_REPORTED = {
    "title": "text",
    "evidence": "jsonb",
    "evidence_sha": "text",
    "suggestion": "jsonb",
    "suggested_action": "text",
    "group_order": "int",
    "confidence": "int",
    "impact_profiles": "int",
    "impact_events": "int",
    "impact_tokens": "int",
    "rank": "bigint",
    "section": "text",
    "traits": "int",
    "state": "text",
    "action": "text",
    "args": "jsonb",
    "decided_by_id": "bigint",
    "decided_at": "timestamptz",
    "changed": "text",
    "opened_at": "timestamptz",
    "touched_at": "timestamptz",
    "lock_version": "int",
    "scan": "text",
}
_REPORT = f"""
update reconciliation_reviewitem item set {", ".join(f"{name} = new.{name}" for name in _REPORTED)}
from unnest(%s::bigint[], {", ".join(f"%s::{kind}[]" for kind in _REPORTED.values())})
     as new(id, {", ".join(_REPORTED)})
where item.id = new.id
"""  # noqa: S608 (names from this module alone)


def locked(items: QuerySet[ReviewItem]) -> QuerySet[ReviewItem]:
    return items.select_for_update(of=("self",))


def hold_off_waivers(project: Project) -> None:
    """Before a case opens, and before the moment of it is taken: a waiver that is given meanwhile waits until this
    transaction ends, and one that is under way is waited for. So none covers a case that nobody had seen."""
    with connection.cursor() as cursor:
        cursor.execute("select from migrator_project where id = %s for key share", [project.pk])


def state_for(action: str) -> ItemState:
    """Where a case stands that this act stands on; "" is no act."""
    if not action:
        return ItemState.OPEN
    return ItemState.UNSURE if action == Decide.UNSURE else ItemState.DECIDED


def put(item: ReviewItem, *, action: str, args: Mapping[str, Any], by: Any, at: datetime | None) -> None:
    """The item carries this act, or none; a new version. A case that is gone stays gone."""
    settled = item.state == ItemState.DECIDED
    if item.state != ItemState.GONE:
        item.state = state_for(action)
    item.action, item.args = action, dict(args)
    item.decided_by_id, item.decided_at = by, at
    touch(item, opened=settled and item.state in UNDECIDED_STATES)


def touch(item: ReviewItem, *, opened: bool = False) -> None:
    """A new version; `opened` where the case is to be decided again from now on."""
    item.lock_version += 1
    item.touched_at = timezone.now()
    if opened:
        item.opened_at = item.touched_at


def save(items: Sequence[ReviewItem], decisions: Sequence[Decision]) -> None:
    write_decided(items)
    write_decisions(decisions)
    for item in items:
        settle_type(item)


def keys_for(project_id: int, batch: UUID, names: Sequence[object]) -> list[UUID]:
    """A client key for each decision of a batch. The first one ever carries the batch's own: the history finds
    its batches by that."""
    if not names:
        return []
    has_head = Decision.objects.filter(project=project_id, client_key=batch).exists()
    keys = [uuid5(batch, str(name)) for name in names]
    return keys if has_head else [batch, *keys[1:]]


def write_decided(items: Sequence[ReviewItem]) -> None:
    """The columns that a decision or an undo changes."""
    _run(
        _UPDATE,
        [
            (
                i.pk,
                i.state,
                i.action,
                Jsonb(i.args),
                i.decided_by_id,
                i.decided_at,
                i.opened_at,
                i.touched_at,
                i.lock_version,
            )
            for i in items
        ],
    )


def write_reported(items: Sequence[ReviewItem]) -> None:
    """Everything that a discovery may change in a case."""
    _run(_REPORT, [(item.pk, *(_column(item, name) for name in _REPORTED)) for item in items])


def _column(item: ReviewItem, name: str) -> Any:
    value = getattr(item, name)
    return Jsonb(value) if _REPORTED[name] == "jsonb" else value


def write_decisions(decisions: Sequence[Decision]) -> None:
    """New rows of the history; each value gets its id."""
    ids = _run(
        _INSERT,
        [
            (
                d.project_id,
                d.item_id,
                d.action,
                Jsonb(d.args),
                d.evidence_sha,
                d.actor_id,
                d.at,
                d.client_key,
                d.batch,
                d.undoes_id,
                d.reason,
            )
            for d in decisions
        ],
    )
    for decision, (pk,) in zip(decisions, ids, strict=True):
        decision.pk = pk
        decision._state.adding, decision._state.db = False, "default"


def _run(statement: str, rows: list[tuple[Any, ...]]) -> list[tuple[int]]:
    if not rows:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(column) for column in zip(*rows, strict=True)])
        return cursor.fetchall() if cursor.description else []


def settle_type(item: ReviewItem) -> None:
    """The inventory learns what was decided on the types of an attribute; nothing opens the conflict there."""
    if item.kind == CaseKind.TYPE_CONFLICT:
        settled = {Decide.SPLIT.value: "split", Decide.DROP.value: "drop"}
        chosen = settled.get(item.action) or str(item.args.get("type", ""))
        staging.settle_type(item.project, item.key, chosen, by=item.decided_by, at=item.decided_at)
