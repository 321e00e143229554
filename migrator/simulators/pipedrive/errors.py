"""Refusals and the envelopes they travel in."""

from typing import Any

from migrator.simulators.http_wsgi import Response, json_response

INFO = "Please check developers.pipedrive.com for more information."


class ApiError(Exception):
    """A request is refused; carries the status and the words of the answer, or its whole body where that differs."""

    def __init__(
        self, status: int, error: str, *, code: str | None = None, body: dict[str, Any] | None = None
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.code = code
        self.body = body


def invalid(reason: str) -> ApiError:
    """400 in the words v2 uses for a body or a parameter that breaks its schema."""
    return ApiError(400, f"Validation failed: {reason}", code="ERR_SCHEMA_VALIDATION_FAILED")


def not_found(what: str) -> ApiError:
    """404 for a record that is not there or not visible."""
    return ApiError(404, f"{what} not found")


def error_response(problem: ApiError) -> Response:
    """The usual error envelope."""
    if problem.body is not None:
        return json_response(problem.status, problem.body)
    body: dict[str, Any] = {"success": False, "error": problem.error, "error_info": INFO}
    if problem.code is not None:
        body["code"] = problem.code
    body |= {"data": None, "additional_data": None}
    return json_response(problem.status, body)


def unauthorized() -> Response:
    """401 as the gateway words it."""
    return json_response(401, {"success": False, "error": "unauthorized access", "errorCode": 401})


def too_many(error: str, headers: dict[str, str]) -> Response:
    """429 as the gateway words it."""
    body = {"success": False, "error": error, "errorCode": 429, "error_info": INFO}
    return json_response(429, body, headers)


BLOCK_PAGE = (
    b"<!DOCTYPE html><html><head><title>Access denied</title></head><body><h1>Error 1015</h1>"
    b"<p>You are being rate limited. The owner of this website has banned you temporarily.</p></body></html>"
)


def blocked() -> Response:
    """403 as a content delivery network words it: a page, not JSON."""
    return Response(403, BLOCK_PAGE, {"content-type": "text/html; charset=UTF-8", "server": "cloudflare"})
