"""The gate of the open cases: what is open, what becomes of it in a run, and the word that runs go on without."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from migrator import gates
from migrator.engine.errors import CrosswalkError
from migrator.views.loaders import project_of
from migrator.web import go, refusals
from reconciliation import waivers


def open_cases(request: HttpRequest, at: gates.Standing) -> dict[str, Any]:
    """What the gate's card shows; nothing where every case is decided."""
    if not at.queue.left:
        return {}
    kinds = [found for found in waivers.open_by_kind(at.project).values() if found.cases]
    return {
        "open_kinds": kinds,
        "open_total": sum(found.cases for found in kinds),
        "held_profiles": sum(found.profiles for found in kinds if found.holds),
        "waiver": at.waiver,
        "may_waive": at.may("waive_cases"),
    }


@require_POST
@refusals
def waive(request: HttpRequest, slug: str) -> HttpResponse:
    """Let runs go on without the cases that were on screen."""
    project = project_of(request, slug)
    waiver = waivers.give(
        project,
        request.user,
        request.POST.get("reason", ""),
        expected=_number(request.POST.get("expected", "")),
    )
    text = f"Runs go on without {waiver.cases:,} open cases, until another one opens."
    return go(request, reverse("run-new", args=[slug]), text)


@require_POST
@refusals
def withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    project = project_of(request, slug)
    waivers.withdraw(project, request.user)
    return go(request, reverse("run-new", args=[slug]), "Runs wait for the open cases again.")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise CrosswalkError("The form is not one of ours. Nothing was changed. Reload the page.")
    return int(text)
