"""A version of the field map in a real browser: signed or refused with every reason, voided by a change in the
accounts, compared."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from mapping_review import queries, services
from mapping_review.choices import RowState
from mapping_review.models import MapVersion
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceKind, TargetField, TargetObject
from migrator.models import Project
from tests import factories_mapping_review as made
from tests.browser.visitors import HOME, Visitor, look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOES, MEMBER = "attribute:shoe_size", "attribute:medlemsnr"
CONFLICT = made.attribute_in({"s1": ["0412", "0087"], "s2": [412, 87]}, "Store no")
CLUB = TargetField(TargetObject.PERSON, "Club", FieldType.VARCHAR, True)
SIGN = f"{HOME}sign-off/"


def to_club(version: MapVersion, key: str, user: Any) -> None:
    row = made.row(version, key)
    rule = FieldRule("", SourceKind.ATTRIBUTE, Action.MAP, field="Club", type=FieldType.VARCHAR, custom=True)
    services.edit(row.pk, rule, **made.act(row, user))


def sign_button(person: Visitor) -> Any:
    return person.page.locator("main").get_by_role("button", name=re.compile("Sign off"))


def test_signing_is_refused_with_every_reason_and_a_link_to_its_rows(
    anyone: Visitor, project: Project
) -> None:
    sizes = [made.attribute(f"Shoe size {n}", "42", "41,5") for n in range(12)]
    fields = [*made.FIELDS, *sizes, CONFLICT, *made.consent_fields()]
    version = made.make_map(project, fields, [CLUB], custom_fields=100, field_cap=100)
    # First, or the row that comes back for a second look could be one of these.
    for key in (MEMBER, "attribute:md5_email"):
        to_club(version, key, anyone.user)
    made.approve_in_bulk(version, 0.5, anyone.user)
    page = anyone.page
    anyone.go(HOME)
    page.get_by_role("link", name=re.compile("^Before sign-off")).click()
    reasons = page.locator("#blockers [data-blocker]")
    keys = reasons.evaluate_all("found => found.map(each => each.dataset.blocker)")
    assert keys == ["conflicts", "person", "clash", "second_looks", "room"]
    for sentence in (
        "1 field has an open type conflict",
        "2 fields write into",
        "waits for a second look",
        "allows 100",
    ):
        expect(page.locator("#blockers")).to_contain_text(sentence)
    expect(sign_button(anyone)).to_have_count(0)
    look(anyone, "field-map-sign-off-refused")
    page.get_by_role("link", name="Show the conflicts").click()
    expect(page.locator("#list [data-row]")).to_have_count(1)
    expect(page.locator("#list [data-row]")).to_contain_text("Store no")
    page.go_back()
    page.get_by_role("link", name="Medlemsnr", exact=True).click()
    expect(page.get_by_role("article", name="Field Medlemsnr")).to_be_visible()
    assert queries.approved_field_map(project) is None


def test_a_decided_map_is_signed_and_then_never_changes(anyone: Visitor, project: Project) -> None:
    version = made.make_map(project)
    services.approve_all(project, anyone.user)
    page = anyone.page
    anyone.go(HOME)
    page.get_by_role("link", name="Sign off 5 fields").click()
    checksum = page.locator("input[name=checksum]").get_attribute("value") or ""
    expect(page.locator("main dl")).to_contain_text(checksum)
    look(anyone, "field-map-sign-off")
    page.get_by_role("button", name="Sign off v1").click()
    expect(page.get_by_text("v1 is signed.")).to_be_visible()
    expect(page.get_by_text(re.compile("Signed by Erik"))).to_be_visible()
    expect(page.locator("#list input[type=checkbox]")).to_have_count(0)
    expect(page.locator("#decide")).to_have_count(0)
    version.refresh_from_db()
    assert version.checksum == checksum
    look(anyone, "field-map-signed")


def test_a_map_that_changed_meanwhile_is_not_signed_and_says_what_changed(
    anyone: Visitor, project: Project
) -> None:
    version = made.make_map(project, catalogue=[CLUB])
    services.approve_all(project, anyone.user)
    anyone.go(SIGN)
    to_club(version, SHOES, made.make_member(project, name="Karin"))
    with anyone.page.expect_response(lambda r: r.request.method == "POST") as answer:
        sign_button(anyone).click()
    assert answer.value.status == 409
    expect(anyone.page.get_by_role("alert")).to_contain_text("Shoe size: edited and approved, Karin")
    look(anyone, "field-map-sign-off-changed")
    assert queries.approved_field_map(project) is None
    sign_button(anyone).click()
    expect(anyone.page.get_by_text("v1 is signed.")).to_be_visible()


def test_a_discovery_that_changes_one_field_voids_that_approval_alone(
    erik: Visitor, project: Project
) -> None:
    version = made.make_map(project)
    services.approve_all(project, erik.user)
    before = {row.source_key: row.decided_at for row in version.decisions.exclude(source_key=SHOES)}
    changed = made.attribute("Shoe size", "2024-01-02", "2023-05-06")
    made.make_map(project, [changed if field.key == SHOES else field for field in made.FIELDS])
    erik.go(HOME)
    expect(erik.page.locator("#summary")).to_contain_text("4 of 5")
    erik.page.get_by_role("link", name=re.compile("^Lapsed")).click()
    expect(erik.page.locator("#list [data-row]")).to_have_count(1)
    expect(erik.page.locator("#list [data-row]")).to_contain_text("Shoe size")
    expect(erik.page.locator("#inspector .callout")).to_contain_text("and are Date now")
    look(erik, "field-map-lapsed")
    after = {row.source_key: row.decided_at for row in version.decisions.exclude(state=RowState.PROPOSED)}
    assert after == before


def test_any_two_versions_are_compared(anyone: Visitor, project: Project) -> None:
    version = made.make_map(project, catalogue=[CLUB])
    services.approve_all(project, anyone.user)
    for key in (SHOES, MEMBER):
        draft = services.open_draft(services.sign_current(project, anyone.user), user=anyone.user)
        to_club(draft, key, anyone.user) if key == SHOES else services.skip_field(
            made.row(draft, key).pk, **made.act(made.row(draft, key), anyone.user)
        )
    assert version.number == 1
    page = anyone.page
    anyone.go(f"{HOME}v/")
    page.locator("#id_a").select_option("v1")
    page.locator("#id_b").select_option("v3")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("heading", name="Compare v1 with v3")).to_be_visible()
    expect(page.get_by_text("2 of 5 fields differ")).to_be_visible()
    row = page.get_by_role("row", name=re.compile("^Shoe size"))
    expect(row.locator("ins")).to_contain_text(["Club"])
    look(anyone, "field-map-compare")
    page.locator("#id_a").select_option("v2")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_text("1 of 5 fields differ")).to_be_visible()
    expect(page.get_by_role("link", name="Shoe size")).to_have_count(0)
