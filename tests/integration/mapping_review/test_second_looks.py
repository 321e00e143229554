"""A part of every bulk approval comes back blind: drawn, shown without a hint, answered, told."""

import re
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from mapping_review import bulk, fences, queries, second_looks, services
from mapping_review.choices import Act, RowState
from mapping_review.models import DecisionEvent, FieldDecision, MapVersion, SecondLook
from mapping_review.proposers.rules import skip_rule
from migrator.choices import Role
from migrator.engine.errors import RefusedError
from migrator.engine.field_map import FieldRule
from migrator.models import Project, TrailEntry
from tests import factories_mapping_review as made

HTMX = {"HX-Request": "true"}


def many(project: Project, count: int) -> MapVersion:
    return made.make_map(project, [made.attribute(f"Shoe size {n}", "42", "41,5") for n in range(count)])


@pytest.fixture
def version(project: Project, erik: Any) -> MapVersion:
    found = many(project, 30)
    made.approve_in_bulk(found, 0.5, erik)
    return found


@pytest.fixture
def page(erik: Any) -> Client:
    client = Client()
    client.force_login(erik)
    return client


def looks(version: MapVersion) -> list[SecondLook]:
    return list(version.second_looks.select_related("decision__version__project"))


def row_of(look: SecondLook) -> queries.Row:
    return queries.row_of(FieldDecision.objects.select_related("version__project").get(pk=look.decision_id))


def approved(look: SecondLook) -> FieldRule:
    return row_of(look).decision.rules[0]


def another(look: SecondLook) -> FieldRule:
    return skip_rule(row_of(look).field)


# What comes back


@pytest.mark.parametrize(("rows", "back"), [(1, 0), (9, 0), (10, 1), (20, 1), (21, 2), (40, 2), (41, 3)])
def test_one_in_twenty_comes_back_from_ten_rows_on(rows: int, back: int, project: Project, erik: Any) -> None:
    version = many(project, rows)
    made.approve_in_bulk(version, 0.5, erik)
    assert second_looks.open_count(version) == back == second_looks.size_for(rows)


def opened_first(version: MapVersion, user: Any) -> set[int]:
    """The rows that a bulk approval given now asks to be opened."""
    facts = bulk.facts_for(version)
    rows = fences.bulk_rows(list(version.decisions.all()), facts, 0.5)
    return {row.pk for row in bulk.drawn_for(rows, version, user)}


def test_it_does_not_return_what_was_opened_before_the_approval(db: None) -> None:
    """Half of ten rows are opened: eight maps, so that it cannot be by chance."""
    for _ in range(8):
        version = many(made.make_project(), 10)
        olga = made.make_member(version.project, Role.OWNER, "Olga")
        opened = opened_first(version, olga)
        made.approve_in_bulk(version, 0.5, olga)
        assert second_looks.open_count(version) == 1
        assert not second_looks.open_ids(version) & opened


def test_selected_rows_that_were_approved_together_come_back_too(project: Project, erik: Any) -> None:
    version = many(project, 12)
    seen = dict(version.decisions.values_list("pk", "lock_version"))
    services.decide_rows(version, Act.APPROVE, seen, user=erik, client_key=uuid4())
    assert second_looks.open_count(version) == 1


def test_rows_that_are_left_out_together_do_not(project: Project, erik: Any) -> None:
    version = many(project, 12)
    seen = dict(version.decisions.values_list("pk", "lock_version"))
    services.decide_rows(version, Act.SKIP, seen, user=erik, client_key=uuid4())
    assert second_looks.open_count(version) == 0


def test_a_new_try_draws_the_same_rows(version: MapVersion, erik: Any) -> None:
    first = second_looks.open_ids(version)
    event = DecisionEvent.objects.filter(bulk=True).earliest("pk")
    services.undo_batch(version, event.batch, user=erik, client_key=uuid4())
    assert second_looks.open_count(version) == 0
    opened = opened_first(version, erik)
    made.approve_in_bulk(version, 0.5, erik)
    assert second_looks.open_ids(version) >= first - opened
    assert second_looks.open_count(version) == 2


def undone(row: FieldDecision, erik: Any) -> None:
    services.undo(row.pk, **made.act(row, erik))


def edited(row: FieldDecision, erik: Any) -> None:
    services.edit(row.pk, row.proposed.alternatives[0].rule, **made.act(row, erik))


def skipped(row: FieldDecision, erik: Any) -> None:
    services.skip_field(row.pk, **made.act(row, erik))


