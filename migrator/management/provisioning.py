"""Makes the made-up project that the demo and the benchmark work on: people, roles and two connections."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from migrator import connections, trail
from migrator.choices import Role, Side
from migrator.models import Connection, Membership, Project

PASSWORD = "crosswalk-demo"  # noqa: S105 - made up, printed on screen, opens only the demo
PEOPLE = (
    ("erik@nordlys.example", "Erik", "Dahl", Role.ENGINEER),
    ("sofia@nordlys.example", "Sofia", "Berg", Role.CUSTOMER_ADMIN),
    ("aino@nordlys.example", "Aino", "Salo", Role.AUDITOR),
    ("henrik@nordlys.example", "Henrik", "Ness", Role.OWNER),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """The project to make. `connect` is the object that serve_simulators prints."""

    slug: str
    name: str
    connect: Mapping[str, Mapping[str, Any]]
    plan: str = "ultimate"
    seats: int = 5
    limits_off: bool = False
    settings: Mapping[str, Any] | None = None


@transaction.atomic
def provision(wish: Wish) -> Project:
    """Create the project, or bring its people and connections up to date; what was done in it stays."""
    project, created = Project.objects.get_or_create(slug=wish.slug, defaults={"name": wish.name})
    if created:
        project.settings = dict(wish.settings or {})
        project.save(update_fields=["settings"])
        trail.append(
            project, None, "create", "project", project.slug, "Created the project with made-up data."
        )
    for email, first, last, role in PEOPLE:
        _member(project, email, first, last, role)
    _connect_source(project, wish)
    _connect_target(project, wish)
    return project


def _member(project: Project, email: str, first: str, last: str, role: Role) -> None:
    users = get_user_model().objects
    user = users.filter(username=email).first()
    if user is None:
        user = users.create_user(email, email=email, password=PASSWORD, first_name=first, last_name=last)
    Membership.objects.get_or_create(project=project, user=user, defaults={"role": role})


def _connect_source(project: Project, wish: Wish) -> None:
    source = wish.connect["source"]
    config = {"client_id": source["client_id"], "account_name": wish.name, "simulator": True}
    _connect(project, Side.SOURCE, source["base_url"], config | _limits(wish), source["client_secret"])


def _connect_target(project: Project, wish: Wish) -> None:
    target = wish.connect["target"]
    config = {"plan": wish.plan, "seats": wish.seats, "credential": "api_token", "simulator": True}
    config |= {"account_name": f"{wish.name} Sandbox"}
    _connect(project, Side.TARGET, target["base_url"], config | _limits(wish), target["api_token"])


def _limits(wish: Wish) -> dict[str, Any]:
    return {"limits_off": True} if wish.limits_off else {}


def _connect(project: Project, side: Side, base_url: str, config: dict[str, Any], secret: str) -> None:
    connection, _ = Connection.objects.update_or_create(
        project=project, side=side, defaults={"base_url": base_url, "config": config}
    )
    connections.store_secret(connection, secret)


def people(project: Project) -> list[dict[str, str]]:
    """Who can sign in, for the line that a command prints."""
    rows = project.memberships.select_related("user").order_by("pk")
    return [
        {"name": m.user.get_full_name(), "email": m.user.get_username(), "password": PASSWORD, "role": m.role}
        for m in rows
    ]
