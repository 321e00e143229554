"""The queue's pages in a real browser: filters, many at once, history, sharing, own keys; with and without scripts."""

from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from migrator.engine.cases import Decide
from migrator.models import Preference, Project
from reconciliation import holds, services
from reconciliation.models import ReviewItem
from tests import factories_mapping_review as people
from tests import factories_reconciliation as made
from tests.browser.demo import SHOTS, THEMES
from tests.browser.visitors import Visitor, look, settled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.slow]
LIST = "/m/nordlys/queue/no-email/"
SMALLEST = {"width": 320, "height": 640}
NAMES = ("Astrid Lindqvist", "Johan Berg", "Signe Aalto", "Mikkel Østergaard", "Elin Lund", "Freja Holt")


@pytest.fixture
def cases(project: Project) -> list[ReviewItem]:
    """Sixty profiles without an email: one page and a bit."""
    found = []
    for number in range(60):
        name = f"{NAMES[number % 6]} {number // 6}" if number > 5 else NAMES[number]
        section = ("Sweden", "Norway", "Finland")[number % 3]
        phone = "" if number % 4 == 3 else f"+46 70 555 {number:02} 24"
        company = "Fjällsport Kiruna" if number % 2 else ""
        known = {"sections": [section], "phone": phone, "company": company, "event_count": number % 9}
        found.append(made.make_item(project, made.no_email(f"profile-{number}", name=name, **known)))
    return found


def see(person: Visitor, name: str) -> None:
    """In every size and theme, and no word cut off at the smallest size."""
    look(person, name)
    if not person.scripts:
        return
    person.page.set_viewport_size(SMALLEST)
    for theme in THEMES:
        person.page.emulate_media(color_scheme=theme)
        person.page.screenshot(path=SHOTS / f"{name}-320-{theme}.png", caret="initial")
    assert person.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, name
    person.page.set_viewport_size({"width": 1440, "height": 900})
    person.page.emulate_media(color_scheme="light")


def chosen(page: Page) -> str:
    return page.url.partition("?")[2]


def test_filters_narrow_the_list_and_stay_in_the_address(anyone: Visitor, cases: list[ReviewItem]) -> None:
    anyone.go(LIST)
    see(anyone, "queue-list")
    page = anyone.page
    page.locator("[name=section]").select_option("Norway")
    if not anyone.scripts:
        page.get_by_role("button", name="Apply").click()
    expect(page.locator("#shown")).to_contain_text("20 cases")
    assert "section=Norway" in chosen(page)
    page.locator("summary", has_text="More").click()
    page.locator("[name=phone]").select_option("no")
    if not anyone.scripts:
        page.get_by_role("button", name="Apply").click()
    expect(page.locator("#shown")).to_contain_text("5 cases")
    assert "phone=no" in chosen(page)
    assert "section=Norway" in chosen(page)
    see(anyone, "queue-filtered")
    page.get_by_role("link", name="Clear filters").first.click()
    expect(page.locator("#shown")).to_contain_text("60 cases")


def test_a_view_is_saved_under_a_name_and_opened_again(anyone: Visitor, cases: list[ReviewItem]) -> None:
    anyone.go(f"{LIST}?section=Norway&sort=sure")
    page = anyone.page
    page.locator("#views summary").click()
    page.get_by_label("Name of this view").fill("Norway first")
    see(anyone, "queue-views-menu")
    page.get_by_role("button", name="Save this view").click()
    page.locator("#views summary").click()
    page.get_by_role("link", name="Norway first").click()
    assert chosen(page) == "section=Norway&sort=sure"
    page.locator("#views summary").click()
    page.get_by_role("link", name="Manage views").click()
    see(anyone, "queue-views")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="No saved views")).to_be_visible()


