"""The sign-off page: what would be signed, or everything that stands in the way."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from mapping_review import services, signing
from mapping_review.forms import SignForm
from mapping_review.models import MapVersion
from mapping_review.signing import ContentChangedError
from mapping_review.views import draft_for
from migrator import policies as roles
from migrator.engine.errors import RefusedError
from migrator.engine.field_map import field_map_of
from migrator.web import go, refusals


@require_http_methods(["GET", "POST"])
@refusals
def sign_off(request: HttpRequest, slug: str) -> HttpResponse:
    """GET says what will be signed, or every reason why not yet; POST signs exactly what was shown."""
    project, found = draft_for(request, slug)
    roles.check_can_sign_map(request.user, project)
    if request.method == "GET":
        return _page(request, found)
    form = SignForm(request.POST)
    if not form.is_valid():
        return _page(
            request, found, status=422, problem="This form was incomplete. Look at it and sign once more."
        )
    sent = form.cleaned_data
    try:
        signed = services.sign_off(found, request.user, checksum=sent["checksum"])
    except ContentChangedError as problem:
        changes = signing.changes_since(found, sent["seen"])
        lines = [signing.line_of(event) for event in changes]
        return _page(request, found, status=409, problem=problem.sentence, changes=lines)
    except RefusedError as problem:
        return _page(request, found, status=403, problem=problem.sentence)
    url = str(redirect("mapping_review:map", slug).url)
    return go(request, url, f"v{signed.number} is signed. The sandbox run can be planned with it.")


def _page(request: HttpRequest, version: MapVersion, *, status: int = 200, **extra: Any) -> HttpResponse:
    decisions = signing.decisions_of(version)
    whole = field_map_of(rule for row in decisions for rule in row.rules)
    context = {
        "project": version.project,
        "version": version,
        "blockers": signing.blockers(version, decisions),
        "tally": signing.tally(whole.rules),
        "new_fields": whole.to_create(),
        "checksum": whole.checksum,
        "seen": signing.newest_event_id(version),
    }
    return render(request, "mapping_review/sign_off.html", context | extra, status=status)
