"""The workbook's pages: download, upload, look at what would change, and put it into a draft."""

import hashlib
from math import ceil
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mapping_review import queries, services, workbook_json, workbook_out
from mapping_review.forms import UploadForm
from mapping_review.models import MapImport, MapVersion
from mapping_review.workbook_in import uploaded_xlsx
from mapping_review.workbook_json import uploaded_json
from mapping_review.workbook_lines import book_of
from mapping_review.workbook_review import review
from migrator import policies as roles
from migrator.engine.errors import RefusedError
from migrator.models import Project
from migrator.sheets import LARGEST_FILE, XLSX
from migrator.web import go, refusals

_MEGABYTE = 1024 * 1024


def _version(request: HttpRequest, slug: str, number: int | None) -> MapVersion:
    """The version of that number, else the newest one."""
    project = roles.project_for(request.user, slug)
    if number is None:
        return _newest(project)
    return get_object_or_404(project.map_versions.select_related("project"), number=number)


def _newest(project: Project) -> MapVersion:
    found = queries.current_version(project)
    if found is None:
        raise Http404("There is no field map yet.")
    return found


# Out


@require_GET
def export_xlsx(request: HttpRequest, slug: str, number: int | None = None) -> HttpResponse:
    book = book_of(_version(request, slug, number))
    return _download(workbook_out.xlsx_of(book), XLSX, workbook_out.file_name(book))


@require_GET
def export_json(request: HttpRequest, slug: str, number: int | None = None) -> HttpResponse:
    version = _version(request, slug, number)
    content = workbook_json.json_of(version)
    return _download(content, "application/json", workbook_json.file_name(version))


def _download(content: bytes, kind: str, name: str) -> HttpResponse:
    # A slug has letters, digits and hyphens only, so the name needs no quoting.
    return HttpResponse(
        content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


# In


@require_http_methods(["GET", "POST"])
@refusals
def import_map(request: HttpRequest, slug: str) -> HttpResponse:
    """GET asks for the file; POST looks at it and stores what it would change."""
    project = roles.project_for(request.user, slug)
    roles.check_can_edit_fields(request.user, project)
    version = _newest(project)
    if request.method == "GET":
        return _upload_page(request, version, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _upload_page(request, version, form, status=422)
    try:
        kept = _looked_at(request, version, form.cleaned_data["file"])
    except RefusedError as problem:
        return _upload_page(request, version, UploadForm(), problem=problem.sentence, status=422)
    return redirect("mapping_review:import-preview", project.slug, kept.pk)


def _upload_page(
    request: HttpRequest, version: MapVersion, form: UploadForm, *, problem: str = "", status: int = 200
) -> HttpResponse:
    context = {"project": version.project, "version": version, "form": form, "problem": problem}
    return render(request, "mapping_review/import.html", context, status=status)


def _looked_at(request: HttpRequest, version: MapVersion, file: UploadedFile) -> MapImport:
    """Raises RefusedError where the file as a whole cannot be used."""
    size = file.size or 0
    if size > LARGEST_FILE:
        # Rounded up, so that no file is as large as the limit and yet too large.
        amount = f"{ceil(size * 10 / _MEGABYTE) / 10:g}"
        raise RefusedError(f"The file is {amount} MB and the limit is {LARGEST_FILE // _MEGABYTE} MB.")
    content = file.read()
    uploaded = uploaded_json(content) if content.lstrip()[:1] == b"{" else uploaded_xlsx(content)
    return services.keep_review(
        version,
        review(uploaded, version),
        user=request.user,
        file_name=file.name or "",
        file_sha=hashlib.sha256(content).hexdigest(),
    )


@require_GET
@refusals
def import_preview(request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
    """What the file would change, as it was found when it was uploaded."""
    kept = _kept(request, slug, key)
    found = kept.review
    context = {
        "project": kept.project, "kept": kept, "review": found, "expired": kept.expires_at < timezone.now(),
        "lapsing": sum(change["lapses"] for change in found["changed"]),
        "same": not found["changed"] and not found["rejected"] and found["checksum"] == found["file_checksum"],
    }  # fmt: skip
    return render(request, "mapping_review/import_preview.html", context)


@require_POST
@refusals
def import_apply(request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
    """Puts exactly what was previewed into the draft."""
    kept = _kept(request, slug, key)
    batch = services.apply_import(kept.pk, user=request.user)
    count = len(batch.approved)
    text = "1 field changed by the workbook. It waits for approval."
    if count != 1:
        text = f"{count} fields changed by the workbook. They wait for approval."
    return go(request, reverse("mapping_review:map", args=[slug]), text)


def _kept(request: HttpRequest, slug: str, key: UUID) -> MapImport:
    project = roles.project_for(request.user, slug)
    roles.check_can_edit_fields(request.user, project)
    return get_object_or_404(project.map_imports.select_related("version", "project"), pk=key)