@pytest.mark.parametrize("decide", [undone, edited, skipped])
def test_a_row_that_was_decided_on_its_own_needs_no_second_look(
    decide: Any, version: MapVersion, erik: Any
) -> None:
    look = looks(version)[0]
    decide(look.decision, erik)
    assert second_looks.open_count(version) == 1
    with pytest.raises(RefusedError, match="needs no second look"):
        second_looks.answer(look, another(look), user=erik)


# The answer


def test_the_same_choice_leaves_the_approval_as_it_is(version: MapVersion, erik: Any) -> None:
    look = looks(version)[0]
    before = FieldDecision.objects.filter(pk=look.decision_id).values().get()
    answered = second_looks.answer(look, approved(look), user=erik)
    assert (answered.agrees, answered.answered_by) == (True, erik)
    assert FieldDecision.objects.filter(pk=look.decision_id).values().get() == before
    assert second_looks.agreement(version) == second_looks.Agreement(agreed=1, answered=1, open=1)


def test_another_choice_opens_the_row_again_and_says_so(version: MapVersion, erik: Any) -> None:
    look = looks(version)[0]
    assert not second_looks.answer(look, another(look), user=erik).agrees
    row = made.row(version, look.decision.source_key)
    assert (row.state, row.rule, row.bulk, row.decided_by) == (RowState.PROPOSED, None, False, None)
    assert row.lapsed == "The second look chose another field"
    event = row.events.latest("pk")
    assert (event.act, event.actor) == (Act.SECOND, erik)
    assert second_looks.agreement(version) == second_looks.Agreement(agreed=0, answered=1, open=1)


def test_the_opening_can_be_undone_as_any_act(version: MapVersion, erik: Any) -> None:
    look = looks(version)[0]
    rule = approved(look)
    second_looks.answer(look, another(look), user=erik)
    row = made.row(version, look.decision.source_key)
    back = services.undo(row.pk, **made.act(row, erik)).row
    assert (back.state, back.rules, back.bulk, back.lapsed) == (RowState.APPROVED, (rule,), True, "")
    assert second_looks.open_count(version) == 1


def test_answering_twice_keeps_the_first_answer(version: MapVersion, erik: Any) -> None:
    look = looks(version)[0]
    second_looks.answer(look, approved(look), user=erik)
    again = second_looks.answer(look, another(look), user=erik)
    assert again.agrees
    assert made.row(version, look.decision.source_key).state == RowState.APPROVED
    assert TrailEntry.objects.filter(verb="map_second_look").count() == 1


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CUSTOMER_ADMIN, Role.AUDITOR])
def test_only_engineers_and_owners_answer(role: Role, version: MapVersion, project: Project) -> None:
    look = looks(version)[0]
    with pytest.raises(RefusedError, match="only engineer or owner"):
        second_looks.answer(look, approved(look), user=made.make_member(project, role))


def test_an_open_second_look_keeps_the_version_from_being_signed(
    version: MapVersion, project: Project, erik: Any
) -> None:
    services.approve_all(project, erik)
    with pytest.raises(RefusedError, match="second look"):
        services.sign_current(project, erik)
    for look in looks(version):
        second_looks.answer(look, approved(look), user=erik)
    assert not services.sign_current(project, erik).is_draft


# What can be chosen


def test_the_choices_hold_the_approved_one_and_end_with_leaving_it_behind(version: MapVersion) -> None:
    look = looks(version)[0]
    rules = second_looks.choices_for(look, row_of(look))
    assert approved(look) in rules[:-1]
    assert [rule.is_left for rule in rules] == [False] * (len(rules) - 1) + [True]
    assert 2 <= len(rules) <= 5


def test_the_order_stays_for_one_look_and_differs_between_looks(version: MapVersion) -> None:
    look = looks(version)[0]
    row = row_of(look)
    assert second_looks.choices_for(look, row) == second_looks.choices_for(look, row)
    others = [SecondLook(pk=number, decision=look.decision) for number in range(40)]
    places = {second_looks.choices_for(other, row).index(approved(look)) for other in others}
    assert places == set(range(len(second_looks.choices_for(look, row)) - 1))


# The page


def test_the_field_map_leads_to_them_while_one_waits(
    version: MapVersion, project: Project, page: Client, erik: Any
) -> None:
    link = f'href="{at("second-looks", project)}"'
    assert link in page.get(at("map", project)).content.decode()
    for look in looks(version):
        second_looks.answer(look, approved(look), user=erik)
    assert link not in page.get(at("map", project)).content.decode()


