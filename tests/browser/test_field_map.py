"""The field map in a real browser: rows decided by keyboard, many at once behind the fences, conflicts."""

import re

import pytest
from playwright.sync_api import expect

from mapping_review import queries, second_looks
from mapping_review.choices import RowState
from mapping_review.models import FieldDecision, MapVersion
from migrator.engine.inventory import SourceKind
from migrator.models import Project
from migrator.runner.detecting import type_conflicts
from reconciliation.services import open_items
from tests import factories_mapping_review as made
from tests.browser.visitors import HOME, Visitor, look, settled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOES, MEMBER = "attribute:shoe_size", "attribute:medlemsnr"
CONFLICT = made.attribute_in({"s1": ["0412", "0087"], "s2": [412, 87]}, "Store no")


def state_of(row: FieldDecision) -> str:
    return str(FieldDecision.objects.get(pk=row.pk).state)


def in_order(person: Visitor) -> list[str]:
    """The names of the rows as the list shows them."""
    return person.page.locator("#list [data-row] a[data-open]").all_inner_texts()


def expect_current(person: Visitor, name: str) -> None:
    expect(person.page.locator("#list [data-row][data-current] a[data-open]")).to_have_text(name)


# One row at a time


def test_rows_are_decided_by_keyboard_and_the_focus_is_never_lost(erik: Visitor, project: Project) -> None:
    version = made.make_map(project)
    erik.go(HOME)
    names = in_order(erik)
    rows = {row.name: row for row in version.decisions.all()}
    expect_current(erik, names[0])
    erik.press("j")
    expect_current(erik, names[1])
    expect(erik.page.get_by_role("article", name=f"Field {names[1]}")).to_be_visible()
    erik.press("k")
    expect_current(erik, names[0])
    erik.press("a")  # before the sheet of that row has come
    expect_current(erik, names[1])
    summary = erik.page.locator("#summary")
    expect(summary).to_contain_text(f"1 of {len(names)}")
    erik.press("Enter")
    expect(summary).to_contain_text(f"2 of {len(names)}")
    assert [state_of(rows[name]) for name in names[:3]] == ["approved", "approved", "proposed"]
    erik.press("z")
    expect(summary).to_contain_text(f"1 of {len(names)}")
    assert [state_of(rows[name]) for name in names[:2]] == ["approved", "proposed"]
    assert not erik.focus_is_on_body


def test_a_decision_without_a_network_stays_on_the_page_until_it_is_saved(
    erik: Visitor, project: Project
) -> None:
    version = made.make_map(project)
    erik.go(HOME)
    name, address = in_order(erik)[0], erik.page.url
    erik.page.wait_for_load_state("networkidle")
    erik.context.set_offline(True)
    erik.press("a")
    expect(erik.page.locator("#unsaved")).to_contain_text("1 decision is not saved yet")
    for _ in range(3):  # more rows than the sheets that were fetched ahead
        erik.press("j")
    assert erik.page.url == address
    erik.context.set_offline(False)
    erik.page.locator("#unsaved [data-retry]").click()
    settled(erik)
    assert state_of(version.decisions.get(name=name)) == "approved"
    erik.complaints = [text for text in erik.complaints if "ERR_INTERNET_DISCONNECTED" not in text]


# Many at once


@pytest.fixture
def many(project: Project) -> MapVersion:
    """Twelve that may be approved together, and one for each of three fences."""
    fields = [made.attribute(f"Shoe size {n}", "42", "41,5") for n in range(12)]
    consents = [field for field in made.consent_fields() if field.kind == SourceKind.CONSENT]
    secret = made.attribute("md5_email", "9e107d9d372bb6826bd81d3542a419d6")
    return made.make_map(project, [*fields, CONFLICT, secret, *consents])


def open_drawn(person: Visitor) -> None:
    approve = person.page.get_by_role("button", name=re.compile(r"Approve \d+ field"))
    for left in range(5, 0, -1):
        expect(approve).to_have_count(0)
        expect(person.page.get_by_text(f"{left} to open", exact=True)).to_be_visible()
        person.page.locator("ol.drawn li:not(.done) a").first.click()
        person.page.get_by_role("button", name=re.compile("^Looked at")).click()
        if left > 1:
            expect(person.page.get_by_text(f"Drawn row {6 - left + 1} of 5")).to_be_visible()
            person.page.get_by_role("link", name="Back to the list").click()
    expect(person.page.get_by_text("All opened")).to_be_visible()


