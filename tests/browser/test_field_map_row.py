"""One row of the field map in a real browser: what is known of it, what people say about it, every way to decide
it, and the list around it."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, expect

from mapping_review import services, signing
from mapping_review.choices import RowState
from mapping_review.models import Comment, FieldDecision, MapVersion
from migrator import staging
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceKind, TargetField, TargetObject
from migrator.models import Project, SourceFieldRow, StagedProfile
from tests import factories_mapping_review as made
from tests.browser.visitors import HOME, Visitor, look, settled, visiting

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOES, MEMBER = "attribute:shoe_size", "attribute:medlemsnr"
CLUB = TargetField(TargetObject.PERSON, "Club", FieldType.VARCHAR, True)
SIZES = made.attribute("Shoe size", *range(20, 51), "41,5", "L", "12:30", times=3)


def now(row: FieldDecision) -> FieldDecision:
    return FieldDecision.objects.get(pk=row.pk)


def opened(person: Visitor, row: FieldDecision) -> Locator:
    person.go(f"{HOME}?item={row.pk}")
    sheet = person.page.locator("#inspector")
    expect(sheet).to_have_attribute("aria-label", f"Field {row.name}")
    return sheet


def choose(form: Locator, name: str, words: str) -> None:
    """An option by a part of its words."""
    field = form.locator(f"select[name={name}]")
    value = field.locator("option", has_text=words).first.get_attribute("value")
    field.select_option(value)


# What people say


def test_what_the_customer_proposes_an_engineer_takes_with_one_press(
    sofia: Visitor, project: Project, browser: Browser, live_server: Any
) -> None:
    version = made.make_map(project, catalogue=[CLUB])
    row = made.row(version, MEMBER)
    sheet = opened(sofia, row)
    expect(sheet.get_by_role("button", name=re.compile("^Approve"))).to_have_count(0)
    sheet.get_by_role("textbox", name="Comment").fill("We call it the club number.")
    sheet.get_by_role("button", name="Comment", exact=True).click()
    expect(sheet.locator(".talk")).to_contain_text("We call it the club number.")
    sheet.get_by_role("link", name="Propose another field").click()
    form = sofia.page.get_by_role("region", name="Propose another field")
    choose(form, "destination", "Club")
    choose(form, "transform", "Text")
    look(sofia, "field-map-propose")
    form.get_by_role("button", name="Propose this instead").click()
    expect(sheet.locator(".talk")).to_contain_text("Proposes Club")
    expect(sofia.row(row).locator(".said-of")).to_contain_text("2")
    look(sofia, "field-map-comments")
    assert now(row).state == RowState.PROPOSED
    with visiting(browser, live_server.url, made.make_member(project)) as erik:
        opened(erik, row).get_by_role("button", name=re.compile("^Approve this")).click()
        expect(erik.page.locator("#summary")).to_contain_text("1 of 5")
    assert now(row).rules[0].field == "Club"
    assert Comment.objects.filter(source_key=MEMBER).count() == 2


# Every way to decide


def test_a_row_is_kept_in_the_archive_or_left_behind_with_a_reason(anyone: Visitor, project: Project) -> None:
    version = made.make_map(project)
    shoes, member = made.row(version, SHOES), made.row(version, MEMBER)
    sheet = opened(anyone, shoes)
    sheet.get_by_role("button", name=re.compile("^Do not migrate")).click()
    expect(anyone.page.locator("#summary")).to_contain_text("1 of 5")
    assert now(shoes).rules[0].action == Action.ARCHIVE
    sheet = opened(anyone, member)
    sheet.get_by_text("Leave it behind, and why").click()
    leave = sheet.get_by_role("button", name="Leave behind")
    leave.click()
    assert now(member).state == RowState.PROPOSED, "the reason is missing"
    sheet.get_by_label("Reason").fill("Replaced by the customer number")
    look(anyone, "field-map-leave-behind")
    leave.click()
    expect(anyone.page.locator("#summary")).to_contain_text("2 of 5")
    assert now(member).rules[0].action == Action.DROP
    expect(opened(anyone, member)).to_contain_text("Replaced by the customer number")


def test_two_rows_onto_one_field_are_refused_until_one_has_a_merge_rule(
    anyone: Visitor, project: Project
) -> None:
    version = made.make_map(project, catalogue=[CLUB])
    services.approve_all(project, anyone.user)
    for key in (SHOES, MEMBER):
        row = made.row(version, key)
        rule = FieldRule(
            "", SourceKind.ATTRIBUTE, Action.MAP, field="Club", type=FieldType.VARCHAR, custom=True
        )
        services.edit(row.pk, rule, **made.act(row, anyone.user))
    page = anyone.page
    anyone.go(f"{HOME}sign-off/")
    expect(page.locator("[data-blocker=clash]")).to_contain_text("2 fields write into Club")
    expect(page.locator("main").get_by_role("button", name=re.compile("Sign off"))).to_have_count(0)
    page.get_by_role("link", name="Medlemsnr", exact=True).click()
    sheet = page.get_by_role("article", name="Field Medlemsnr")
    sheet.get_by_text("Edit this row").click()
    choose(sheet, "merge", "Join with a space")
    look(anyone, "field-map-merge")
    sheet.get_by_role("button", name="Save and approve").click()
    settled(anyone)
    expect(page.get_by_role("link", name="Sign off 5 fields")).to_be_visible()
    assert signing.blockers(version) == []


def test_a_row_that_somebody_else_decided_meanwhile_shows_both_choices(
    erik: Visitor, project: Project
) -> None:
    version = made.make_map(project, catalogue=[CLUB])
    row = made.row(version, SHOES)
    sheet = opened(erik, row)
    services.skip_field(row.pk, **made.act(row, made.make_member(project, name="Karin")))
    sheet.get_by_role("button", name=re.compile("^Approve")).click()
    expect(sheet.get_by_role("alert")).to_contain_text("Karin changed this field while you looked at it.")
    expect(sheet.get_by_role("alert")).to_contain_text("Approved: Shoe size")
    look(erik, "field-map-both")
    assert now(row).state == RowState.SKIPPED
    sheet.get_by_role("button", name="Use yours").click()
    settled(erik)
    expect(erik.page.locator("#summary")).to_contain_text("1 approved")
    assert now(row).state == RowState.APPROVED


# What conversion does


def test_a_conversion_is_tried_before_it_is_chosen(anyone: Visitor, project: Project) -> None:
    version = made.make_map(project, [SIZES])
    row = made.row(version, SHOES)
    sheet, page = opened(anyone, row), anyone.page
    sheet.get_by_text("Edit this row").click()
    choose(sheet, "type", "Date")
    choose(sheet, "transform", "Date")
    sheet.get_by_role("button", name="See what it would do").click()
    done = page.get_by_role("heading", name=re.compile("^What this would do")).locator("..")
    expect(done).to_contain_text(re.compile(r"\d+ would be empty"))
    look(anyone, "field-map-tried")
    assert now(row).state == RowState.PROPOSED
    sheet = opened(anyone, row)
    sheet.get_by_role("link", name=re.compile("^See all")).click()
    expect(page.get_by_role("heading", name="Shoe size: all values")).to_be_visible()
    first = page.locator("#values tbody tr").first
    expect(first).to_contain_text(re.compile("12:30|L"))
    look(anyone, "field-map-values")


def test_the_map_is_tried_on_one_named_profile(anyone: Visitor, project: Project) -> None:
    version = made.make_map(project)
    attributes = {"com.apsis1.attributes.firstname": "Anna", "usercreated.attributes.Shoe size": "41,5"}
    StagedProfile.objects.create(
        discovery=project.discoveries.get(),
        source_key="p-1",
        raw={"sections": {"s1": {"attributes": attributes, "tags": [], "topics": []}}},
        raw_sha="0" * 64,
        name="Anna Lindqvist",
        email="anna@example.se",
    )
    page = anyone.page
    opened(anyone, made.row(version, SHOES)).get_by_role("link", name="Try it on one profile").click()
    page.get_by_label("Find a profile").fill("anna@example.se")
    page.get_by_role("button", name="Find", exact=True).click()
    assert "anna" not in page.url, "a name never stands in an address"
    page.get_by_role("link", name="Anna Lindqvist").click()
    mine = page.get_by_role("region", name="This field")
    expect(mine).to_contain_text("41,5")
    expect(mine).to_contain_text("41.5")
    expect(page.get_by_role("region", name="The whole map")).to_contain_text("First name")
    look(anyone, "field-map-profile")
    assert not version.decisions.exclude(state=RowState.PROPOSED).exists()


# The model and precedents


def test_the_page_of_the_model_shows_the_exact_bytes_and_switches_it_off(
    anyone: Visitor, project: Project, settings: Any
) -> None:
    settings.CROSSWALK_MODEL_PROVIDER = "openai"
    settings.CROSSWALK_MODEL_URL = "https://model.example/v1"
    settings.CROSSWALK_MODEL_NAME = "small-1"
    made.make_map(project, [made.attribute(f"Qvax{n:02}", "100234", "Hemlig 4711") for n in range(5)])
    page = anyone.page
    anyone.go(HOME)
    page.get_by_role("link", name=re.compile("^What a language model")).click()
    expect(page.get_by_text("No request has been sent.")).to_be_visible()
    page.get_by_text("Request 1", exact=True).click()
    shown = page.get_by_label("The request, to the byte").input_value()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download request 1").click()
    assert download.value.path().read_bytes() == shown.encode()
    assert "Qvax01" in shown
    assert "Hemlig" not in shown
    assert "4711" not in shown
    look(anyone, "field-map-model")
    page.get_by_role("button", name="Never ask for this project").click()
    expect(page.get_by_text("This project asks no language model.")).to_be_visible()
    project.refresh_from_db()
    anyone.go(HOME)
    expect(page.locator("#model-line")).to_contain_text("You can work as usual.")


def test_a_precedent_is_shown_and_used_only_by_a_press(anyone: Visitor, project: Project) -> None:
    version = made.make_map(project, catalogue=[CLUB])
    row = made.row(version, MEMBER)
    rule = FieldRule(MEMBER, SourceKind.ATTRIBUTE, Action.MAP, field="Club", custom=True)
    services.edit(row.pk, rule, **made.act(row, anyone.user))
    services.approve_all(project, anyone.user)
    services.sign_current(project, anyone.user)
    other = made.attribute("Medlemsnr", "A-100234", "B-100235")
    draft = made.make_map(project, [other if f.key == MEMBER else f for f in made.FIELDS], [CLUB])
    again = made.row(draft, MEMBER)
    sheet = opened(anyone, again)
    assert now(again).state == RowState.PROPOSED
    assert now(again).proposed.rule.field != "Club"
    expect(sheet).to_contain_text("Erik chose Person › Club for Medlemsnr")
    look(anyone, "field-map-precedent")
    sheet.get_by_role("button", name=re.compile("^Use this")).click()
    settled(anyone)
    expect(anyone.page.locator("#summary")).to_contain_text("5 of 5")
    assert now(again).rules[0].field == "Club"
    anyone.go(f"{HOME}precedents/")
    expect(anyone.page.get_by_role("rowheader", name="Medlemsnr")).to_be_visible()
    look(anyone, "field-map-precedents")


# The list


def test_filters_stay_through_a_decision_a_reload_and_back(anyone: Visitor, project: Project) -> None:
    version = made.make_map(project, [made.attribute(f"Shoe size {n}", "42", "41,5") for n in range(6)])
    page = anyone.page
    anyone.go(HOME)
    page.get_by_role("link", name=re.compile("^Profile attributes")).click()
    expect(page.get_by_role("link", name=re.compile("^Profile attributes"))).to_have_attribute(
        "aria-current", "true"
    )
    page.get_by_label("Find a field").fill("Shoe size")
    page.keyboard.press("Enter")
    wanted = {"kind": ["attribute"], "q": ["Shoe size"]}
    page.wait_for_url(lambda url: "q=" in url)

    def asked() -> dict[str, list[str]]:
        sent = parse_qs(urlsplit(page.url).query)
        return {name: value for name, value in sent.items() if name in ("kind", "q", "state")}

    assert asked() == wanted
    page.locator("#decide").get_by_role("button", name=re.compile("^Approve")).click()
    expect(page.locator("#summary")).to_contain_text("1 of 6")
    assert asked() == wanted
    page.reload()
    assert asked() == wanted
    expect(page.get_by_label("Find a field")).to_have_value("Shoe size")
    page.get_by_role("link", name=re.compile("approved$")).click()
    expect(page.locator("#list [data-row]")).to_have_count(1)
    page.go_back()
    expect(page.locator("#list [data-row]")).to_have_count(6)
    assert asked() == wanted
    assert version.decisions.filter(state=RowState.APPROVED).count() == 1


@pytest.fixture
def five_thousand(project: Project) -> MapVersion:
    """One row and its field, five thousand times under other names."""
    field = made.attribute("Shoe size", "42", "41,5")
    fields = [replace(field, key=f"{field.key}_{n}", name=f"Shoe size {n}") for n in range(5000)]
    version = made.make_map(project, [field])
    row = made.row(version, field.key)
    staging.store_fields(project.discoveries.get(), fields, [])
    copies = [
        FieldDecision(
            version=version, source_key=f.key, kind=row.kind, name=f.name, proposal=row.proposal,
            confidence=row.confidence, evidence_sha=row.evidence_sha, evidence=row.evidence,
        )
        for f in fields
    ]  # fmt: skip
    FieldDecision.objects.bulk_create(copies)
    row.delete()
    staging.know(SourceFieldRow, FieldDecision)
    return version


def test_five_thousand_rows_open_and_show_more_follows(anyone: Visitor, five_thousand: MapVersion) -> None:
    page = anyone.page
    anyone.go(HOME)
    rows = page.locator("#list [data-row]")
    expect(rows).to_have_count(100)
    expect(page.locator("#list")).to_contain_text("100 of 5,000")
    first = rows.first.get_attribute("id")
    page.get_by_role("link", name=re.compile("^Show more")).click()
    if anyone.scripts:
        expect(rows).to_have_count(200)
        expect(page.locator("#list")).to_contain_text("200 of 5,000")
        assert rows.first.get_attribute("id") == first
        page.locator("#list .scroll").evaluate("list => { list.scrollTop = 0; }")
        look(anyone, "field-map-5000")
    else:
        expect(page.get_by_role("link", name="Back to the first rows")).to_be_visible()
        expect(rows).to_have_count(100)
        assert rows.first.get_attribute("id") != first


def test_on_a_phone_the_list_leads_to_one_row_and_back(erik: Visitor, project: Project) -> None:
    version = made.make_map(project)
    erik.page.set_viewport_size({"width": 390, "height": 844})
    erik.go(HOME)
    row = made.row(version, SHOES)
    expect(erik.page.locator("#inspector")).to_be_hidden()
    erik.row(row).get_by_role("link", name="Shoe size").click()
    sheet = erik.page.get_by_role("article", name="Field Shoe size")
    expect(sheet).to_be_visible()
    expect(erik.page.locator("#list")).to_be_hidden()
    sheet.get_by_role("link", name="List").click()
    expect(erik.page.locator("#list")).to_be_visible()
    assert erik.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