def at(name: str, project: Project, *args: Any) -> str:
    return reverse(f"mapping_review:{name}", args=[project.slug, *args])


def body(text: str) -> str:
    return text[text.index('id="second-look"') : text.index("</section>", text.index('id="second-look"'))]


def numbers(text: str) -> dict[str, str]:
    """What each choice is called, by its number."""
    found = re.findall(r'name="choice" value="(\d)" required><span>([^<]+)', text)
    return {number: unescape(name).strip() for number, name in found}


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_row_is_shown_without_a_hint_of_what_was_approved(
    headers: dict[str, str], version: MapVersion, project: Project, page: Client
) -> None:
    text = page.get(at("second-looks", project), headers=headers).content.decode()
    shown = body(text)
    look = looks(version)[0]
    for words in (look.decision.name, "“41,5”", "None of these, do not migrate", "None answered yet"):
        assert words in shown
    for hint in (
        "%</span>",
        "conf",
        "Why this proposal",
        "pproved",
        "checked",
        "proposed",
        f"/row/{look.decision_id}/",
    ):
        assert hint not in shown
    assert ("<html" in text) is not bool(headers)


def test_every_choice_has_its_key(version: MapVersion, project: Project, page: Client) -> None:
    shown = body(page.get(at("second-looks", project)).content.decode())
    keys = re.findall(r'data-key="(\w+)"', shown)
    assert keys == [*numbers(shown), "Enter"]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("agrees", [True, False])
def test_after_the_answer_it_is_told(
    agrees: bool, headers: dict[str, str], version: MapVersion, project: Project, page: Client
) -> None:
    look = looks(version)[0]
    rules = second_looks.choices_for(look, row_of(look))
    number = rules.index(approved(look)) + 1 if agrees else len(rules)
    answer = page.post(at("second-look", project, look.pk), {"choice": number}, headers=headers)
    assert answer.status_code == (200 if headers else 302)
    told = answer if headers else page.get(answer["Location"])
    text = told.content.decode()
    assert ("You chose what was approved" in text) is agrees
    assert ("The row is open again" in text) is not agrees
    assert f"{int(agrees)} of 1 agreed" in text
    look.refresh_from_db()
    assert look.agrees is agrees


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("sent", [{}, {"choice": "x"}, {"choice": 9}, {"choice": 0}])
def test_no_choice_is_422_and_nothing_is_kept(
    sent: dict[str, Any], headers: dict[str, str], version: MapVersion, project: Project, page: Client
) -> None:
    look = looks(version)[0]
    answer = page.post(at("second-look", project, look.pk), sent, headers=headers)
    assert answer.status_code == 422
    assert "Nothing was saved" in answer.content.decode()
    look.refresh_from_db()
    assert look.answered_at is None


def test_the_count_of_agreement_grows_and_the_end_is_said(
    version: MapVersion, project: Project, page: Client, erik: Any
) -> None:
    first, second = looks(version)
    second_looks.answer(first, approved(first), user=erik)
    assert "1 of 1 agreed" in page.get(at("second-looks", project)).content.decode()
    second_looks.answer(second, another(second), user=erik)
    text = page.get(at("second-looks", project)).content.decode()
    assert "1 of 2 agreed" in text
    assert "Every second look is answered" in text


def test_without_one_the_page_says_where_they_come_from(project: Project, page: Client) -> None:
    made.make_map(project)
    assert "No second look is waiting" in page.get(at("second-looks", project)).content.decode()


def test_a_look_of_another_project_is_not_found(version: MapVersion, project: Project, page: Client) -> None:
    other = made.make_project()
    olga = made.make_member(other, Role.OWNER, "Olga")
    theirs = many(other, 12)
    made.approve_in_bulk(theirs, 0.5, olga)
    look = looks(theirs)[0]
    assert page.get(at("second-look", project, look.pk)).status_code == 404
    assert page.post(at("second-look", other, look.pk), {"choice": 1}).status_code == 404


def test_other_roles_are_refused_the_page(version: MapVersion, project: Project, sofia: Any) -> None:
    client = Client()
    client.force_login(sofia)
    assert client.get(at("second-looks", project)).status_code == 403


def test_a_look_that_is_no_longer_needed_says_so(
    version: MapVersion, project: Project, page: Client, erik: Any
) -> None:
    look = looks(version)[0]
    undone(look.decision, erik)
    answer = page.post(at("second-look", project, look.pk), {"choice": 1})
    assert (answer.status_code, "no longer stands" in answer.content.decode()) == (403, True)
