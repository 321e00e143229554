"""Asks for the pages of a long queue as a browser would, and decides fifty thousand cases in the background."""

from collections.abc import Iterator
from importlib import import_module
from time import perf_counter
from typing import Any
from uuid import uuid4

from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from migrator.choices import Role
from migrator.engine.cases import CaseKind, Decide
from migrator.management.many_cases import make_cases, tables
from migrator.management.many_fields import make_project
from migrator.management.page_speed import HTMX, Visit, measured
from migrator.models import Membership, Project
from reconciliation import bulks, counts
from reconciliation.choices import BulkState
from reconciliation.filters import Filters
from reconciliation.models import ReviewItem
from reconciliation.outcomes import Choice

IN_BULK = 50_000
FIELDS = 40
KIND = CaseKind.NO_EMAIL


def measure_queue(cases: int, rounds: int) -> dict[str, Any]:
    """{"pages": {name: {"p50_ms", "p95_ms", "queries"}}, "fill_seconds", "bulk_decide_<n>": {"seconds"}}."""
    import_module("migrator.wsgi")
    project, engineer = make_project(f"queue-{cases}", FIELDS)
    Membership.objects.filter(project=project, user=engineer).update(role=Role.ENGINEER)
    begun = perf_counter()
    make_cases(project, cases)
    settle()
    filled = round(perf_counter() - begun, 1)
    visits = _Visits(project, engineer).all()
    pages = {name: measured(visit, rounds) for name, visit in visits.items()}
    wanted = min(IN_BULK, cases // 4)
    return {"pages": pages, "fill_seconds": filled} | _bulk(project, engineer, wanted)


def settle() -> None:
    """What the database and the sweeper do by themselves within minutes of a discovery."""
    counts.compact()
    with connection.cursor() as cursor:
        for table in tables():
            cursor.execute(f"vacuum analyze {table}")


class _Visits:
    """The requests that are measured, on one project."""

    def __init__(self, project: Project, engineer: Any) -> None:
        self.project, self.engineer = project, engineer
        self.client = Client(SERVER_NAME="localhost")
        self.client.force_login(engineer)
        self.open = self._open_ids()
        self.batches: list[Any] = []

    def all(self) -> dict[str, Visit]:
        # From the middle of the list, where a person seldom is and a slow reader would show.
        rows = self.project.review_items.filter(kind=KIND.value).order_by("pk")
        middle = rows[rows.count() // 2]
        return {
            "list": self._list(),
            "part": self._list(part=True),
            "page_2": self._list(f"?after={middle.group_order}.{middle.rank}.{middle.pk}", part=True),
            "filter": self._list("?phone=no&seen=2025", part=True),
            "filter_section": self._list("?section=Norway&sort=sure", part=True),
            "filter_tag": self._list("?tag=vip", part=True),
            "search": self._list("?q=kivinen", part=True),
            "search_rare": self._list("?q=profile-12345", part=True),
            "search_common": self._list("?q=profile", part=True),
            "newest": self._list("?sort=newest", part=True),
            "item": self._item(middle.pk),
            "item_of_search": self._item(middle.pk, "?q=profile"),
            "decide": self._decide,
            "undo": self._undo,
            "history": self._get("history"),
            "bulk_preview": self._get("bulk-preview", query=f"?kind={KIND.value}"),
            "bulk_preview_filtered": self._get("bulk-preview", query=f"?kind={KIND.value}&q=kivinen"),
        }

    def _list(self, query: str = "", *, part: bool = False) -> Visit:
        return self._get("queue-kind", KIND.value, query=query, part=part)

    def _item(self, pk: int, query: str = "") -> Visit:
        return self._get("item", pk, query=query, part=True)

    def _get(self, name: str, *args: Any, query: str = "", part: bool = False) -> Visit:
        url = reverse(f"reconciliation:{name}", args=[self.project.slug, *args]) + query
        headers = HTMX if part else {}
        return lambda: self.client.get(url, headers=headers)

    def _open_ids(self) -> Iterator[tuple[int, int]]:
        rows = self.project.review_items.filter(kind=KIND.value, state="open").order_by("pk")
        yield from rows.values_list("pk", "lock_version")[:5000]

    def _decide(self) -> Any:
        pk, version = next(self.open)
        key = uuid4()
        self.batches.append(key)
        url = reverse("reconciliation:item-decide", args=[self.project.slug, pk])
        data = {"action": Decide.SKIP, "reason": "Nothing is known.", "expected_version": version}
        return self.client.post(url, {**data, "client_key": key}, headers=HTMX)

    def _undo(self) -> Any:
        """Takes back what was decided last; there is always one left, for the visits before decided as often."""
        url = reverse("reconciliation:undo", args=[self.project.slug])
        return self.client.post(url, {"batch": self.batches.pop(), "client_key": uuid4()}, headers=HTMX)


def _bulk(project: Project, engineer: Any, wanted: int) -> dict[str, Any]:
    """Decides, then takes back; in slices as a worker does. Raises RuntimeError where one was not done."""
    kind, query = _bulk_filter(project, wanted)
    begun = perf_counter()
    bulk = bulks.start(
        project, kind, query, timezone.now(), Choice(), user=engineer, client_key=uuid4(), expected=None
    )
    decided = _worked(bulk)
    taken = perf_counter() - begun
    begun = perf_counter()
    _worked(bulks.undo(bulk, engineer, uuid4()))
    back = perf_counter() - begun
    name = f"bulk_decide_{wanted}"
    return {
        name: {"seconds": round(taken, 1), "cases": decided},
        name.replace("decide", "undo"): {"seconds": round(back, 1)},
    }


def _bulk_filter(project: Project, wanted: int) -> tuple[CaseKind, str]:
    """A filter that lets through about so many: the tagged of one assignee."""
    chosen = project.review_items.filter(kind=KIND.value, state="open").order_by("pk")[:wanted]
    someone = Membership.objects.get(project=project).user_id
    ReviewItem.objects.filter(pk__in=list(chosen.values_list("pk", flat=True))).update(assigned_to=someone)
    return KIND, Filters(assignee=str(someone)).as_query()


def _worked(bulk: Any) -> int:
    while bulks.work(bulk.pk):
        pass
    bulk.refresh_from_db()
    if bulk.state != BulkState.FINISHED or bulk.done != bulk.planned:
        raise RuntimeError(f"The bulk is {bulk.state} after {bulk.done} of {bulk.planned}: {bulk.message}")
    return int(bulk.done)
