"""The discovery stop: start it, watch it, and read what is on both sides."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST
from django_tables2 import RequestConfig

from migrator import gates, policies, runner, staging
from migrator.choices import RunKind
from migrator.models import Discovery
from migrator.tables import AttributeTable
from migrator.views import inventory
from migrator.views.loaders import project_of, standing_of
from migrator.views.runs import run_context
from migrator.web import refusals, wants_partial

ATTRIBUTES_A_PAGE = 25
# Where a finding is settled, by the word that the discovery stored.
LINKS = {"queue": "reconciliation:queue", "map": "mapping_review:map", "connections": "connections"}


@require_GET
def discovery(request: HttpRequest, slug: str) -> HttpResponse:
    """The inventory; while a discovery runs, its progress above what the last one found."""
    project = project_of(request, slug)
    at = standing_of(request, project)
    running = at.open_run if at.open_run and at.open_run.kind == RunKind.DISCOVERY else None
    context = {
        "project": project,
        "at": at,
        "conditions": gates.connection_conditions(at),
        "may_start": policies.can_start_discovery(request.user, project),
        "found": at.discovery,
    }
    if running is not None:
        context |= run_context(request, running)
    if at.discovery is not None:
        context |= _found(request, at, at.discovery)
        if wants_partial(request):
            return render(request, "components/_table.html", {"table": context["table"], "request": request})
    return render(request, "migrator/discovery.html", context)


def _found(request: HttpRequest, at: gates.Standing, found: Discovery) -> dict[str, Any]:
    project = at.project
    attributes = inventory.attributes_of(staging.source_fields(project))
    table = AttributeTable(attributes)
    RequestConfig(request, paginate={"per_page": ATTRIBUTES_A_PAGE}).configure(table)
    return {
        "source": inventory.source_of(found, int(project.setting("rare_tag_limit"))),
        "target": inventory.target_of(found),
        "findings": [_finding(at, row) for row in found.findings],
        "stale": inventory.is_stale(found),
        "attributes": attributes,
        "table": table,
    }


def _finding(at: gates.Standing, row: dict[str, Any]) -> dict[str, Any]:
    """With the place where it is settled, and how many of its cases are still open there."""
    kind = next((kind for kind in at.queue.kinds if kind.kind == row.get("kind")), None)
    if kind is not None and (url := at.url("reconciliation:queue-kind", kind.kind)):
        return row | {"url": url, "open": kind.open}
    name = LINKS.get(row.get("link", ""))
    return row | {"url": at.url(name) if name else "", "open": None}


@require_POST
@refusals
def discovery_start(request: HttpRequest, slug: str) -> HttpResponse:
    project = project_of(request, slug)
    runner.start_discovery(project, request.user)
    return redirect("discovery", slug)


@require_GET
def discovery_inventory(request: HttpRequest, slug: str) -> HttpResponse:
    """The inventory as a file: counts and names, no profile."""
    project = project_of(request, slug)
    found = staging.current_discovery(project)
    if found is None:
        return redirect("discovery", slug)
    content = {
        "project": project.name,
        "completed_at": found.completed_at,
        "inventory": found.inventory,
        "findings": found.findings,
    }
    response = JsonResponse(content, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="{project.slug}-inventory.json"'
    return response
