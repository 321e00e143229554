"""What a list is filtered by survives everything a person does with it, and every act works without scripts."""

from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from migrator.engine.cases import Decide
from migrator.models import Project
from reconciliation.models import Bulk, Decision, Hold, Note, ReviewItem
from reconciliation.services import decide
from tests import factories_mapping_review as people
from tests import factories_reconciliation as made
from tests.browser.demo import THEMES
from tests.browser.test_queue_seeing import ALL_RULES
from tests.browser.visitors import Visitor, settled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.slow]
LIST = "/m/nordlys/queue/no-email/"
ASKED = "section=Norway"


@pytest.fixture
def cases(project: Project) -> list[ReviewItem]:
    return [
        made.make_item(
            project,
            made.no_email(
                f"profile-{number}",
                name=f"Person {number:03}",
                sections=[("Sweden", "Norway")[number % 2]],
                phone="" if number % 4 == 1 else "+46 70 555 01 24",
            ),
        )
        for number in range(120)
    ]


def is_of_norway(person: Visitor) -> None:
    assert ASKED in person.page.url
    expect(person.page.locator("#shown")).to_contain_text("60 cases")
    expect(person.page.locator("select[name=section]")).to_have_value("Norway")


def test_filters_survive_the_order_the_next_page_a_case_and_a_saved_view(
    anyone: Visitor, cases: list[ReviewItem]
) -> None:
    anyone.go(f"{LIST}?{ASKED}")
    page = anyone.page
    page.locator("summary", has_text="More").click()
    page.locator("[name=sort]").select_option("newest")
    if not anyone.scripts:
        page.get_by_role("button", name="Apply").click()
    expect(page.locator("[data-row]").first).to_contain_text("Person 119")
    is_of_norway(anyone)
    page.locator("li.pager a").last.click()
    expect(page.locator("[data-row]").last).to_contain_text("Person 001")
    is_of_norway(anyone)
    page.locator("[data-row] a").last.click()
    expect(page.locator("h2", has_text="Person").first).to_be_visible()
    assert ASKED in page.url
    assert "sort=newest" in page.url
    anyone.go(f"{LIST}?{ASKED}&sort=newest")
    page.locator("#views summary").click()
    page.get_by_label("Name of this view").fill("The newest of Norway")
    page.get_by_role("button", name="Save this view").click()
    is_of_norway(anyone)
    anyone.go(LIST)
    page.locator("#views summary").click()
    page.get_by_role("link", name="The newest of Norway").click()
    is_of_norway(anyone)
    assert "sort=newest" in page.url


def test_a_case_of_a_list_is_decided_without_scripts_and_leads_on_in_that_list(
    plain: Visitor, cases: list[ReviewItem]
) -> None:
    plain.go(f"{LIST}?{ASKED}&phone=no")
    plain.page.locator("[data-row] a").first.click()
    plain.page.get_by_role("button", name="Accept suggestion").click()
    plain.page.wait_for_load_state()
    assert ASKED in plain.page.url
    assert "phone=no" in plain.page.url
    decided = ReviewItem.objects.get(state="decided")
    assert (decided.section, decided.evidence["phone"]) == ("Norway", "")


def test_a_note_an_assignment_and_a_rule_work_without_scripts(
    plain: Visitor, project: Project, cases: list[ReviewItem]
) -> None:
    page = plain.page
    plain.go(f"/m/nordlys/queue/item/{cases[0].pk}/")
    page.locator("summary", has_text="Note").click()
    page.get_by_label("Note").fill("Karin knows her.")
    page.locator("#act-note").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Karin knows her.")).to_be_visible()
    assert Note.objects.get().item_id == cases[0].pk
    plain.go("/m/nordlys/queue/rules/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    plain.go(LIST)
    page.locator("[data-row] input[type=checkbox]").first.check()
    page.locator("#bulk summary").click()
    page.get_by_label("Assign to", exact=True).select_option(label=plain.user.get_full_name())
    page.get_by_role("button", name="Assign the selected").click()
    page.wait_for_load_state()
    assert ReviewItem.objects.filter(assigned_to=plain.user).count() == 1


def breaks_no_rule(person: Visitor, what: str) -> None:
    for width in (1440, 390, 320):
        person.page.set_viewport_size({"width": width, "height": 900})
        for theme in THEMES:
            person.page.emulate_media(color_scheme=theme)
            found = Axe().run(person.page, options={"runOnly": ALL_RULES})
            assert found.violations_count == 0, f"{what}, {width} px, {theme}: {found.generate_report()}"
        assert person.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, what
    person.page.set_viewport_size({"width": 1440, "height": 900})


def test_the_view_of_a_case_that_somebody_else_decided_breaks_no_rule(
    sofia: Visitor, project: Project
) -> None:
    item = made.make_item(project, made.no_email("p-1", name="Astrid"))
    sofia.go(f"{LIST}?item={item.pk}")
    settled(sofia)
    Hold.objects.all().delete()
    erik = people.make_member(project, name="Erik")
    decide(item.pk, Decide.SKIP, {"reason": "Left"}, user=erik, expected_version=0, client_key=uuid4())
    sofia.press("Enter")
    expect(sofia.page.locator("#inspector [role=alert]")).to_contain_text("chose Skip")
    breaks_no_rule(sofia, "the case that somebody else decided")


def test_many_at_once_is_shown_at_work_and_finished_and_every_case_is_back_as_it_was(
    sofia: Visitor, project: Project, cases: list[ReviewItem]
) -> None:
    fields = ("pk", "state", "action", "args", "decided_by", "changed")
    before = list(ReviewItem.objects.order_by("pk").values_list(*fields))
    sofia.go(f"/m/nordlys/queue/bulk/?kind=no-email&{ASKED}&action=skip&reason=Left")
    sofia.page.get_by_role("button", name="Decide 60 cases").click()
    expect(sofia.page.get_by_text("Finished", exact=True)).to_be_visible()
    breaks_no_rule(sofia, "a finished bulk")
    touched = set(Decision.objects.values_list("item_id", flat=True))
    assert touched == {item.pk for item in cases if item.section == "Norway"}
    assert all(ReviewItem.objects.get(pk=pk).action == Decide.SKIP for pk in touched)
    sofia.page.get_by_role("button", name="Undo all 60").click()
    expect(sofia.page.get_by_role("heading", name="Undo of 60 cases")).to_be_visible()
    expect(sofia.page.get_by_text("Finished", exact=True)).to_be_visible()
    assert list(ReviewItem.objects.order_by("pk").values_list(*fields)) == before
    assert Bulk.objects.count() == 2
