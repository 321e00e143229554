"""The queue's spreadsheet: download, upload, look at what it would decide, apply it. Works without JavaScript."""

from collections import Counter
from collections.abc import Sequence
from math import ceil
from tempfile import TemporaryFile
from typing import Any
from uuid import uuid4

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Page, Paginator
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from migrator import policies as roles
from migrator.engine.cases import CaseKind, Decide
from migrator.engine.errors import RefusedError
from migrator.models import Project
from migrator.sheets import LARGEST_FILE, XLSX
from migrator.web import refusals
from reconciliation import pasted
from reconciliation.asked import filters_of, see_other
from reconciliation.choices import KINDS
from reconciliation.effects import effect_of
from reconciliation.filters import Filters
from reconciliation.models import Decision, QueueImport
from reconciliation.workbook_apply import apply_import, is_expired, keep_review
from reconciliation.workbook_in import entered_in
from reconciliation.workbook_out import MOST_CASES, file_name, write_queue
from reconciliation.workbook_review import reviewed
from reconciliation.workbook_words import word_of

_MEGABYTE = 1024 * 1024
_LISTED = 50


class SheetForm(forms.Form):
    """A spreadsheet of decisions; what is in it is looked at elsewhere."""

    file = forms.FileField(
        label="Spreadsheet",
        help_text="At most 10 MB. You see every decision before it counts.",
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
        error_messages={"required": "Choose a file.", "empty": "The file is empty. Choose another one."},
    )


class PasteForm(forms.Form):
    """A list of people and addresses; what is in it is looked at elsewhere."""

    text = forms.CharField(
        label="Names and emails",
        help_text=f"One person a line: name or profile ID, then the email. At most {pasted.MOST_LINES:,} lines.",
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "autocomplete": "off"}),
        error_messages={"required": pasted.EMPTY},
    )


# Out


