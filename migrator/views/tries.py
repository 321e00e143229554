"""The field map tried on one named profile. Nothing is written, and no name ever stands in an address or a log."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from mapping_review import queries, trying
from migrator import connections, staging
from migrator.models import Discovery, Project, StagedProfile
from migrator.views.loaders import project_of


@require_http_methods(["GET", "POST"])
def map_try(request: HttpRequest, slug: str) -> HttpResponse:
    """GET shows one profile by its key, or the search. POST searches: what is searched for is a person's name,
    which must not stand in an address."""
    project = project_of(request, slug)
    discovery, version = staging.current_discovery(project), queries.current_version(project)
    if discovery is None or version is None:
        return render(request, "mapping_review/no_map.html", {"project": project})
    context: dict[str, Any] = {"project": project, "item": _item(request)}
    if request.method == "POST":
        text = request.POST.get("q", "")[:200]
        context |= {"q": text, "hits": trying.find_profiles(discovery, text)}
    elif key := request.GET.get("key", ""):
        context |= _tried(project, version, _profile(discovery, key), context["item"])
    return render(request, "mapping_review/profile.html", context)


def _item(request: HttpRequest) -> int:
    """The row of the map that the person came from; 0 where there is none."""
    item = request.GET.get("item", "")
    return int(item) if item.isdecimal() and len(item) < 15 else 0


def _profile(discovery: Discovery, key: str) -> StagedProfile:
    found = discovery.profiles.filter(source_key=key).first()
    if found is None:
        raise Http404("There is no such profile in the newest discovery. Search for it again.")
    return found


def _tried(project: Project, version: Any, staged: StagedProfile, item: int) -> dict[str, Any]:
    rows = queries.rows_of(version)
    discovery = staging.current_discovery(project)
    names = discovery.inventory.get("definitions", {}).get("sections", {}) if discovery else {}
    context = trying.context_for(rows, names, str(project.setting("currency")))
    profile = connections.read_profile(staged)
    events = trying.event_counts(staged.discovery, staged.source_key)
    lines = list(trying.lines_of(profile, events, rows, context))
    return {
        "profile": staged,
        "mine": [line for line in lines if line.row == item],
        "lines": [line for line in lines if not line.is_quiet],
        "quiet": sum(line.is_quiet for line in lines),
        "facts": trying.facts_of(profile, context),
    }
