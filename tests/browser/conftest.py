"""One browser for each file, and the people of one project."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from migrator.choices import Role
from migrator.models import Project
from tests import factories_mapping_review as made
from tests.browser.demo import FLAGS
from tests.browser.visitors import PATIENCE_MS, Visitor, visiting

expect.set_options(timeout=PATIENCE_MS / 2)


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def database_beside_a_browser() -> Iterator[None]:
    """The browser's driver runs a loop in this thread, and Django then takes every query for a mistake."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture
def project(database_beside_a_browser: None, transactional_db: None) -> Project:
    return made.make_project("nordlys")


@pytest.fixture
def erik(project: Project, browser: Browser, live_server: Any) -> Iterator[Visitor]:
    """The engineer."""
    with visiting(browser, live_server.url, made.make_member(project)) as person:
        yield person


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def anyone(request: Any, project: Project, browser: Browser, live_server: Any) -> Iterator[Visitor]:
    """The engineer, with and without JavaScript."""
    user = made.make_member(project)
    with visiting(browser, live_server.url, user, scripts=request.param) as person:
        yield person


@pytest.fixture
def sofia(project: Project, browser: Browser, live_server: Any) -> Iterator[Visitor]:
    """The customer admin."""
    with visiting(
        browser, live_server.url, made.make_member(project, Role.CUSTOMER_ADMIN, "Sofia")
    ) as person:
        yield person


@pytest.fixture
def plain(project: Project, browser: Browser, live_server: Any) -> Iterator[Visitor]:
    """Somebody whose browser runs no scripts."""
    user = made.make_member(project, Role.CUSTOMER_ADMIN, "Sofia")
    with visiting(browser, live_server.url, user, scripts=False) as visitor:
        yield visitor
