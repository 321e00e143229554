"""How a row ends: mapped, merged, archived, or dropped with a reason; and what voids exactly one approval."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mapping_review import notes, queries, services
from mapping_review.answers import rule_form
from mapping_review.choices import Act, RowState
from mapping_review.models import MapVersion
from migrator import staging
from migrator.engine.errors import RefusedError
from migrator.engine.field_map import Action
from migrator.engine.inventory import (
    FieldType,
    SourceField,
    SourceKind,
    TargetField,
    TargetObject,
    ValueType,
    Variant,
)
from migrator.models import Project, TrailEntry
from tests import factories_mapping_review as made

SHOES, MEMBER, STORE = "attribute:shoe_size", "attribute:medlemsnr", "attribute:store_no"
LEVEL = TargetField(TargetObject.PERSON, "Level", FieldType.ENUM, True, options=("Gold", "Guld"))
CLUB = TargetField(TargetObject.PERSON, "Club", FieldType.VARCHAR, True)
EMAIL = TargetField(TargetObject.PERSON, "Email", FieldType.VARCHAR, False, "emails")
LEVELS = made.attribute("Level", "Gold", "Silver")
FIELDS = (*made.FIELDS, LEVELS)


@pytest.fixture
def version(project: Project) -> MapVersion:
    return made.make_map(project, FIELDS, [LEVEL, CLUB, EMAIL])


@pytest.fixture
def page(erik: Any) -> Client:
    client = Client()
    client.force_login(erik)
    return client


def decide_url(version: MapVersion, key: str, name: str = "row-decide") -> str:
    row = made.row(version, key)
    return reverse(f"mapping_review:{name}", args=[version.project.slug, row.pk])


def sent(version: MapVersion, key: str, **data: Any) -> dict[str, Any]:
    act = made.act(made.row(version, key), None)
    return {"expected_version": act["expected_version"], "client_key": act["client_key"], **data}


# Archive and drop


def test_what_is_not_migrated_stays_in_the_archive(version: MapVersion, erik: Any) -> None:
    row = made.row(version, MEMBER)
    (rule,) = services.skip_field(row.pk, **made.act(row, erik)).row.rules
    assert (rule.action, rule.reason) == (Action.ARCHIVE, "")


def test_a_field_is_left_behind_for_a_reason(version: MapVersion, erik: Any) -> None:
    row = made.row(version, MEMBER)
    applied = services.drop_field(row.pk, "  The club is closed  ", **made.act(row, erik))
    (rule,) = applied.row.rules
    assert (rule.action, rule.reason) == (Action.DROP, "The club is closed")
    assert (applied.row.state, applied.row.events.get().act) == (RowState.SKIPPED, Act.DROP)
    assert TrailEntry.objects.filter(verb="map_drop").count() == 1


@pytest.mark.parametrize(
    ("reason", "words"), [("", "Say why"), ("  ", "Say why"), ("x" * 301, "300 at most")]
)
def test_without_a_proper_reason_nothing_is_left_behind(
    reason: str, words: str, version: MapVersion, erik: Any
) -> None:
    row = made.row(version, MEMBER)
    with pytest.raises(RefusedError, match=words):
        services.drop_field(row.pk, reason, **made.act(row, erik))
    assert made.row(version, MEMBER).state == RowState.PROPOSED


def test_the_reason_is_part_of_what_is_signed(version: MapVersion, erik: Any) -> None:
    checksums = []
    for reason in ("Closed", "Wrong"):
        row = made.row(version, MEMBER)
        services.drop_field(row.pk, reason, **made.act(row, erik))
        checksums.append(queries.field_map(version).checksum)
    assert checksums[0] != checksums[1]


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "htmx"])
def test_leaving_behind_through_the_page(headers: dict[str, str], version: MapVersion, page: Client) -> None:
    data = sent(version, MEMBER, action="drop", reason="The club is closed")
    answer = page.post(decide_url(version, MEMBER), data, headers=headers)
    assert answer.status_code == (200 if headers else 302)
    text = page.get(decide_url(version, MEMBER, "row")).content.decode()
    assert "The club is closed" in text


def test_the_page_asks_for_the_reason_at_its_field(version: MapVersion, page: Client) -> None:
    answer = page.post(decide_url(version, MEMBER), sent(version, MEMBER, action="drop", reason=" "))
    assert answer.status_code == 422
    assert answer.content.decode().count("Say why the field is left behind") == 1
    assert made.row(version, MEMBER).state == RowState.PROPOSED


def test_an_undone_drop_brings_the_row_back(version: MapVersion, erik: Any) -> None:
    row = made.row(version, MEMBER)
    dropped = services.drop_field(row.pk, "Closed", **made.act(row, erik)).row
    assert services.undo(row.pk, **made.act(dropped, erik)).row.state == RowState.PROPOSED


# What a decision answers


def test_a_second_row_onto_one_field_is_warned_of_in_the_answer(version: MapVersion, page: Client) -> None:
    for key in (SHOES, MEMBER):
        form = rule_form(made.row(version, key))
        data = {name: form[name].value() or "" for name in form.fields}
        data |= {"destination": "person:custom:Club:varchar", "transform": "text", "expected_version": 0}
        answer = page.post(decide_url(version, key, "row-edit"), data, follow=True)
    assert "Shoe size also writes into Club." in answer.content.decode()
    assert made.row(version, MEMBER).state == RowState.APPROVED


def test_the_inspector_names_the_rows_that_share_a_field(version: MapVersion, erik: Any) -> None:
    first = made.row(version, "attribute:firstname")
    services.approve(first.pk, **made.act(first, erik))
    row = made.row(version, SHOES)
    services.edit(row.pk, first.proposed.rule, **made.act(row, erik))
    shared = notes.notes_for(queries.row_of(made.row(version, SHOES)))["shared"]
    assert [one["name"] for one in shared.rows] == ["First name", "Shoe size"]
    assert shared.warning


# Drift: each change voids exactly one approval, and says why


def level(*values: Any, **more: Any) -> SourceField:
    return made.attribute("Level", *values, **more)


DRIFT: dict[str, tuple[Sequence[SourceField], Sequence[TargetField], str]] = {
    "the type of the values": (
        (*made.FIELDS, level("2024-01-02", "2023-05-06")),
        (LEVEL,),
        "Values were One option and are Date now",
    ),
    "a new option of the values": (
        (*made.FIELDS, level("Gold", "Silver", "Platinum")),
        (LEVEL,),
        "Values have a new option, Platinum",
    ),
    "a new Section": (
        (*made.FIELDS, made.attribute_in({"s1": ["Gold", "Silver"], "finland": ["Gold"]}, "Level")),
        (LEVEL,),
        "A new Section, Finland, has this field",
    ),
    "an option of the target": (
        FIELDS,
        (replace(LEVEL, options=("Gold",)),),
        "The option Guld is gone from Level in Pipedrive",
    ),
    "the type of the target": (
        FIELDS,
        (replace(LEVEL, type=FieldType.SET),),
        "Level is now Several options in Pipedrive",
    ),
    "the target": (FIELDS, (), "The field Level is no longer in Pipedrive"),
}


@pytest.mark.parametrize(("fields", "catalogue", "expected"), DRIFT.values(), ids=DRIFT)
def test_a_change_voids_exactly_one_approval(
    fields: Sequence[SourceField],
    catalogue: Sequence[TargetField],
    expected: str,
    version: MapVersion,
    project: Project,
    erik: Any,
) -> None:
    services.approve_all(project, erik)
    made.make_map(project, fields, catalogue)
    open_rows = version.decisions.exclude(state__in=[RowState.APPROVED, RowState.SKIPPED])
    assert [(row.source_key, row.lapsed) for row in open_rows] == [("attribute:level", expected)]


def test_the_same_discovery_again_voids_nothing(version: MapVersion, project: Project, erik: Any) -> None:
    services.approve_all(project, erik)
    made.make_map(project, FIELDS, [LEVEL])
    assert queries.undecided_count(version) == 0


# Conflicts


@pytest.fixture
def conflicting(project: Project) -> MapVersion:
    field = made.attribute_in({"s1": ["0412", "0087"], "s2": [412, 87]}, "Store no")
    return made.make_map(project, [*made.FIELDS, field])


def test_a_conflict_shows_what_each_section_holds(conflicting: MapVersion) -> None:
    sides = notes.notes_for(queries.row_of(made.row(conflicting, STORE)))["sides"]
    assert [(side.section, side.filled) for side in sides] == [("S1", 40), ("S2", 40)]
    assert {side.type for side in sides} == {"Text", "Number"} or len({side.type for side in sides}) == 2


def test_when_it_is_settled_the_row_says_who_did(
    conflicting: MapVersion, project: Project, erik: Any, page: Client
) -> None:
    staging.settle_type(project, STORE, "text", by=erik)
    text = page.get(decide_url(conflicting, STORE, "row")).content.decode()
    assert "Erik settled the type in the queue: text." in text


# The form for each kind of row


def event(name: str) -> SourceField:
    variant = Variant("s1", "Sweden", name, "event", 10, 0, {}, (), ValueType.EMPTY)
    return SourceField(f"event:{name}", SourceKind.EVENT, name, variants=(variant,))


def test_an_event_becomes_a_record_and_never_a_field(project: Project, erik: Any) -> None:
    version = made.make_map(project, [event("email.click")])
    row = made.row(version, "event:email.click")
    form = rule_form(row)
    assert set(form.fields) == {"expected_version", "client_key", "destination"}
    for home in ("activity:task", "activity:call", "activity:meeting", "note"):
        filled = rule_form(row, sent(version, row.source_key, destination=home))
        assert filled.is_valid()
        assert (filled.rule.field, filled.rule.custom) == (home, False)
    archived = rule_form(row, sent(version, row.source_key, destination="archive"))
    assert archived.is_valid()
    assert services.edit(row.pk, archived.rule, **made.act(row, erik)).row.state == RowState.SKIPPED


def test_a_consent_takes_only_fields_of_its_own_type(project: Project) -> None:
    fields = [
        TargetField(TargetObject.PERSON, "Newsletter", FieldType.ENUM, True),
        TargetField(TargetObject.PERSON, "Club", FieldType.VARCHAR, True),
    ]
    version = made.make_map(project, made.consent_fields(), fields)
    row = made.row(version, "consent:email")
    choices = dict(rule_form(row).fields["destination"].choices)  # type: ignore[attr-defined]
    assert set(choices) == {"new", "Newsletter", "archive"}
    filled = rule_form(row, sent(version, row.source_key, destination="Newsletter"))
    assert filled.is_valid()
    assert (filled.rule.action, filled.rule.field, filled.rule.transform) == (
        Action.MAP,
        "Newsletter",
        "yes_no",
    )


def test_a_new_consent_field_needs_a_name_and_says_so_there(project: Project) -> None:
    version = made.make_map(project, made.consent_fields())
    row = made.row(version, "consent:email")
    form = rule_form(row, sent(version, row.source_key, destination="new", name=" "))
    assert list(form.errors) == ["name"]


ERRORS: dict[str, tuple[dict[str, str], str]] = {
    "no name": ({"destination": "new:person", "name": ""}, "name"),
    "a conversion that does not fit": ({"type": "date", "transform": "number"}, "transform"),
    "options without any": ({"type": "enum", "transform": "option", "options": ""}, "options"),
    "a number that cannot be joined": ({"type": "double", "transform": "number", "merge": "space"}, "merge"),
    "a place below one": ({"rank": "0"}, "rank"),
    "a label that is no part": (
        {"destination": "person:standard:emails:", "transform": "email", "component": "city"},
        "component",
    ),
}


@pytest.mark.parametrize(("wrong", "where"), ERRORS.values(), ids=ERRORS)
def test_what_does_not_go_together_is_said_at_its_field(
    wrong: dict[str, str], where: str, version: MapVersion
) -> None:
    row = made.row(version, SHOES)
    data = {"destination": "new:person", "name": "Size", "type": "varchar", "transform": "text"}
    form = rule_form(row, sent(version, SHOES, update_mode="if_empty", **data | wrong))
    assert list(form.errors) == [where]


def test_a_row_may_join_the_new_field_of_another(version: MapVersion, erik: Any) -> None:
    row = made.row(version, SHOES)
    (created,) = services.approve(row.pk, **made.act(row, erik)).row.rules
    member = made.row(version, MEMBER)
    value = f"person:custom:{created.field}:{created.type}"
    data = {"destination": value, "transform": created.transform, "merge": "first", "rank": "2"}
    form = rule_form(member, sent(version, MEMBER, update_mode="if_empty", **data))
    assert form.is_valid(), form.errors
    assert (form.rule.ref, form.rule.rank, form.rule.action) == (created.ref, 2, Action.CREATE)


def test_the_order_of_sections_can_be_changed(project: Project, erik: Any) -> None:
    field = made.attribute_in({"s1": ["A", "B"], "s2": ["C", "D"]}, "Club")
    version = made.make_map(project, [field])
    row = made.row(version, "attribute:club")
    data = {"destination": "new:person", "name": "Club", "type": "varchar", "transform": "text"}
    data |= {"place_0": "2", "place_1": "1", "update_mode": "if_empty"}
    form = rule_form(row, sent(version, row.source_key, **data))
    assert form.is_valid(), form.errors
    (rule,) = services.edit(row.pk, form.rule, **made.act(row, erik)).row.rules
    assert [section for section, _ in rule.sources] == ["s2", "s1"]
    said = notes.notes_for(queries.row_of(made.row(version, row.source_key)))["first_section"]
    assert said == "Where several Sections have a value: S2 first, then S1."
