"""How a preview reads: sentences with their counts, honest about what was not looked at."""

from dataclasses import replace
from typing import Any

import pytest

from mapping_review.measuring import Loss
from mapping_review.preview import Preview, PreviewRow, Tally, converted_row
from mapping_review.preview_cells import Place, PreviewCell, cell_of, loss_words, losses_in
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import (
    FieldType,
    SourceField,
    SourceKind,
    TargetField,
    TargetObject,
    ValueType,
    Variant,
)
from migrator.texts import TOOLS

SIZES = Variant("s1", "Sweden", "d1", "text", 2_104, 9, {}, (("42", 5), ("L", 1)), ValueType.NUMBER)
FIELD = SourceField("attribute:size", SourceKind.ATTRIBUTE, "Size", variants=(SIZES,))
NUMBER = FieldRule(
    FIELD.key,
    FIELD.kind,
    Action.CREATE,
    FIELD.sources,
    TargetObject.PERSON,
    "Size",
    FieldType.DOUBLE,
    custom=True,
    transform="number",
)
LEVEL = replace(NUMBER, field="Level", type=FieldType.ENUM, transform="option", options=("Guld", "Brons"))
THERE = TargetField(TargetObject.PERSON, "Level", FieldType.ENUM, True, options=("Guld", "Silver"))
PLACE = Place("nordlys", 5)


def cell(counted: Preview | None, rule: FieldRule = NUMBER, *catalogue: TargetField) -> PreviewCell:
    return cell_of(rule, FIELD, counted, catalogue, PLACE)


def counts(**values: Any) -> Preview:
    return Preview(seen=2_104, is_whole=True, **values)


def labels(*values: tuple[str, int]) -> Preview:
    tally = Tally()
    for value, profiles in values:
        found = converted_row(LEVEL, value, profiles, TOOLS)
        assert found is not None
        tally.add(*found)
    return tally.preview(is_whole=True, has_labels=True)


@pytest.mark.parametrize(
    ("counted", "sentence", "note"),
    [
        (counts(emptied=18, changed=3), "18 of 2,104 profiles would be empty, 3 would change.", "18 would be empty"),
        (counts(emptied=18), "18 of 2,104 profiles would be empty.", "18 would be empty"),
        (counts(changed=3), "3 of 2,104 profiles would change, none would be empty.", "3 would change"),
        (counts(), "Nothing would be lost on 2,104 profiles.", ""),
    ],
    ids=["both", "emptied", "changed", "neither"],
)  # fmt: skip
def test_what_would_be_lost_is_one_sentence(counted: Preview, sentence: str, note: str) -> None:
    found = cell(counted)
    assert (found.sentences, found.note) == ((sentence,), note)


def test_a_profile_in_two_sections_is_said_to_count_twice() -> None:
    rule = replace(NUMBER, sources=(("s1", "d1"), ("s2", "d1")))
    assert cell(counts(emptied=1), rule).sentences == (
        "1 of 2,104 profiles, counted once in each Section, would be empty.",
    )


def test_a_count_that_goes_on_says_how_far_it_is() -> None:
    found = cell(Preview(seen=60, distinct=6, emptied=1))
    assert found.sentences[1] == "Counting: 6 of about 9 different values so far."
    assert found.poll_url.startswith("/m/nordlys/map/row/5/preview/")


def test_a_field_that_was_never_counted_says_so_and_links_to_no_list() -> None:
    found = cell(None)
    assert found.sentences[1].startswith("Only the most frequent values were looked at.")
    assert (found.all_url, found.poll_url, found.note) == ("", "", "1 would be empty")


def test_a_whole_count_is_not_asked_for_again() -> None:
    assert cell(counts(distinct=4)).poll_url == ""


def test_more_values_than_lines_lead_to_all_of_them() -> None:
    assert cell(counts(distinct=412)).all_words == "See all 412 values"
    assert cell(counts(distinct=4)).all_url == ""


def test_each_line_leads_to_a_profile_that_holds_the_value() -> None:
    found = cell(Preview(rows=(PreviewRow("L", "empty", 7, "not a number", True, "p 1"),), seen=7))
    assert found.lines[0].url == "/m/nordlys/map/try/?item=5&key=p+1"


def test_options_that_exist_and_options_that_are_new_are_told_apart() -> None:
    found = cell(labels(("Guld", 9), ("Ny", 2)), LEVEL, THERE)
    assert "1 of 2 options are in Pipedrive already, 1 would be added: Ny (2)." in found.sentences
    assert [(line.before, line.note) for line in found.lines] == [("Guld", ""), ("Ny", "new option")]


def test_options_that_differ_in_case_become_one() -> None:
    assert "“Guld” and “guld” become one option." in cell(labels(("Guld", 9), ("guld", 2)), LEVEL).sentences


def test_an_option_that_no_value_uses_is_named() -> None:
    assert (
        "No profile has Brons; the new field lists it all the same."
        in cell(labels(("Guld", 9)), LEVEL).sentences
    )


def test_very_many_options_are_warned_of() -> None:
    found = cell(labels(*((f"v{n}", 1) for n in range(300))), LEVEL)
    assert (
        "There are more than 200 different options. Pipedrive takes 10,000; text may fit better."
        in found.sentences
    )


def test_what_is_left_behind_says_how_much() -> None:
    found = cell(None, FieldRule(FIELD.key, FIELD.kind, Action.ARCHIVE))
    assert found.sentences == ("Nothing is written. The values of 2,104 profiles stay in the archive file.",)


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (None, "not counted yet"),
        (Loss(), "loses nothing"),
        (Loss(18, 0), "18 would be empty"),
        (Loss(18, 3), "18 would be empty, 3 would change"),
    ],
)
def test_a_loss_is_said_in_few_words(loss: Loss | None, words: str) -> None:
    assert loss_words(loss) == words


def test_an_alternative_that_is_still_being_counted_claims_nothing() -> None:
    assert losses_in({}, NUMBER) == "not counted yet"


def test_an_alternative_that_writes_nothing_needs_no_count() -> None:
    assert losses_in({}, FieldRule(FIELD.key, FIELD.kind, Action.ARCHIVE)) == ""
