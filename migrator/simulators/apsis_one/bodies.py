"""Reading request bodies: the pieces that several endpoints check in the same way, each refusal a 400."""

from datetime import UTC, datetime
from typing import Any

import orjson

from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.http_wsgi import Request


def object_of(request: Request) -> dict[str, Any]:
    """The body, which must be an object in strict JSON: no NaN and no halves of surrogate pairs."""
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise ApiProblem(400, f"The body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ApiProblem(400, "The body must be an object.")
    return body


def text_of(body: Any, name: str) -> str:
    """A required text of an object."""
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, str) or not value:
        raise ApiProblem(400, f"{name} is required.")
    return value


def flag_of(body: dict[str, Any], name: str, default: bool = False) -> bool:
    """An optional true or false."""
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise ApiProblem(400, f"{name} must be true or false.")
    return value


def rows_of(body: dict[str, Any], name: str, longest: int, *, required: bool = False) -> list[dict[str, Any]]:
    """A list of objects, at most `longest` (that lists have limits is documented, the figure is assumed)."""
    rows = body.get(name, None if required else [])
    if (
        not isinstance(rows, list)
        or not all(isinstance(row, dict) for row in rows)
        or (required and not rows)
    ):
        raise ApiProblem(400, f"{name} must be a list of objects.")
    if len(rows) > longest:
        raise ApiProblem(400, f"{name} may hold {longest} entries at most.")
    return rows


def moment_of(body: dict[str, Any], name: str) -> datetime | None:
    """A date and time in ISO 8601, None where it is left out; without a zone it is UTC."""
    value = body.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ApiProblem(400, f"{name} must be a date and time in ISO 8601.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def stamp(now: float) -> str:
    """Unix seconds as the API writes moments."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
