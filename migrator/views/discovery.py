"""The discovery stop: start it, watch it, and read what is on both sides."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django_tables2 import RequestConfig

from migrator import gates, policies, runner, staging
from migrator.choices import RunKind
from migrator.models import Discovery, Project, Run
from migrator.tables import AttributeTable
from migrator.views import inventory
from migrator.views.loaders import project_of, standing_of
from migrator.views.runs import run_context
from migrator.web import refusals, wants_partial

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
        context |= _found(request, project, at.discovery)
        if wants_partial(request):
            return render(request, "components/_table.html", {"table": context["table"], "request": request})
    return render(request, "migrator/discovery.html", context)


def _found(request: HttpRequest, project: Project, found: Discovery) -> dict[str, object]:
    attributes = inventory.attributes_of(staging.source_fields(project))
    table = AttributeTable(attributes)
    RequestConfig(request, paginate=False).configure(table)
    return {
        "source": inventory.source_of(found, int(project.setting("rare_tag_limit"))),
        "target": inventory.target_of(found),
        "findings": [row | {"url": _link(project, row)} for row in found.findings],
        "stale": inventory.is_stale(found),
        "attributes": attributes,
        "table": table,
    }


def _link(project: Project, row: dict[str, str]) -> str:
    if row.get("link") == "queue" and row.get("kind") in KINDS:
        return reverse("reconciliation:queue-kind", args=[project.slug, row["kind"]])
    name = LINKS.get(row.get("link", ""))
    return reverse(name, args=[project.slug]) if name else ""


KINDS = ("no-email", "no-name", "duplicates", "type-conflicts", "tags", "organizations")


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
