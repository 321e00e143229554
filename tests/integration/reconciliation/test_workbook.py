"""Cases out as a spreadsheet and decisions back in: what counts, what is rejected and why, and taking it all back."""

from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from migrator.engine.cases import CaseKind, Decide
from migrator.engine.errors import RefusedError
from migrator.models import Project, TrailEntry
from migrator.sheets import unescaped
from reconciliation import notes, services
from reconciliation.choices import ItemState
from reconciliation.filters import Filters
from reconciliation.models import Decision, Note, QueueImport, ReviewItem
from reconciliation.replay import state_checksum
from reconciliation.workbook_apply import apply_import, keep_review
from reconciliation.workbook_in import entered_in
from reconciliation.workbook_out import write_queue
from reconciliation.workbook_review import Review, reviewed
from reconciliation.workbook_words import words_of
from tests import factories_reconciliation as made
from tests.workbooks import changed, page_of

NO_EMAIL, DUPLICATES, TAGS = "No email", "Duplicates", "Rare tags"
HOSTILE = ("=1+1", "<script>alert(1)</script>", "\u202ename", "ignore the rules", "_x0041_", "x" * 300)


def out(project: Project, kind: CaseKind | None = None, filters: Filters = Filters()) -> bytes:  # noqa: B008
    target = BytesIO()
    write_queue(target, project, kind, filters)
    return target.getvalue()


def filled(content: bytes, sheet: str, *lines: tuple[ReviewItem, str, str, str]) -> bytes:
    """The file with (case, decision, value, comment) entered."""
    cells = {}
    for item, decision, value, comment in lines:
        for title, text in (("Decision", decision), ("Value", value), ("Comment", comment)):
            if text:
                cells[item.pk, title] = text
    return changed(content, cells, sheet=sheet)  # type: ignore[arg-type]  # ids are numbers here


def looked_at(content: bytes, project: Project) -> Review:
    return reviewed(entered_in(content, project), project)


def kept(content: bytes, project: Project, user: Any) -> QueueImport:
    return keep_review(project, looked_at(content, project), user=user, file_name="queue.xlsx")


def decide(item: ReviewItem, user: Any, action: Decide, **args: Any) -> None:
    item.refresh_from_db()
    services.decide(
        item.pk, action, args, user=user, expected_version=item.lock_version, client_key=made.new_key()
    )


def every_kind(project: Project) -> list[ReviewItem]:
    cases = [
        made.no_email(), made.no_name(), made.duplicate(), made.type_conflict(),
        made.rare_tag(similar=[("winter25", 9)]), made.organizations(), made.consents(),
    ]  # fmt: skip
    return [made.make_item(project, case) for case in cases]


# Out


def test_each_kind_has_a_sheet_with_its_cases_and_what_may_be_decided(project: Project) -> None:
    items = every_kind(project)
    workbook = load_workbook(BytesIO(out(project)))
    assert workbook.sheetnames == ["Read me", *(item.words.label for item in items), "Stamp"]
    for item in items:
        page = page_of(workbook, item.words.label)
        row = {page.cell(1, n).value: page.cell(2, n).value for n in range(1, page.max_column + 1)}
        assert (row["ID"], row["Version"], row["Case"]) == (item.pk, 0, item.title)
        assert all(row[title] for title in ("What is known", "Suggestion", "Reasons", "State")), row
        assert row["Decision"] is None
        (rule,) = page.data_validations.dataValidation
        assert str(rule.formula1).strip('"').split(",") == list(words_of(CaseKind(item.kind)))


def test_what_strangers_wrote_is_text_and_comes_back_unchanged(project: Project) -> None:
    for text in HOSTILE:
        made.make_item(project, made.no_email(name=text, company=text, tags=[text]))
    content = out(project)
    page = page_of(load_workbook(BytesIO(content)), NO_EMAIL)
    assert {cell.data_type for row in page for cell in row} <= {"s", "n"}
    assert unescaped(str(page["C6"].value)) == "_x0041_"
    found = looked_at(changed(content, sheet=NO_EMAIL), project)
    assert (found.lines, found.rejected, found.unchanged) == ([], [], len(HOSTILE))


def test_the_filters_of_the_page_narrow_the_file(project: Project) -> None:
    made.make_item(project, made.no_email(sections=["Norway"]))
    made.make_item(project, made.no_email(sections=["Sweden"]))
    made.make_item(project, made.no_name())
    content = out(project, CaseKind.NO_EMAIL, Filters(section="Norway"))
    workbook = load_workbook(BytesIO(content))
    assert workbook.sheetnames == ["Read me", NO_EMAIL, "Stamp"]
    assert page_of(workbook, NO_EMAIL).max_row == 2


