"""The projects a person belongs to, each with its route in miniature and what to do next."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from migrator import gates
from migrator.models import Project

# One page of them; a person works on a handful.
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Card:
    project: Project
    stops: list[gates.Stop]
    next: gates.NextAction
    safety: gates.Safety
    role: str

    @property
    def done(self) -> int:
        return sum(stop.state == "done" for stop in self.stops)


@require_GET
def projects(request: HttpRequest) -> HttpResponse:
    """Somebody with one project wants that one; `?all` shows the list all the same."""
    found = list(Project.objects.for_user(request.user).order_by("name", "pk")[:SHOWN])
    if len(found) == 1 and "all" not in request.GET:
        return redirect("home", found[0].slug)
    cards = [_card(request, project) for project in found]
    return render(request, "migrator/projects.html", {"cards": cards})


def _card(request: HttpRequest, project: Project) -> Card:
    at = gates.standing(project, request.user)
    role = at.role.label if at.role else ""
    return Card(project, gates.route(at), gates.next_action(at), gates.safety(at), role)
