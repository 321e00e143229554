"""From changed cells to the rule that they mean, and each refusal at its own cell."""

from dataclasses import replace
from typing import Any

import pytest

from mapping_review.proposers.evidence import evidence_of
from mapping_review.proposers.proposal import ProposerSettings
from mapping_review.proposers.rules import create_rule, map_rule, skip_rule
from mapping_review.workbook_rules import Account, CellProblem, check_result, rule_of
from mapping_review.workbook_words import Option, Place, Places, cells_of, mark_of, options_of, settings_text
from migrator.engine.field_map import Action, FieldRule, Merge, UpdateMode
from migrator.engine.inventory import FieldType, SourceField, SourceKind, TargetField, TargetObject
from migrator.engine.source_fields import Found, fixed_fields
from migrator.texts import TOOLS
from tests.factories_mapping_review import attribute

PERSON, ORGANIZATION = TargetObject.PERSON, TargetObject.ORGANIZATION
SETTINGS = ProposerSettings(region="SE", currency="SEK")
PLACES = Places(
    [
        Place(PERSON, "emails", FieldType.VARCHAR, False),
        Place(PERSON, "phones", FieldType.PHONE, False),
        Place(ORGANIZATION, "address", FieldType.ADDRESS, False),
        Place(PERSON, "Skostorlek", FieldType.DOUBLE, True),
        Place(PERSON, "Nivå", FieldType.ENUM, True, ("Guld", "Silver")),
        Place(PERSON, "Anteckning", FieldType.TEXT, True),
        Place(PERSON, "Email", FieldType.VARCHAR, True),
        Place(PERSON, "email", FieldType.DOUBLE, True),
        Place(PERSON, "email", FieldType.DOUBLE, True),
        Place(PERSON, "E_CONSENT", FieldType.ENUM, True),
    ]
)
ACCOUNT = Account(PLACES, (), SETTINGS, TOOLS)
SHOES = attribute("Shoe size", "42", "41,5")
LEVEL = attribute("Level", "guld", "silver", times=300)


def new(field: SourceField, kind: FieldType, name: str = "") -> FieldRule:
    return create_rule(field, evidence_of(field), PERSON, kind, SETTINGS, name)


def existing(field: SourceField, name: str, kind: FieldType, *options: str) -> FieldRule:
    target = TargetField(PERSON, name, kind, True, "", options)
    return map_rule(field, evidence_of(field), target, SETTINGS, name)


def asked(
    base: FieldRule, source: SourceField = SHOES, pairs: tuple[Option, ...] | None = None, /, **cells: str
) -> FieldRule:
    """The rule that the cells of `base` mean once those named here are changed."""
    own = options_of(base) if pairs is None else pairs
    return rule_of(cells_of(base, PLACES) | cells, own, base, source, ACCOUNT)


def fixed(key: str) -> SourceField:
    found = Found(profiles=9, sections=[("s1", "Sweden", 9)], events=[("email.opened", "Opened", 4)])
    return next(field for field in fixed_fields(found) if field.key == key)


NUMBER = new(SHOES, FieldType.DOUBLE)


