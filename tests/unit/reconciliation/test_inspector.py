"""What the inspector shows of a case, without a page."""

import pytest

from migrator.engine.cases import Case, CaseKind, Decide
from reconciliation.buttons import bulk_buttons_of
from reconciliation.inspector import sheet_of, subtitle_of
from reconciliation.models import ReviewItem
from reconciliation.suggestions import suggest
from tests import factories_reconciliation as made

OTHER = {"source_key": "k", "name": "Astrid Lindqvist", "email": "a@example.com", "phone": "+46705550124"}
PERSON = {"target_id": 7, "name": "Astrid Lind", "email": "b@example.com", "phone": "", "why": "same CRM id"}


def item(case: Case) -> ReviewItem:
    found = suggest(case)
    return ReviewItem(
        kind=case.kind.value,
        key=case.key,
        title=case.title,
        evidence=dict(case.evidence),
        suggestion=found.as_json(),
        suggested_action=found.action.value,
        state="open",
    )


def tones(case: Case, label: str) -> list[str]:
    rows = {row.label: row for row in sheet_of(item(case)).comparison.rows}
    return [cell.tone for cell in rows[label].cells]


def test_candidates_stand_beside_the_profile_with_what_differs():
    case = made.no_email(candidates=[OTHER, PERSON])
    shown = sheet_of(item(case)).comparison
    assert [(c.side, c.suggested) for c in shown.columns] == [
        ("source", False),
        ("source", True),
        ("target", False),
    ]
    assert [c.choose.key for c in shown.columns[1:]] == ["1", "2"]
    assert tones(case, "Name") == ["", "same", "differs"]
    assert tones(case, "Phone") == ["", "same", "empty"]
    assert tones(case, "Email") == ["empty", "", ""]


def test_duplicates_are_compared_with_the_one_that_stays():
    case = made.duplicate(made.member("a", "Karin H"), made.member("b", filled=9))
    assert tones(case, "Name") == ["differs", ""]
    assert tones(case, "Email") == ["same", ""]
    assert tones(case, "Events") == ["", ""]


def test_a_profile_nobody_resembles_has_no_comparison_and_says_why_it_cannot_be_merged():
    sheet = sheet_of(item(made.no_email()))
    assert sheet.comparison is None
    merge = next(button for button in sheet.buttons if button.action == Decide.MERGE)
    assert merge.refusal == "No other profile or Person fits this one."


def test_a_type_conflict_lists_every_choice_once_with_its_loss_and_samples():
    sheet = sheet_of(item(made.type_conflict()))
    assert [o.button.label for o in sheet.options] == [
        "Keep as text",
        "Split, one field per Section",
        "Keep as number",
        "Do not migrate",
    ]
    assert sheet.options[2].samples == ("42 EU", "large")
    assert [o.suggested for o in sheet.options] == [True, False, False, False]
    assert sheet.buttons == ()
    assert [h.section for h in sheet.histograms] == ["Norway", "Finland"]


def test_similar_tags_are_numbered_choices():
    sheet = sheet_of(item(made.rare_tag("vip", 2, [("VIP", 90), ("vips", 8)])))
    assert [(o.button.label, o.button.key) for o in sheet.options] == [("VIP", "1"), ("vips", "2")]


@pytest.mark.parametrize(
    ("case", "heading"),
    [
        (made.no_email(), "Import by name only"),
        (made.no_email(candidates=[OTHER]), "Merge into Astrid Lindqvist"),
        (made.no_email(phone="", event_count=0), "Skip this profile"),
        (made.no_name(), "Name it Karin Holm"),
        (made.duplicate(), "Merge into one Person"),
        (made.type_conflict(), "Keep as text"),
        (made.rare_tag("vip", 2, [("VIP", 90)]), "Merge into VIP"),
    ],
)
def test_the_suggestion_is_a_headline_that_says_what_happens(case, heading):
    assert sheet_of(item(case)).heading == heading


@pytest.mark.parametrize(
    ("case", "line"),
    [
        (made.no_email(), "+46 70 555 01 24 · no company"),
        (made.no_name(), "karin.holm@example.com · no company"),
        (made.duplicate(), "karin@example.com · 2 profiles"),
        (made.type_conflict(), "Norway: number, Finland: text"),
        (made.rare_tag(), "on 3 profiles · Denmark"),
    ],
)
def test_the_second_line_of_a_row_tells_cases_apart(case, line):
    assert subtitle_of(item(case)) == line


@pytest.mark.parametrize("kind", CaseKind)
def test_no_bulk_button_asks_for_an_entry(kind):
    assert not [b for b in bulk_buttons_of(kind) if b.entry]


def test_every_key_of_an_inspector_is_one_act():
    for case in (made.no_email(candidates=[OTHER]), made.no_name(), made.duplicate(), made.rare_tag()):
        sheet = sheet_of(item(case))
        keys = [button.key for button in sheet.buttons] + [o.button.key for o in sheet.options]
        assert len(keys) == len(set(keys))
