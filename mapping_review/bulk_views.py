"""The bulk approval's pages: what would be approved and what is kept back, the drawn rows one by one, the act.

The marks of the rows that were opened travel in addresses and forms, so that it works without JavaScript and
nothing is written before the approval.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from mapping_review import bulk, fences, previews, queries, second_looks, services
from mapping_review.cells import Sheet, detail_of, name_of, percent
from mapping_review.forms import BulkApproveForm, BulkForm
from mapping_review.models import FieldDecision, MapVersion
from mapping_review.outlines import outlines_of
from mapping_review.queries import Row
from mapping_review.views import draft_for
from migrator.engine.errors import RefusedError
from migrator.engine.field_map import rule_from_json
from migrator.engine.inventory import SourceKind
from migrator.web import go, refusals, render_page

_NAMES = 12


@dataclass(frozen=True)
class Choice:
    """One reading of what a threshold lets through, for one person with the marks they have. Three queries."""

    version: MapVersion
    threshold: int
    user: Any
    given: Sequence[str] = ()

    @cached_property
    def found(self) -> fences.Sorted:
        rows = outlines_of(self.version)
        facts = bulk.facts_from(rows, queries.settings_for(self.version.project))
        # Outlines have every column that the fences look at.
        order = sorted(cast(list[FieldDecision], rows), key=lambda row: (row.confidence, row.pk))
        return fences.sort_out(order, facts, self.threshold / 100)

    @cached_property
    def drawn(self) -> list[Row]:
        """The rows to open, whole."""
        drawn = bulk.drawn_for(self.found.free, self.version, self.user)
        return queries.rows_in(self.version, [row.pk for row in drawn])

    @cached_property
    def unopened(self) -> list[int]:
        return bulk.unopened(self.drawn, self.user, self.given)

    @property
    def marks(self) -> list[str]:
        """The marks that count, and no others."""
        return [self.mark(row) for row in self.drawn if row.decision.pk not in self.unopened]

    def mark(self, row: Row) -> str:
        return bulk.mark_of(row, self.user)

    def address(self, name: str, *args: int) -> str:
        path = reverse(f"mapping_review:{name}", args=[self.version.project.slug, *args])
        return f"{path}?{urlencode([('threshold', self.threshold), *(('mark', m) for m in self.marks)])}"


# Pages


@require_GET
@refusals
def bulk_confirm(request: HttpRequest, slug: str) -> HttpResponse:
    """What a bulk approval would approve and what it keeps back, before it does anything."""
    _, version = draft_for(request, slug)
    form = BulkForm(request.GET)
    return _page(request, version, form, status=200 if form.is_valid() else 422)


@require_GET
@refusals
def bulk_look(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One of the drawn rows, whole. Its form goes on to the next one with the mark of this one."""
    project, version = draft_for(request, slug)
    form = BulkForm(request.GET)
    choice = _choice(request, version, form)
    row = next((row for row in choice.drawn if row.decision.pk == pk), None)
    if row is None:
        text = "The rows changed meanwhile, and others are drawn now. Nothing was approved."
        return go(request, choice.address("bulk-confirm"), text, level=messages.WARNING)
    left = [other for other in choice.unopened if other != pk]
    following = reverse("mapping_review:bulk-look", args=[slug, left[0]]) if left else ""
    sheet = Sheet(row, slug)
    context = previews.for_sheet(sheet, project) | {
        "project": project, "version": version, "row": sheet, "left": len(left),
        "number": choice.drawn.index(row) + 1, "of": len(choice.drawn), "threshold": choice.threshold,
        "marks": [*choice.marks, choice.mark(row)], "back_url": choice.address("bulk-confirm"),
        "next_url": following or reverse("mapping_review:bulk-confirm", args=[slug]),
    }  # fmt: skip
    return render_page(request, "mapping_review/look.html", "mapping_review/_look.html", context)


@require_POST
@refusals
def bulk_approve(request: HttpRequest, slug: str) -> HttpResponse:
    """Approve what was shown. While a drawn row is unopened the page comes back as it was, with the sentence."""
    _, version = draft_for(request, slug)
    form = BulkApproveForm(request.POST)
    if not form.is_valid():
        return _page(request, version, form, status=422)
    sent = form.cleaned_data
    try:
        batch = services.approve_many(
            version, sent["threshold"] / 100, user=request.user, client_key=sent["client_key"],
            seen=sent["rows"], marks=sent["mark"],
        )  # fmt: skip
    except RefusedError as refusal:
        return _page(request, version, form, status=422, problem=refusal.sentence)
    return go(request, str(redirect("mapping_review:map", slug).url), _said(batch))


# What the pages show


def _page(
    request: HttpRequest, version: MapVersion, form: BulkForm, *, status: int, problem: str = ""
) -> HttpResponse:
    choice = _choice(request, version, form)
    slug, rows = version.project.slug, choice.found.free if form.is_valid() else ()
    context = {
        "project": version.project, "version": version, "form": form, "problem": problem,
        "threshold": choice.threshold, "client_key": uuid4(), "rows": [_line(row, slug) for row in rows],
        "seen": ",".join(f"{row.pk}:{row.lock_version}" for row in rows), "marks": choice.marks,
        "drawn": [
            _line(row.decision, slug)
            | {"opened": row.decision.pk not in choice.unopened, "url": choice.address("bulk-look", row.decision.pk)}
            for row in choice.drawn
        ],
        "left": len(choice.unopened), "kept": _kept(choice.found, slug), "kept_count": choice.found.kept_count,
        "below": choice.found.below, "second_looks": second_looks.size_for(len(rows)),
    }  # fmt: skip
    return render_page(
        request, "mapping_review/bulk.html", "mapping_review/_bulk.html", context, status=status
    )


def _choice(request: HttpRequest, version: MapVersion, form: BulkForm) -> Choice:
    """A threshold that is none lets nothing through."""
    sent = form.cleaned_data if form.is_valid() else {}
    return Choice(version, sent.get("threshold", 100), request.user, sent.get("mark", ()))


def _line(row: FieldDecision, slug: str) -> dict[str, Any]:
    rule = rule_from_json(row.proposal["rule"])
    return {
        "name": row.name,
        # Several Sections may have an event of one name; its id tells them apart.
        "source": row.source_key.partition(":")[2] if row.kind == SourceKind.EVENT else "",
        "target": name_of(rule),
        "detail": detail_of(rule),
        "confidence": percent(row.confidence),
        "row_url": reverse("mapping_review:row", args=[slug, row.pk]),
    }


def _kept(found: fences.Sorted, slug: str) -> list[dict[str, Any]]:
    return [
        {
            "why": fence.label,
            "count": len(rows),
            "rows": _links(rows[:_NAMES], slug),
            "more": len(rows) - _NAMES,
        }
        for fence, rows in found.kept.items()
    ]


def _links(rows: Iterable[FieldDecision], slug: str) -> list[dict[str, str]]:
    return [{"name": r.name, "url": reverse("mapping_review:row", args=[slug, r.pk])} for r in rows]


def _said(batch: services.Batch) -> str:
    count = len(batch.approved)
    text = f"{count} field{'' if count == 1 else 's'} approved in bulk."
    again = second_looks.size_for(count)
    text += f" {again} of them come{'s' if again == 1 else ''} back as a second look." if again else ""
    return text + (f" {len(batch.changed)} changed meanwhile and were left alone." if batch.changed else "")
