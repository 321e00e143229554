"""The field map's pages: fetch and authorise, one query or service call, render. Works without JavaScript."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mapping_review import answers, fences, queries, services
from mapping_review.choices import Act
from mapping_review.forms import ActForm, BatchForm, BulkApproveForm, BulkForm, DecideForm, DecideRowsForm
from mapping_review.models import FieldDecision, MapVersion
from mapping_review.policies import check_can_edit_version, check_can_sign
from migrator import policies as roles
from migrator import staging
from migrator.engine.errors import RefusedError
from migrator.models import Project
from migrator.texts import TOOLS
from migrator.web import go, refusals


def _version(project: Project, number: int) -> MapVersion:
    rows = project.map_versions.select_related("project", "signed_by")
    return get_object_or_404(rows, number=number)


def _row(request: HttpRequest, slug: str, pk: int) -> FieldDecision:
    project = roles.project_for(request.user, slug)
    rows = FieldDecision.objects.select_related("version__project", "decided_by")
    return get_object_or_404(rows, pk=pk, version__project=project)


# Pages


@require_GET
def field_map(request: HttpRequest, slug: str) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    version = queries.current_version(project)
    if version is None:
        return answers.no_map(request, project)
    wanted = request.GET.get("item", "")
    item = version.decisions.filter(pk=int(wanted)).first() if wanted.isdecimal() else None
    return answers.map_page(request, version, item)


@require_GET
def version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """An earlier version, as it was decided."""
    project = roles.project_for(request.user, slug)
    return answers.map_page(request, _version(project, number))


@require_GET
def versions(request: HttpRequest, slug: str) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    found = list(project.map_versions.select_related("signed_by"))
    context = {
        "project": project,
        "versions": found,
        "numbers": [version.number for version in found],
        "a": found[1].number if len(found) > 1 else None,
        "b": found[0].number if found else None,
        "can_edit": roles.can_edit_fields(request.user, project),
    }
    return render(request, "mapping_review/versions.html", context)


@require_GET
def row(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    return answers.row_page(request, _row(request, slug, pk))


# Acts on one row

_ACTS: dict[str, tuple[Any, str]] = {
    "approve": (services.approve, "approved"),
    "reject": (services.reject, "proposal rejected"),
    "skip": (services.skip_field, "will not be migrated"),
    "undo": (services.undo, "undone"),
}


@require_POST
@refusals
def row_decide(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Approve, reject, skip or undo. An approval may name an alternative in place of the proposal."""
    found = _row(request, slug, pk)
    check_can_edit_version(request.user, found.version)
    # The undo button of the last-action line has its act and the row's version in its address.
    form = DecideForm(request.GET.dict() | request.POST.dict())
    if not form.is_valid():
        return answers.row_page(
            request, found, status=422, problem="This form was incomplete. Decide once more."
        )
    action, number = form.cleaned_data["action"], form.cleaned_data["alternative"]
    if action == "approve" and number:
        return _alternative(request, found, number, form.cleaned_data)
    service, word = _ACTS[action]
    applied = service(found.pk, user=request.user, **_request_of(form))
    if applied.is_conflict:
        return answers.conflict(request, applied.row)
    return answers.decided(request, applied.row, f"{applied.row.name}, {word}.", undone=action == "undo")