def test_all_that_match_are_decided_after_a_look_and_taken_back_as_one(
    anyone: Visitor, cases: list[ReviewItem]
) -> None:
    anyone.go(f"{LIST}?section=Norway")
    page = anyone.page
    page.get_by_role("link", name="Decide all").click()
    expect(page.get_by_role("heading", name="20 cases match")).to_be_visible()
    page.get_by_role("radio", name="Skip").check()
    if not anyone.scripts:
        page.get_by_role("button", name="Show the effect").click()
    page.get_by_label("Reason for all of them").fill("Left the company")
    if anyone.scripts:
        page.keyboard.press("Tab")
        anyone.page.wait_for_load_state("networkidle")
    else:
        page.get_by_role("button", name="Show the effect").click()
    see(anyone, "queue-bulk-preview")
    page.get_by_role("button", name="Decide 20 cases").click()
    expect(page.get_by_text("Finished", exact=True)).to_be_visible()
    see(anyone, "queue-bulk")
    assert ReviewItem.objects.filter(state="decided", args__reason="Left the company").count() == 20
    page.get_by_role("button", name="Undo all 20").click()
    expect(page.get_by_role("heading", name="Undo of 20 cases")).to_be_visible()
    assert not ReviewItem.objects.exclude(state="open").exists()


def test_the_selected_cases_go_to_somebody(anyone: Visitor, cases: list[ReviewItem]) -> None:
    anyone.go(LIST)
    page = anyone.page
    for number in (0, 1):
        page.locator("[data-row] input[type=checkbox]").nth(number).check()
    see(anyone, "queue-selected")
    page.locator("#bulk summary").click()
    page.get_by_label("Assign to", exact=True).select_option(
        label=anyone.user.get_full_name() or anyone.user.username
    )
    page.get_by_role("button", name="Assign the selected").click()
    expect(page.locator("[data-row] .av")).to_have_count(2)
    settled(anyone)
    assert ReviewItem.objects.filter(assigned_to=anyone.user).count() == 2


def test_a_list_is_shared_out_evenly(anyone: Visitor, project: Project, cases: list[ReviewItem]) -> None:
    anyone.go(LIST)
    anyone.page.locator("#views summary").click()
    anyone.page.get_by_role("link", name="Share these cases out").click()
    see(anyone, "queue-share")
    anyone.page.get_by_role("button", name="Share out").click()
    expect(anyone.page.get_by_text("60 cases shared")).to_be_visible()


def test_an_older_batch_is_undone_after_a_look_at_what_came_later(
    anyone: Visitor, project: Project, cases: list[ReviewItem]
) -> None:
    chosen_items = ReviewItem.objects.filter(pk__in=[item.pk for item in cases[:3]])
    skip, name_only = services.Choice(Decide.SKIP, {"reason": "Old"}), services.Choice(Decide.NAME_ONLY)
    services.decide_many(project, chosen_items, skip, user=anyone.user, client_key=uuid4())
    last = ReviewItem.objects.filter(pk=cases[0].pk)
    services.decide_many(project, last, name_only, user=anyone.user, client_key=uuid4())
    anyone.go("/m/nordlys/queue/history/")
    see(anyone, "queue-history")
    anyone.page.get_by_role("button", name="Undo").nth(1).click()
    see(anyone, "queue-undo")
    anyone.page.get_by_role("checkbox").first.check()
    anyone.page.get_by_role("button", name="Undo").click()
    expect(anyone.page.get_by_text("Undone")).to_be_visible()
    assert not ReviewItem.objects.exclude(state="open").exists()


def test_who_has_a_case_open_is_told_in_the_list(
    erik: Visitor, project: Project, cases: list[ReviewItem]
) -> None:
    other = people.make_member(project, name="Karin")
    holds.take(cases[8], other, seconds=600)
    erik.go(LIST)
    expect(erik.page.locator(f"#row-{cases[8].pk}")).to_contain_text("Karin is here")


def test_a_person_uses_keys_of_their_own(erik: Visitor, cases: list[ReviewItem]) -> None:
    erik.go("/account/")
    erik.page.locator("summary", has_text="Use other keys").click()
    erik.page.get_by_label("Unsure").fill("q")
    see(erik, "account-keys")
    erik.page.get_by_role("button", name="Save").click()
    assert Preference.objects.get(user=erik.user).keys == {"U": "Q"}
    erik.go(LIST)
    first = erik.page.locator("[data-row]").first.get_attribute("data-name")
    erik.page.keyboard.press("j")
    erik.page.keyboard.press("k")
    erik.press("u")
    expect(erik.page.locator("[data-row]").first).to_have_attribute("data-name", str(first))
    erik.press("q")
    settled(erik)
    assert ReviewItem.objects.get(title=str(first)).state == "unsure"
