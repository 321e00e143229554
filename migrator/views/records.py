"""Lists of one run's records by what became of them, paged by key so that the last page costs what the first does."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from migrator.engine.operations import Act, OperationState
from migrator.engine.records import Kind
from migrator.models import Operation, Run, StagedProfile
from migrator.tables import RecordTable
from migrator.views import words
from migrator.views.loaders import run_of
from migrator.web import wants_partial

PAGE = 50
DONE = OperationState.DONE.value
# What the address may ask for, and the rows that it means.
STATES: dict[str, dict[str, Any]] = {
    "rejected": {"state": OperationState.REJECTED.value},
    "held": {"act": Act.HOLD.value},
    "excluded": {"act": Act.EXCLUDE.value},
    "merged": {"act": Act.MERGE.value},
    "unchanged": {"act": Act.UNCHANGED.value},
    "created": {"act": Act.CREATE.value},
    "updated": {"act": Act.UPDATE.value},
    "removed": {"act": Act.DELETE.value},
    "restored": {"act": Act.RESTORE.value},
    "missing": {"state": DONE, "verified__isnull": True},
    "differing": {"state": DONE, "verified": False},
}
LABELS = {"excluded": "Skipped", "differing": "Written, but differs", "missing": "Written, not found"}


@require_GET
def run_records(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    run = run_of(request, slug, pk)
    asked = {name: request.GET.get(name, "") for name in ("kind", "state", "reason")}
    rows = list(_after(_matching(run, asked), request.GET.get("after", ""))[: PAGE + 1])
    shown = rows[:PAGE]
    table = RecordTable(shown, names=_names(run, shown))
    context = {
        "run": run,
        "project": run.project,
        "table": table,
        "reason": asked["reason"],
        "pager": _pager(asked, shown, len(rows) > PAGE, bool(request.GET.get("after"))),
        "filters": _filters(asked),
        "clear_url": request.path if any(asked.values()) else "",
        "is_empty": not shown,
    }
    if wants_partial(request):
        return render(request, "migrator/runs/_records.html", context)
    name = f"{run.get_kind_display()} {run.pk}"
    request.crumbs = [(name, reverse("run", args=[slug, pk])), ("Records", "")]  # type: ignore[attr-defined]
    return render(request, "migrator/runs/records.html", context)


def _matching(run: Run, asked: dict[str, str]) -> QuerySet[Operation]:
    rows = run.operations.order_by("pk")
    if asked["kind"] in words.KINDS:
        rows = rows.filter(kind=asked["kind"])
    if asked["state"] in STATES:
        rows = rows.filter(**STATES[asked["state"]])
    return rows.filter(reason=asked["reason"]) if asked["reason"] else rows


def _after(rows: QuerySet[Operation], after: str) -> QuerySet[Operation]:
    return rows.filter(pk__gt=int(after)) if after.isdecimal() else rows


def _names(run: Run, shown: list[Operation]) -> dict[str, str]:
    """Names of the profiles on this page, in one query."""
    keys = [row.key for row in shown if row.kind == Kind.PERSON]
    if not keys or run.discovery_id is None:
        return {}
    rows = StagedProfile.objects.filter(discovery_id=run.discovery_id, source_key__in=keys)
    return {key: name or email for key, name, email in rows.values_list("source_key", "name", "email")}


def _pager(asked: dict[str, str], shown: list[Operation], more: bool, later: bool) -> dict[str, str]:
    kept = {name: value for name, value in asked.items() if value}
    following = f"?{urlencode(kept | {'after': shown[-1].pk})}" if more else ""
    first = f"?{urlencode(kept)}" if later else ""
    return {"text": f"{len(shown)} records on this page", "next_url": following, "previous_url": first}


def _filters(asked: dict[str, str]) -> list[dict[str, Any]]:
    states = [(name, LABELS.get(name, name.capitalize())) for name in STATES]
    return [
        {"name": "kind", "label": "Kind", "value": asked["kind"], "choices": list(words.KINDS.items())},
        {"name": "state", "label": "What became of it", "value": asked["state"], "choices": states},
    ]