@pytest.mark.parametrize(
    "rule",
    [
        NUMBER,
        new(LEVEL, FieldType.ENUM),
        existing(LEVEL, "Nivå", FieldType.ENUM, "Guld", "Silver"),
        existing(SHOES, "Not in the account", FieldType.DOUBLE),
        replace(NUMBER, args=(("decimal", ","), ("separator", " "), ("is:a", "b")), component="odd"),
        skip_rule(SHOES),
        replace(skip_rule(SHOES), action=Action.DROP, reason="Nobody uses it"),
        replace(new(SHOES, FieldType.VARCHAR), merge=Merge.SPACE, rank=2),
    ],
    ids=["new", "new options", "look-up", "unknown place", "odd settings", "archive", "drop", "merge"],
)
def test_cells_as_they_were_give_the_rule_as_it_was(rule: FieldRule) -> None:
    assert asked(rule, LEVEL if rule.source == LEVEL.key else SHOES) == rule


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        ({"action": "do not MIGRATE "}, {"action": Action.ARCHIVE, "field": ""}),
        ({"field": "Skor"}, {"field": "Skor", "type": FieldType.DOUBLE, "transform": "number"}),
        ({"object": "Organization"}, {"object": ORGANIZATION, "transform": "number"}),
        ({"update": "Replace what Pipedrive has"}, {"update_mode": UpdateMode.OVERWRITE}),
        ({"settings": "decimal = ."}, {"args": (("decimal", "."),)}),
        ({"settings": ""}, {"args": ()}),
        ({"type": "Text", "conversion": ""}, {"type": FieldType.VARCHAR, "transform": "text", "args": ()}),
        ({"type": "Long text"}, {"type": FieldType.TEXT, "transform": "long_text"}),
        ({"type": "Amount"}, {"type": FieldType.MONETARY, "transform": "number"}),
        (
            {"type": "Amount", "conversion": "Amount with currency"},
            {"transform": "money", "args": (("currency", "SEK"), ("decimal", ","))},
        ),
        ({"action": "Existing field", "field": "skostorlek "}, {"action": Action.MAP, "field": "Skostorlek"}),
        (
            {"action": "Existing field", "field": "Anteckning"},
            {"field": "Anteckning", "type": FieldType.TEXT, "transform": "long_text"},
        ),
    ],
)
def test_a_changed_cell_changes_what_it_says(cells: dict[str, str], values: dict[str, Any]) -> None:
    found = asked(NUMBER, **cells)
    assert {name: getattr(found, name) for name in values} == values


def test_two_fields_of_one_name_have_a_word_each() -> None:
    words = PLACES.words_of(PERSON)
    assert [w for w in words if w.casefold().startswith("email")] == [
        "Email",
        "Email (text)",
        "email (number)",
    ]
    assert asked(NUMBER, action="Existing field", field="Email").field == "emails"
    found = asked(NUMBER, action="Existing field", field="email (number)")
    assert (found.field, found.custom) == ("email", True)


def test_a_row_that_was_left_out_comes_back_with_few_words() -> None:
    found = asked(skip_rule(SHOES), action="New field", field="Shoes", type="Number")
    assert (found.object, found.transform, found.args) == (PERSON, "number", (("decimal", ","),))


def test_options_and_look_ups_come_from_their_sheet() -> None:
    base = new(LEVEL, FieldType.ENUM)
    found = asked(base, LEVEL, (("", "Gold"), ("", "Silver"), ("guld", "Gold"), ("SILVER", "Silver")))
    assert found.options == ("Gold", "Silver")
    assert found.args == (("is:guld", "Gold"), ("is:silver", "Silver"))


def test_an_existing_field_brings_its_options() -> None:
    found = asked(new(LEVEL, FieldType.ENUM), LEVEL, action="Existing field", field="Nivå")
    assert found.options[:2] == ("Guld", "Silver")
    assert dict(found.args) == {"is:guld": "Guld", "is:silver": "Silver"}


@pytest.mark.parametrize(
    ("cells", "column", "sentence"),
    [
        ({"action": "Delete it"}, "action", "“Delete it” is not in the list of “What to do”"),
        ({"action": ""}, "action", "Nothing is chosen"),
        ({"object": "Lead"}, "object", "“Lead” is not in the list"),
        ({"action": "Existing field", "field": "Unknown"}, "field", "“Unknown” is no field of person"),
        ({"field": "  "}, "field", "has no name"),
        ({"type": "Checkbox"}, "type", "“Checkbox” is not in the list"),
        ({"type": "User"}, "type", "No new field can be of the type user"),
        ({"conversion": "Shout"}, "conversion", "“Shout” is not in the list"),
        ({"settings": "colour = red"}, "settings", "knows the settings: “decimal”"),
        ({"settings": "decimal = ;"}, "settings", "a comma or a point"),
        ({"part": "mobile"}, "part", "no part of this field"),
        ({"update": "Maybe"}, "update", "“Maybe” is not in the list"),
        (
            {"action": "Existing field", "field": "Anteckning", "type": "Date"},
            "type",
            "is of the type long text, and stays so",
        ),
    ],
)
def test_what_cannot_be_is_refused_at_its_cell(cells: dict[str, str], column: str, sentence: str) -> None:
    with pytest.raises(CellProblem) as problem:
        asked(NUMBER, **cells)
    assert problem.value.column == column
    assert sentence in problem.value.sentence


