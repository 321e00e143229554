"""Turns what a view has found or done into a response: the whole page, or the parts of it that changed."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from mapping_review import precedents, previews, queries, sharing
from mapping_review.cells import Sheet, name_of
from mapping_review.choices import RowState
from mapping_review.comment_panel import panel
from mapping_review.filters import filters_of
from mapping_review.models import DecisionEvent, FieldDecision, MapVersion
from mapping_review.notes import notes_for
from mapping_review.page import MapPage
from mapping_review.queries import Row
from mapping_review.rule_forms import RuleForm, rule_form_for
from migrator import policies as roles
from migrator import staging
from migrator.models import Project
from migrator.web import render_page, wants_partial

# What a person's act is sent with, and is made anew when it is sent once more.
_NOT_REPEATED = frozenset(
    {"csrfmiddlewaretoken", "expected_version", "client_key", "kind", "state", "q", "page"}
)


def map_page(request: HttpRequest, version: MapVersion, *, newest: bool = True) -> HttpResponse:
    """The list beside one row; for htmx the list alone, or what comes after it."""
    page = MapPage(request, version, newest=newest)
    part = wants_partial(request)
    opened = page.row_to_open(request.GET.get("item", ""))
    listed = [row.pk for row in page.listing.rows]
    rows = queries.rows_in(version, listed if part or opened is None else dict.fromkeys([*listed, opened]))
    context = page.list_context([row for row in rows if row.decision.pk in listed]) | {"current_id": opened}
    if part:
        is_more = request.headers.get("HX-Target") == "more"
        name = "mapping_review/_more.html" if is_more else "mapping_review/_list.html"
        return render_page(request, "mapping_review/map.html", name, context | page.edge_context())
    context |= page.frame_context()
    if opened is not None:
        row = next(row for row in rows if row.decision.pk == opened)
        context |= _sheet_context(request, row.decision, row=row)
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
    around = sharing.around_for(decision, staging.target_fields(project), queries.settings_for(project))
    return rule_form_for(data, field=row.field, rule=row.rule, around=around, version=decision.lock_version)


def decided(
    request: HttpRequest,
    decision: FieldDecision,
    text: str,
    *,
    undone: bool = False,
    event: DecisionEvent | None = None,
) -> HttpResponse:
    """After an act: the changed parts for htmx, the list for everybody else. `event` is the act, where it can
    be undone.

    The inspector is sent after an undo only: after a decision the page shows the next row already.
    """
    page = MapPage(request, decision.version, just_done=event)
    if not wants_partial(request):
        messages.success(request, text)
        return redirect(_place_of(page, decision.pk if undone else page.next_open(decision)))
    parts = [_rows_part(request, page, [queries.row_of(decision)]), _frame_part(request, page, text)]
    if undone:
        parts.append(_inspector_part(request, decision))
    return _answer(parts)


def decided_many(
    request: HttpRequest, version: MapVersion, rows: Iterable[FieldDecision], text: str
) -> HttpResponse:
    page = MapPage(request, version)
    if not wants_partial(request):
        messages.success(request, text)
        return redirect(page.home + page.filters.query())
    changed = queries.rows_in(version, [row.pk for row in rows])
    return _answer([_rows_part(request, page, changed), _frame_part(request, page, text)])


def conflict(request: HttpRequest, decision: FieldDecision, mine: str = "") -> HttpResponse:
    """409 with the row as it stands now beside what this person wanted; nothing was written."""
    who = decision.decided_by
    name = (who.first_name or who.get_username()) if who else "Crosswalk"
    text = (
        f"{name} changed this field while you looked at it. Nothing of yours was saved. Look at it once more."
    )
    row = queries.row_of(decision)
    extra: dict[str, Any] = {"conflict": text, "both": _both(request, row, name, mine) if mine else None}
    if not wants_partial(request):
        return row_page(request, decision, status=409, **extra)
    page = MapPage(request, decision.version)
    parts = [_rows_part(request, page, [row]), _inspector_part(request, decision, **extra)]
    return _answer([*parts, _frame_part(request, page, text)], status=409)


def _both(request: HttpRequest, row: Row, name: str, mine: str) -> dict[str, Any]:
    """What the two people want, and a form that sends this person's act again for the row as it is now."""
    decision = row.decision
    theirs = str(decision.get_state_display())
    theirs += f": {name_of(row.rule)}" if decision.state == RowState.APPROVED else ""
    sent = request.GET.dict() | request.POST.dict()
    again = {key: value for key, value in sent.items() if key not in _NOT_REPEATED}
    return {
        "name": name,
        "theirs": theirs,
        "at": decision.decided_at,
        "mine": mine,
        "url": request.path + filters_of(request.GET).query(),
        "again": [*again.items(), ("expected_version", decision.lock_version), ("client_key", uuid4())],
    }


def _sheet_context(
    request: HttpRequest, decision: FieldDecision, form: RuleForm | None = None, *, row: Row | None = None
) -> dict[str, Any]:
    project = decision.version.project
    may_edit = decision.version.is_draft and roles.can_edit_fields(request.user, project)
    query = filters_of(request.GET).query()
    history = tuple(queries.history_of(decision))
    sheet = Sheet(row or queries.row_of(decision), project.slug, history, query=query)
    editable = may_edit and not sheet.conflict
    return {
        "project": project,
        "row": sheet,
        "may_edit": may_edit,
        "why_not_editable": "" if decision.version.is_draft else "This version is signed and never changes.",
        "edit_form": form or (rule_form(decision, row=sheet.row) if editable else None),
        "client_key": uuid4(),
        "precedents": precedents.shown_for(sheet.row),
        **previews.for_sheet(sheet, project),
        "notes": notes_for(sheet.row),
        "comments": panel(request, decision, may_edit=may_edit),
        "list_url": reverse("mapping_review:map", args=[project.slug]) + query,
    }


def _rows_part(request: HttpRequest, page: MapPage, rows: Iterable[Row]) -> str:
    context = {"may_edit": page.may_edit, "client_key": uuid4(), "rows": page.cells(rows)}
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


def _place_of(page: MapPage, pk: int) -> str:
    query = page.filters.query()
    return f"{page.home}{query}{'&' if query else '?'}item={pk}"
