"""The field map's pages, both ways: whole page and partial, plain POST and htmx, anonymous and not
allowed."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from mapping_review import services
from mapping_review.choices import RowState
from mapping_review.models import MapVersion
from migrator.choices import Role
from migrator.engine.inventory import FieldType, TargetField, TargetObject
from migrator.models import Project
from tests import factories_mapping_review as made

HTMX = {"HX-Request": "true"}
SHOES = "attribute:shoe_size"
OWN = TargetField(TargetObject.PERSON, "Skostorlek", FieldType.DOUBLE, True)


@pytest.fixture
def version(project: Project) -> MapVersion:
    conflict = made.attribute_in({"s1": ["0412", "0087"], "s2": [412, 87]}, "Store no")
    return made.make_map(project, [*made.FIELDS, conflict, *made.consent_fields()], [OWN])


@pytest.fixture
def page(erik: Any) -> Client:
    client = Client()
    client.force_login(erik)
    return client


def at(name: str, project: Project, *args: Any) -> str:
    return reverse(f"mapping_review:{name}", args=[project.slug, *args])


def sent(version: int = 0, **data: Any) -> dict[str, Any]:
    return {"expected_version": version, "client_key": uuid4(), **data}


PAGES = ["map", "versions", "bulk-confirm", "sign-off"]
ROW_ACTS = {"approve": RowState.APPROVED, "reject": RowState.REJECTED, "skip": RowState.SKIPPED}


# Who may


@pytest.mark.parametrize("name", PAGES)
def test_anonymous_people_are_sent_to_sign_in(name: str, version: MapVersion, project: Project) -> None:
    answer = Client().get(at(name, project))
    assert (answer.status_code, answer["Location"].startswith("/sign-in/")) == (302, True)


@pytest.mark.parametrize("name", ["map", "versions"])
def test_people_from_elsewhere_learn_nothing(name: str, version: MapVersion, project: Project) -> None:
    client = Client()
    client.force_login(made.make_member(made.make_project()))
    assert client.get(at(name, project)).status_code == 404


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("name", ["row-decide", "row-edit"])
def test_other_roles_are_refused_with_the_sentence(
    name: str, headers: dict[str, str], version: MapVersion, project: Project, sofia: Any
) -> None:
    client = Client(headers=headers)
    client.force_login(sofia)
    row = made.row(version, SHOES)
    answer = client.post(at(name, project, row.pk), sent(action="approve"))
    assert answer.status_code == 403
    assert "only engineer or owner can edit and approve fields" in answer.content.decode()
    row.refresh_from_db()
    assert row.state == RowState.PROPOSED


def test_other_roles_see_the_map_without_buttons(version: MapVersion, project: Project, sofia: Any) -> None:
    client = Client()
    client.force_login(sofia)
    text = client.get(at("map", project)).content.decode()
    assert "Shoe size" in text
    assert "Approve Shoe size" not in text
    assert "Approve in bulk" not in text


def test_a_row_of_another_project_is_not_found(version: MapVersion, page: Client) -> None:
    other = made.make_project()
    row = made.row(made.make_map(other), SHOES)
    assert page.get(at("row", other, row.pk)).status_code == 404
    assert page.post(at("row-decide", version.project, row.pk), sent(action="approve")).status_code == 404


@pytest.mark.parametrize("name", ["row-decide", "row-edit"])
def test_reading_never_writes(name: str, version: MapVersion, project: Project, page: Client) -> None:
    row = made.row(version, SHOES)
    assert page.get(at(name, project, row.pk)).status_code == 405


# The page


def test_the_page_shows_groups_summary_and_the_first_row(
    version: MapVersion, project: Project, page: Client
) -> None:
    text = page.get(at("map", project)).content.decode()
    for words in (
        "Conflicts",
        "To review",
        "Always reviewed by a person",
        "0 of 14",
        "Settle the type in the queue",
    ):
        assert words in text
    assert text.index("Store no") < text.index("Shoe size")


def test_htmx_gets_the_list_alone(version: MapVersion, project: Project, page: Client) -> None:
    answer = page.get(at("map", project), headers=HTMX)
    assert "<html" not in answer.content.decode()
    assert "HX-Request" in answer["Vary"]


@pytest.mark.parametrize(
    ("query", "there", "away"),
    [
        ("kind=consent", "Email consent date", "Shoe size"),
        ("kind=attribute", "Shoe size", "Email consent date"),
        ("state=conflicts", "Store no", "Shoe size"),
        ("kind=event", "No field matches", "Shoe size"),
        ("q=shoe", "Shoe size", "Store no"),
    ],
)
def test_filters(
    query: str, there: str, away: str, version: MapVersion, project: Project, page: Client
) -> None:
    text = page.get(f"{at('map', project)}?{query}", headers=HTMX).content.decode()
    assert there in text
    assert away not in text


def test_without_a_discovery_there_is_an_empty_page(project: Project, page: Client) -> None:
    assert "There is no field map yet" in page.get(at("map", project)).content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_row_has_its_evidence(
    headers: dict[str, str], version: MapVersion, project: Project, page: Client
) -> None:
    text = page.get(at("row", project, made.row(version, SHOES).pk), headers=headers).content.decode()
    for words in ("Why this proposal", "What conversion does", "41,5", "41.5", "Do not migrate"):
        assert words in text
    assert ("<html" in text) is not bool(headers)


def test_names_and_values_are_only_ever_text(project: Project, page: Client) -> None:
    made.make_map(project, [made.attribute("<script>alert(1)</script>", "<img src=x>")])
    text = page.get(at("map", project)).content.decode()
    assert "<script>alert" not in text
    assert "<img src=x>" not in text
    assert "&lt;script&gt;alert(1)" in text


# Acts on one row


@pytest.mark.parametrize(("action", "state"), ROW_ACTS.items())
def test_a_plain_post_decides_and_goes_back(
    action: str, state: RowState, version: MapVersion, project: Project, page: Client
) -> None:
    row = made.row(version, SHOES)
    answer = page.post(at("row-decide", project, row.pk), sent(action=action))
    assert answer.status_code == 302
    opened = version.decisions.get(pk=answer["Location"].removeprefix(f"{at('map', project)}?item="))
    assert (opened.state, opened.pk == row.pk) == (RowState.PROPOSED, False)
    row.refresh_from_db()
    assert row.state == state


@pytest.mark.parametrize(("action", "state"), ROW_ACTS.items())
def test_htmx_gets_row_summary_last_action_and_live_text(
    action: str, state: RowState, version: MapVersion, project: Project, page: Client
) -> None:
    row = made.row(version, SHOES)
    answer = page.post(at("row-decide", project, row.pk), sent(action=action), headers=HTMX)
    text = answer.content.decode()
    for part in (f'id="row-{row.pk}"', 'id="summary"', 'id="last"', 'id="live"', 'id="map-actions"'):
        assert part in text
    assert "<html" not in text
    assert 'id="inspector"' not in text
    row.refresh_from_db()
    assert row.state == state


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_late_decision_is_409_with_the_row_as_it_is(
    headers: dict[str, str], version: MapVersion, project: Project, page: Client
) -> None:
    olga = made.make_member(project, Role.OWNER, "Olga")
    row = made.row(version, SHOES)
    services.skip_field(row.pk, **made.act(row, olga))
    answer = page.post(at("row-decide", project, row.pk), sent(0, action="approve"), headers=headers)
    assert answer.status_code == 409
    assert "Olga changed this field" in answer.content.decode()
    assert 'id="inspector"' in answer.content.decode()
    row.refresh_from_db()
    assert (row.state, row.decided_by) == (RowState.SKIPPED, olga)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_an_incomplete_form_is_422(
    headers: dict[str, str], version: MapVersion, project: Project, page: Client
) -> None:
    row = made.row(version, SHOES)
    assert page.post(at("row-decide", project, row.pk), {}, headers=headers).status_code == 422


def test_a_conflict_row_is_refused(version: MapVersion, project: Project, page: Client) -> None:
    row = made.row(version, "attribute:store_no")
    answer = page.post(at("row-decide", project, row.pk), sent(action="approve"), headers=HTMX)
    assert answer.status_code == 403
    assert "Settle its type in the queue first" in answer.content.decode()


def test_the_last_action_can_be_undone(
    version: MapVersion, project: Project, page: Client, erik: Any
) -> None:
    row = made.row(version, SHOES)
    services.approve(row.pk, **made.act(row, erik))
    text = page.get(at("map", project)).content.decode()
    address = f"{at('row-decide', project, row.pk)}?action=undo&expected_version=1"
    assert f'action="{address.replace("&", "&amp;")}"' in text
    answer = page.post(address, {"client_key": uuid4()}, headers=HTMX)
    assert 'id="inspector"' in answer.content.decode()
    row.refresh_from_db()
    assert row.state == RowState.PROPOSED


# Another rule


def rule_data(**changes: Any) -> dict[str, Any]:
    data = {
        "destination": "new:person",
        "name": "Shoe",
        "type": "varchar",
        "transform": "text",
        "update_mode": "if_empty",
        "options": "",
        "look_up": "",
        "currency": "",
        "decimal": "",
        "order": "",
    }
    return sent() | data | changes


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_the_form_begins_with_the_proposal(
    headers: dict[str, str], version: MapVersion, project: Project, page: Client
) -> None:
    text = page.get(at("row", project, made.row(version, SHOES).pk), headers=headers).content.decode()
    assert 'value="new:person"' in text
    assert "person:custom:Skostorlek:double" in text
    assert ("<html" in text) is not bool(headers)


def test_a_new_field_with_options(version: MapVersion, project: Project, page: Client) -> None:
    row = made.row(version, SHOES)
    data = rule_data(type="enum", transform="option", options="42\nOther\n", look_up="41,5 = Other")
    assert page.post(at("row-edit", project, row.pk), data).status_code == 302
    row.refresh_from_db()
    (rule,) = row.rules
    assert (rule.field, rule.type, rule.options, rule.args) == (
        "Shoe",
        "enum",
        ("42", "Other"),
        (("is:41,5", "Other"),),
    )


def test_an_existing_field(version: MapVersion, project: Project, page: Client) -> None:
    row = made.row(version, SHOES)
    data = rule_data(destination="person:custom:Skostorlek:double", transform="number", decimal=",")
    assert page.post(at("row-edit", project, row.pk), data, headers=HTMX).status_code == 200
    row.refresh_from_db()
    assert (row.rules[0].action, row.rules[0].ref, dict(row.rules[0].args)) == (
        "map",
        "person:Skostorlek:double",
        {"decimal": ","},
    )


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"type": "date"}, "gives no value that this type of field can hold"),
        ({"look_up": "41 = Small\n42 Large"}, "“42 Large” is no pair. Write value = option."),
        ({"name": " "}, "has no name"),
        ({"type": "enum", "transform": "option"}, "needs at least one"),
        ({"destination": "person:custom:Gone:date"}, "Select a valid choice"),
        ({"expected_version": ""}, "required"),
    ],
)
def test_what_cannot_work_is_422_and_kept(
    changes: dict[str, Any],
    sentence: str,
    headers: dict[str, str],
    version: MapVersion,
    project: Project,
    page: Client,
) -> None:
    row = made.row(version, SHOES)
    answer = page.post(at("row-edit", project, row.pk), rule_data(**changes), headers=headers)
    assert answer.status_code == 422
    assert sentence in answer.content.decode() or "required" in sentence
    row.refresh_from_db()
    assert row.state == RowState.PROPOSED


def test_a_late_edit_is_409(version: MapVersion, project: Project, page: Client, erik: Any) -> None:
    row = made.row(version, SHOES)
    services.reject(row.pk, **made.act(row, erik))
    assert page.post(at("row-edit", project, row.pk), rule_data()).status_code == 409


def test_an_alternative_is_one_press(version: MapVersion, project: Project, page: Client) -> None:
    row = made.row(version, SHOES)
    wanted = row.proposed.alternatives[0].rule
    decide = at("row-decide", project, row.pk)
    assert page.post(decide, sent(action="approve", alternative="1")).status_code == 302
    row.refresh_from_db()
    assert row.rules[0].ref == wanted.ref
    assert page.post(decide, sent(1, action="approve", alternative="9")).status_code == 422


def test_the_proposal_is_the_alternative_of_number_nought(
    version: MapVersion, project: Project, page: Client
) -> None:
    row = made.row(version, SHOES)
    page.post(at("row-decide", project, row.pk), sent(action="approve", alternative="0"))
    row.refresh_from_db()
    assert row.rules == (row.proposed.rule,)


# Many rows


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize(("action", "state"), [("approve", RowState.APPROVED), ("skip", RowState.SKIPPED)])
def test_selected_rows_are_decided_behind_their_fences(
    action: str, state: RowState, headers: dict[str, str], version: MapVersion, project: Project, page: Client
) -> None:
    shoes, consent = made.row(version, SHOES), made.row(version, "consent:email")
    items = [f"{shoes.pk}:0", f"{consent.pk}:0"]
    data = {"action": action, "items": items, "client_key": uuid4()}
    answer = page.post(at("rows-decide", project), data, headers=headers)
    assert answer.status_code == (200 if headers else 302)
    shoes.refresh_from_db()
    consent.refresh_from_db()
    assert (shoes.state, consent.state) == (state, RowState.PROPOSED)
    if headers:
        assert "1 need a decision of their own" in answer.content.decode()


def test_selected_rows_that_changed_are_left_alone(
    version: MapVersion, project: Project, page: Client, erik: Any
) -> None:
    row = made.row(version, SHOES)
    services.reject(row.pk, **made.act(row, erik))
    data = {"action": "approve", "items": [f"{row.pk}:0"], "client_key": uuid4()}
    page.post(at("rows-decide", project), data)
    row.refresh_from_db()
    assert row.state == RowState.REJECTED


def test_nothing_selected_is_said(version: MapVersion, project: Project, page: Client) -> None:
    answer = page.post(at("rows-decide", project), {"action": "approve", "client_key": uuid4()})
    assert (answer.status_code, "No field was selected" in answer.content.decode()) == (403, True)


# Signing


@pytest.fixture
def ready(project: Project, erik: Any) -> MapVersion:
    found = made.make_map(project)
    services.approve_all(project, erik)
    return found


def test_a_new_draft_and_the_list_of_versions(
    ready: MapVersion, project: Project, page: Client, erik: Any
) -> None:
    services.sign_current(project, erik)
    assert page.post(at("open-draft", project, 1)).status_code == 302
    text = page.get(at("versions", project)).content.decode()
    assert "v2" in text
    assert page.get(at("version", project, 1)).status_code == 200
    assert page.get(at("version", project, 7)).status_code == 404
