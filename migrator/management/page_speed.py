"""Asks for pages as a browser would, inside this process, and tells how long the server took and how many
queries it sent."""

import math
from collections.abc import Callable
from importlib import import_module
from time import perf_counter
from typing import Any
from uuid import uuid4

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mapping_review import services
from mapping_review.models import FieldDecision, MapVersion
from migrator.management.many_fields import make_project, settle_all
from migrator.models import Project

HTMX = {"HX-Request": "true"}
# Opens and closes a transaction; it asks for nothing.
_CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT")
Visit = Callable[[], Any]


def queries_in(captured: CaptureQueriesContext) -> list[str]:
    """The statements that ask or write something."""
    return [query["sql"] for query in captured if not query["sql"].startswith(_CONTROL)]


def measure_pages(fields: int, rounds: int) -> dict[str, dict[str, float]]:
    """Times of each page of the field map with that many rows."""
    # Loads and settles everything as the web server does before its first page.
    import_module("migrator.wsgi")
    project, engineer = make_project(f"pages-{fields}", fields)
    pages = _Pages(project, engineer)
    found = {name: measured(visit, rounds) for name, visit in pages.of_a_draft().items()}
    return found | {name: measured(visit, rounds) for name, visit in pages.of_a_settled_map().items()}


def measured(visit: Visit, rounds: int) -> dict[str, float]:
    with CaptureQueriesContext(connection) as captured:
        checked(visit())
    # Read at once: the next request clears the log.
    queries = len(queries_in(captured))
    times = sorted(timed(visit) for _ in range(rounds))
    return {
        "p50_ms": round(1000 * _at(times, 0.5), 1),
        "p95_ms": round(1000 * _at(times, 0.95), 1),
        "queries": queries,
    }


def timed(visit: Visit) -> float:
    begun = perf_counter()
    checked(visit())
    return perf_counter() - begun


def checked(answer: Any) -> None:
    if answer.status_code != 200:
        raise RuntimeError(f"A page answered {answer.status_code}.")


def _at(times: list[float], share: float) -> float:
    """The smallest time that this share of all times does not exceed."""
    return times[max(0, math.ceil(share * len(times)) - 1)]


class _Pages:
    """The visits that are measured, on one project."""

    def __init__(self, project: Project, engineer: Any) -> None:
        self.project, self.engineer = project, engineer
        self.client = Client(SERVER_NAME="localhost")
        self.client.force_login(engineer)
        self.version: MapVersion = project.map_versions.get()
        self.open = self._open_rows()

    def of_a_draft(self) -> dict[str, Visit]:
        row = next(self.open)
        return {
            "map": self._get("map"),
            "list": self._get("map", part=True),
            "filter": self._get("map", "?kind=attribute&state=review", part=True),
            "search": self._get("map", "?q=member", part=True),
            "inspector": self._get("row", row.pk, part=True),
            "decide": self._decide,
            "undo": self._undo,
            "bulk_confirm": self._get("bulk-confirm", "?threshold=50"),
        }

    def of_a_settled_map(self) -> dict[str, Visit]:
        settle_all(self.version, self.engineer)
        return {"compare": self._get("compare", 1, self._second()), "sign_off": self._get("sign-off")}

    def _second(self) -> int:
        """The first version signed, and a draft beside it that starts from the same rows."""
        signed = services.sign_current(self.project, self.engineer)
        return services.open_draft(signed, user=self.engineer).number

    def _open_rows(self) -> Any:
        while True:
            yield from (
                self.version.decisions.filter(state="proposed", kind="attribute", proposal__abstained=False)
                .exclude(proposal__flags__contains=["conflict"])
                .order_by("-confidence")
            )

    def _get(self, name: str, *args: Any, part: bool = False) -> Visit:
        query = args[-1] if args and str(args[-1]).startswith("?") else ""
        url = reverse(f"mapping_review:{name}", args=[self.project.slug, *(args[:-1] if query else args)])
        headers = HTMX if part else {}
        return lambda: self.client.get(url + query, headers=headers)

    def _decide(self) -> Any:
        return self._act(next(self.open), "approve")

    def _undo(self) -> Any:
        """Takes back what was approved last."""
        row = self.version.decisions.filter(state="approved").order_by("-decided_at")[0]
        return self._act(row, "undo")

    def _act(self, row: FieldDecision, action: str) -> Any:
        url = reverse("mapping_review:row-decide", args=[self.project.slug, row.pk])
        data = {"action": action, "expected_version": row.lock_version, "client_key": uuid4()}
        return self.client.post(url, data, headers=HTMX)
