"""The inspector of every kind, in a real browser: it fits every screen and theme, and keys alone settle it."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from migrator.choices import Role
from migrator.engine.cases import Case
from migrator.models import Project
from reconciliation.models import ReviewItem
from tests import factories_mapping_review as others
from tests import factories_reconciliation as made
from tests.browser.demo import SHOTS, THEMES
from tests.browser.visitors import RULES, Visitor, settled, visiting

pytestmark = pytest.mark.slow
WIDTHS = {"1440": (1440, 900), "390": (390, 844), "320": (320, 640)}
TWIN = {
    "source_key": "twin",
    "name": "Astrid Lindkvist",
    "email": "astrid@fjallsport.example",
    "phone": "+46 70 555 01 24",
    "company": "Fjällsport Kiruna",
    "event_count": 31,
    "why": "Same phone",
}
PERSON = {"target_id": "711", "name": "A. Lindqvist", "email": "a.lindqvist@fjallsport.example", "phone": ""}
KARIN = [
    made.member("a", "Karin Holm", phone="+47 905 55 013", company="Hagen Fritid", crm_id="4411", filled=9),
    made.member("b", "Karin Holm-Ek", phone="+47 905 55 013", company="Hagen Fritid AS", event_count=14),
    made.member("c", "K. Holm", company="", filled=3),
]
CASES: dict[str, Case] = {
    "no-email": made.no_email(
        "7f3a9c21e4b8",
        company="Fjällsport Kiruna",
        tags=["store-card", "winter-25"],
        consents=["SMS yes, 4 Oct 2024", "Email none"],
        domains=["fjallsport.example"],
        candidates=[TWIN, PERSON | {"why": "Same name and company"}],
    ),
    "no-name": made.no_name("77aa01", company="Hagen Fritid"),
    "duplicates": made.duplicate(
        *KARIN, why=["Email **karin@example.com** is the same", "Phone **+47 905 55 013** is the same"]
    ),
    "type-conflicts": made.type_conflict(),
    "tags": made.rare_tag(
        "winter_25",
        3,
        [("Winter 25", 80), ("winter-24", 41)],
        together=[{"tag": "ski-club", "count": 3}, {"tag": "store-card", "count": 2}],
        spellings=["winter_25", "Winter 25", "WINTER-25"],
    ),
    "organizations": made.organizations(
        made.company("Hagen Fritid AS", 9, domains=["hagen.example"], vat=["NO 999 111 222"], target_id="31"),
        made.company("HAGEN FRITID", 4, domains=["hagen.example"]),
        made.company("Hagen Fritid Nord", 2),
        why=["They write from **hagen.example**"],
    ),
    "consents": made.consents(
        samples=[
            {"source_key": str(n), "name": name} for n, name in enumerate(["Liv Dahl", "Bo Ek", "Eva Moe"])
        ]
    ),
}
# The keys that settle each kind in another way than the suggested one, and what stands then.
KEYS: dict[str, tuple[list[str], str, dict[str, Any]]] = {
    "no-email": (["s", "Enter"], "skip", {"reason": "Not needed in Pipedrive."}),
    "no-name": (["2"], "derive_name", {"name": "Hagen Fritid"}),
    "duplicates": (["2"], "merge", {"survivor": "b", "members": ["a", "b", "c"]}),
    "type-conflicts": (["3"], "as_type", {"type": "number"}),
    "tags": (["3"], "merge_tag", {"into": "ski-club"}),
    "organizations": (["n"], "keep_apart", {}),
    "consents": (["m"], "restrict_all", {}),
}


@pytest.fixture
def sofia(project: Project, browser: Browser, live_server: Any) -> Iterator[Visitor]:
    user = others.make_member(project, Role.CUSTOMER_ADMIN, "Sofia")
    with visiting(browser, live_server.url, user) as person:
        yield person


def shown(person: Visitor, project: Project, kind: str) -> ReviewItem:
    item = made.make_item(project, CASES[kind])
    person.go(f"/m/nordlys/queue/{kind}/")
    return item


@pytest.mark.parametrize("kind", CASES)
def test_it_fits_every_screen_in_both_themes_and_breaks_no_rule(sofia, project, kind):
    shown(sofia, project, kind)
    SHOTS.mkdir(exist_ok=True)
    for name, (width, height) in WIDTHS.items():
        sofia.page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            sofia.page.emulate_media(color_scheme=theme)
            sofia.page.screenshot(path=SHOTS / f"inspector-{kind}-{name}-{theme}.png", caret="initial")
            found = Axe().run(sofia.page, options={"runOnly": RULES})
            assert found.violations_count == 0, found.generate_report()
        wide = sofia.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{kind} scrolls sideways by {wide} px at {name} px"


@pytest.mark.parametrize("kind", CASES)
def test_keys_alone_settle_it(sofia, project, kind):
    item = shown(sofia, project, kind)
    keys, action, args = KEYS[kind]
    for key in keys:
        sofia.press(key)
    settled(sofia)
    item.refresh_from_db()
    assert (item.action, item.args) == (action, args)


def test_a_value_that_was_chosen_wins_and_a_profile_that_was_left_out_stays_apart(sofia, project):
    item = shown(sofia, project, "duplicates")
    sofia.page.get_by_role("radio", name="Name: Karin Holm-Ek").check()
    sofia.page.get_by_role("checkbox", name="Take part: K. Holm").uncheck()
    sofia.page.keyboard.press("1")
    settled(sofia)
    item.refresh_from_db()
    assert item.args == {"survivor": "a", "members": ["a", "b"], "fields": {"name": "b"}}


def test_a_guess_fills_the_field_only_when_somebody_takes_it(sofia, project):
    shown(sofia, project, "no-email")
    sofia.page.keyboard.press("e")
    field = sofia.page.get_by_label("Email for Astrid Lindqvist")
    expect(field).to_have_value("")
    sofia.page.get_by_role("link", name="astrid.lindqvist@fjallsport.example").click()
    expect(field).to_have_value("astrid.lindqvist@fjallsport.example")
    expect(field).to_be_focused()


def test_unsure_parks_it(sofia, project):
    item = shown(sofia, project, "consents")
    sofia.press("u")
    settled(sofia)
    item.refresh_from_db()
    assert item.state == "unsure"


@pytest.mark.parametrize("kind", CASES)
def test_without_scripts_its_form_settles_it(project, browser, live_server, kind):
    user = others.make_member(project, Role.CUSTOMER_ADMIN, "Sofia")
    item = made.make_item(project, CASES[kind])
    with visiting(browser, live_server.url, user, scripts=False) as person:
        person.go(f"/m/nordlys/queue/item/{item.pk}/")
        person.page.get_by_role("button", name="Accept suggestion").click()
        person.page.wait_for_load_state()
    item.refresh_from_db()
    assert (item.action, item.args) == (item.suggested_action, item.suggestion["args"])
