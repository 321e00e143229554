"""A project's home: what to do next, the eight stops with their gates, what happened lately, what it will cost."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from migrator import gates
from migrator.views import budgets
from migrator.views.loaders import project_of, standing_of
from migrator.web import render_page

ENTRIES = 5


@require_GET
def home(request: HttpRequest, slug: str) -> HttpResponse:
    project = project_of(request, slug)
    at = standing_of(request, project)
    context = {
        "project": project,
        "stops": gates.route(at),
        "next": gates.next_action(at),
        "safety": gates.safety(at),
        "entries": project.trail.select_related("actor").order_by("-seq")[:ENTRIES],
        "estimate": estimate_of(at),
        "budget": budgets.budget_of(at),
    }
    return render_page(request, "migrator/home.html", "migrator/_home.html", context)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the move costs, from the newest plan, else from the discovery. `title` says which."""

    title: str
    tokens: int
    days: int
    note: str


def estimate_of(at: gates.Standing) -> Estimate | None:
    if at.trial is not None and (tokens := at.trial.plan.get("tokens")):
        total = tokens["write"] + tokens["verify"]
        note = f"{tokens['way_back']:,} more would take it all back."
        return Estimate(f"Plan of sandbox run {at.trial.pk}", total, tokens["days"], note)
    found: dict[str, Any] = at.discovery.inventory.get("estimate", {}) if at.discovery else {}
    if not found:
        return None
    note = f"{found['one_to_one']} of {found['total']} fields have a place. Complexity: {found['grade']}."
    return Estimate("First estimate, before any decision", found["tokens"], found["days"], note)
