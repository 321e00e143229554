"""What a language model would see, what it saw, and the switch. Nothing is sent from here."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from mapping_review import model_asking, model_queries, queries
from mapping_review.models import MapVersion, ModelExchange
from migrator import policies as roles
from migrator.models import Project
from migrator.web import go, refusals


@require_GET
def model_page(request: HttpRequest, slug: str) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    version, config = queries.current_version(project), model_asking.configured()
    upcoming = model_queries.upcoming(version) if version else []
    context = {
        "project": project,
        "config": config,
        "facts": model_queries.facts_about(config),
        "is_on": bool(project.setting(model_asking.SETTING)),
        "may_switch": roles.can_edit_fields(request.user, project),
        "upcoming": upcoming,
        "fields": sum(each.outgoing.fields for each in upcoming),
        "tokens": sum(each.tokens for each in upcoming),
        "sent": [(each, model_queries.cost_of(each, config)) for each in model_queries.exchanges_of(project)],
        "rules_alone": model_queries.BY_RULES_ALONE,
    }
    return render(request, "mapping_review/model.html", context)


@require_POST
@refusals
def model_switch(request: HttpRequest, slug: str) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    on = request.POST.get("on") == "yes"
    model_asking.switch(project, on=on, user=request.user)
    text = (
        "A language model may be asked." if on else "No language model is asked. What was sent stays listed."
    )
    return go(request, reverse("mapping_review:model", args=[slug]), text)


@require_GET
def model_next(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The bytes of a request that would be sent now."""
    version = _version(roles.project_for(request.user, slug))
    found = next((each for each in model_queries.upcoming(version) if each.number == number), None)
    if found is None:
        raise Http404("There is no such request now.")
    return _download(found.outgoing.body, f"crosswalk-{slug}-model-next-{number}.json")


@require_GET
def model_exchange(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    found = get_object_or_404(project.model_exchanges, pk=pk)
    context = {
        "project": project,
        "exchange": found,
        "asked": model_queries.asked_in(bytes(found.request)),
        "request_text": model_queries.visible(bytes(found.request)),
        "answer_text": model_queries.visible(bytes(found.response)),
        "cost": model_queries.cost_of(found, model_asking.configured()),
    }
    return render(request, "mapping_review/model_exchange.html", context)


@require_GET
def model_part(request: HttpRequest, slug: str, pk: int, part: str) -> HttpResponse:
    """The bytes of a request that was sent, or of its answer."""
    found: ModelExchange = get_object_or_404(roles.project_for(request.user, slug).model_exchanges, pk=pk)
    bodies = {"request": found.request, "answer": found.response}
    if part not in bodies:
        raise Http404("There is no such part.")
    return _download(bytes(bodies[part]), f"crosswalk-{slug}-model-{pk}-{part}.json")


def _version(project: Project) -> MapVersion:
    found = queries.current_version(project)
    if found is None:
        raise Http404("There is no field map yet.")
    return found


def _download(content: bytes, name: str) -> HttpResponse:
    # A slug has letters, digits and hyphens only, so the name needs no quoting.
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type="application/json", headers=headers)
