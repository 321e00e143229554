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


def test_duplicates_are_compared_with_the_one_that_stays_which_stands_first():
    case = made.duplicate(made.member("a", "Karin H"), made.member("b", filled=9))
    assert tones(case, "Name") == ["", "differs"]
    assert tones(case, "Email") == ["", "same"]
    assert tones(case, "Events") == ["", ""]


def test_where_values_differ_one_may_choose_whose_wins_and_nowhere_else():
    case = made.duplicate(made.member("a", "Karin H"), made.member("b", filled=9, phone="+47 1"))
    rows = {row.label: row for row in sheet_of(item(case)).comparison.rows}
    assert [cell.key for cell in rows["Name"].cells] == ["b", "a"]
    assert (rows["Name"].field, rows["Email"].field, rows["Phone"].field) == ("name", "", "")


def test_beyond_four_columns_the_other_profiles_are_folded_and_still_take_part():
    case = made.duplicate(*(made.member(f"m{n}", filled=n) for n in range(7)))
    shown = sheet_of(item(case)).comparison
    assert [column.tick for column in shown.columns] == ["m6", "m5", "m4", "m3"]
    assert [column.tick for column in shown.folded] == ["m2", "m1", "m0"]
    assert [column.choose.key for column in shown.columns] == ["1", "2", "3", "4"]
    assert [column.choose.key for column in shown.folded] == ["", "", ""]


def test_several_persons_leave_room_for_the_profile_and_are_what_one_chooses():
    persons = [{"target_id": n, "name": f"Karin {n}"} for n in range(1, 6)]
    case = made.duplicate(made.member("a"), made.member("b"), match="target", targets=persons)
    shown = sheet_of(item(case)).comparison
    assert [(c.side, c.choose.sends if c.choose else None) for c in shown.columns] == [
        ("source", None),
        ("target", ("target_id", "1")),
        ("target", ("target_id", "2")),
        ("target", ("target_id", "3")),
    ]
    assert [c.choose.sends[1] for c in shown.folded if c.choose] == ["4", "5"]
    assert shown.hidden == (("survivor", "b"),)


def test_accepting_a_merge_sends_the_table_so_that_what_was_ticked_counts():
    assert sheet_of(item(made.duplicate())).accept == ("survivor", "b")
    assert sheet_of(item(made.organizations())).accept == ("name", "Hagen Fritid AS")
    assert sheet_of(item(made.rare_tag("vip", 2, [("VIP", 90)]))).accept == ("", "")


def test_company_names_stand_in_the_order_in_which_one_would_keep_them():
    case = made.organizations(made.company("Hagen", 9), made.company("HAGEN AS", 2, target_id="7"))
    rows = sheet_of(item(case)).companies.rows
    assert [(row.name, row.choose.key, row.suggested) for row in rows] == [
        ("HAGEN AS", "1", True),
        ("Hagen", "2", False),
    ]


def test_answers_say_who_says_what_and_whom_it_is_about():
    shown = sheet_of(item(made.consents())).answers
    assert [(row.where, row.state, row.tone) for row in shown.rows] == [
        ("Norway", "Yes", "ok"),
        ("Sweden", "No", "bad"),
    ]
    assert (shown.channel, shown.people, shown.samples) == ("email", "14 profiles", ("Astrid Lindqvist",))


def test_a_guessed_address_is_offered_and_never_filled_in():
    sheet = sheet_of(item(made.no_email(company="Fjällsport", domains=["fjallsport.example"])))
    assert sheet.help.guesses[0] == "astrid.lindqvist@fjallsport.example"
    assert [b.args for b in sheet.buttons if b.entry == "email"] == [{}]


def test_a_skip_opens_with_the_usual_reason():
    assert sheet_of(item(made.no_email())).help.usual_reason == "Not needed in Pipedrive."
    nothing_known = made.no_email(phone="", event_count=0)
    assert sheet_of(item(nothing_known)).help.usual_reason == "Nothing is known but the profile itself."


ALL = [
    made.no_email(candidates=[OTHER, PERSON]),
    made.no_name(company="Hagen Fritid"),
    made.duplicate(),
    made.type_conflict(),
    made.rare_tag("vip", 2, [("VIP", 90)], together=[{"tag": "club", "count": 2}]),
    made.organizations(),
    made.consents(),
]


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.kind)
def test_every_act_says_what_it_does_before_it_is_pressed(case):
    sheet = sheet_of(item(case))
    acts = [
        *(b for b in sheet.buttons if not b.refusal),
        *(o.button for g in sheet.choices for o in g.options),
    ]
    assert acts
    assert [act.label for act in [*acts, sheet.unsure] if not act.effect.endswith(".")] == []


def test_a_profile_nobody_resembles_has_no_comparison_and_says_why_it_cannot_be_merged():
    sheet = sheet_of(item(made.no_email()))
    assert sheet.comparison is None
    merge = next(button for button in sheet.buttons if button.action == Decide.MERGE)
    assert merge.refusal == "No other profile or Person fits this one. Search for one below."
    assert sheet.anybody


def test_a_type_conflict_lists_every_choice_once_with_its_loss_and_samples():
    sheet = sheet_of(item(made.type_conflict()))
    options = sheet.choices[0].options
    assert [o.button.label for o in options] == [
        "Keep as text",
        "Split, one field per Section",
        "Keep as number",
        "Do not migrate",
    ]
    assert options[2].samples == ("42 EU", "large")
    assert [o.suggested for o in options] == [True, False, False, False]
    assert sheet.buttons == ()
    assert [h.section for h in sheet.histograms] == ["Norway", "Finland"]


def test_tags_that_are_spelled_alike_or_used_together_are_numbered_choices():
    together = [{"tag": "club", "count": 2}, {"tag": "VIP", "count": 1}]
    sheet = sheet_of(item(made.rare_tag("vip", 2, [("VIP", 90), ("vips", 8)], together=together)))
    assert [[(o.button.label, o.button.key) for o in group.options] for group in sheet.choices] == [
        [("VIP", "1"), ("vips", "2")],
        [("club", "3")],
    ]


def test_names_that_can_be_read_are_numbered_choices():
    sheet = sheet_of(item(made.no_name(company="Hagen Fritid")))
    assert [o.button.label for o in sheet.choices[0].options] == ["Karin Holm", "Hagen Fritid", "Example"]


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
        (made.organizations(), "One company: Hagen Fritid AS"),
        (made.consents(channel="sms"), "Take No for SMS"),
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
        (made.organizations(), "Hagen Fritid AS, HAGEN FRITID"),
        (made.consents(), "No in Sweden · Yes in Norway"),
    ],
)
def test_the_second_line_of_a_row_tells_cases_apart(case, line):
    assert subtitle_of(item(case)) == line


@pytest.mark.parametrize("kind", CaseKind)
def test_no_bulk_button_asks_for_an_entry(kind):
    assert not [b for b in bulk_buttons_of(kind) if b.entry]


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.kind)
def test_every_key_of_an_inspector_is_one_act(case):
    sheet = sheet_of(item(case))
    keys = [button.key for button in [*sheet.buttons, sheet.unsure]]
    keys += [o.button.key for group in sheet.choices for o in group.options]
    keys += [c.choose.key for c in sheet.comparison.columns if c.choose] if sheet.comparison else []
    keys += [row.choose.key for row in sheet.companies.rows] if sheet.companies else []
    assert len(keys) == len(set(keys))
    assert not set(keys) & {"c", ".", "j", "k", "x", "z", "o", "a"}
