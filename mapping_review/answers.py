"""Turns what a view has found or done into a response: the whole page, or the parts of it that changed."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from mapping_review import fences, queries
from mapping_review.cells import Sheet
from mapping_review.forms import RuleForm
from mapping_review.models import FieldDecision, MapVersion
from mapping_review.page import MapPage
from mapping_review.queries import Row
from migrator import policies as roles
from migrator import staging
from migrator.models import Project
from migrator.web import render_page, wants_partial


def map_page(request: HttpRequest, version: MapVersion, item: FieldDecision | None = None) -> HttpResponse:
    page = MapPage(request, version)
    shown = page.shown()
    decision = item or (shown[0].decision if shown else None)
    context = page.list_context(shown) | page.frame_context()
    context |= {"current_id": decision.pk if decision else None}
    if decision:
        row = next((row for row in page.rows if row.decision.pk == decision.pk), None)
        context |= _sheet_context(request, decision, row=row)
    return render_page(request, "mapping_review/map.html", "mapping_review/_list.html", context)


def no_map(request: HttpRequest, project: Project) -> HttpResponse:
    return render(request, "mapping_review/no_map.html", {"project": project})


def row_page(
    request: HttpRequest,
    decision: FieldDecision,
    *,
    form: RuleForm | None = None,
    status: int = 200,
    **extra: Any,
) -> HttpResponse:
    """One row on a page of its own, or as the inspector of the list. `extra` may hold `conflict` or
    `problem`."""
    context = _sheet_context(request, decision, form) | extra
    return render_page(
        request, "mapping_review/row.html", "mapping_review/_inspector.html", context, status=status
    )


def rule_form(decision: FieldDecision, data: Any = None, *, row: Row | None = None) -> RuleForm:
    row = row or queries.row_of(decision)
    project = decision.version.project
    return RuleForm(
        data, field=row.field, rule=row.rule, catalogue=staging.target_fields(project),
        settings=queries.settings_for(project), version=decision.lock_version,
    )  # fmt: skip


def decided(
    request: HttpRequest, decision: FieldDecision, text: str, *, undone: bool = False
) -> HttpResponse:
    """After an act: the changed parts for htmx, the list for everybody else.

    The inspector is sent after an undo only: after a decision the page shows the next row already.
    """
    if not wants_partial(request):
        messages.success(request, text)
        return redirect(_place_of(decision))
    page = MapPage(request, decision.version)
    parts = [_rows_part(request, page, [decision.pk]), _frame_part(request, page, text)]
    if undone:
        parts.append(_inspector_part(request, decision))
    return _answer(parts)


def decided_many(
    request: HttpRequest, version: MapVersion, rows: Iterable[FieldDecision], text: str
) -> HttpResponse:
    if not wants_partial(request):
        messages.success(request, text)
        return redirect("mapping_review:map", version.project.slug)
    page = MapPage(request, version)
    return _answer([_rows_part(request, page, [row.pk for row in rows]), _frame_part(request, page, text)])


def conflict(request: HttpRequest, decision: FieldDecision) -> HttpResponse:
    """409 with the row as it stands now; nothing was written."""
    who = decision.decided_by
    name = (who.first_name or who.get_username()) if who else "Crosswalk"
    text = (
        f"{name} changed this field while you looked at it. Nothing of yours was saved. Look at it once more."
    )
    if not wants_partial(request):
        return row_page(request, decision, status=409, conflict=text)
    page = MapPage(request, decision.version)
    parts = [_rows_part(request, page, [decision.pk]), _inspector_part(request, decision, conflict=text)]
    return _answer([*parts, _frame_part(request, page, text)], status=409)


def bulk_page(
    request: HttpRequest, version: MapVersion, rows: Sequence[FieldDecision], form: Any, *, status: int = 200
) -> HttpResponse:
    """The rows that would be approved, with up to five of them to look at first."""
    page = MapPage(request, version)
    known = {row.decision.pk: Sheet(row, version.project.slug) for row in page.rows}
    drawn = fences.drawn(rows, f"{version.pk}:{len(rows)}")
    context = {
        "project": version.project, "version": version, "form": form,
        "rows": [known[row.pk] for row in rows], "drawn": [known[row.pk] for row in drawn],
        "seen": ",".join(f"{row.pk}:{row.lock_version}" for row in rows), "client_key": uuid4(),
        "threshold": form["threshold"].value(),
    }  # fmt: skip
    return render_page(
        request, "mapping_review/bulk.html", "mapping_review/_bulk.html", context, status=status
    )


def _sheet_context(
    request: HttpRequest, decision: FieldDecision, form: RuleForm | None = None, *, row: Row | None = None
) -> dict[str, Any]:
    project = decision.version.project
    may_edit = decision.version.is_draft and roles.can_edit_fields(request.user, project)
    sheet = Sheet(row or queries.row_of(decision), project.slug, tuple(queries.history_of(decision)))
    editable = may_edit and not sheet.conflict
    return {
        "project": project,
        "row": sheet,
        "may_edit": may_edit,
        "why_not_editable": "" if decision.version.is_draft else "This version is signed and never changes.",
        "edit_form": form or (rule_form(decision, row=sheet.row) if editable else None),
        "client_key": uuid4(),
        "list_url": reverse("mapping_review:map", args=[project.slug]),
    }


def _rows_part(request: HttpRequest, page: MapPage, pks: Sequence[int]) -> str:
    context = {"may_edit": page.may_edit, "client_key": uuid4(), "rows": page.cells(pks)}
    return render_to_string("mapping_review/_rows.html", context, request)


def _frame_part(request: HttpRequest, page: MapPage, text: str) -> str:
    return render_to_string("mapping_review/_decided.html", page.frame_context() | {"said": text}, request)


def _inspector_part(request: HttpRequest, decision: FieldDecision, **extra: Any) -> str:
    return render_to_string(
        "mapping_review/_inspector.html", _sheet_context(request, decision) | extra, request
    )


def _answer(parts: Iterable[str], *, status: int = 200) -> HttpResponse:
    response = HttpResponse("".join(parts), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _place_of(decision: FieldDecision) -> str:
    slug = decision.version.project.slug
    return f"{reverse('mapping_review:map', args=[slug])}?item={decision.pk}"