@require_POST
@refusals
def row_edit(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Another rule than the proposed one."""
    found = _row(request, slug, pk)
    check_can_edit_version(request.user, found.version)
    form = answers.rule_form(found, request.POST)
    if not form.is_valid():
        return answers.row_page(request, found, form=form, status=422)
    return _edited(request, found, form.rule, _request_of(form))


def _alternative(
    request: HttpRequest, found: FieldDecision, number: int, sent: dict[str, Any]
) -> HttpResponse:
    others = found.proposed.alternatives
    if number > len(others):
        return answers.row_page(
            request, found, status=422, problem="That alternative is gone. Choose once more."
        )
    return _edited(
        request, found, others[number - 1].rule, {k: sent[k] for k in ("expected_version", "client_key")}
    )


def _edited(request: HttpRequest, found: FieldDecision, rule: Any, sent: dict[str, Any]) -> HttpResponse:
    applied = services.edit(found.pk, rule, user=request.user, **sent)
    if applied.is_conflict:
        return answers.conflict(request, applied.row)
    return answers.decided(request, applied.row, f"{applied.row.name}, changed and approved.")


def _request_of(form: ActForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("expected_version", "client_key")}


# Many rows


def _bulk_rows(project: Project, found: MapVersion, percent: int) -> list[FieldDecision]:
    fields = {field.key: field for field in staging.source_fields(project)}
    rows = list(found.decisions.order_by("confidence", "pk"))
    return fences.bulk_rows(rows, fields, percent / 100, queries.settings_for(project), TOOLS)


def _draft(request: HttpRequest, slug: str) -> tuple[Project, MapVersion]:
    project = roles.project_for(request.user, slug)
    found = queries.current_version(project)
    if found is None:
        raise RefusedError("There is no field map yet. Run a discovery first.")
    check_can_edit_version(request.user, found)
    return project, found


@require_POST
@refusals
def rows_decide(request: HttpRequest, slug: str) -> HttpResponse:
    """Approve or leave out the rows that were selected in the list."""
    _, found = _draft(request, slug)
    form = DecideRowsForm(request.POST)
    if not form.is_valid():
        raise RefusedError("No field was selected. Select fields in the list, then decide.")
    sent = form.cleaned_data
    batch = services.decide_rows(
        found, Act(sent["action"]), sent["items"], user=request.user, client_key=sent["client_key"]
    )
    text = f"{len(batch.approved)} fields {'approved' if sent['action'] == Act.APPROVE else 'left out'}."
    text += f" {len(batch.kept)} need a decision of their own." if batch.kept else ""
    text += f" {len(batch.changed)} changed meanwhile and were left alone." if batch.changed else ""
    rows = [*batch.approved, *batch.kept, *batch.changed]
    return answers.decided_many(request, found, rows, text)


@require_GET
@refusals
def bulk_confirm(request: HttpRequest, slug: str) -> HttpResponse:
    """What a bulk approval would approve, before it does."""
    project, found = _draft(request, slug)
    form = BulkForm(request.GET)
    if not form.is_valid():
        return answers.bulk_page(request, found, [], form, status=422)
    return answers.bulk_page(request, found, _bulk_rows(project, found, form.cleaned_data["threshold"]), form)


@require_POST
@refusals
def bulk_approve(request: HttpRequest, slug: str) -> HttpResponse:
    project, found = _draft(request, slug)
    form = BulkApproveForm(request.POST)
    if not form.is_valid():
        percent = form.cleaned_data.get("threshold", 100)
        return answers.bulk_page(request, found, _bulk_rows(project, found, percent), form, status=422)
    sent = form.cleaned_data
    batch = services.approve_many(
        found, sent["threshold"] / 100, user=request.user, client_key=sent["client_key"], seen=sent["rows"]
    )
    left = f" {len(batch.changed)} changed meanwhile and were left alone." if batch.changed else ""
    return go(request, _home(slug), f"{len(batch.approved)} fields approved in bulk.{left}")


@require_POST
@refusals
def undo_batch(request: HttpRequest, slug: str, number: int, batch: UUID) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    form = BatchForm(request.POST)
    if not form.is_valid():
        raise RefusedError("This form was incomplete. Nothing was undone.")
    undone = services.undo_batch(
        _version(project, number), batch, user=request.user, client_key=form.cleaned_data["client_key"]
    )
    return go(request, _home(slug), f"The approval of {len(undone.approved)} fields was undone.")


# The version


@require_http_methods(["GET", "POST"])
@refusals
def sign_off(request: HttpRequest, slug: str) -> HttpResponse:
    """GET says what will be signed; POST signs it."""
    project, found = _draft(request, slug)
    if request.method == "GET":
        check_can_sign(request.user, found, queries.open_conflicts(project))
        whole = queries.field_map(found)
        context = {
            "project": project, "version": found, "summary": queries.summary(found),
            "new_fields": whole.to_create(), "checksum": whole.checksum,
        }  # fmt: skip
        return render(request, "mapping_review/sign_off.html", context)
    signed = services.sign_off(found, request.user, queries.open_conflicts(project))
    return go(request, _home(slug), f"v{signed.number} is signed. The sandbox run can be planned with it.")


@require_POST
@refusals
def open_draft(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    draft = services.open_draft(_version(project, number), user=request.user)
    text = f"v{draft.number} is a draft. Nothing can be planned with the signed version until it is signed."
    return go(request, _home(slug), text, level=messages.INFO)


def _home(slug: str) -> str:
    return str(redirect("mapping_review:map", slug).url)
