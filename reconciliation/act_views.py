"""Acts beside a decision: notes, assignment, leases and saved views. Each works as a plain form."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from migrator import policies as roles
from migrator.engine.cases import CaseKind
from migrator.models import Project
from migrator.web import refusals, wants_partial
from reconciliation import answers, assigning, holds, notes, queries, saved_views
from reconciliation.act_forms import AssignForm, NoteForm, ShareForm, ViewForm
from reconciliation.arguments import InvalidDecisionError
from reconciliation.asked import deciders, filters_of, item_of
from reconciliation.effects import counted
from reconciliation.filters import Filters
from reconciliation.forms import DecideManyForm
from reconciliation.models import ReviewItem, SavedView
from reconciliation.screens import listed, part, screen, view_query

# One case


@require_POST
@refusals
def item_note(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    found, form = item_of(project, pk), NoteForm(request.POST)
    if not form.is_valid():
        return answers.refused(request, answers.NOT_OURS)
    try:
        notes.add(found, request.user, form.cleaned_data["text"], form.cleaned_data["client_key"])
    except InvalidDecisionError as problem:
        entered = {"text": form.cleaned_data["text"]}
        filters = filters_of(request)
        return answers.item_page(request, found, filters, status=422, problem=problem, entered=entered)
    return _back_to(request, found, "Note added.")


@require_POST
@refusals
def item_assign(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    found, form = item_of(project, pk), AssignForm(request.POST)
    to = _person(project, form)
    assigning.assign(project, ReviewItem.objects.filter(pk=found.pk), to, by=request.user)
    return _back_to(request, item_of(project, pk), _assigned(to))


def _back_to(request: HttpRequest, item: ReviewItem, said: str) -> HttpResponse:
    """The case as it is now: its inspector and row, or its own page."""
    filters = filters_of(request)
    if wants_partial(request):
        return answers.item_page(request, item, filters, said=said)
    messages.success(request, said)
    return redirect(reverse("reconciliation:item", args=[item.project.slug, item.pk]) + filters.as_query())


@require_POST
@refusals
def item_hold(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Holds or renews the case: 204. With `take_over` it is taken from whoever has it, and shown."""
    project = roles.project_for(request.user, slug)
    found = item_of(project, pk)
    taking = bool(request.POST.get("take_over"))
    held = holds.take_over(found, request.user) if taking else holds.take(found, request.user)
    if wants_partial(request) and not taking:
        # Whoever is here already is told by the page itself, and by the answer to a decision.
        return HttpResponse(status=204)
    if isinstance(held, holds.Other):
        return answers.refused(request, held.sentence, 409)
    return _back_to(request, item_of(project, pk), "The case is yours for now.")


# Many cases


@require_http_methods(["GET", "POST"])
@refusals
def assign(request: HttpRequest, slug: str) -> HttpResponse:
    """A page to share what matches evenly; posted, that, or the selected cases to one person."""
    project = roles.project_for(request.user, slug)
    roles.check_can_decide_items(request.user, project)
    filters = filters_of(request)
    if request.method == "GET":
        return _share_page(request, project, filters)
    if "share" in request.POST:
        return _shared(request, project, filters)
    form = DecideManyForm(request.POST)
    if not form.is_valid() or not form.versions:
        return answers.nothing_selected(request, project, form)
    to = _person(project, AssignForm(request.POST))
    chosen = project.review_items.filter(kind=form.case_kind.value, pk__in=form.versions)
    number = assigning.assign(project, chosen, to, by=request.user)
    said = f"{counted(number, 'case')}: {_assigned(to).lower()}"
    if wants_partial(request):
        context = listed(request, project, form.case_kind, filters) | {"problems": (), "said": said}
        return part(request, "_refreshed.html", context)
    messages.success(request, said)
    return redirect(_list(slug, form.case_kind) + filters.as_query())


def _list(slug: str, kind: CaseKind) -> str:
    return reverse("reconciliation:queue-kind", args=[slug, kind.value])


