"""What a conversion does, on pages: trying a rule before it is chosen, a count that goes on, all values."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from mapping_review import answers, measuring, previews, queries
from mapping_review.becoming import known_options
from mapping_review.cells import Cell, detail_of, name_of
from mapping_review.models import FieldDecision
from mapping_review.preview import FATES, Preview
from mapping_review.preview_cells import Place, line_of
from mapping_review.rule_forms import RuleForm
from mapping_review.values import Wanted, fates_of, is_place, values_page
from mapping_review.views import row_for
from migrator import policies as roles
from migrator import staging
from migrator.engine.field_map import FieldRule
from migrator.web import refusals, render_page


def _counted(found: FieldDecision, sha: str) -> tuple[FieldRule, Preview]:
    known = measuring.counted_rule(found.version.project_id, found.source_key, sha)
    if known is None:
        raise Http404("Nobody asked for this count, or a newer discovery replaced it. Open the field again.")
    stored, counted = known
    row = queries.row_of(found)
    offered = (*found.rules, *row.now.rules, *(other.rule for other in row.now.proposal.alternatives))
    # Rules that convert alike share a count; the row's own is the one that people mean.
    mine = next((rule for rule in offered if measuring.rule_sha(rule) == sha), stored)
    return mine, counted


@require_POST
@refusals
def row_try(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """What another rule would do to all values. Counts, and decides nothing."""
    found = row_for(request, slug, pk)
    form = answers.rule_form(found, request.POST)
    if not form.is_valid():
        return _tried(request, found, form, {}, status=422)
    row = queries.row_of(found)
    counted = measuring.measure(found.version.project, found.source_key, form.rule)
    cell = previews.for_rule(row, form.rule, counted, Place(slug, pk))
    return _tried(request, found, form, {"cell": cell, "target": _target(form.rule)})


@require_GET
def row_preview(request: HttpRequest, slug: str, pk: int, sha: str) -> HttpResponse:
    """One count as it stands now; asks for itself again while it goes on."""
    found = row_for(request, slug, pk)
    rule, counted = _counted(found, sha)
    cell = previews.for_rule(queries.row_of(found), rule, counted, Place(slug, pk))
    context = _frame(request, found) | {"cell": cell, "target": _target(rule)}
    return render_page(request, "mapping_review/try.html", "mapping_review/_preview.html", context)


@require_GET
def row_values(request: HttpRequest, slug: str, pk: int, sha: str) -> HttpResponse:
    """Every value before and after, a hundred a page, failures first."""
    found = row_for(request, slug, pk)
    rule, counted = _counted(found, sha)
    discovery = staging.current_discovery(found.version.project)
    assert discovery is not None
    page = values_page(discovery, rule, counted, _wanted(request))
    known = known_options(rule, staging.target_fields(found.version.project))
    context = _frame(request, found) | {
        "target": _target(rule),
        "lines": [line_of(row, rule, known, Place(slug, pk)) for row in page.rows],
        "filters": _filters(request, counted),
        "counting": not counted.is_whole,
        "pager": _pager(request, page.text, page.previous, page.next),
    }
    return render_page(request, "mapping_review/values.html", "mapping_review/_values.html", context)


def _tried(
    request: HttpRequest, found: FieldDecision, form: RuleForm, parts: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    context = _frame(request, found) | {"form": form, "may_edit": _may_edit(request, found)} | parts
    return render_page(
        request, "mapping_review/try.html", "mapping_review/_tried.html", context, status=status
    )


def _frame(request: HttpRequest, found: FieldDecision) -> dict[str, Any]:
    project = found.version.project
    return {
        "project": project,
        "row": Cell(queries.row_of(found), project.slug),
        "back_url": f"{reverse('mapping_review:map', args=[project.slug])}?item={found.pk}",
    }


def _may_edit(request: HttpRequest, found: FieldDecision) -> bool:
    return found.version.is_draft and roles.can_edit_fields(request.user, found.version.project)


def _target(rule: FieldRule) -> dict[str, str]:
    return {"name": name_of(rule), "detail": detail_of(rule)}


def _wanted(request: HttpRequest) -> Wanted:
    fate, start, after = (request.GET.get(name, "") for name in ("show", "start", "after"))
    return Wanted(
        fate if fate in FATES else "",
        int(start) if start.isdecimal() and len(start) < 10 else 0,
        after if is_place(after) else "",
    )


def _filters(request: HttpRequest, counted: Preview) -> list[dict[str, Any]]:
    now = _wanted(request).fate
    return [
        {"url": f"?show={value}", "label": words, "count": count, "current": value == now}
        for value, words, count in fates_of(counted)
    ]


def _pager(request: HttpRequest, text: str, previous: str | None, following: str | None) -> dict[str, Any]:
    return {
        "text": text,
        "previous_url": _page_url(request, previous),
        "next_url": _page_url(request, following),
    }


def _page_url(request: HttpRequest, place: str | None) -> str:
    if place is None:
        return ""
    show = _wanted(request).fate
    name = "after" if ":" in place else "start"
    return "?" + urlencode(({"show": show} if show else {}) | {name: place})
