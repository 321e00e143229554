"""The row-count reconciliation of a run: one balance per kind, the verdict, and the same numbers as a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from migrator.choices import RunKind, RunState
from migrator.models import Run
from migrator.views import words
from migrator.views.held_back import HeldBack, held_back_of
from migrator.views.loaders import run_of, standing_of

# Buckets of a balance line, in the order of the sum, with the word that the record lists are filtered by.
BUCKETS = ("created", "updated", "unchanged", "merged", "held", "excluded", "rejected")
FAULTS = (
    ("missing", "expected, not found"),
    ("mismatched", "differ from what was written"),
    ("extra", "too many"),
)


@dataclass(frozen=True, slots=True)
class Bucket:
    said: str
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class Balance:
    """One kind: read = the sum of its buckets, and what was written = what was found again."""

    label: str
    source: int
    buckets: tuple[Bucket, ...]
    written: int
    verified: int
    balanced: bool
    fault: str
    reasons: tuple[Mapping[str, Any], ...]

    @property
    def difference(self) -> int:
        """What was read and is in no bucket: anything but 0 is a fault."""
        return self.source - sum(bucket.count for bucket in self.buckets)


@dataclass(frozen=True, slots=True)
class Report:
    lines: tuple[Balance, ...]
    is_balanced: bool
    is_final: bool
    verdict: str
    predicted: int
    spent: int
    held_back: HeldBack | None = None


def report_of(run: Run) -> Report:
    phases = list(run.phases.all())
    lines = tuple(
        _balance(run, phase.report)
        for phase in phases
        if phase.report.get("kind") and phase.report.get("source")
    )
    last: Mapping[str, Any] = next((phase.report for phase in phases if phase.name == "balance"), {})
    final = run.state == RunState.FINISHED
    balanced = all(line.balanced for line in lines)
    tokens = run.plan.get("tokens", {})
    predicted = tokens["write"] + tokens["verify"] if isinstance(tokens, dict) and tokens else tokens or 0
    verdict, spent = _verdict(run, lines, last, final), last.get("tokens_spent", 0)
    return Report(lines, balanced, final, verdict, predicted, spent, held_back_of(run))


def _verdict(run: Run, lines: tuple[Balance, ...], last: Mapping[str, Any], final: bool) -> str:
    faults = [f"{line.label}: {line.fault}" for line in lines if not line.balanced]
    if faults:
        return f"Not every row is accounted for. {' '.join(faults)}"
    if not final:
        return "Still counting. Finished phases are below."
    if run.kind == RunKind.ROLLBACK:
        return str(last.get("text", "Rolled back."))
    persons = next((line for line in lines if line.label == "Persons"), None)
    if persons is None:
        return "Every row is accounted for."
    parts = " + ".join(f"{b.count:,} {_skipped(b.said)}" for b in persons.buckets if b.count)
    return f"Every row is accounted for: {persons.source:,} profiles read = {parts}."


def _skipped(name: str) -> str:
    return {"skipped": "skipped by decision", "held": "held back"}.get(name, name)


def _balance(run: Run, line: Mapping[str, Any]) -> Balance:
    counts = _counts_of(run, line)
    written = line["done"] if run.kind == RunKind.ROLLBACK else line["created"] + line["updated"]
    return Balance(
        label=words.KINDS.get(line["kind"], line["kind"]),
        source=line["source"],
        buckets=tuple(
            Bucket(said, count, _list_url(run, line["kind"], state)) for said, state, count in counts
        ),
        written=written,
        verified=line.get("verified", 0),
        balanced=bool(line.get("balanced")),
        fault=_fault(line),
        reasons=tuple(_reason(run, line["kind"], row) for row in line.get("reasons", ())),
    )


def _counts_of(run: Run, line: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """(what people call it, what the list of records is asked for, how many)."""
    if run.kind != RunKind.ROLLBACK:
        return [(words.SAID.get(name, name), name, line.get(name, 0)) for name in BUCKETS]
    return [
        ("removed", "removed", line["delete"]),
        ("restored", "restored", line["restore"]),
        ("kept", "held", line["keep"]),
        ("already gone", "excluded", line["gone"]),
    ]


def _fault(line: Mapping[str, Any]) -> str:
    found = [f"{line[key]:,} {text}" for key, text in FAULTS if line.get(key)]
    return f"{', '.join(found)}." if found else "the sum of the buckets is not what was read."


def _reason(run: Run, kind: str, row: Mapping[str, Any]) -> dict[str, Any]:
    state = "rejected" if row.get("state") == "rejected" else words.BUCKETS.get(row["act"], row["act"])
    return dict(row) | {
        "bucket": words.SAID.get(state, state),
        "url": _list_url(run, kind, state, row["reason"]),
    }


def _list_url(run: Run, kind: str, state: str, reason: str = "") -> str:
    query = {"kind": kind, "state": state} | ({"reason": reason} if reason else {})
    return f"{reverse('run-records', args=[run.project.slug, run.pk])}?{urlencode(query)}"


@require_GET
def run_report(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    run = run_of(request, slug, pk)
    name = f"{run.get_kind_display()} {run.pk}"
    request.crumbs = [(name, reverse("run", args=[slug, pk])), ("Report", "")]  # type: ignore[attr-defined]
    at = standing_of(request, run.project)
    context = {"run": run, "project": run.project, "report": report_of(run), "target_name": at.target_name}
    context |= {"is_rollback": run.kind == RunKind.ROLLBACK, "name": name}
    return render(request, "migrator/runs/report.html", context)


@require_GET
def run_report_json(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Every number of the report, in full."""
    run = run_of(request, slug, pk)
    phases = [
        {
            "phase": p.name,
            "state": p.state,
            "planned": p.planned,
            "done": p.done,
            "failed": p.failed,
            "report": p.report,
        }
        for p in run.phases.all()
    ]
    content = {
        "project": run.project.name,
        "run": run.pk,
        "kind": run.kind,
        "state": run.state,
        "plan_checksum": run.plan_checksum,
        "map_checksum": run.map_checksum,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "plan": run.plan,
        "phases": phases,
    }
    response = JsonResponse(content, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="{slug}-run-{pk}-report.json"'
    return response