@pytest.mark.parametrize(
    ("base", "options", "sentence"),
    [
        (NUMBER, (("", "A"),), "Only a field with options has any"),
        (NUMBER, (("a", "A"),), "looks nothing up"),
        (new(LEVEL, FieldType.ENUM), (("", "A"), ("a", "A"), ("A", "B")), "one line with one option"),
        (new(LEVEL, FieldType.ENUM), (("", "A"), ("a", "")), "one line with one option"),
    ],
)
def test_options_that_say_nothing_are_refused(
    base: FieldRule, options: tuple[Option, ...], sentence: str
) -> None:
    with pytest.raises(CellProblem, match=sentence) as problem:
        asked(base, LEVEL if base.source == LEVEL.key else SHOES, options)
    assert problem.value.column == "options"


def test_labels_belong_to_contacts_and_parts_to_addresses() -> None:
    phone = replace(new(SHOES, FieldType.PHONE), action=Action.MAP, custom=False, field="phones")
    assert asked(phone, part="mobile").component == "mobile"
    with pytest.raises(CellProblem, match="no part of this field"):
        asked(phone, part="city")


def test_losing_values_is_for_the_fields_own_page() -> None:
    texts = attribute("Shoe size", "EU 42", "large")
    base = new(texts, FieldType.VARCHAR)
    found = asked(base, texts, type="Number", conversion="")
    with pytest.raises(CellProblem, match="profiles without a value") as problem:
        check_result(found, base, texts, ACCOUNT)
    assert problem.value.column == "conversion"


def test_a_loss_that_is_there_already_is_no_reason_to_refuse() -> None:
    texts = attribute("Shoe size", "EU 42", "large")
    base = new(texts, FieldType.DOUBLE)
    check_result(asked(base, texts, update="Replace what Pipedrive has"), base, texts, ACCOUNT)


@pytest.mark.parametrize(
    ("cells", "column", "sentence"),
    [
        ({"type": "Text", "conversion": "Date"}, "conversion", "gives no value that this type"),
        ({"field": "x" * 256}, "field", "256 characters long"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(cells: dict[str, str], column: str, sentence: str) -> None:
    with pytest.raises(CellProblem, match=sentence) as problem:
        check_result(asked(NUMBER, **cells), NUMBER, SHOES, ACCOUNT)
    assert problem.value.column == column


def test_a_field_with_options_needs_one() -> None:
    base = new(LEVEL, FieldType.ENUM)
    with pytest.raises(CellProblem, match="needs at least one") as problem:
        check_result(asked(base, LEVEL, ()), base, LEVEL, ACCOUNT)
    assert problem.value.column == "type"


def test_a_new_field_that_is_there_already_is_refused() -> None:
    base = skip_rule(SHOES)
    found = asked(base, action="New field", field="Skostorlek", type="Number")
    with pytest.raises(CellProblem, match="has this field already"):
        check_result(found, base, SHOES, ACCOUNT)


# Rows that are no attribute


def consent() -> FieldRule:
    return FieldRule(
        "consent:email", SourceKind.CONSENT, Action.CREATE, field="email_consent", type=FieldType.ENUM,
        custom=True, options=("Yes", "No"), transform="yes_no",
    )  # fmt: skip


def test_a_consent_may_change_its_name_its_place_and_whether_it_moves() -> None:
    field = fixed("consent:email")
    assert asked(consent(), field, field="Samtycke").field == "Samtycke"
    assert asked(consent(), field, action="Existing field", field="E_CONSENT").action == Action.MAP
    assert asked(consent(), field, action="Do not migrate").action == Action.ARCHIVE


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"conversion": "Text as it is"}, "conversion"),
        ({"type": "Text"}, "type"),
        ({"update": "Replace what Pipedrive has"}, "update"),
        ({"object": "Deal"}, "object"),
        ({"action": "Existing field", "field": "Email"}, "field"),
    ],
)
def test_what_a_consent_says_is_fixed(cells: dict[str, str], column: str) -> None:
    with pytest.raises(CellProblem) as problem:
        asked(consent(), fixed("consent:email"), **cells)
    assert problem.value.column == column


