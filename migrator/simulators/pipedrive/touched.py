"""Which record a request touched, seen from its address and its true answer."""

import json
import re
from dataclasses import dataclass
from typing import Any

from migrator.simulators.http_wsgi import Request, Response

_ADDRESS = re.compile(r"/(?:api/)?v[12]/(persons|organizations|deals|activities|notes)(?:/(\d+))?(?:/.*)?")


@dataclass(frozen=True, slots=True)
class Touched:
    """One record."""

    kind: str
    number: int

    @property
    def address(self) -> str:
        """Where its operations are."""
        version = "/v1" if self.kind == "notes" else "/api/v2"
        return f"{version}/{self.kind}/{self.number}"


def touched_by(request: Request, truth: Response | None, roll: float) -> Touched | None:
    """The record that was made, changed or read; of a list, the one that the roll picks."""
    found = _ADDRESS.fullmatch(request.path)
    if found is None:
        return None
    kind, number = found.groups()
    rows = _rows(truth)
    if number is None and not rows:
        return None
    if number is None:
        number = rows[int(roll * len(rows))]["id"]
    return Touched(kind, int(number))


def _rows(truth: Response | None) -> list[dict[str, Any]]:
    if truth is None or truth.status >= 300 or truth.pieces is not None:
        return []
    try:
        data = json.loads(truth.body).get("data")
    except (ValueError, AttributeError):
        return []
    rows = data if isinstance(data, list) else [data]
    return [row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), int)]
