"""Comments on a row and proposals of another rule: the panel in the inspector and its four acts."""

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST

from mapping_review import answers, comments, queries
from mapping_review.cells import Cell
from mapping_review.comment_panel import CommentForm, panel
from mapping_review.filters import filters_of
from mapping_review.forms import ActForm
from mapping_review.models import Comment, FieldDecision
from mapping_review.policies import check_can_propose
from mapping_review.views import row_for
from migrator import policies as roles
from migrator.web import refusals, render_page, wants_partial


class WhyForm(forms.Form):
    """What goes with a proposal, if its author likes to say."""

    text = forms.CharField(
        label="Why", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


@require_POST
@refusals
def comment_add(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    row = row_for(request, slug, pk)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _not_said(request, row, form)
    sent = form.cleaned_data
    comments.add(row, sent["text"], user=request.user, client_key=sent["client_key"])
    return _said(request, row, f"Comment on {row.name} saved.")


@require_http_methods(["GET", "POST"])
@refusals
def propose(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """GET asks for another rule, with the form that an engineer edits with; POST keeps it as a proposal."""
    row = row_for(request, slug, pk)
    check_can_propose(request.user, row.version.project)
    data = request.POST if request.method == "POST" else None
    form, why = answers.rule_form(row, data), WhyForm(data)
    if not (form.is_valid() and why.is_valid()):
        context = {
            "project": row.version.project, "decision": row, "form": form, "why": why,
            "propose_url": request.get_full_path(), "back_url": _place_of(request, row),
        }  # fmt: skip
        page, partial = "mapping_review/propose.html", "mapping_review/_propose.html"
        return render_page(request, page, partial, context, status=422 if data else 200)
    key, text = form.cleaned_data["client_key"], why.cleaned_data["text"]
    comments.add(row, text, user=request.user, client_key=key, rule=form.rule)
    return _said(request, row, f"Your proposal for {row.name} is kept. An engineer decides.")


@require_POST
@refusals
def comment_withdraw(request: HttpRequest, slug: str, pk: int, comment: int) -> HttpResponse:
    row = row_for(request, slug, pk)
    comments.withdraw(_comment(row, comment), user=request.user)
    return _said(request, row, f"Your comment on {row.name} is withdrawn.")


@require_POST
@refusals
def comment_approve(request: HttpRequest, slug: str, pk: int, comment: int) -> HttpResponse:
    """Take what somebody proposed as the decision."""
    row, form = row_for(request, slug, pk), ActForm(request.POST)
    if not form.is_valid():
        return answers.row_page(
            request, row, status=422, problem="This form was incomplete. Decide once more."
        )
    sent = form.cleaned_data
    applied = comments.approve(_comment(row, comment), row, user=request.user, **sent)
    if applied.is_conflict:
        return answers.conflict(request, applied.row)
    return answers.decided(request, applied.row, f"{applied.row.name}, approved as proposed.", undone=True)


def _comment(row: FieldDecision, pk: int) -> Comment:
    own = Comment.objects.filter(project=row.version.project, source_key=row.source_key)
    return get_object_or_404(own, pk=pk)


def _said(request: HttpRequest, row: FieldDecision, text: str) -> HttpResponse:
    """The panel and the row of the list for htmx, the row's place in the list for everybody else."""
    if not wants_partial(request):
        messages.success(request, text)
        return redirect(_place_of(request, row))
    said = render_to_string("mapping_review/_said.html", {"said": text})
    return _answer([_panel_part(request, row), _row_part(request, row), said])


def _not_said(request: HttpRequest, row: FieldDecision, form: CommentForm) -> HttpResponse:
    if not wants_partial(request):
        return answers.row_page(request, row, status=422, comments=panel(request, row, form=form))
    return _answer([_panel_part(request, row, form=form)], status=422)


def _panel_part(request: HttpRequest, row: FieldDecision, **more: Any) -> str:
    context = {"comments": panel(request, row, **more), "client_key": uuid4(), "focus": True}
    return render_to_string("mapping_review/_comments.html", context, request)


def _row_part(request: HttpRequest, row: FieldDecision) -> str:
    """The row of the list, which counts its comments."""
    query = filters_of(request.GET).query()
    cell = Cell(queries.row_of(row), row.version.project.slug, comments=comments.count_of(row), query=query)
    may_edit = row.version.is_draft and roles.can_edit_fields(request.user, row.version.project)
    context = {"may_edit": may_edit, "client_key": uuid4(), "rows": [cell]}
    return render_to_string("mapping_review/_rows.html", context, request)


def _answer(parts: list[str], *, status: int = 200) -> HttpResponse:
    response = HttpResponse("".join(parts), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _place_of(request: HttpRequest, row: FieldDecision) -> str:
    """The row in the list as it was filtered."""
    query = filters_of(request.GET).query()
    home = reverse("mapping_review:map", args=[row.version.project.slug])
    return f"{home}{query}{'&' if query else '?'}item={row.pk}"