def test_the_options_of_a_consent_are_fixed() -> None:
    with pytest.raises(CellProblem, match="options of this row are fixed"):
        asked(consent(), fixed("consent:email"), (("", "Yes"), ("", "No"), ("nej", "Yes")))


def test_an_event_becomes_an_activity_a_note_or_nothing() -> None:
    field = fixed("event:email.opened")
    base = skip_rule(field)
    found = asked(base, field, action="Existing field", field="Activity, call")
    assert (found.field, found.transform, found.custom) == ("activity:call", "long_text", False)
    with pytest.raises(CellProblem, match="no field of person"):
        asked(base, field, action="Existing field", field="Skostorlek")
    with pytest.raises(CellProblem, match="No new field can be made"):
        asked(base, field, action="New field", field="Opens")


def test_tags_become_labels_in_one_of_two_spellings() -> None:
    field = fixed("tag:all")
    tags = FieldRule(
        "tag:all", SourceKind.TAG, Action.MAP, field="labels", type=FieldType.SET, transform="label_title"
    )
    assert asked(tags, field, conversion="Label_with_underscores").transform == "label_underscore"
    assert asked(skip_rule(field), field, action="Existing field").field == "labels"


# Marks and settings


def test_a_mark_is_blind_to_how_a_line_ends_and_to_nothing_else() -> None:
    cells = cells_of(NUMBER, PLACES)
    assert mark_of(cells | {"settings": "a\r\nb"}, ()) == mark_of(cells | {"settings": "a\nb"}, ())
    assert mark_of(cells | {"field": "X"}, ()) != mark_of(cells, ())
    assert mark_of(cells, (("", "A"),)) != mark_of(cells, ())


def test_settings_that_are_blank_are_written_so_that_they_last() -> None:
    assert (
        settings_text([("separator", " "), ("decimal", ","), ("is:a", "b")]) == 'separator = " "\ndecimal = ,'
    )
    listed = replace(new(LEVEL, FieldType.SET), args=(("separator", " "),))
    assert asked(listed, LEVEL, settings='separator = " / "').args == (("separator", " / "),)
    assert asked(listed, LEVEL, settings='separator = "').args == (("separator", '"'),)


def test_a_field_is_left_behind_with_its_reason() -> None:
    found = asked(NUMBER, action="Leave behind", reason=" Nobody uses it ")
    assert (found.action, found.reason, found.field) == (Action.DROP, "Nobody uses it", "")


def test_fields_are_merged_by_words_and_a_place() -> None:
    base = new(SHOES, FieldType.VARCHAR)
    found = asked(base, merge="join with a SPACE", rank="2")
    assert (found.merge, found.rank) == (Merge.SPACE, 2)
    assert asked(found, merge="", rank="") == base


LEFT_OR_MERGED: dict[str, tuple[dict[str, str], str, str]] = {
    "left behind without a reason": ({"action": "Leave behind"}, "reason", "Say why"),
    "a reason for what is archived": ({"action": "Do not migrate", "reason": "Old"}, "reason", "belongs to"),
    "a reason for what is migrated": ({"reason": "Old"}, "reason", "Only a field that is left behind"),
    "a merge rule of nobody's": ({"merge": "Add them up"}, "merge", "not in the list"),
    "a place that is no number": ({"merge": "Join with a space", "rank": "first"}, "rank", "from 1 to 99"),
    "a place below one": ({"rank": "0"}, "rank", "from 1 to 99"),
}


@pytest.mark.parametrize(("cells", "column", "words"), LEFT_OR_MERGED.values(), ids=LEFT_OR_MERGED)
def test_the_cell_is_refused_of(cells: dict[str, str], column: str, words: str) -> None:
    with pytest.raises(CellProblem, match=words) as problem:
        asked(new(SHOES, FieldType.VARCHAR), **cells)
    assert problem.value.column == column


def test_a_number_cannot_be_joined() -> None:
    rule = asked(NUMBER, merge="Join with a space")
    with pytest.raises(CellProblem, match="does not fit this type") as problem:
        check_result(rule, NUMBER, SHOES, ACCOUNT)
    assert problem.value.column == "merge"
