"""What every answer carries: a request id for the log, and the word to caches that pages hold personal data.

Who may see what is decided by the views, not here.
"""

import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict

Next = Callable[[HttpRequest], HttpResponse]
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


def sign_in_again(get_response: Next) -> Next:
    """A part of a page cannot show the sign-in form: htmx is told to open it whole, with the way back."""

    def handle(request: Any) -> HttpResponse:
        response = get_response(request)
        if response.status_code != 302 or not request.htmx or not _leads_to_sign_in(response):
            return response
        back = QueryDict(mutable=True)
        back["next"] = urlsplit(request.htmx.current_url or "/").path
        answer = HttpResponse(status=204)
        answer["HX-Redirect"] = f"{settings.LOGIN_URL}?{back.urlencode()}"
        return answer

    return handle


def _leads_to_sign_in(response: HttpResponse) -> bool:
    return str(response.get("Location", "")).startswith(settings.LOGIN_URL)