def test_many_are_approved_behind_the_fences_after_the_drawn_ones_were_opened(
    anyone: Visitor, many: MapVersion
) -> None:
    page = anyone.page
    anyone.go(HOME)
    page.get_by_label("Confidence in percent").fill("50")
    page.get_by_role("button", name=re.compile(r"Approve \d+ fields")).click()
    expect(page.get_by_role("heading", name="12 fields at 50% confidence or more")).to_be_visible()
    kept = page.get_by_role("region", name="Kept back")
    for why in ("Consent always stays with a person", "The Sections hold different types"):
        expect(kept).to_contain_text(why)
    look(anyone, "field-map-bulk")
    open_drawn(anyone)
    assert queries.undecided_count(many) == many.decisions.count()
    page.get_by_role("button", name=re.compile(r"Approve 12 fields")).click()
    expect(
        page.get_by_text("12 fields approved in bulk. 1 of them comes back as a second look.")
    ).to_be_visible()
    approved = many.decisions.filter(state=RowState.APPROVED)
    assert {row.name for row in approved} == {f"Shoe size {n}" for n in range(12)}
    assert all(row.bulk for row in approved)
    anyone.go(f"{HOME}?state=approved&item={approved[0].pk}")
    expect(page.locator("#inspector")).to_contain_text(re.compile("in bulk", re.IGNORECASE))
    page.get_by_role("button", name=re.compile("^Undo")).click()
    expect(page.locator("#summary")).to_contain_text("0 of")
    assert not many.decisions.filter(state=RowState.APPROVED).exists()


def test_the_slider_and_the_number_agree_and_count_without_a_request(erik: Visitor, many: MapVersion) -> None:
    erik.go(HOME)
    number, slider = erik.page.get_by_label("Confidence in percent"), erik.page.get_by_role("slider")
    bulk = erik.page.get_by_role("form", name="Approve in bulk")
    values = [int(v) for v in (bulk.get_attribute("data-values") or "").split(",")]
    asked: list[str] = []
    erik.page.on("request", lambda request: asked.append(request.url))
    for at in (50, 75, 100):
        slider.fill(str(at))
        expect(number).to_have_value(str(at))
        expect(bulk.get_by_role("button")).to_contain_text(f"Approve {sum(v >= at for v in values)} fields")
    number.fill("60")
    expect(slider).to_have_value("60")
    assert len(values) == 12
    assert asked == []


def test_a_second_look_that_chooses_otherwise_opens_the_row_again(erik: Visitor, many: MapVersion) -> None:
    made.approve_in_bulk(many, 0.5, erik.user)
    (waiting,) = second_looks.open_looks(many)
    erik.go(HOME)
    erik.page.get_by_role("link", name="Second look, 1 left").click()
    body = erik.page.locator("main")
    expect(erik.page.get_by_role("heading", name=waiting.decision.name)).to_be_visible()
    assert not re.search(r"\d%|confidence|approved", body.inner_text().split("Where does it go")[1])
    erik.page.get_by_label(re.compile("^None of these")).check()
    erik.page.get_by_role("button", name=re.compile("^This one")).click()
    expect(erik.page.get_by_text("You chose another field than the approval")).to_be_visible()
    look(erik, "field-map-second-look-told")
    assert state_of(waiting.decision) == RowState.PROPOSED
    erik.page.get_by_role("link", name=f"Decide {waiting.decision.name}").click()
    expect(erik.page.locator("#inspector")).to_contain_text("The second look chose another field")


# Conflicts


def test_a_conflict_cannot_be_approved_and_follows_what_the_queue_settles(
    anyone: Visitor, project: Project
) -> None:
    version = made.make_map(project, [*made.FIELDS, CONFLICT])
    open_items(project, list(type_conflicts([CONFLICT])))
    row, page = made.row(version, CONFLICT.key), anyone.page
    anyone.go(f"{HOME}?item={row.pk}")
    inspector = page.locator("#inspector")
    expect(inspector).to_contain_text("Same name, different types")
    expect(inspector).to_contain_text("What each choice would lose")
    expect(inspector.get_by_role("button", name=re.compile("^Approve"))).to_have_count(0)
    expect(anyone.row(row).get_by_role("button")).to_have_count(0)
    look(anyone, "field-map-conflict")
    if anyone.scripts:
        page.keyboard.press("a")
        settled(anyone)
        assert state_of(row) == RowState.PROPOSED
    inspector.get_by_role("link", name="Settle the type").click()
    page.get_by_role("button", name=re.compile("text", re.IGNORECASE)).first.click()
    page.wait_for_load_state("networkidle")
    anyone.go(f"{HOME}?item={row.pk}")
    expect(inspector).to_contain_text("Erik settled the type in the queue: text.")
    inspector.get_by_role("button", name=re.compile("^Approve")).click()
    settled(anyone)
    assert state_of(row) == RowState.APPROVED
