"""Names for the filters and the order of a list; a shared one is seen by all, and changed by its owner alone."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from migrator import policies as roles
from migrator.engine.cases import CaseKind
from migrator.engine.errors import RefusedError
from migrator.models import Project
from reconciliation.arguments import InvalidDecisionError
from reconciliation.filters import Filters
from reconciliation.models import SavedView

LONGEST_NAME = 80
# One person's views of one kind; more would be no menu.
MOST = 50


def visible_to(project: Project, user: Any, kind: CaseKind | None = None) -> QuerySet[SavedView]:
    """The person's own views and the shared ones, by name."""
    rows = SavedView.objects.filter(Q(owner=user.pk) | Q(shared=True), project=project)
    rows = rows.filter(kind=kind.value) if kind else rows
    return rows.select_related("owner").order_by("name", "id")


@transaction.atomic
def save(
    project: Project, kind: CaseKind, name: str, query: str, *, user: Any, shared: bool = False
) -> SavedView:
    """Keep an address under a name; the same name of the same person keeps the new address.

    Raises InvalidDecisionError for a name that is no good or one view too many, RefusedError for who is no member.
    """
    roles.check_can("view", user, project)
    cleaned, mine = _name(name), SavedView.objects.filter(project=project, owner=user, kind=kind.value)
    if not mine.filter(name=cleaned).exists() and mine.count() >= MOST:
        raise InvalidDecisionError("name", f"You have {MOST} views already. Delete one first.")
    values = {"query": canonical(query), "shared": shared}
    key = {"project": project, "owner": user, "kind": kind.value, "name": cleaned}
    return SavedView.objects.update_or_create(**key, defaults=values)[0]


def rename(view: SavedView, name: str, *, user: Any) -> SavedView:
    """Raises RefusedError where it is somebody else's, InvalidDecisionError where the name is taken or no good."""
    _check_own(view, user)
    view.name = _name(name)
    try:
        with transaction.atomic():
            view.save(update_fields=["name"])
    except IntegrityError:
        raise InvalidDecisionError("name", "You have a view of this name. Choose another.") from None
    return view


def share(view: SavedView, shared: bool, *, user: Any) -> SavedView:
    _check_own(view, user)
    view.shared = shared
    view.save(update_fields=["shared"])
    return view


def delete(view: SavedView, *, user: Any) -> None:
    _check_own(view, user)
    view.delete()


def canonical(query: str) -> str:
    """The address as the filters spell it; "assignee=me" stays, so that it means whoever opens the view."""
    mine = "assignee=me" in query.removeprefix("?").split("&")
    return Filters.from_query(query).as_query(**({"assignee": "me"} if mine else {}))


def _name(name: str) -> str:
    cleaned = " ".join(name.replace("\0", "").split())
    if not cleaned or len(cleaned) > LONGEST_NAME:
        raise InvalidDecisionError("name", f"Give a name of 1 to {LONGEST_NAME} characters.")
    return cleaned


def _check_own(view: SavedView, user: Any) -> None:
    if view.owner_id != user.pk:
        raise RefusedError("Only its owner can change a shared view. Save your own under a new name.")