@require_GET
def workbook_xlsx(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The cases of one kind as its page is filtered, or all that are undecided."""
    project = roles.project_for(request.user, slug)
    kind, filters = _kind(request), filters_of(request)
    target = TemporaryFile()  # noqa: SIM115 -- the response closes it
    try:
        write_queue(target, project, kind, filters)
    except RefusedError as problem:
        target.close()
        return _page(request, project, problem=problem.sentence, status=422)
    target.seek(0)
    return FileResponse(target, as_attachment=True, filename=file_name(project, kind), content_type=XLSX)


def _kind(request: HttpRequest) -> CaseKind | None:
    asked = request.GET.get("kind", "")
    return CaseKind(asked) if asked in set(CaseKind) else None


# In


@require_http_methods(["GET", "POST"])
@refusals
def workbook(request: HttpRequest, slug: str) -> HttpResponse:
    """GET offers the downloads and asks for a file; POST looks at it and stores what it would decide."""
    project = roles.project_for(request.user, slug)
    if request.method == "GET":
        return _page(request, project)
    roles.check_can_decide_items(request.user, project)
    form = SheetForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, project, form=form, status=422)
    file: UploadedFile = form.cleaned_data["file"]
    if (file.size or 0) > LARGEST_FILE:
        return _page(request, project, problem=_too_large(file), status=413)
    try:
        found = reviewed(entered_in(file.read(), project), project)
    except RefusedError as problem:
        return _page(request, project, problem=problem.sentence, status=422)
    kept = keep_review(project, found, user=request.user, file_name=file.name or "")
    return redirect("reconciliation:workbook-preview", project.slug, kept.pk)


@require_POST
@refusals
def workbook_paste(request: HttpRequest, slug: str) -> HttpResponse:
    """Looks at a pasted list as at a file that supplies these emails."""
    project = roles.project_for(request.user, slug)
    roles.check_can_decide_items(request.user, project)
    form = PasteForm(request.POST)
    if not form.is_valid():
        return _page(request, project, paste=form, status=422)
    try:
        found = reviewed(pasted.entered_in_list(form.cleaned_data["text"], project), project)
    except RefusedError as problem:
        return _page(request, project, paste=form, problem=problem.sentence, status=422)
    kept = keep_review(project, found, user=request.user, file_name="Pasted list")
    return redirect("reconciliation:workbook-preview", project.slug, kept.pk)


def _too_large(file: UploadedFile) -> str:
    # Rounded up, so that no file is as large as the limit and yet too large.
    amount = f"{ceil((file.size or 0) * 10 / _MEGABYTE) / 10:g}"
    limit = LARGEST_FILE // _MEGABYTE
    return f"The file is {amount} MB and the limit is {limit} MB. Leave out the lines without a decision."


def _page(
    request: HttpRequest,
    project: Project,
    *,
    form: SheetForm | None = None,
    paste: PasteForm | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    kind, filters = _kind(request), filters_of(request)
    context = {
        "project": project,
        "form": form or SheetForm(),
        "paste": paste or PasteForm(),
        "problem": problem,
        "kind": kind,
        "words": KINDS[kind] if kind else None,
        "filters": filters,
        "filtered": filters.as_query(kind=kind.value) if kind else "",
        "narrowed": bool(filters) or filters != Filters(),
        "most": MOST_CASES,
        "may_decide": roles.can_decide_items(request.user, project),
    }
    return render(request, "reconciliation/workbook.html", context, status=status)


# Look, and apply


@require_GET
@refusals
def workbook_preview(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """What the file would decide, as it was found when it was uploaded; afterwards what it did."""
    return _preview(request, _kept(request, slug, pk))


def _preview(request: HttpRequest, kept: QueueImport, status: int = 200) -> HttpResponse:
    decided = [line for line in kept.lines if "action" in line]
    context = {
        "project": kept.project,
        "kept": kept,
        "expired": not kept.applied_at and is_expired(kept),
        "mine": kept.by_id == request.user.pk,
        "decisions": len(decided),
        "notes": sum(bool(line["note"]) for line in kept.lines),
        "acts": _acts(kept.project, decided),
        "lines": _shown(kept, kept.lines, request.GET.get("page", "")),
        "rejected": _shown(kept, kept.rejected, request.GET.get("rejected", "")),
        "standing": _standing(kept),
        "undo_key": uuid4(),
    }
    return render(request, "reconciliation/workbook_preview.html", context, status=status)


def _acts(project: Project, decided: Sequence[dict[str, Any]]) -> list[tuple[str, str, int]]:
    """What is decided how often, as (kind, act, number), the most frequent first."""
    kinds = dict(
        project.review_items.filter(pk__in=[line["id"] for line in decided]).values_list("pk", "kind")
    )
    counts = Counter((kinds[line["id"]], line["action"]) for line in decided if line["id"] in kinds)
    return [
        (KINDS[CaseKind(kind)].label, word_of(CaseKind(kind), Decide(action)), number)
        for (kind, action), number in counts.most_common()
    ]


def _shown(kept: QueueImport, rows: Sequence[dict[str, Any]], number: str) -> Page[dict[str, Any]]:
    """One page of lines, with the names of their cases and the words of their acts."""
    page = Paginator(rows, _LISTED).get_page(number)
    items = kept.project.review_items.only("kind", "title", "evidence").in_bulk([row["id"] for row in page])
    page.object_list = [_line(row, items.get(row["id"])) for row in page]
    return page


def _line(row: dict[str, Any], item: Any) -> dict[str, Any]:
    more = {"title": item.title if item else "", "item": item, "act": "", "effect": ""}
    if item and row.get("action"):
        kind, action = CaseKind(item.kind), Decide(row["action"])
        more |= {"act": word_of(kind, action), "effect": effect_of(kind, item.evidence, action, row["args"])}
    return row | more


def _standing(kept: QueueImport) -> int:
    """How many of its decisions an undo would take back."""
    if kept.applied_at is None or kept.batch is None:
        return 0
    rows = Decision.objects.filter(project=kept.project_id, batch=kept.batch)
    return rows.filter(undoes__isnull=True, undone_by__isnull=True).count()


@require_POST
@refusals
def workbook_apply(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Decides exactly what was previewed."""
    kept = _kept(request, slug, pk)
    apply_import(kept.pk, user=request.user)
    return see_other(reverse("reconciliation:workbook-preview", args=[slug, kept.pk]))


def _kept(request: HttpRequest, slug: str, pk: int) -> QueueImport:
    project = roles.project_for(request.user, slug)
    roles.check_can_decide_items(request.user, project)
    return get_object_or_404(project.queue_imports.select_related("project", "by"), pk=pk)


workbook_urls = [
    path("workbook/", workbook, name="workbook"),
    path("workbook/paste/", workbook_paste, name="workbook-paste"),
    path("workbook/export.xlsx", workbook_xlsx, name="workbook-xlsx"),
    path("workbook/<int:pk>/", workbook_preview, name="workbook-preview"),
    path("workbook/<int:pk>/apply/", workbook_apply, name="workbook-apply"),
]
