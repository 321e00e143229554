"""What a run left behind, read through the target's public API only, beside what the ledger says of it."""

from collections import Counter
from contextlib import closing
from typing import Any

from migrator import connections, ledger
from migrator.engine.forecast import least_tokens
from migrator.engine.operations import Act, OperationState
from migrator.engine.ports import Target
from migrator.engine.records import Kind
from migrator.models import Run
from migrator.runner.balancing import BUCKETS
from migrator.runner.pricing import counts_of

LISTED = (Kind.ORGANIZATION, Kind.PERSON, Kind.DEAL, Kind.ACTIVITY, Kind.NOTE)


def records_by_kind(run: Run) -> dict[str, dict[str, int]]:
    """The balance of each kind, from the reports of its phases."""
    wanted = ("source", *BUCKETS, "verified")
    reports = [phase.report for phase in run.phases.all() if phase.report.get("kind")]
    return {report["kind"]: {name: report[name] for name in wanted} for report in reports}


def lost_and_duplicated(run: Run) -> tuple[int, int]:
    """Markers that the target should list and does not, and markers that it lists more than once."""
    lost = duplicated = 0
    with closing(connections.target_account(run)) as target:
        for kind in LISTED:
            seen, ids = _seen(target.port, kind)
            lost += _missing(run, kind, seen, ids)
            duplicated += sum(count - 1 for count in seen.values() if count > 1)
    return lost + _unaccounted(run), duplicated


def _seen(port: Target, kind: Kind) -> tuple[Counter[str], set[str]]:
    """How often each marker is listed, and every id."""
    seen: Counter[str] = Counter()
    ids: set[str] = set()
    for page in port.iter_pages(kind):
        seen.update(marker for record in page if (marker := port.marker_of(kind, record)))
        ids.update(str(record["id"]) for record in page)
    return seen, ids


def _missing(run: Run, kind: Kind, seen: Counter[str], ids: set[str]) -> int:
    done = run.operations.filter(kind=kind.value, state=OperationState.DONE.value)
    created = done.filter(act=Act.CREATE.value).values_list("marker", flat=True)
    updated = done.filter(act=Act.UPDATE.value).values_list("target_id", flat=True)
    return sum(1 for marker in created if marker not in seen) + sum(1 for i in updated if i not in ids)


def _unaccounted(run: Run) -> int:
    """Profiles without a bucket; a balanced run has none."""
    assert run.discovery is not None
    return abs(run.discovery.profiles.count() - run.operations.filter(kind=Kind.PERSON.value).count())


def least(run: Run) -> int:
    """T_min of reliability.md C2 for what this run wrote, given what was there before."""
    assert run.discovery is not None
    rows = run.discovery.target_records.order_by().values_list("kind", flat=True)
    existing = {kind: 0 for kind in LISTED} | {Kind(k): n for k, n in Counter(rows).items()}
    return least_tokens(counts_of(run), existing, connections.COSTS)


def summary(run: Run) -> dict[str, Any]:
    lost, duplicated = lost_and_duplicated(run)
    return {
        "records": records_by_kind(run),
        "lost": lost,
        "duplicated": duplicated,
        "tokens_least": least(run),
        "operations": sum(n for n, _ in ledger.counts(run).values()),
    }
