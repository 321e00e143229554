"""One connected project with its engineer signed in."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mapping_review import services as map_services
from migrator.choices import Role
from migrator.models import Project
from tests import factories as made
from tests import factories_mapping_review as maps
from tests.factories_views import connect

HTMX = {"HX-Request": "true"}


@pytest.fixture
def project(db: None) -> Project:
    found = made.project(slug="nordlys")
    connect(found)
    return found


@pytest.fixture
def engineer(project: Project) -> Any:
    return made.user(project)


@pytest.fixture
def page(client: Client, engineer: Any) -> Client:
    """The engineer's browser."""
    client.force_login(engineer)
    return client


@pytest.fixture
def viewer(project: Project) -> Client:
    """The browser of somebody who may only look."""
    browser = Client()
    browser.force_login(made.user(project, Role.VIEWER, "Vera Lund"))
    return browser


@pytest.fixture
def stranger(db: None) -> Client:
    """The browser of somebody from another project."""
    browser = Client()
    browser.force_login(made.user(made.project(), Role.OWNER, "Olle Ek"))
    return browser


@pytest.fixture
def url(project: Project) -> Callable[..., str]:
    return lambda name, *args: reverse(name, args=[project.slug, *args])


@pytest.fixture
def ready(project: Project, engineer: Any) -> Project:
    """A project whose map is signed and whose queue is clear."""
    maps.make_map(project)
    map_services.approve_all(project, engineer)
    map_services.sign_current(project, engineer)
    return project
