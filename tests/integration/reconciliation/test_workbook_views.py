"""The spreadsheet's pages: who may, what a download is, what an upload shows, and what no file gets past."""

from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from migrator.choices import Role
from migrator.models import Project
from migrator.sheets import LARGEST_FILE
from reconciliation.choices import ItemState
from reconciliation.models import Decision, QueueImport, ReviewItem
from reconciliation.workbook_in import LIMITS
from tests import factories_reconciliation as made
from tests.workbooks import changed, page_of, repacked, rewritten, sheets_of

SHEET = "No email"
SHEET_PART = "xl/worksheets/sheet2.xml"


@pytest.fixture
def page(sofia: Any) -> Client:
    return signed_in(sofia)


@pytest.fixture
def item(project: Project) -> ReviewItem:
    return made.make_item(project, made.no_email(name="Astrid <b>xss</b>"))


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def at(name: str, project: Project, *args: Any) -> str:
    return reverse(f"reconciliation:{name}", args=[project.slug, *args])


def downloaded(client: Client, project: Project, query: str = "") -> bytes:
    answer: Any = client.get(at("workbook-xlsx", project) + query)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def upload(client: Client, project: Project, content: bytes, name: str = "queue.xlsx") -> Any:
    return client.post(at("workbook", project), {"file": SimpleUploadedFile(name, content)})


def skipping(client: Client, project: Project, item: ReviewItem) -> bytes:
    cells: Any = {(item.pk, "Decision"): "Skip", (item.pk, "Comment"): "Ask <i>Erik</i>"}
    return changed(downloaded(client, project), cells, sheet=SHEET)


# Out


@pytest.mark.parametrize("role", list(Role))
def test_everybody_in_the_project_may_download(role: Role, item: ReviewItem, project: Project) -> None:
    client = signed_in(made.make_member(project, role))
    answer: Any = client.get(at("workbook-xlsx", project))
    assert answer["Content-Disposition"] == f'attachment; filename="crosswalk-{project.slug}-queue.xlsx"'
    assert "spreadsheetml" in answer["Content-Type"]
    assert b"".join(answer.streaming_content)[:2] == b"PK"


def test_the_file_is_filtered_as_the_page_is(project: Project, page: Client) -> None:
    made.make_item(project, made.no_email(sections=["Norway"]))
    made.make_item(project, made.no_email(sections=["Sweden"]))
    content = downloaded(page, project, "?kind=no-email&section=Norway")
    assert page_of(load_workbook(BytesIO(content)), SHEET).max_row == 2
    text = page.get(at("workbook", project) + "?kind=no-email&section=Norway").content.decode()
    assert "No email, as filtered" in text
    assert "section=Norway" in text


