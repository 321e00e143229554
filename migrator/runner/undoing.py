"""Rollback: preview in exact numbers, then the ledger backwards. What a person edited since is kept and listed.

1. list what is there now and compare it with what the run left behind;
2. created and untouched is deleted, changed and untouched is restored, everything else is kept with its reason;
3. after an approval the operations are loaded like any others, children before parents.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import transaction

from migrator import ledger
from migrator.engine.forecast import forecast
from migrator.engine.operations import Act, OperationState, PlannedOperation
from migrator.engine.ports import Json
from migrator.engine.records import Kind
from migrator.models import Operation, Run, RunPhase
from migrator.pipedrive.usage import overlaid, uses
from migrator.runner import lifecycle, pricing
from migrator.runner.job import AGAIN, DONE, Job, Step

# Children first, so that what still hangs on a record is known when the record's own turn comes.
ORDER = (Kind.NOTE, Kind.ACTIVITY, Kind.DEAL, Kind.PERSON, Kind.ORGANIZATION, Kind.LABEL, Kind.FIELD)
PARENTS = {
    Kind.NOTE: ((Kind.PERSON, "person_id"), (Kind.ORGANIZATION, "org_id"), (Kind.DEAL, "deal_id")),
    Kind.ACTIVITY: ((Kind.PERSON, "person_id"), (Kind.ORGANIZATION, "org_id"), (Kind.DEAL, "deal_id")),
    Kind.DEAL: ((Kind.PERSON, "person_id"), (Kind.ORGANIZATION, "org_id")),
    Kind.PERSON: ((Kind.ORGANIZATION, "org_id"),),
}
EDITED = "Changed in Pipedrive after the run."
GONE = "No longer in Pipedrive."
IN_USE = "Still used by records that stay."
WRITTEN = [Act.CREATE.value, Act.UPDATE.value]


def preview(job: Job) -> Step:
    """One kind at a time; the last one ends in a plan that waits for a person."""
    done = list(job.phase.cursor.get("kinds", []))
    left = [kind for kind in ORDER if kind.value not in done]
    if not left:
        return _conclude(job)
    kind = left[0]
    with transaction.atomic():
        _preview_schema(job, kind) if kind in (Kind.LABEL, Kind.FIELD) else _preview_records(job, kind)
        _account_for_the_rest(job.run, kind)
        job.phase.cursor = {"kinds": [*done, kind.value]}
        job.phase.done = job.run.operations.count()
        job.save_phase("cursor", "done")
    return AGAIN


def _undone_run(run: Run) -> Run:
    assert run.of_run is not None
    return run.of_run


def _written(run: Run, kind: Kind) -> Any:
    done = OperationState.DONE.value
    return _undone_run(run).operations.filter(kind=kind.value, act__in=WRITTEN, state=done)


def _preview_records(job: Job, kind: Kind) -> None:
    for page in job.target.port.iter_pages(kind):
        records = {str(record["id"]): record for record in page}
        rows = _written(job.run, kind).filter(target_id__in=list(records)).select_related("payload")
        ours = {row.target_id: row for row in rows}
        held = set(_held_keys(job.run, kind, [row.key for row in ours.values()]))
        judged = [_judged(job, kind, row, records[i]) for i, row in ours.items() if row.key not in held]
        ledger.add(job.run, judged)
        staying = _staying(job.run, kind, records, ours)
        _keep_parents(job.run, kind, staying)
        _keep_schema(job.run, kind, staying)


def _held_keys(run: Run, kind: Kind, keys: Sequence[str]) -> Iterable[str]:
    """Records that were kept already, when something that hangs on them was seen."""
    held = run.operations.filter(kind=kind.value, key__in=keys, act=Act.HOLD.value)
    return held.values_list("key", flat=True)


def _judged(job: Job, kind: Kind, row: Operation, record: Json) -> PlannedOperation:
    if job.target.port.content_sha(kind, record) != row.target_sha:
        return _kept(kind, row, EDITED)
    if row.act == Act.CREATE.value:
        return PlannedOperation(
            kind, row.key, Act.DELETE, target_id=row.target_id, payload_sha=row.target_sha
        )
    body = job.target.restore_body(row.payload.before)
    return PlannedOperation(
        kind, row.key, Act.RESTORE, body=body, target_id=row.target_id, payload_sha=row.target_sha
    )


def _kept(kind: Kind, row: Operation, why: str) -> PlannedOperation:
    return PlannedOperation(kind, row.key, Act.HOLD, target_id=row.target_id, reason=why)


def _staying(run: Run, kind: Kind, records: dict[str, Json], ours: dict[str, Operation]) -> list[Json]:
    """Records of this page as the rollback will leave them: foreign, kept and restored ones."""
    rows = run.operations.filter(kind=kind.value, target_id__in=list(ours)).select_related("payload")
    planned = {row.target_id: row for row in rows}
    left = []
    for target_id, record in records.items():
        row = planned.get(target_id)
        if row is None or row.act == Act.HOLD.value:
            left.append(record)
        elif row.act == Act.RESTORE.value:
            left.append(overlaid(record, row.payload.body))
    return left


def _keep_schema(run: Run, kind: Kind, staying: Sequence[Json]) -> None:
    """A field, option or label that a staying record holds would take that value with it."""
    for schema in (Kind.FIELD, Kind.LABEL):
        rows = [row for row in _written(run, schema) if any(uses(kind, r, row.target_id) for r in staying)]
        ledger.add(run, [_kept(schema, row, IN_USE) for row in rows])


def _keep_parents(run: Run, kind: Kind, staying: Sequence[Json]) -> None:
    """A record that stays keeps what it hangs on: deleting a Person would take a colleague's activity with it."""
    for parent, column in PARENTS.get(kind, ()):
        ids = {str(_id_of(record.get(column))) for record in staying} - {"None"}
        rows = _written(run, parent).filter(target_id__in=ids, act=Act.CREATE.value)
        ledger.add(run, [_kept(parent, row, IN_USE) for row in rows])


