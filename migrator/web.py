"""Small answers that every view shares: is this a partial, how is a refusal shown, where to go next."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers

from migrator import policies, staging
from migrator.engine.errors import CrosswalkError, RefusedError
from migrator.models import Project

View = Callable[..., HttpResponse]


def wants_partial(request: HttpRequest) -> bool:
    """Whether htmx asked for a part of the page: not boosted, and not a restored history entry."""
    htmx: Any = getattr(request, "htmx", None)
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def keep_project(request: Any, project: Project, role: str) -> None:
    """What a loader read of the project and of the person's role in it, for every other part of the page."""
    policies.know_role(request.user, project, role)
    staging.read_once(project)
    request.project = project


def render_page(
    request: HttpRequest,
    page: str,
    partial: str,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    """The partial for htmx, the whole page for everybody else; caches keep the two apart."""
    response = render(request, partial if wants_partial(request) else page, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def go(request: HttpRequest, url: str, text: str = "", *, level: int = messages.SUCCESS) -> HttpResponse:
    """After a POST: a redirect that htmx follows as a whole page too, with one message."""
    if text:
        messages.add_message(request, level, text)
    if wants_partial(request):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = url
        return response
    return redirect(url)


def refusals(view: View) -> View:
    """Turn a refusal or another error of ours into one sentence: 403 for policy, 409 for the rest."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except CrosswalkError as problem:
            status = 403 if isinstance(problem, RefusedError) else 409
            context = {"sentence": problem.sentence, "status": status}
            return render_page(request, "refused.html", "components/_refused.html", context, status=status)

    return guarded