def test_too_many_cases_are_a_sentence_on_the_page(
    item: ReviewItem, project: Project, page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciliation.workbook_out.MOST_CASES", 0)
    answer = page.get(at("workbook-xlsx", project))
    assert (answer.status_code, b"Narrow the list first." in answer.content) == (422, True)


def test_people_from_elsewhere_learn_nothing(item: ReviewItem, project: Project, page: Client) -> None:
    stranger = signed_in(made.make_member(made.make_project(), Role.OWNER))
    kept = upload(page, project, skipping(page, project, item))["Location"]
    for address in (at("workbook", project), at("workbook-xlsx", project), kept):
        assert stranger.get(address).status_code == 404
        assert "/sign-in/" in Client().get(address)["Location"]


def test_an_import_of_another_project_is_none_of_this_one(
    item: ReviewItem, project: Project, page: Client, sofia: Any
) -> None:
    upload(page, project, skipping(page, project, item))
    other = made.make_project()
    other.memberships.create(user=sofia, role=Role.OWNER)
    number = QueueImport.objects.get().pk
    assert page.get(at("workbook-preview", other, number)).status_code == 404
    assert page.post(at("workbook-apply", other, number)).status_code == 404


# In


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_who_may_not_decide_may_not_upload(
    role: Role, item: ReviewItem, project: Project, page: Client
) -> None:
    content = skipping(page, project, item)
    client = signed_in(made.make_member(project, role))
    assert upload(client, project, content).status_code == 403
    assert b'type="file"' not in client.get(at("workbook", project)).content
    assert not QueueImport.objects.exists()


def test_upload_look_apply_and_undo(item: ReviewItem, project: Project, page: Client) -> None:
    second = made.make_item(project)
    content = changed(skipping(page, project, item), {(second.pk, "Decision"): "Maybe"}, sheet=SHEET)  # type: ignore[dict-item]
    address = upload(page, project, content)["Location"]
    text = page.get(address).content.decode()
    for words in (
        "1 changed",
        "0 unchanged",
        "1 rejected",
        "No email!L3",
        "Ask &lt;i&gt;Erik",
        "Writes nothing",
    ):
        assert words in text, words
    assert "<b>xss</b>" not in text
    assert not Decision.objects.exists()
    answer = page.post(at("workbook-apply", project, QueueImport.objects.get().pk))
    assert (answer.status_code, answer["Location"]) == (303, address)
    text = page.get(address).content.decode()
    assert "1 decision and 1 note" in text
    assert "Undo 1 decision" in text
    item.refresh_from_db()
    assert item.state == ItemState.DECIDED
    batch = Decision.objects.get().batch
    page.post(at("undo", project), {"batch": str(batch)})
    item.refresh_from_db()
    assert item.state == ItemState.OPEN
    assert "undone or decided anew" in page.get(address).content.decode()


def test_who_did_not_upload_the_file_may_look_and_not_apply(
    item: ReviewItem, project: Project, page: Client, erik: Any
) -> None:
    address = upload(page, project, skipping(page, project, item))["Location"]
    other = signed_in(erik)
    assert "Somebody else uploaded this file" in other.get(address).content.decode()
    assert other.post(at("workbook-apply", project, QueueImport.objects.get().pk)).status_code == 403
    assert not Decision.objects.exists()


def test_a_long_preview_has_pages(project: Project, page: Client) -> None:
    items = [made.make_item(project) for _ in range(60)]
    cells: Any = {(item.pk, "Decision"): "Skip" for item in items}
    address = upload(page, project, changed(downloaded(page, project), cells, sheet=SHEET))["Location"]
    text = page.get(address).content.decode()
    assert "1 to 50 of 60" in text
    assert "51 to 60 of 60" in page.get(f"{address}?page=2").content.decode()


# Hostile files


def test_no_file_and_an_empty_one_are_asked_for_again(project: Project, page: Client) -> None:
    assert page.post(at("workbook", project)).status_code == 422
    answer = upload(page, project, b"")
    assert (answer.status_code, b"The file is empty" in answer.content) == (422, True)


def test_a_file_over_10_mb_is_refused_by_its_size(project: Project, page: Client) -> None:
    answer = upload(page, project, b"x" * (LARGEST_FILE + 1))
    assert (answer.status_code, b"The file is 10.1 MB and the limit is 10 MB." in answer.content) == (
        413,
        True,
    )
    assert upload(page, project, b"x" * LARGEST_FILE).status_code == 422


def bomb(_: bytes) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<a/>")
        with package.open("xl/worksheets/sheet1.xml", "w") as part:
            for _number in range(LIMITS.unpacked // 2**20 + 1):
                part.write(b" " * 2**20)
    return out.getvalue()


def entity(content: bytes) -> bytes:
    sheet = sheets_of(content)[SHEET_PART]
    evil = sheet.replace("<worksheet", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><worksheet', 1)
    return repacked(content, **{SHEET_PART.replace("/", "__").replace(".", "_dot_"): evil.encode()})


def merged(content: bytes) -> bytes:
    return rewritten(content, lambda book: page_of(book, SHEET).merge_cells("L2:L3"))


def macros(content: bytes) -> bytes:
    return repacked(content, xl__vbaProject_dot_bin=b"x")


def strange(_: bytes) -> bytes:
    out = BytesIO()
    Workbook().save(out)
    return out.getvalue()


def without_column(content: bytes) -> bytes:
    return rewritten(content, lambda book: page_of(book, SHEET).delete_cols(12))


def of_the_map(content: bytes) -> bytes:
    return rewritten(content, lambda book: page_of(book, "Stamp").__setitem__("B1", "crosswalk-map 2"))


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (bomb, "far larger unpacked than any queue"),
        (entity, "This is no spreadsheet (.xlsx) of the queue."),
        (merged, "The file has merged cells."),
        (macros, "The file holds macros."),
        (strange, "This is no spreadsheet (.xlsx) of the queue."),
        (without_column, "has the column “Decision” not at all"),
        (of_the_map, "This is a workbook of the field map."),
        (cut, "This is no spreadsheet (.xlsx) of the queue."),
        (lambda _: b"\xd0\xcf\x11\xe0" + b"\0" * 600, "The file is an old .xls, or has a password."),
        (lambda _: b"ID;Decision\n1;Skip", "This is no spreadsheet (.xlsx) of the queue."),
    ],
)  # fmt: skip
def test_a_hostile_file_gets_one_sentence_and_changes_nothing(
    damage: Any, sentence: str, item: ReviewItem, project: Project, page: Client
) -> None:
    answer = upload(page, project, damage(skipping(page, project, item)))
    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
    assert not QueueImport.objects.exists()


def test_a_file_of_another_project_is_refused_by_its_name(
    item: ReviewItem, project: Project, page: Client, sofia: Any
) -> None:
    other = made.make_project("other-company")
    other.memberships.create(user=sofia, role=Role.OWNER)
    made.make_item(other)
    answer = upload(page, project, downloaded(page, other))
    assert (answer.status_code, "another project (“other-company”)" in answer.content.decode()) == (422, True)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("=1+1", "The cell holds a formula."),
        (True, "a date or a truth value"),
        ("x" * 5_000, "5,000 characters long"),
        ("#REF!", "The cell holds an error."),
    ],
)
def test_a_cell_that_is_no_text_is_rejected_alone(
    value: Any, sentence: str, item: ReviewItem, project: Project, page: Client
) -> None:
    cells: Any = {(item.pk, "Decision"): "Skip", (item.pk, "Value"): value}
    address = upload(page, project, changed(downloaded(page, project), cells, sheet=SHEET))["Location"]
    (rejected,) = QueueImport.objects.get().rejected
    assert (rejected["cell"], sentence in rejected["sentence"]) == (f"{SHEET}!M2", True)
    assert "0 changed" in page.get(address).content.decode()


def test_a_date_that_the_spreadsheet_made_of_a_text_is_rejected(
    item: ReviewItem, project: Project, page: Client
) -> None:
    def write(book: Workbook) -> None:
        sheet = page_of(book, SHEET)
        sheet["L2"], sheet["M2"] = "Skip", 45_231
        sheet["M2"].number_format = "yyyy-mm-dd"

    upload(page, project, rewritten(downloaded(page, project), write))
    assert "Format the cell as text" in QueueImport.objects.get().rejected[0]["sentence"]


def test_columns_in_another_order_and_lines_left_out_are_read(
    item: ReviewItem, project: Project, page: Client
) -> None:
    made.make_item(project)

    def write(book: Workbook) -> None:
        sheet = page_of(book, SHEET)
        sheet.delete_rows(3)
        sheet["L2"] = "Skip"
        sheet.move_range("L1:L2", cols=10)

    upload(page, project, rewritten(downloaded(page, project), write))
    assert [line["cell"] for line in QueueImport.objects.get().lines] == [f"{SHEET}!V2"]
