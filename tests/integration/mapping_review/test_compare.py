"""Two versions compared: only what differs, by words, with who and why."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mapping_review import services
from mapping_review.compare import GONE, NEW, SAME, Compared, Segment, compare
from mapping_review.models import MapVersion
from migrator.engine.inventory import FieldType, SourceField, TargetField, TargetObject
from migrator.models import Project
from tests import factories_mapping_review as made

SHOES, LEVEL, FIRST = "attribute:shoe_size", "attribute:level", "attribute:firstname"
OWN = TargetField(TargetObject.PERSON, "Skostorlek", FieldType.DOUBLE, True)
LEVELS = made.attribute("Level", "guld", "silver", times=30)


@pytest.fixture
def signed(project: Project, erik: Any) -> MapVersion:
    made.make_map(project, [*made.FIELDS, LEVELS], [OWN])
    services.approve_all(project, erik)
    return services.sign_current(project, erik)


@pytest.fixture
def draft(signed: MapVersion, erik: Any) -> MapVersion:
    return services.open_draft(signed, user=erik)


def rediscovered(project: Project, *fields: SourceField) -> MapVersion:
    made.make_discovery(project, fields, [OWN])
    return services.propose_map(project)


def cells(found: Compared, key: str) -> dict[str, tuple[Segment, ...]]:
    row = next(row for row in found.rows if row.key == key)
    return {cell.title: cell.segments for cell in row.cells}


def edited(draft: MapVersion, key: str, user: Any, **values: Any) -> None:
    """Another rule for a row, approved."""
    row = made.row(draft, key)
    services.edit(row.pk, replace(row.proposed.rule, **values), **made.act(row, user))


def test_a_copy_differs_in_nothing(signed: MapVersion, draft: MapVersion) -> None:
    found = compare(signed, draft)
    assert (found.rows, found.total) == ((), 6)


def test_only_changed_rows_are_shown_by_words_with_who(
    signed: MapVersion, draft: MapVersion, erik: Any
) -> None:
    edited(draft, LEVEL, erik, field="Level of loyalty", options=("guld", "Gold"))
    found = compare(signed, draft)
    assert [row.key for row in found.rows] == [LEVEL]
    assert cells(found, LEVEL) == {
        "Field in Pipedrive": (Segment(SAME, "Level"), Segment(NEW, " of loyalty")),
        "Options": (Segment(GONE, "silver"), Segment(NEW, "Gold")),
    }
    (row,) = found.rows
    assert row.happened.text == "Edited and approved, Erik"
    assert (row.lapsed, row.why) == (False, "")


def test_a_field_that_was_left_out_is_a_difference_of_state(
    signed: MapVersion, draft: MapVersion, erik: Any
) -> None:
    row = made.row(draft, SHOES)
    services.skip_field(row.pk, **made.act(row, erik))
    found = cells(compare(signed, draft), SHOES)
    assert found["State"] == (Segment(GONE, "Approved"), Segment(NEW, "Not migrated"))
    assert found["Field in Pipedrive"] == (Segment(GONE, "Skostorlek"),)
    assert list(found) == ["What to do", "Field in Pipedrive", "State"]


def test_a_lapsed_approval_says_why(project: Project, signed: MapVersion) -> None:
    others = [f for f in made.FIELDS if f.key != SHOES]
    draft = rediscovered(project, *others, LEVELS, made.attribute("Shoe size", "large", "small"))
    found = compare(signed, draft)
    (row,) = found.lapsed
    assert (row.key, row.happened.text) == (SHOES, "Approval lapsed, Crosswalk")
    assert row.why == ("The approval lapsed. Values were Number and are One option now.")


def test_an_approval_that_lapsed_and_was_given_again_still_shows(
    project: Project, signed: MapVersion, erik: Any
) -> None:
    others = [f for f in made.FIELDS if f.key != SHOES]
    draft = rediscovered(project, *others, LEVELS, made.attribute("Shoe size", "large", "small"))
    row = made.row(draft, SHOES)
    services.approve(row.pk, **made.act(row, erik))
    (found,) = compare(signed, draft).lapsed
    assert (found.happened.text, found.why) == ("Approved, Erik", "")


def test_fields_that_came_and_went_are_said(project: Project, signed: MapVersion) -> None:
    draft = rediscovered(project, *made.FIELDS, made.attribute("Newcomer", "a"))
    found = {row.key: row for row in compare(signed, draft).rows}
    assert found[LEVEL].happened.text == "No longer in APSIS One"
    assert found[LEVEL].pk is None
    assert found["attribute:newcomer"].happened.text == "New in APSIS One"
    assert "Read from" not in cells(compare(signed, draft), LEVEL)


def test_another_proposal_for_an_open_row_says_who_made_it(project: Project, erik: Any) -> None:
    made.make_map(project, made.FIELDS)
    services.approve_all(project, erik)
    signed = services.sign_current(project, erik)
    draft = services.open_draft(signed, user=erik)
    row = made.row(draft, FIRST)
    services.reject(row.pk, user=erik, expected_version=row.lock_version, client_key=uuid4())
    (found,) = compare(signed, draft).rows
    assert found.happened.text == "Rejected, Erik"
    assert found.why == "First name is a default attribute of APSIS One with one home in Pipedrive"


def test_what_a_field_is_read_from_is_compared(signed: MapVersion, draft: MapVersion) -> None:
    row = made.row(draft, SHOES)
    assert row.rule is not None
    row.rule = row.rule | {"sources": [["s2", "other"]]}
    row.save()
    assert list(cells(compare(signed, draft), SHOES)) == ["Read from"]


def test_the_number_of_queries_does_not_grow_with_the_rows(project: Project, erik: Any) -> None:
    counts = []
    for size in (5, 60):
        own = made.make_project()
        made.make_map(own, [made.attribute(f"Field {n}", f"a{n}") for n in range(size)])
        user = made.make_member(own)
        services.approve_all(own, user)
        signed = services.sign_current(own, user)
        draft = services.open_draft(signed, user=user)
        for row in list(draft.decisions.all()):
            services.skip_field(row.pk, **made.act(row, user))
        with CaptureQueriesContext(connection) as queries:
            assert len(compare(signed, draft).rows) == size
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 14


# The page


@pytest.fixture
def page(erik: Any) -> Client:
    client = Client()
    client.force_login(erik)
    return client


def at(project: Project, a: int, b: int) -> str:
    return reverse("mapping_review:compare", args=[project.slug, a, b])


def test_the_page_says_what_was_added_and_removed_in_words(
    project: Project, signed: MapVersion, draft: MapVersion, erik: Any, page: Client
) -> None:
    edited(draft, LEVEL, erik, field="<b>Level</b> two")
    text = page.get(at(project, 1, 2)).content.decode()
    assert '<ins><span class="sr">added: </span>&lt;</ins>b' not in text
    assert '<span class="sr">added: </span>&lt;' in text
    assert "<b>Level</b>" not in text
    assert "1 of 6 fields differ" in text
    assert "Edited and approved, Erik" in text


def test_the_filter_leaves_lapsed_approvals(
    project: Project, signed: MapVersion, draft: MapVersion, erik: Any, page: Client
) -> None:
    edited(draft, LEVEL, erik, field="Other")
    text = page.get(at(project, 1, 2) + "?show=lapsed").content.decode()
    assert "No approval lapsed" in text
    assert "Edited and approved" not in text


def test_a_version_is_the_same_as_itself(project: Project, signed: MapVersion, page: Client) -> None:
    assert "All 6 fields are the same" in page.get(at(project, 1, 1)).content.decode()


def test_the_earlier_version_stands_first(project: Project, draft: MapVersion, page: Client) -> None:
    answer = page.get(at(project, 2, 1))
    assert (answer.status_code, answer["Location"]) == (302, at(project, 1, 2))


def test_versions_that_are_not_there_are_not_found(
    project: Project, signed: MapVersion, page: Client
) -> None:
    assert page.get(at(project, 1, 7)).status_code == 404


def test_the_form_leads_to_the_two_versions(project: Project, draft: MapVersion, page: Client) -> None:
    choose = reverse("mapping_review:compare-choose", args=[project.slug])
    assert page.get(choose, {"a": 1, "b": 2})["Location"] == at(project, 1, 2)
    versions = reverse("mapping_review:versions", args=[project.slug])
    assert page.get(choose, {"a": "x"})["Location"] == versions


def test_comparing_is_offered_where_there_is_something_to_compare(
    project: Project, signed: MapVersion, page: Client, erik: Any
) -> None:
    home = reverse("mapping_review:map", args=[project.slug])
    versions = reverse("mapping_review:versions", args=[project.slug])
    assert "Compare with" not in page.get(home).content.decode() + page.get(versions).content.decode()
    services.open_draft(signed, user=erik)
    for address in (home, versions):
        assert f'href="{at(project, 1, 2)}"' in page.get(address).content.decode()


def test_people_from_elsewhere_learn_nothing(project: Project, signed: MapVersion) -> None:
    client = Client()
    client.force_login(made.make_member(made.make_project()))
    assert client.get(at(project, 1, 1)).status_code == 404