def _id_of(value: Any) -> Any:
    return value.get("value") or value.get("id") if isinstance(value, dict) else value


def _preview_schema(job: Job, kind: Kind) -> None:
    """Fields and labels go last; those that something still uses were kept when that something was seen."""
    rows = _written(job.run, kind).select_related("payload")
    removals = (
        PlannedOperation(
            kind,
            row.key,
            Act.DELETE,
            body=row.payload.body,
            target_id=row.target_id,
            payload_sha=row.payload_sha,
        )
        for row in rows
    )
    ledger.add(job.run, removals)


def _account_for_the_rest(run: Run, kind: Kind) -> None:
    """What the run wrote and nobody lists any more was deleted or merged by a person."""
    known = run.operations.filter(kind=kind.value).values("key")
    rows = _written(run, kind).exclude(key__in=known)
    for page in _pages(rows.order_by("pk").iterator(chunk_size=1000)):
        ledger.add(
            run,
            [PlannedOperation(kind, r.key, Act.EXCLUDE, target_id=r.target_id, reason=GONE) for r in page],
        )


def _pages(rows: Iterable[Operation], size: int = 500) -> Iterator[list[Operation]]:
    page: list[Operation] = []
    for row in rows:
        page.append(row)
        if len(page) == size:
            yield page
            page = []
    if page:
        yield page


def _conclude(job: Job) -> Step:
    counts = pricing.counts_of(job.run)
    share = job.run.project.setting("budget_share") / 100
    priced = forecast(counts, job.target.costs, daily_tokens=job.target.daily_tokens, share=share)
    kept = job.run.operations.filter(act=Act.HOLD.value).order_by("kind", "key")
    plan = {
        "counts": [_line(kind, counts) for kind in Kind],
        "tokens": priced.tokens,
        "days": priced.days,
        "kept": [
            {"kind": row.kind, "key": row.key, "target_id": row.target_id, "why": row.reason}
            for row in kept[:200]
        ],
        "kept_total": kept.count(),
    }
    Run.objects.filter(pk=job.run.pk).update(plan=plan, plan_checksum=ledger.plan_checksum(job.run))
    pricing.set_planned(job.run)
    return Step(done=True, needs_approval=True)


def _line(kind: Kind, counts: pricing.Counts) -> dict[str, Any]:
    return {
        "kind": kind.value,
        "delete": counts.get((kind, Act.DELETE), 0),
        "restore": counts.get((kind, Act.RESTORE), 0),
        "keep": counts.get((kind, Act.HOLD), 0),
        "gone": counts.get((kind, Act.EXCLUDE), 0),
    }


def sweep(job: Job, kind: Kind) -> dict[str, Any]:
    """List the kind once more: what was to be deleted must be gone, what was to be restored must read as before."""
    rows = job.run.operations.filter(kind=kind.value, state=OperationState.DONE.value)
    still = Counter[str]()
    if kind not in (Kind.FIELD, Kind.LABEL) and rows.exists():
        for page in job.target.port.iter_pages(kind):
            still.update(_compare(job, kind, page))
    counts = pricing.counts_of(job.run)
    rejected = job.run.operations.filter(kind=kind.value, state=OperationState.REJECTED.value).count()
    done = rows.count()
    line: dict[str, Any] = {
        **_line(kind, counts),
        "source": sum(n for (k, _), n in counts.items() if k == kind),
        "planned": sum(n for (k, act), n in counts.items() if k == kind and act.writes),
        "done": done,
        "rejected": rejected,
        "missing": still["present"],
        "mismatched": still["differs"],
        "verified": done - still["present"] - still["differs"],
        "extra": 0,
        "reasons": [],
    }
    line["balanced"] = done + rejected == line["planned"] and not still
    return line


def _compare(job: Job, kind: Kind, page: Sequence[Json]) -> Iterator[str]:
    records = {str(record["id"]): record for record in page}
    rows = job.run.operations.filter(
        kind=kind.value, state=OperationState.DONE.value, target_id__in=list(records)
    )
    for row in rows.select_related("payload"):
        if row.act == Act.DELETE.value:
            yield "present"
        elif job.target.port.differences(ledger.claimed_of([row])[0], records[row.target_id]):
            yield "differs"


def balance(job: Job) -> Step:
    """Mark what was undone in the run that wrote it; its rows stay for good."""
    undone = job.run.operations.filter(state=OperationState.DONE.value)
    for kind in Kind:
        keys = undone.filter(kind=kind.value).values("key")
        _written(job.run, kind).filter(key__in=keys).update(state=OperationState.UNDONE.value)
    kept = job.run.operations.filter(act=Act.HOLD.value).count()
    text = f"Rolled back {undone.count():,} records; kept {kept:,} that were changed or are still used."
    RunPhase.objects.filter(pk=job.phase.pk).update(report={"text": text})
    lifecycle.log(job.run, text)
    return DONE
