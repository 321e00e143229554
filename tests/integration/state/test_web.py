"""The answers that every view shares, asked both ways: as a page and as a part."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages import get_messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import HttpResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from migrator.engine import errors
from migrator.web import go, refusals, render_page, wants_partial

PARTIAL = {"HX-Request": "true"}
REQUESTS: dict[str, tuple[dict[str, str], bool]] = {
    "a browser": ({}, False),
    "htmx": (PARTIAL, True),
    "a boosted link": (PARTIAL | {"HX-Boosted": "true"}, False),
    "a restored history entry": (PARTIAL | {"HX-History-Restore-Request": "true"}, False),
}


def request_with(headers: dict[str, str] | None = None) -> Any:
    request: Any = RequestFactory().post("/", headers=headers or {})
    request.htmx = HtmxDetails(request)
    request.user = AnonymousUser()
    request.session = {}
    request._messages = FallbackStorage(request)
    return request


def text(response: HttpResponse) -> str:
    return response.content.decode()


@pytest.mark.parametrize(("headers", "partial"), REQUESTS.values(), ids=REQUESTS)
def test_a_part_is_for_htmx_alone(headers: dict[str, str], partial: bool) -> None:
    assert wants_partial(request_with(headers)) is partial


def test_a_request_that_no_middleware_saw_wants_the_page() -> None:
    assert not wants_partial(RequestFactory().get("/", headers=PARTIAL))


@pytest.mark.django_db
@pytest.mark.parametrize(("headers", "partial"), REQUESTS.values(), ids=REQUESTS)
def test_page_and_part_are_kept_apart_by_caches(headers: dict[str, str], partial: bool) -> None:
    context = {"sentence": "It is locked.", "status": 403}
    response = render_page(
        request_with(headers), "refused.html", "components/_refused.html", context, status=403
    )
    assert "HX-Request" in response["Vary"]
    assert ("<html" in text(response)) is not partial
    assert (response.status_code, "It is locked." in text(response)) == (403, True)


def test_after_a_post_a_browser_is_redirected() -> None:
    request = request_with()
    response = go(request, "/m/nordlys/", "Started.")
    assert (response.status_code, response["Location"]) == (302, "/m/nordlys/")
    assert [str(m) for m in get_messages(request)] == ["Started."]


def test_after_a_post_htmx_is_told_where_to_go() -> None:
    response = go(request_with(PARTIAL), "/m/nordlys/")
    assert (response.status_code, response["HX-Redirect"]) == (204, "/m/nordlys/")


def test_without_a_text_there_is_no_message() -> None:
    request = request_with()
    go(request, "/")
    assert list(get_messages(request)) == []


@refusals
def view(request: Any, problem: Exception | None) -> HttpResponse:
    """Says what it is told to."""
    if problem:
        raise problem
    return HttpResponse("fine")


PROBLEMS = {
    "a refusal": (errors.RefusedError("Only owners can."), 403),
    "an unsafe plan": (errors.UnsafePlanError(("Too many fields.",)), 403),
    "a conflict": (errors.PermanentError("It changed."), 409),
    "a setting": (errors.ConfigurationError("Set a key."), 409),
    "a pause": (errors.TransientError("Come back later."), 409),
}


@pytest.mark.django_db
@pytest.mark.parametrize("headers", [{}, PARTIAL], ids=["page", "part"])
@pytest.mark.parametrize(("problem", "status"), PROBLEMS.values(), ids=PROBLEMS)
def test_it_turns_into_one_sentence(
    problem: errors.CrosswalkError, status: int, headers: dict[str, str]
) -> None:
    response = view(request_with(headers), problem)
    assert (response.status_code, problem.sentence in text(response)) == (status, True)
    assert ("<html" in text(response)) is not bool(headers)


def test_what_is_fine_passes_through() -> None:
    assert text(view(request_with(), None)) == "fine"
    assert view.__doc__ == "Says what it is told to."


def test_a_surprise_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        view(request_with(), ZeroDivisionError())
