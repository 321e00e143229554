"""Both accounts of a project: where they are, whether they answer, and their secrets, which are only ever written."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from migrator import connections as accounts
from migrator import policies, trail
from migrator.choices import Side
from migrator.engine.errors import RefusedError
from migrator.forms import FORMS, ConnectionForm
from migrator.models import Connection, Project
from migrator.views.loaders import project_of, standing_of
from migrator.web import go, refusals, wants_partial

TONES = {"ok": "y", "warn": "w", "fail": "n"}
ICONS = {"ok": "check", "warn": "alert-triangle", "fail": "circle-x"}


@require_GET
def connections(request: HttpRequest, slug: str) -> HttpResponse:
    project = project_of(request, slug)
    return _page(request, project, {})


def _page(
    request: HttpRequest, project: Project, forms: dict[str, ConnectionForm], status: int = 200
) -> HttpResponse:
    cards = [_card(request, project, side, forms.get(side)) for side in Side]
    context = {"project": project, "cards": cards}
    return render(request, "migrator/connections.html", context, status=status)


def _card(request: HttpRequest, project: Project, side: Side, form: ConnectionForm | None) -> dict[str, Any]:
    connection = _connection(project, side)
    lines = [
        {"tone": TONES[level], "icon": ICONS[level], "text": text, "next_step": step}
        for level, text, step in connection.check_lines
    ]
    return {
        "side": side,
        "label": side.label,
        "connection": connection,
        "form": form or FORMS[side](connection=connection),
        "is_open": form is not None or connection.pk is None,
        "lines": lines,
        "verdict": _verdict(connection),
        "may": policies.can_manage_connections(request.user, project),
    }


def _connection(project: Project, side: Side) -> Connection:
    found = project.connections.filter(side=side).first()
    return found or Connection(project=project, side=side)


def _verdict(connection: Connection) -> tuple[str, str, str]:
    """Label, tone and icon of the last check."""
    if connection.pk is None:
        return "Not connected", "line", "plug-connected"
    levels = {level for level, *_ in connection.check_lines}
    if not connection.checked_at:
        return "Not tested yet", "warn", "clock"
    if "fail" in levels:
        return "Does not work", "bad", "circle-x"
    return (
        ("Works, with a warning", "warn", "alert-triangle") if "warn" in levels else ("Works", "ok", "check")
    )


def _side(side: str) -> Side:
    try:
        return Side(side)
    except ValueError as problem:
        raise Http404("There are two sides: source and target.") from problem


@require_POST
@refusals
def connections_save(request: HttpRequest, slug: str, side: str) -> HttpResponse:
    """Save address and settings; an empty secret keeps the stored one."""
    project, which = project_of(request, slug), _side(side)
    policies.check_can_manage_connections(request.user, project)
    _check_nothing_runs(request, project)
    connection = _connection(project, which)
    form = FORMS[which](request.POST, connection=connection)
    if not form.is_valid():
        return _page(request, project, {which: form}, status=422)
    _store(connection, form)
    sentence = f"Saved the connection to {which.label}" + (
        " with a new secret." if form.cleaned_data["secret"] else "."
    )
    trail.append(project, request.user, "save", "connection", which.value, sentence)
    return go(request, reverse("connections", args=[slug]), f"{sentence} Test it now.")


def _check_nothing_runs(request: HttpRequest, project: Project) -> None:
    """A run must not wake up in another account than it began in."""
    run = standing_of(request, project).open_run
    if run is not None:
        raise RefusedError(
            f"{run.get_kind_display()} {run.pk} is {run.get_state_display().lower()}. "
            "Nothing was changed. Finish or abort it, then change the connection."
        )


def _store(connection: Connection, form: ConnectionForm) -> None:
    connection.base_url, connection.config = form.cleaned_data["base_url"], form.config
    connection.check_lines, connection.checked_at = [], None
    if secret := form.cleaned_data["secret"]:
        accounts.store_secret(connection, secret)
    else:
        connection.save()


@require_POST
@refusals
def connections_test(request: HttpRequest, slug: str, side: str) -> HttpResponse:
    """Ask the account what can be seen with the stored secret; it is only read."""
    project, which = project_of(request, slug), _side(side)
    policies.check_can_manage_connections(request.user, project)
    connection = accounts.connection_for(project, which)
    accounts.check(connection)
    if wants_partial(request):
        return render(
            request,
            "migrator/_connection.html",
            {"project": project, "card": _card(request, project, which, None)},
        )
    return go(request, reverse("connections", args=[slug]) + f"#connection-{which.value}")
