"""The gate sweep after each phase: every record that the run wrote is listed again, found and compared.

Costs about 0.02 tokens a record. What is missing is sent again; what differs is named; the counts must balance.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from migrator import ledger
from migrator.engine.operations import Act, ClaimedOperation, OperationState
from migrator.engine.ports import Json
from migrator.engine.records import Kind
from migrator.models import Operation, Run
from migrator.runner.balancing import BUCKETS
from migrator.runner.job import Job

WRITES = [Act.CREATE.value, Act.UPDATE.value]
DELETES = [Act.DELETE.value, Act.RESTORE.value]
# Tries at a record that the target confirmed and does not list; after these a person has to look.
MOST_ATTEMPTS = 3
BY_NAME = (Kind.FIELD, Kind.LABEL)


@dataclass(frozen=True, slots=True)
class Swept:
    """`extra` are records that carry our marker and are not the ledger's; `reopened` will be sent again."""

    extra: int = 0
    reopened: int = 0


def sweep(job: Job, kind: Kind) -> Swept:
    """List what was touched since the run began to write, compare it, and reopen what is missing."""
    written = job.run.operations.filter(kind=kind.value, act__in=WRITES, state=OperationState.DONE.value)
    if not written.exists():
        return Swept()
    written.update(verified=None, difference="")
    extra = _sweep_by_name(job, kind) if kind in BY_NAME else _sweep_pages(job, kind)
    missing = written.filter(verified__isnull=True, act=Act.CREATE.value, attempts__lt=MOST_ATTEMPTS)
    reopened = missing.update(state=OperationState.READY.value, target_id="", not_before=None)
    return Swept(extra=extra, reopened=reopened)


def _sweep_by_name(job: Job, kind: Kind) -> int:
    rows = job.run.operations.filter(kind=kind.value, state=OperationState.DONE.value, act__in=WRITES)
    operations = ledger.claimed_of(rows.select_related("payload"))
    found = job.target.port.find_written(operations, _since(job.run))
    Operation.objects.filter(pk__in=found).update(verified=True)
    return 0


def _sweep_pages(job: Job, kind: Kind) -> int:
    extra = 0
    for page in job.target.port.iter_pages(kind, since=_since(job.run)):
        extra += _compare_page(job, kind, page)
    return extra


def _since(run: Run) -> datetime:
    # A margin for clocks that differ by a little; listing a few records too many costs nothing.
    return (run.loading_since or run.created_at) - timedelta(minutes=10)


def _compare_page(job: Job, kind: Kind, page: Sequence[Json]) -> int:
    port = job.target.port
    ids = {str(record["id"]): record for record in page}
    markers = {port.marker_of(kind, record): record for record in page}
    rows = list(_operations_of(job.run, kind, ids, [m for m in markers if m]))
    by_id = {row.target_id: row for row in rows}
    # One look-up of linked records for the page, not one for each record that is compared.
    port.references(ledger.claimed_of(rows))
    extra = sum(1 for row in rows if row.target_id not in ids and row.marker in markers)
    for target_id, record in ids.items():
        row = by_id.get(target_id)
        if row is not None:
            _compare(job, kind, row, record)
    Operation.objects.bulk_update(list(by_id.values()), ["verified", "difference", "target_sha"])
    return extra


def _operations_of(run: Run, kind: Kind, ids: Iterable[str], markers: list[str]) -> Iterable[Operation]:
    rows = run.operations.filter(kind=kind.value, act__in=WRITES, state=OperationState.DONE.value)
    return rows.filter(Q(target_id__in=list(ids)) | Q(marker__in=markers)).select_related("payload")


def _compare(job: Job, kind: Kind, row: Operation, record: Json) -> None:
    operation: ClaimedOperation = ledger.claimed_of([row])[0]
    differing = job.target.port.differences(operation, record)
    row.verified = not differing
    row.difference = ", ".join(differing)[:2000]
    row.target_sha = job.target.port.content_sha(kind, record)


def report(run: Run, kind: Kind, swept: Swept) -> dict[str, Any]:
    """The row-count reconciliation of one kind; `balanced` only if every source record is in one bucket and
    every written one was found again as written."""
    by_act = _counts(run, kind)
    rejected = run.operations.filter(kind=kind.value, state=OperationState.REJECTED.value).count()
    rows = run.operations.filter(kind=kind.value, act__in=WRITES)
    verified = rows.filter(verified=True).count()
    mismatched = rows.filter(verified=False).count()
    planned = rows.count()
    done = rows.filter(state=OperationState.DONE.value)
    result: dict[str, Any] = {
        "kind": kind.value,
        "source": sum(by_act.values()),
        "planned": planned,
        "created": done.filter(act=Act.CREATE.value).count(),
        "updated": done.filter(act=Act.UPDATE.value).count(),
        "unchanged": by_act.get(Act.UNCHANGED.value, 0),
        "merged": by_act.get(Act.MERGE.value, 0),
        "held": by_act.get(Act.HOLD.value, 0),
        "excluded": by_act.get(Act.EXCLUDE.value, 0),
        "rejected": rejected,
        "verified": verified,
        "missing": done.filter(verified__isnull=True).count(),
        "extra": swept.extra,
        "mismatched": mismatched,
        "reasons": _reasons(run, kind),
    }
    result["balanced"] = is_balanced(result)
    return result


def is_balanced(line: dict[str, Any]) -> bool:
    whole = line["source"] == sum(line[bucket] for bucket in BUCKETS)
    found = line["verified"] == line["created"] + line["updated"]
    return whole and found and not (line["missing"] or line["extra"] or line["mismatched"])


def _counts(run: Run, kind: Kind) -> dict[str, int]:
    rows = run.operations.filter(kind=kind.value).order_by().values_list("act").annotate(n=Count("id"))
    return dict(rows)


def _reasons(run: Run, kind: Kind) -> list[dict[str, Any]]:
    rows = run.operations.filter(kind=kind.value).exclude(reason="").order_by()
    grouped = rows.values("act", "state", "reason").annotate(count=Count("id"))
    return [
        {"act": r["act"], "state": r["state"], "reason": r["reason"], "count": r["count"]}
        for r in grouped.order_by("-count")[:100]
    ]