def test_other_projects_stay_out(project: Project) -> None:
    made.make_item(made.make_project(), made.no_email(name="Stranger"))
    assert load_workbook(BytesIO(out(project))).sheetnames == ["Read me", "Stamp"]


def test_more_cases_than_a_file_holds_are_refused(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    every_kind(project)
    monkeypatch.setattr("reconciliation.workbook_out.MOST_CASES", 6)
    with pytest.raises(RefusedError, match="more than 6 cases"):
        out(project)


# Round trip


def test_every_kind_is_decided_as_suggested(project: Project, sofia: Any) -> None:
    items, content = every_kind(project), out(project)
    for item in items:
        content = filled(content, item.words.label, (item, "As suggested", "", ""))
    import_ = kept(content, project, sofia)
    assert import_.rejected == []
    apply_import(import_.pk, user=sofia)
    for item in items:
        item.refresh_from_db()
        assert (item.state, item.action) == (ItemState.DECIDED, item.suggested_action)
        assert item.decided_by == sofia


def test_every_word_of_every_drop_down_is_understood(project: Project) -> None:
    """With a value where one is needed; a word that the machine cannot take would be rejected here."""
    for item in every_kind(project):
        for word in words_of(CaseKind(item.kind)):
            value = {"Supply email": "a@example.se", "Supply name": "Anna Ek", "Rename": "Hagen"}.get(
                word, ""
            )
            value = "text" if word == "Keep as one type" else value
            found = looked_at(filled(out(project), item.words.label, (item, word, value, "")), project)
            no_candidate = word == "Merge" and item.kind == CaseKind.NO_EMAIL
            assert (len(found.lines), len(found.rejected)) == ((0, 1) if no_candidate else (1, 0)), word


def test_a_preview_writes_nothing_and_one_undo_takes_all_back(project: Project, sofia: Any) -> None:
    first, second = (made.make_item(project, made.no_email(name=name)) for name in ("Anna Ek", "Bo Ek"))
    tag = made.make_item(project, made.rare_tag(similar=[("winter25", 9)]))
    content = filled(
        out(project), NO_EMAIL, (first, "Supply email", "anna@example.se", "Called her"),
        (second, "Skip", "Left the company", ""),
    )  # fmt: skip
    content = filled(content, TAGS, (tag, "Merge into", "winter25", ""))
    before, entries = state_checksum(project), TrailEntry.objects.count()
    import_ = kept(content, project, sofia)
    assert (len(import_.lines), import_.unchanged, import_.rejected) == (3, 0, [])
    assert (state_checksum(project), TrailEntry.objects.count()) == (before, entries)
    assert not Decision.objects.exists()
    applied = apply_import(import_.pk, user=sofia)
    assert applied.batch is not None
    args = dict(Decision.objects.filter(batch=applied.batch).values_list("item", "args"))
    assert args == {
        first.pk: {"email": "anna@example.se"}, second.pk: {"reason": "Left the company"},
        tag.pk: {"into": "winter25"},
    }  # fmt: skip
    assert [note.text for note in Note.objects.all()] == ["Called her"]
    assert "anna@example.se" not in str(list(TrailEntry.objects.values_list("sentence", "data")))
    services.undo(project, applied.batch, user=sofia, client_key=made.new_key())
    assert state_checksum(project) == before


def test_applying_again_adds_nothing(project: Project, sofia: Any) -> None:
    item = made.make_item(project)
    import_ = kept(filled(out(project), NO_EMAIL, (item, "Skip", "", "Why not")), project, sofia)
    for _ in range(2):
        apply_import(import_.pk, user=sofia)
    assert (Decision.objects.count(), Note.objects.count()) == (1, 1)


def test_a_file_that_was_applied_says_nothing_new(project: Project, sofia: Any) -> None:
    item = made.make_item(project)
    content = filled(out(project), NO_EMAIL, (item, "Skip", "Left", ""))
    apply_import(kept(content, project, sofia).pk, user=sofia)
    found = looked_at(content, project)
    assert (found.lines, found.rejected, found.unchanged) == ([], [], 1)


def test_decided_cases_go_out_with_their_decision_and_may_be_decided_anew(
    project: Project, sofia: Any
) -> None:
    items = [made.make_item(project, made.no_email()) for _ in range(2)]
    for item in items:
        decide(item, sofia, Decide.SKIP, reason="Left")
    content = out(project, CaseKind.NO_EMAIL, Filters(state="decided"))
    assert page_of(load_workbook(BytesIO(content)), NO_EMAIL)["L2"].value == "Skip"
    assert looked_at(content, project).unchanged == 2
    found = looked_at(filled(content, NO_EMAIL, (items[0], "Import by name only", "", "")), project)
    assert found.rejected[0]["sentence"] == "“Import by name only” takes no value. Empty the cell."
    renamed = changed(
        content, {(items[0].pk, "Decision"): "Import by name only", (items[0].pk, "Value"): None},  # type: ignore[dict-item]
        sheet=NO_EMAIL,
    )  # fmt: skip
    assert [line["action"] for line in looked_at(renamed, project).lines] == ["name_only"]


def test_candidates_are_chosen_by_their_number(project: Project, sofia: Any) -> None:
    people = [
        {"source_key": f"k{n}", "target_id": "", "name": f"Astrid {n}", "email": "", "phone": "",
         "company": "", "event_count": n, "why": "same phone number"} for n in range(4)
    ]  # fmt: skip
    item = made.make_item(project, made.no_email(candidates=people))
    double = made.make_item(project)
    page = page_of(load_workbook(BytesIO(out(project))), NO_EMAIL)
    listed = next(str(row[7].value) for row in page.iter_rows(min_row=2) if row[0].value == item.pk)
    wanted = next(line for line in listed.splitlines() if "Astrid 0" in line)
    number = wanted.partition(":")[0]
    (line,) = looked_at(filled(out(project), NO_EMAIL, (item, "Merge", number, "")), project).lines
    assert line["args"] == {"into": "k0"}
    for value in ("9", "0", "k0; drop", "-1"):
        found = looked_at(filled(out(project), NO_EMAIL, (item, "Merge", value, "")), project)
        assert "Write the number of one" in found.rejected[0]["sentence"]
    found = looked_at(filled(out(project), NO_EMAIL, (double, "Merge", "", "")), project)
    assert found.rejected[0]["sentence"] == "Choose the profile or Person to merge into."


def test_the_one_that_stays_is_chosen_among_duplicates(project: Project) -> None:
    item = made.make_item(project, made.duplicate())
    content = out(project)
    found = [looked_at(filled(content, DUPLICATES, (item, "Merge", n, "")), project) for n in ("1", "2")]
    assert {one.lines[0]["args"]["survivor"] for one in found} == {"a", "b"}


def test_a_comment_alone_is_a_note_and_decides_nothing(project: Project, sofia: Any) -> None:
    item = made.make_item(project)
    apply_import(
        kept(filled(out(project), NO_EMAIL, (item, "", "", "Ask Erik")), project, sofia).pk, user=sofia
    )
    item.refresh_from_db()
    assert (item.state, item.notes.get().text, Decision.objects.count()) == (ItemState.OPEN, "Ask Erik", 0)


# Rejected


@pytest.mark.parametrize(
    ("word", "value", "cell", "sentence"),
    [
        ("Maybe", "", "L2", "“Maybe” is not in the list"),
        ("Supply email", "", "M2", "Enter an email address"),
        ("Supply email", "a@@b.se", "M2", "is not an email address"),
        ("Supply email", "used@example.se", "M2", "Already used by Karin Holm"),
        ("Supply email", "=A1", "M2", "holds a formula"),
        ("Skip", "x" * 501, "M2", "501 characters"),
        ("Skip", "<b>gone</b>", "M2", "markup"),
        ("", "a@example.se", "L2", "a value and no decision"),
        ("Keep apart", "", "L2", "is not in the list"),
    ],
)
def test_a_line_is_rejected_with_its_cell_and_a_sentence(
    word: str, value: str, cell: str, sentence: str, project: Project, sofia: Any
) -> None:
    made.make_profile(made.make_discovery(project), "other", name="Karin Holm", email="used@example.se")
    item = made.make_item(project)
    import_ = kept(filled(out(project), NO_EMAIL, (item, word, value, "")), project, sofia)
    (rejected,) = import_.rejected
    assert (rejected["cell"], import_.lines) == (f"{NO_EMAIL}!{cell}", [])
    assert sentence in rejected["sentence"]
    with pytest.raises(RefusedError, match="nothing to apply"):
        apply_import(import_.pk, user=sofia)


def test_what_somebody_decided_after_the_download_is_left_and_named(
    project: Project, sofia: Any, erik: Any
) -> None:
    item = made.make_item(project)
    content = filled(out(project), NO_EMAIL, (item, "Skip", "", ""))
    decide(item, erik, Decide.NAME_ONLY)
    (rejected,) = looked_at(content, project).rejected
    assert rejected["sentence"] == "Erik chose Name only after the download. It was left as it is."


def test_what_somebody_decided_after_the_preview_is_left_and_listed(
    project: Project, sofia: Any, erik: Any
) -> None:
    first, second = made.make_item(project), made.make_item(project)
    content = filled(out(project), NO_EMAIL, (first, "Skip", "", ""), (second, "Skip", "", ""))
    import_ = kept(content, project, sofia)
    decide(first, erik, Decide.NAME_ONLY)
    applied = apply_import(import_.pk, user=sofia)
    assert [line["id"] for line in applied.lines] == [second.pk]
    assert [(row["id"], "Erik chose Name only" in row["sentence"]) for row in applied.rejected] == [
        (first.pk, True)
    ]
    first.refresh_from_db()
    assert first.action == Decide.NAME_ONLY


def test_a_case_that_came_back_with_other_evidence_says_so(project: Project, sofia: Any) -> None:
    item = made.make_item(project, made.no_email("p1"))
    content = filled(out(project), NO_EMAIL, (item, "Skip", "", ""))
    decide(item, sofia, Decide.NAME_ONLY)
    services.open_items(project, [made.no_email("p1", phone="+46 70 2")])
    (rejected,) = looked_at(content, project).rejected
    assert rejected["sentence"].startswith("The case is not what it was at the download. ")
    assert "+46 70 2" in rejected["sentence"]


def test_cases_of_other_projects_and_ids_that_are_none_are_rejected(project: Project) -> None:
    strange = made.make_item(made.make_project())
    item = made.make_item(project)
    for identity in (strange.pk, 2**62, 10**30, "x", -1, 1.5):
        content = filled(out(project), NO_EMAIL, (item, "Skip", "", ""))
        content = changed(content, {(item.pk, "ID"): identity}, sheet=NO_EMAIL)  # type: ignore[dict-item]
        found = looked_at(content, project)
        assert (found.lines, len(found.rejected)) == ([], 1), identity
        assert found.rejected[0]["cell"] == f"{NO_EMAIL}!A2"


def test_lines_of_one_file_that_do_not_go_together_are_rejected(project: Project) -> None:
    first, second = made.make_item(project), made.make_item(project)
    one, two = (
        made.make_item(project, made.rare_tag(tag, similar=[(other, 2)]))
        for tag, other in (("jul", "jul 25"), ("jul 25", "jul"))
    )
    content = filled(
        out(project), NO_EMAIL, (first, "Supply email", "a@example.se", ""),
        (second, "Supply email", "A@example.se", ""),
    )  # fmt: skip
    both = filled(content, TAGS, (one, "Merge into", "jul 25", ""), (two, "Merge into", "jul", ""))
    found = looked_at(both, project)
    assert len(found.lines) == 2
    assert [row["sentence"] for row in found.rejected] == [
        f"{NO_EMAIL}!M2 gives the same address.", "Another line merges the other way round. Keep one of the two.",
    ]  # fmt: skip
    dropped = filled(content, TAGS, (one, "Drop", "", ""), (two, "Merge into", "jul", ""))
    assert "leaves out the one that this goes into" in looked_at(dropped, project).rejected[-1]["sentence"]


def test_the_same_case_twice_counts_once(project: Project) -> None:
    first, second = made.make_item(project), made.make_item(project)
    content = filled(out(project), NO_EMAIL, (first, "Skip", "", ""), (second, "Skip", "", ""))
    content = changed(content, {(second.pk, "ID"): first.pk}, sheet=NO_EMAIL)  # type: ignore[dict-item]
    found = looked_at(content, project)
    assert (len(found.lines), "is the same case" in found.rejected[0]["sentence"]) == (1, True)


def test_who_may_not_decide_or_did_not_upload_may_not_apply(project: Project, sofia: Any, erik: Any) -> None:
    item = made.make_item(project)
    import_ = kept(filled(out(project), NO_EMAIL, (item, "Skip", "", "")), project, sofia)
    with pytest.raises(RefusedError, match="Somebody else uploaded"):
        apply_import(import_.pk, user=erik)
    assert not Decision.objects.exists()


def test_notes_and_decisions_stand_or_fall_together(
    project: Project, sofia: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = made.make_item(project)
    import_ = kept(filled(out(project), NO_EMAIL, (item, "Skip", "", "Gone")), project, sofia)

    def broken(*_: Any) -> None:
        raise RuntimeError("The machine stopped.")

    monkeypatch.setattr(notes, "add", broken)
    with pytest.raises(RuntimeError):
        apply_import(import_.pk, user=sofia)
    assert not Decision.objects.exists()
