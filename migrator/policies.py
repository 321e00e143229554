"""Who may do what, as one role table. The same check guards the act, greys the button and words the refusal."""

from collections.abc import Callable
from typing import Any

from django.db.models import F
from django.http import Http404

from migrator.choices import Role
from migrator.engine.errors import RefusedError
from migrator.models import Membership, Project

EVERYONE = frozenset(Role)
ALLOWED: dict[str, frozenset[Role]] = {
    "view": EVERYONE,
    "decide_items": frozenset({Role.CUSTOMER_ADMIN, Role.ENGINEER, Role.OWNER}),
    "comment_fields": frozenset({Role.CUSTOMER_ADMIN, Role.ENGINEER, Role.OWNER}),
    "edit_fields": frozenset({Role.ENGINEER, Role.OWNER}),
    "sign_map": frozenset({Role.ENGINEER, Role.OWNER}),
    "spot_check": frozenset({Role.AUDITOR, Role.OWNER}),
    "start_discovery": frozenset({Role.ENGINEER, Role.OWNER}),
    "waive_cases": frozenset({Role.ENGINEER, Role.OWNER}),
    "start_trial": frozenset({Role.ENGINEER, Role.OWNER}),
    "approve_plan": frozenset({Role.ENGINEER, Role.OWNER}),
    "pause_run": frozenset({Role.ENGINEER, Role.OWNER}),
    "rollback": frozenset({Role.ENGINEER, Role.OWNER}),
    "manage_connections": frozenset({Role.ENGINEER, Role.OWNER}),
}
PHRASES: dict[str, str] = {
    "view": "see this project",
    "decide_items": "decide cases in the queue",
    "comment_fields": "comment on fields",
    "edit_fields": "edit and approve fields",
    "sign_map": "sign off the field map",
    "spot_check": "spot-check profiles and sign",
    "start_discovery": "start a discovery",
    "waive_cases": "let a run go on without open cases",
    "start_trial": "start a sandbox run",
    "approve_plan": "approve a plan",
    "pause_run": "pause, resume or abort a run",
    "rollback": "roll a run back",
    "manage_connections": "change connections",
}


def project_for(user: Any, slug: str) -> Project:
    """The project, if the user belongs to it; else Http404, so that nobody learns what exists."""
    found = Project.objects.for_user(user).annotate(own_role=F("memberships__role")).filter(slug=slug)
    project = found.first()
    if project is None:
        raise Http404("There is no such project, or you are not a member of it.")
    know_role(user, project, project.own_role)  # type: ignore[attr-defined]  # annotated
    return project


def know_role(user: Any, project: Project, role: str) -> None:
    """Keep the role that was read along with a project, for as long as this object of the user lives: that of
    one request."""
    user.known_roles = getattr(user, "known_roles", {}) | {project.pk: Role(role)}


def role_of(user: Any, project: Project) -> Role | None:
    if user.pk is None:
        return None
    known: Role | None = getattr(user, "known_roles", {}).get(project.pk)
    if known is not None:
        return known
    role = Membership.objects.filter(project=project, user_id=user.pk).values_list("role", flat=True).first()
    return Role(role) if role else None


def check_can(act: str, user: Any, project: Project) -> Role:
    """Raises RefusedError with the sentence; returns the role that allows the act."""
    role = role_of(user, project)
    if role is None or role not in ALLOWED[act]:
        allowed = " or ".join(sorted(r.label.lower() for r in ALLOWED[act]))
        own = f"You are {role.label.lower()}" if role else "You are not a member"
        raise RefusedError(f"{own}, and only {allowed} can {PHRASES[act]}. Ask one of them.", act=act)
    return role


def can(act: str, user: Any, project: Project) -> bool:
    try:
        check_can(act, user, project)
    except RefusedError:
        return False
    return True


def _check(act: str) -> Callable[[Any, Project], Role]:
    def check(user: Any, project: Project) -> Role:
        return check_can(act, user, project)

    return check


def _can(act: str) -> Callable[[Any, Project], bool]:
    def allowed(user: Any, project: Project) -> bool:
        return can(act, user, project)

    return allowed


check_can_decide_items = _check("decide_items")
check_can_edit_fields = _check("edit_fields")
check_can_sign_map = _check("sign_map")
check_can_start_discovery = _check("start_discovery")
check_can_start_trial = _check("start_trial")
check_can_approve_plan = _check("approve_plan")
check_can_pause_run = _check("pause_run")
check_can_rollback = _check("rollback")
check_can_manage_connections = _check("manage_connections")
can_decide_items = _can("decide_items")
can_comment_fields = _can("comment_fields")
can_edit_fields = _can("edit_fields")
can_sign_map = _can("sign_map")
can_start_discovery = _can("start_discovery")
can_start_trial = _can("start_trial")
can_approve_plan = _can("approve_plan")
can_pause_run = _can("pause_run")
can_rollback = _can("rollback")
can_manage_connections = _can("manage_connections")
