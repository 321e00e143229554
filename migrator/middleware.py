"""What every answer carries: a request id for the log, the word to caches that pages hold personal data, and no
sign in a page's text that people cannot see.

Who may see what is decided by the views, not here.
"""

import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from migrator.visible import with_visible_signs

Next = Callable[[HttpRequest], HttpResponse]
TOO_LARGE = "That is more than one form may send. Send less at once."
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")


def request_id(get_response: Next) -> Next:
    """Take the proxy's id where it sent a plain one, else make one up; the log and the error page name it."""

    def handle(request: Any) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if WELL_FORMED.fullmatch(given) else secrets.token_hex(8)
        with structlog.contextvars.bound_contextvars(request_id=request.request_id):
            response = get_response(request)
        response["X-Request-ID"] = request.request_id
        return response

    return handle


def private_pages(get_response: Next) -> Next:
    """Pages of a signed-in person are kept by nobody; static files never pass here."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        return response

    return handle


def visible_signs(get_response: Next) -> Next:
    """Pages and parts of them show what a name hides; files go out as they are."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not response.streaming and response.get("Content-Type", "").startswith("text/html"):
            shown = with_visible_signs(response.content)
            if shown is not response.content:
                response.content = shown
        return response

    return handle


def too_large(get_response: Next) -> Next:
    """A form that is larger than any of ours gets one sentence, before anything reads what it holds."""

    def handle(request: HttpRequest) -> HttpResponse:
        try:
            _ = request.POST if request.method == "POST" else None
        except (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent):
            request.POST = QueryDict()  # nothing of it is read
            context = {"sentence": TOO_LARGE, "status": 413}
            return render(request, "refused.html", context, status=413)
        return get_response(request)

    return handle


def sign_in_again(get_response: Next) -> Next:
    """The way back after signing in is a page: neither a part of one, nor the address of a form, which opens
    none. A part cannot show the sign-in form either: htmx is told to open it whole."""

    def handle(request: Any) -> HttpResponse:
        response = get_response(request)
        is_page = request.method in ("GET", "HEAD") and not request.htmx
        if response.status_code != 302 or is_page or not _leads_to_sign_in(response):
            return response
        back = QueryDict(mutable=True)
        back["next"] = _page_of(request)
        where = f"{settings.LOGIN_URL}?{back.urlencode()}"
        return HttpResponse(status=204, headers={"HX-Redirect": where}) if request.htmx else redirect(where)

    return handle


def _page_of(request: Any) -> str:
    """The page that the person was on, as the browser tells."""
    at = urlsplit((request.htmx.current_url if request.htmx else request.headers.get("Referer")) or "/")
    return at.path if request.htmx or at.netloc == request.get_host() else "/"


def _leads_to_sign_in(response: HttpResponse) -> bool:
    """Signing out leads there too, and back to nowhere."""
    return str(response.get("Location", "")).startswith(f"{settings.LOGIN_URL}?")
