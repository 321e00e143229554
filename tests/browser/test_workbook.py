"""The workbook and the comparison of versions in a real browser: download, change, upload, look, confirm."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, expect, sync_playwright

from mapping_review import services
from migrator.engine.inventory import FieldType, TargetField, TargetObject
from migrator.models import Project
from tests import factories_mapping_review as made
from tests.browser.demo import FLAGS, SIZES, THEMES, Person
from tests.workbooks import changed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOES, MEMBER = "attribute:shoe_size", "attribute:medlemsnr"
OWN = TargetField(TargetObject.PERSON, "Skostorlek", FieldType.DOUBLE, True)


@dataclass
class Visitor(Person):
    """A person whose browser may run no scripts; an audit needs them."""

    scripts: bool = True


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield found
        found.close()


@pytest.fixture(autouse=True, scope="module")
def database_beside_a_browser() -> Iterator[None]:
    """The browser's driver runs a loop in this thread, and Django then takes every query for a mistake."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture
def project(transactional_db: None) -> Project:
    return made.make_project("nordlys")


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def erik(request: Any, project: Project, browser: Browser, live_server: Any) -> Iterator[Visitor]:
    """The engineer, signed in, with and without JavaScript."""
    user = made.make_member(project)
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context = browser.new_context(
        viewport=SIZES["1440"], reduced_motion="reduce", java_script_enabled=request.param
    )
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    yield Visitor(context, context.new_page(), live_server.url, scripts=request.param)
    context.close()


def check_accessible(person: Visitor, name: str) -> None:
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    for theme in THEMES:
        person.page.emulate_media(color_scheme=theme)
        found = Axe().run(person.page, options=options)
        assert found.violations_count == 0, f"{name}, {theme}: {found.generate_report()}"


def look(person: Visitor, name: str) -> None:
    """A picture in every size and theme, and no violation of WCAG A and AA; once, where scripts run."""
    if person.scripts:
        person.shoot(name)
        check_accessible(person, name)


def downloaded(erik: Visitor, words: str, folder: Path) -> Path:
    erik.page.locator("summary", has_text="Workbook").click()
    with erik.page.expect_download() as download:
        erik.page.get_by_role("link", name=words).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_a_workbook_goes_out_and_comes_in(erik: Visitor, project: Project, tmp_path: Path) -> None:
    version = made.make_map(project, made.FIELDS, [OWN])
    row = made.row(version, SHOES)
    services.approve(row.pk, **made.act(row, project.memberships.get().user))
    erik.go("/m/nordlys/map/")
    file = downloaded(erik, "Download XLSX", tmp_path)
    assert file.name == "crosswalk-nordlys-map-v1.xlsx"
    cells = {
        (SHOES, "What to do"): "New field",
        (SHOES, "Field in Pipedrive"): "Shoes",
        (MEMBER, "What to do"): "?",
    }
    file.write_bytes(changed(file.read_bytes(), cells))

    look(erik, "map-workbook-menu")
    erik.page.get_by_role("link", name="Upload XLSX").click()
    look(erik, "workbook-upload")
    erik.page.get_by_label("Workbook or JSON file").set_input_files(file)
    erik.page.get_by_role("button", name="Show what would change").click()
    expect(erik.page.get_by_text("1 changed", exact=True)).to_be_visible()
    expect(erik.page.get_by_text("1 rejected", exact=True)).to_be_visible()
    look(erik, "workbook-preview")
    erik.page.get_by_role("button", name="Apply 1 change").click()
    expect(erik.page.get_by_text("1 field changed by the workbook")).to_be_visible()
    assert made.row(version, SHOES).lapsed == "Changed by workbook, by Erik"
    look(erik, "map-after-workbook")


def test_a_file_that_is_none_is_refused_in_a_sentence(
    erik: Visitor, project: Project, tmp_path: Path
) -> None:
    made.make_map(project, made.FIELDS, [OWN])
    erik.go("/m/nordlys/map/import/")
    file = tmp_path / "map.xlsx"
    file.write_bytes(b"Name;Email")
    erik.page.get_by_label("Workbook or JSON file").set_input_files(file)
    erik.page.get_by_role("button", name="Show what would change").click()
    expect(erik.page.get_by_text("The file was not read")).to_be_visible()
    look(erik, "workbook-refused")


def test_two_versions_are_compared(erik: Visitor, project: Project) -> None:
    made.make_map(project, made.FIELDS, [OWN])
    user = project.memberships.get().user
    services.approve_all(project, user)
    draft = services.open_draft(services.sign_current(project, user), user=user)
    row = made.row(draft, SHOES)
    services.skip_field(row.pk, **made.act(row, user))
    made.make_discovery(project, [made.attribute("Medlemsnr", "a@b.se"), *made.FIELDS[:3]], [OWN])
    services.propose_map(project)
    erik.go("/m/nordlys/map/v/")
    look(erik, "versions")
    erik.page.get_by_role("button", name="Compare", exact=True).click()
    expect(erik.page.get_by_role("heading", name="Compare v1 with v2")).to_be_visible()
    look(erik, "compare")
    erik.page.get_by_role("link", name="Approval lapsed").click()
    expect(erik.page.get_by_text("Left out of the migration")).to_have_count(0)
    expect(erik.page.get_by_role("link", name="Medlemsnr")).to_be_visible()
