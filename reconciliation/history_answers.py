"""The history of decisions, and what an undo would leave because it was decided again later."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from migrator.models import Project, Run
from reconciliation import policies, queries, services
from reconciliation.filters import Filters
from reconciliation.forms import UndoForm
from reconciliation.models import Bulk
from reconciliation.queries import HistoryBatch
from reconciliation.screens import answer, part, screen


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: `run` used the decision and stands in the way of an undo, `bulk` has a page of its own."""

    batch: HistoryBatch
    run: Run | None
    bulk: int | None


def history_page(request: HttpRequest, project: Project, batches: list[HistoryBatch]) -> HttpResponse:
    context = screen(request, project, None, Filters()) | {"entries": _entries(project, batches)}
    context["older"] = batches[-1].first if len(batches) == queries.PAGE else None
    return answer(request, "history.html", "_history.html", context)


def _entries(project: Project, batches: Sequence[HistoryBatch]) -> list[Entry]:
    # The newest run that used the oldest of them is the newest for all that it used.
    run = policies.using_run(project, min(b.at for b in batches)) if batches else None
    bulks = _bulks(project, [b.batch for b in batches])
    return [
        Entry(b, run if run and b.at <= run.created_at and b.standing else None, bulks.get(b.batch))
        for b in batches
    ]


def _bulks(project: Project, batches: list[UUID]) -> dict[UUID, int]:
    return dict(Bulk.objects.filter(project=project, batch__in=batches).values_list("batch", "pk"))


def overtaken(
    request: HttpRequest, project: Project, form: UndoForm, left: Sequence[services.Conflict]
) -> HttpResponse:
    """What was decided again later, to tick or to leave; nothing was changed yet."""
    context = screen(request, project, None, Filters()) | {"left": left, "form": form.cleaned_data}
    return part(request, "undo.html", context)
