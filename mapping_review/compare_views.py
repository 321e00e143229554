"""The page that compares two versions of the map."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from mapping_review import compare as comparing
from mapping_review.forms import CompareForm
from mapping_review.models import MapVersion
from migrator import policies as roles
from migrator.models import Project

LAPSED = "lapsed"


def _version(project: Project, number: int) -> MapVersion:
    return get_object_or_404(project.map_versions.select_related("project"), number=number)


@require_GET
def choose(request: HttpRequest, slug: str) -> HttpResponse:
    """Where the form with the two lists leads; the address of the answer names both versions."""
    project = roles.project_for(request.user, slug)
    form = CompareForm(request.GET)
    if not form.is_valid():
        return redirect("mapping_review:versions", project.slug)
    return redirect("mapping_review:compare", project.slug, form.cleaned_data["a"], form.cleaned_data["b"])


@require_GET
def compare(request: HttpRequest, slug: str, a: int, b: int) -> HttpResponse:
    """Only what differs; ?show=lapsed leaves the fields that lost their approval."""
    project = roles.project_for(request.user, slug)
    if a > b:
        return redirect("mapping_review:compare", project.slug, b, a)
    compared = comparing.compare(_version(project, a), _version(project, b))
    only_lapsed = request.GET.get("show") == LAPSED
    here = reverse("mapping_review:compare", args=[project.slug, a, b])
    context = {
        "project": project, "a": a, "b": b, "compared": compared, "only_lapsed": only_lapsed,
        "rows": compared.lapsed if only_lapsed else compared.rows,
        "every_url": here, "lapsed_url": f"{here}?show={LAPSED}",
        "numbers": list(project.map_versions.values_list("number", flat=True)),
    }  # fmt: skip
    return render(request, "mapping_review/compare.html", context)
