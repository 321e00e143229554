"""Who did what, when: the trail as a table, whether its chain holds, and the same as a file."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from migrator import trail as chain
from migrator.models import Project, TrailEntry
from migrator.tables import TrailTable
from migrator.views.loaders import project_of
from migrator.web import wants_partial

PAGE = 50
# Reading the whole chain takes a second per some ten thousand entries.
VERDICT_KEPT_S = 60


@require_GET
def trail(request: HttpRequest, slug: str) -> HttpResponse:
    project = project_of(request, slug)
    asked = {name: request.GET.get(name, "") for name in ("who", "on")}
    rows = list(_before(_matching(project, asked), request.GET.get("before", ""))[: PAGE + 1])
    shown = rows[:PAGE]
    context = {
        "project": project,
        "table": TrailTable(shown),
        "is_empty": not shown,
        "filters": _filters(project, asked),
        "clear_url": request.path if any(asked.values()) else "",
        "pager": _pager(asked, shown, len(rows) > PAGE, bool(request.GET.get("before"))),
    }
    if wants_partial(request):
        return render(request, "migrator/_trail.html", context)
    return render(request, "migrator/trail.html", context | {"chain": verdict_of(project)})


def _matching(project: Project, asked: dict[str, str]) -> QuerySet[TrailEntry]:
    rows = project.trail.order_by("-seq")
    rows = rows.filter(actor_label=asked["who"]) if asked["who"] else rows
    return rows.filter(object_kind=asked["on"]) if asked["on"] else rows


def _before(rows: QuerySet[TrailEntry], before: str) -> QuerySet[TrailEntry]:
    return rows.filter(seq__lt=int(before)) if before.isdecimal() else rows


def _pager(asked: dict[str, str], shown: list[TrailEntry], more: bool, later: bool) -> dict[str, str]:
    kept = {name: value for name, value in asked.items() if value}
    text = f"Entries {shown[-1].seq:,} to {shown[0].seq:,}" if shown else ""
    return {
        "text": text,
        "next_url": f"?{urlencode(kept | {'before': shown[-1].seq})}" if more else "",
        "previous_url": f"?{urlencode(kept)}" if later else "",
    }


def _filters(project: Project, asked: dict[str, str]) -> list[dict[str, Any]]:
    people = project.trail.order_by("actor_label").values_list("actor_label", flat=True).distinct()
    kinds = project.trail.order_by("object_kind").values_list("object_kind", flat=True).distinct()
    return [
        {"name": "who", "label": "Person", "value": asked["who"], "choices": [(p, p) for p in people]},
        {
            "name": "on",
            "label": "Object",
            "value": asked["on"],
            "choices": [(k, k.replace("_", " ").capitalize()) for k in kinds],
        },
    ]


def verdict_of(project: Project) -> dict[str, Any]:
    """Whether every entry follows from the one before it, as of the newest one."""
    newest = project.trail.order_by("-seq").first()
    if newest is None:
        return {"count": 0, "text": ""}
    key = f"trail/{project.pk}/{newest.seq}/{newest.hash}"
    broken = cache.get(key)
    if broken is None:
        broken = chain.first_break(project) or 0
        cache.set(key, broken, VERDICT_KEPT_S)
    text = f"Entry {broken:,} does not follow from the one before it. Compare the trail with an earlier download."
    return {"count": newest.seq, "text": text if broken else ""}


@require_GET
def trail_export(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Every entry as one JSON object a line, with its seal, so that the chain can be checked elsewhere."""
    project = project_of(request, slug)
    response = StreamingHttpResponse(_lines(project), content_type="application/x-ndjson")
    response["Content-Disposition"] = f'attachment; filename="{slug}-trail.jsonl"'
    return response


def _lines(project: Project) -> Iterator[str]:
    names = (
        "seq",
        "actor_label",
        "verb",
        "object_kind",
        "object_id",
        "sentence",
        "data",
        "prev_hash",
        "hash",
    )
    for entry in project.trail.order_by("seq").iterator(chunk_size=1000):
        line = {name: getattr(entry, name) for name in names} | {"at": entry.at.isoformat()}
        yield json.dumps(line, ensure_ascii=False) + "\n"