def _share_page(request: HttpRequest, project: Project, filters: Filters, problem: str = "") -> HttpResponse:
    kind = _kind(request.GET.get("kind", ""))
    context = screen(request, project, kind, filters) | {"people": deciders(project), "problem": problem}
    context["matching"] = queries.queue_page(project, kind, filters, size=1).total
    context["all_query"] = filters.as_query(kind=kind.value)
    return part(request, "assign.html", context, 422 if problem else 200)


def _shared(request: HttpRequest, project: Project, filters: Filters) -> HttpResponse:
    form = ShareForm(request.POST)
    if not form.is_valid():
        return answers.refused(request, answers.NOT_OURS)
    kind = CaseKind(form.cleaned_data["kind"])
    people = [user for user in deciders(project) if user.pk in form.people]
    if not people:
        return _share_page(request, project, filters, "Nobody was chosen. Choose who gets cases.")
    dealt = assigning.share_evenly(project, kind, filters.as_query(), people, by=request.user)
    among = counted(len(dealt), "person", "people")
    messages.success(request, f"{counted(sum(dealt.values()), 'case')} shared among {among}.")
    return redirect(_list(project.slug, kind) + filters.as_query())


def _kind(text: str) -> CaseKind:
    try:
        return CaseKind(text)
    except ValueError:
        raise Http404("There is no such kind of case.") from None


def _person(project: Project, form: AssignForm) -> object | None:
    """Raises Http404 for somebody who may not decide cases of this project."""
    if not form.is_valid():
        raise Http404("There is no such person in this project.")
    wanted = form.cleaned_data["to"]
    if wanted is None:
        return None
    found = next((user for user in deciders(project) if user.pk == wanted), None)
    if found is None:
        raise Http404("There is no such person in this project.")
    return found


def _assigned(to: object | None) -> str:
    if to is None:
        return "Assigned to nobody."
    return f"Assigned to {to.get_full_name() or to.get_username()}."  # type: ignore[attr-defined]


# Saved views


@require_GET
def views(request: HttpRequest, slug: str) -> HttpResponse:
    """The person's own views of one kind: rename, share, delete."""
    project = roles.project_for(request.user, slug)
    return _views_page(request, project, _kind(request.GET.get("kind", "")))


def _views_page(request: HttpRequest, project: Project, kind: CaseKind, problem: str = "") -> HttpResponse:
    filters = filters_of(request)
    context = screen(request, project, kind, filters) | {"problem": problem}
    context["views"] = saved_views.visible_to(project, request.user, kind)
    return part(request, "views.html", context, 422 if problem else 200)


@require_POST
@refusals
def views_save(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the filters of a list under a name, or change a view of one's own."""
    project, form = roles.project_for(request.user, slug), ViewForm(request.POST)
    if not form.is_valid():
        return answers.refused(request, answers.NOT_OURS)
    kind, name, shared = (
        CaseKind(form.cleaned_data["kind"]),
        form.cleaned_data["name"],
        form.cleaned_data["shared"],
    )
    query = view_query(Filters.from_query(form.cleaned_data["query"]), request.user)
    try:
        if form.cleaned_data["pk"]:
            view = saved_views.rename(
                _own(project, request, form.cleaned_data["pk"]), name, user=request.user
            )
            query = saved_views.share(view, shared, user=request.user).query
        else:
            saved_views.save(project, kind, name, query, user=request.user, shared=shared)
    except InvalidDecisionError as problem:
        return _views_page(request, project, kind, problem.sentence)
    messages.success(request, "View saved.")
    return redirect(_list(slug, kind) + query)


@require_POST
@refusals
def views_delete(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    view = _own(project, request, pk)
    kind = CaseKind(view.kind)
    saved_views.delete(view, user=request.user)
    messages.success(request, "View deleted. No case was touched.")
    return redirect(reverse("reconciliation:views", args=[slug]) + f"?kind={kind.value}")


def _own(project: Project, request: HttpRequest, pk: int) -> SavedView:
    return get_object_or_404(SavedView, project=project, owner=request.user.pk, pk=pk)
