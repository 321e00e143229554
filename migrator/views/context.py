"""The frame around every page: project, route, safety pill, breadcrumb, and how the person likes the screens.

Nothing is read before a template asks for it, so a part of a page costs no query of the frame.
"""

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest
from django.urls import ResolverMatch, reverse
from django.utils.functional import SimpleLazyObject

from migrator import gates
from migrator.models import Preference, Project
from migrator.views.loaders import standing_of

Crumbs = list[tuple[str, str]]
# The stop that a page belongs to and its words in the breadcrumb, by the name or the namespace of its address.
PAGES: dict[str, tuple[str, str]] = {
    "discovery": ("discovery", "Discovery"),
    "mapping_review": ("mapping", "Field map"),
    "map": ("mapping", "Field map"),
    "reconciliation": ("reconciliation", "Reconciliation"),
    "runs": ("sandbox", "Runs"),
    "connections": ("", "Connections"),
    "trail": ("", "Audit trail"),
    "account": ("", "Your account"),
    "projects": ("", "Projects"),
}


@dataclass(frozen=True, slots=True)
class Shell:
    """What base.html shows around the page."""

    project: Project | None
    stops: tuple[gates.Stop, ...]
    here: str
    safety: gates.Safety | None
    crumbs: Crumbs
    user_initials: str
    theme: str
    density: str
    shortcuts: str
    request_id: str


def shell(request: HttpRequest) -> dict[str, Any]:
    """Empty for somebody who is not signed in: then the page has no frame."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"shell": None}
    return {
        "shell": SimpleLazyObject(lambda: _shell(request)),
        "own_keys": SimpleLazyObject(lambda: _own_keys(request)),
    }


def _own_keys(request: HttpRequest) -> dict[str, str]:
    """{"usual key": "own key"}."""
    return dict(preference_of(request.user).keys)


def _shell(request: HttpRequest) -> Shell:
    project = _project(request)
    here, crumbs = _place(request, project)
    stops: tuple[gates.Stop, ...] = ()
    safety = None
    if project is not None:
        at = standing_of(request, project)
        stops = tuple(replace(stop, here=stop.key == here) for stop in gates.route(at))
        safety = gates.safety(at)
    liked = preference_of(request.user)
    return Shell(
        project=project,
        stops=stops,
        here=here or "elsewhere",
        safety=safety,
        crumbs=crumbs,
        user_initials=initials_of(request.user),
        theme=liked.theme,
        density=liked.density,
        shortcuts="" if liked.shortcuts else "off",
        request_id=str(getattr(request, "request_id", "")),
    )


def _project(request: HttpRequest) -> Project | None:
    known: Project | None = getattr(request, "project", None)
    if known is not None:
        return known
    match = request.resolver_match
    slug = match.kwargs.get("slug") if match else None
    return Project.objects.for_user(request.user).filter(slug=slug).first() if slug else None


def _place(request: HttpRequest, project: Project | None) -> tuple[str, Crumbs]:
    """The stop of the page and its breadcrumb; a view may set `request.crumbs` for what lies below."""
    here, words = _page(request.resolver_match)
    crumbs: Crumbs = [(project.name, reverse("home", args=[project.slug]))] if project else []
    below: Crumbs = getattr(request, "crumbs", [])
    if words:
        crumbs.append((words, request.path if not below else _parent(request)))
    return here, crumbs + below


def _page(match: ResolverMatch | None) -> tuple[str, str]:
    if match is None:
        return "", ""
    name = match.namespace or (match.url_name or "").partition("-")[0]
    return PAGES.get("runs" if name == "run" else name, ("", ""))


def _parent(request: HttpRequest) -> str:
    """The list that a page below it belongs to: the address up to its first part after the project."""
    parts = request.path.strip("/").split("/")
    return f"/{'/'.join(parts[:3])}/"


def preference_of(user: Any) -> Preference:
    """How the person likes the screens; the defaults, not stored yet, for somebody who never chose."""
    return getattr(user, "preference", None) or Preference(user_id=user.pk)


def initials_of(user: Any) -> str:
    """Two letters for the round picture."""
    names = [user.first_name, user.last_name] if user.first_name else user.get_username().split("@")[:1]
    return "".join(name[:1] for name in names if name).upper()[:2]
