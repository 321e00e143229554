"""What may be written about a request: never a secret, a body, a query or a path with a person's key."""

import logging
from collections.abc import Mapping

from migrator.http.messages import Answer, Request

# Everything else is shown as its length: an allow-list cannot leak a header that nobody thought of.
SHOWN_HEADERS = frozenset(
    {
        "accept",
        "content-length",
        "content-type",
        "date",
        "retry-after",
        "x-correlation-id",
        "x-daily-ratelimit-token-limit",
        "x-daily-ratelimit-token-remaining",
        "x-daily-requests-left",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
    }
)

logger = logging.getLogger("migrator.http")


def silence_libraries() -> None:
    """httpx names whole addresses at INFO and httpcore shows headers at DEBUG; neither may reach a log."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def redact_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers with every value outside the allow-list replaced by its length."""
    return {
        name.lower(): value if name.lower() in SHOWN_HEADERS else f"[{len(value)} characters]"
        for name, value in headers.items()
    }


def describe(request: Request) -> str:
    """A request in one line for logs and errors, such as "GET /audience/sections/{section}/tags"."""
    return request.label


def log_answer(request: Request, answer: Answer, seconds: float) -> None:
    """One line about one answer: route, status, size and the service's own reference."""
    logger.debug(
        "%s answered %s in %.3f s, %s bytes, complete %s, reference %s",
        describe(request),
        answer.status,
        seconds,
        len(answer.body),
        answer.complete,
        answer.headers.get("x-correlation-id", "none"),
    )


def log_failure(request: Request, outcome: str, cause: str, seconds: float) -> None:
    """One line about a request that brought no answer."""
    logger.warning("%s brought no answer after %.3f s: %s (%s)", describe(request), seconds, outcome, cause)
