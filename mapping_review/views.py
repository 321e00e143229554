"""The field map's pages: fetch and authorise, one query or service call, render. Works without JavaScript."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from mapping_review import answers, queries, services
from mapping_review.cells import name_of
from mapping_review.choices import Act
from mapping_review.filters import filters_of
from mapping_review.forms import ActForm, BatchForm, DecideForm, DecideRowsForm
from mapping_review.models import FieldDecision, MapVersion
from mapping_review.policies import check_can_edit_version
from migrator import policies as roles
from migrator.engine.errors import RefusedError
from migrator.models import Project
from migrator.web import go, keep_project, refusals


def _version(project: Project, number: int) -> MapVersion:
    rows = project.map_versions.select_related("project", "signed_by")
    return get_object_or_404(rows, number=number)


def row_for(request: HttpRequest, slug: str, pk: int) -> FieldDecision:
    """A row with its project, the person's role in it and its source field: one query."""
    found = get_object_or_404(queries.rows_seen_by(request.user, slug), pk=pk)
    keep_project(request, found.version.project, found.own_role)  # type: ignore[attr-defined]  # annotated
    return found


def newest_for(request: HttpRequest, slug: str) -> MapVersion | None:
    """The newest version, in the same way."""
    found = queries.seen_by(request.user, slug).order_by("-number").first()
    if found is None:
        roles.project_for(request.user, slug)
        return None
    keep_project(request, found.project, found.own_role)  # type: ignore[attr-defined]  # annotated
    return found


# Pages


@require_GET
def field_map(request: HttpRequest, slug: str) -> HttpResponse:
    version = newest_for(request, slug)
    if version is None:
        return answers.no_map(request, roles.project_for(request.user, slug))
    return answers.map_page(request, version)


@require_GET
def version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """An earlier version, as it was decided."""
    project = roles.project_for(request.user, slug)
    return answers.map_page(request, _version(project, number), newest=False)


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
    return answers.row_page(request, row_for(request, slug, pk))


# Acts on one row

_ACTS: dict[str, tuple[Any, str]] = {
    "approve": (services.approve, "approved"),
    "reject": (services.reject, "proposal rejected"),
    "skip": (services.skip_field, "will not be migrated"),
    "drop": (services.drop_field, "left behind"),
    "undo": (services.undo, "undone"),
}


@require_POST
@refusals
def row_decide(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Approve, reject, skip or undo. An approval may name an alternative in place of the proposal."""
    found = row_for(request, slug, pk)
    check_can_edit_version(request.user, found.version)
    # The undo button of the last-action line has its act and the row's version in its address.
    form = DecideForm(request.GET.dict() | request.POST.dict())
    if not form.is_valid():
        return _incomplete(request, found, form)
    action, number = form.cleaned_data["action"], form.cleaned_data["alternative"]
    if action == "approve" and number:
        return _alternative(request, found, number, form.cleaned_data)
    service, word = _ACTS[action]
    reason = {"reason": form.cleaned_data["reason"]} if action == "drop" else {}
    applied = service(found.pk, user=request.user, **reason, **_request_of(form))
    if applied.is_conflict:
        mine = f"Approved: {name_of(found.proposed.rule)}" if action == "approve" else word.capitalize()
        return answers.conflict(request, applied.row, mine)
    text = f"{applied.row.name}, {word}. {applied.warning}".strip()
    if action == "undo":
        return answers.decided(request, applied.row, text, undone=True)
    return answers.decided(request, applied.row, text, event=applied.event)


def _incomplete(request: HttpRequest, found: FieldDecision, form: DecideForm) -> HttpResponse:
    """A missing reason is said where it belongs."""
    if "reason" in form.errors:
        return answers.row_page(request, found, status=422, drop_problem=form.errors["reason"][0])
    return answers.row_page(request, found, status=422, problem="This form was incomplete. Decide once more.")


@require_POST
@refusals
def row_edit(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Another rule than the proposed one."""
    found = row_for(request, slug, pk)
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
        return answers.conflict(request, applied.row, f"Approved: {name_of(rule)}")
    text = f"{applied.row.name}, changed and approved. {applied.warning}".strip()
    return answers.decided(request, applied.row, text, event=applied.event)


def _request_of(form: ActForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("expected_version", "client_key")}


# Many rows


def draft_for(request: HttpRequest, slug: str) -> tuple[Project, MapVersion]:
    found = newest_for(request, slug)
    if found is None:
        raise RefusedError("There is no field map yet. Run a discovery first.")
    check_can_edit_version(request.user, found)
    return found.project, found


@require_POST
@refusals
def rows_decide(request: HttpRequest, slug: str) -> HttpResponse:
    """Approve or leave out the rows that were selected in the list."""
    _, found = draft_for(request, slug)
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
    return go(
        request,
        _home(slug) + filters_of(request.GET).query(),
        f"The approval of {len(undone.approved)} fields was undone.",
    )


# The version


@require_POST
@refusals
def open_draft(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    draft = services.open_draft(_version(project, number), user=request.user)
    text = f"v{draft.number} is a draft. Nothing can be planned with the signed version until it is signed."
    return go(request, _home(slug), text, level=messages.INFO)


def _home(slug: str) -> str:
    return str(redirect("mapping_review:map", slug).url)
