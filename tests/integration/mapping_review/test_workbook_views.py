"""The workbook's pages: who may, what a download is, what an upload shows, and what confirming it does."""

import hashlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from mapping_review import services
from mapping_review.choices import RowState
from mapping_review.models import MapImport, MapVersion
from migrator.choices import Role
from migrator.models import Project
from migrator.sheets import LARGEST_FILE
from tests import factories_mapping_review as made
from tests.workbooks import changed

pytestmark = pytest.mark.slow

SHOES, MEMBER = "attribute:shoe_size", "attribute:medlemsnr"
ACTION, FIELD = "What to do", "Field in Pipedrive"
ONE_SENTENCE = "The file was not read"


@pytest.fixture
def version(project: Project) -> MapVersion:
    return made.make_map(project, [*made.FIELDS, *made.consent_fields()])


@pytest.fixture
def page(erik: Any) -> Client:
    client = Client()
    client.force_login(erik)
    return client


def signed_in(project: Project, role: Role) -> Client:
    client = Client()
    client.force_login(made.make_member(project, role, role.value))
    return client


def at(name: str, project: Project, *args: Any) -> str:
    return reverse(f"mapping_review:{name}", args=[project.slug, *args])


def downloaded(client: Client, project: Project, name: str = "export-xlsx") -> bytes:
    return client.get(at(name, project)).content


def upload(client: Client, project: Project, content: bytes, name: str = "map.xlsx") -> HttpResponse:
    answer: Any = client.post(at("import", project), {"file": SimpleUploadedFile(name, content)})
    return answer


def previewed(client: Client, project: Project, content: bytes) -> tuple[MapImport, str]:
    """What the upload leads to: the stored preview and its page."""
    answer = upload(client, project, content)
    assert answer.status_code == 302, answer.content.decode()
    return MapImport.objects.get(), client.get(answer["Location"]).content.decode()


# Out


@pytest.mark.parametrize(
    ("name", "kind", "ending"),
    [("export-xlsx", "spreadsheetml", "xlsx"), ("export-json", "application/json", "json")],
)
@pytest.mark.parametrize("role", list(Role))
def test_everybody_in_the_project_may_download(
    role: Role, name: str, kind: str, ending: str, version: MapVersion, project: Project
) -> None:
    answer = signed_in(project, role).get(at(name, project))
    assert (answer.status_code, kind in answer["Content-Type"]) == (200, True)
    assert answer["Content-Disposition"] == f'attachment; filename="crosswalk-{project.slug}-map-v1.{ending}"'


def test_an_earlier_version_can_be_downloaded(project: Project, page: Client, erik: Any) -> None:
    made.make_map(project)
    services.approve_all(project, erik)
    before = downloaded(page, project)
    services.open_draft(services.sign_current(project, erik), user=erik)
    answer = page.get(at("version-xlsx", project, 1))
    assert "map-v1.xlsx" in answer["Content-Disposition"]
    assert answer.content == before
    assert page.get(at("version-json", project, 1)).status_code == 200
    assert page.get(at("version-xlsx", project, 9)).status_code == 404


@pytest.mark.parametrize("name", ["export-xlsx", "export-json", "import"])
def test_without_a_map_there_is_nothing_to_download_or_upload(
    name: str, project: Project, page: Client
) -> None:
    assert page.get(at(name, project)).status_code == 404


@pytest.mark.parametrize("name", ["export-xlsx", "export-json", "import"])
def test_people_from_elsewhere_learn_nothing(name: str, version: MapVersion, project: Project) -> None:
    stranger = signed_in(made.make_project(), Role.OWNER)
    assert stranger.get(at(name, project)).status_code == 404
    assert "/sign-in/" in Client().get(at(name, project))["Location"]


def test_the_menu_offers_what_the_role_may(version: MapVersion, project: Project, page: Client) -> None:
    for client, may_upload in ((page, True), (signed_in(project, Role.VIEWER), False)):
        text = client.get(at("map", project)).content.decode()
        assert "Download XLSX" in text
        assert "Download JSON" in text
        assert ("Upload XLSX" in text) == may_upload


# In


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CUSTOMER_ADMIN, Role.AUDITOR])
def test_who_may_not_edit_may_not_upload(role: Role, version: MapVersion, project: Project) -> None:
    client = signed_in(project, role)
    assert client.get(at("import", project)).status_code == 403
    assert upload(client, project, downloaded(client, project)).status_code == 403
    assert not MapImport.objects.exists()


@pytest.mark.parametrize("name", ["export-xlsx", "export-json"])
def test_an_unchanged_file_says_so_with_its_checksum(
    name: str, version: MapVersion, project: Project, page: Client
) -> None:
    kept, text = previewed(page, project, downloaded(page, project, name))
    assert "0 changed" in text
    assert kept.review["checksum"] in text
    assert "Apply" not in text
    assert downloaded(page, project, name) == downloaded(page, project, name)


def test_the_preview_has_three_parts(version: MapVersion, project: Project, page: Client, erik: Any) -> None:
    row = made.row(version, SHOES)
    services.approve(row.pk, **made.act(row, erik))
    content = changed(
        downloaded(page, project), {(SHOES, ACTION): "Do not migrate", (MEMBER, ACTION): "Maybe"}
    )
    kept, text = previewed(page, project, content)
    for words in ("1 changed", "1 rejected", "11 unchanged", "Fields!E5", "not in the list", "Lapses"):
        assert words in text
    assert "Apply 1 change" in text
    assert kept.file_sha == hashlib.sha256(content).hexdigest()
    assert made.row(version, SHOES).state == RowState.APPROVED


def test_what_was_previewed_is_applied_and_waits_for_approval(
    version: MapVersion, project: Project, page: Client, erik: Any
) -> None:
    row = made.row(version, SHOES)
    services.approve(row.pk, **made.act(row, erik))
    content = changed(downloaded(page, project), {(SHOES, FIELD): "Shoes & <b>boots</b>"})
    kept, _ = previewed(page, project, content)
    for _ in range(2):
        answer = page.post(at("import-apply", project, kept.pk), follow=True)
        assert "1 field changed by the workbook. It waits for approval." in answer.content.decode()
    text = page.get(at("map", project), {"item": row.pk}).content.decode()
    assert "The approval of this field lapsed. Changed by workbook, by Erik." in text
    assert "Shoes &amp; &lt;b&gt;boots&lt;/b&gt;" in text
    assert "Applied" in page.get(at("import-preview", project, kept.pk)).content.decode()


def test_the_act_can_be_undone_from_the_map(version: MapVersion, project: Project, page: Client) -> None:
    cells = {(SHOES, FIELD): "Boots", (MEMBER, FIELD): "Member"}
    kept, _ = previewed(page, project, changed(downloaded(page, project), cells))
    answer = page.post(at("import-apply", project, kept.pk), follow=True)
    assert "2 fields changed by the workbook. They wait for approval." in answer.content.decode()
    assert "Last: 2 fields, changed by workbook" in answer.content.decode()
    undo = at("undo-batch", project, version.number, kept.pk)
    assert f'action="{undo}"' in page.get(at("map", project)).content.decode()
    page.post(undo, {"client_key": uuid4()})
    assert made.row(version, SHOES).proposed.rule.field == "Shoe size"


def test_looking_applies_nothing(version: MapVersion, project: Project, page: Client) -> None:
    kept, _ = previewed(page, project, changed(downloaded(page, project), {(SHOES, FIELD): "Boots"}))
    assert page.get(at("import-apply", project, kept.pk)).status_code == 405
    assert made.row(version, SHOES).proposed.rule.field == "Shoe size"


def test_an_expired_preview_is_shown_and_not_applied(
    version: MapVersion, project: Project, page: Client
) -> None:
    kept, _ = previewed(page, project, changed(downloaded(page, project), {(SHOES, FIELD): "Boots"}))
    MapImport.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    text = page.get(at("import-preview", project, kept.pk)).content.decode()
    assert "This preview has expired" in text
    assert "Apply" not in text
    assert page.post(at("import-apply", project, kept.pk)).status_code == 403


def test_a_preview_of_another_project_is_not_found(
    version: MapVersion, project: Project, page: Client, erik: Any
) -> None:
    kept, _ = previewed(page, project, downloaded(page, project))
    other = made.make_project()
    owner = signed_in(other, Role.OWNER)
    assert owner.get(at("import-preview", other, kept.pk)).status_code == 404
    assert owner.post(at("import-apply", other, kept.pk)).status_code == 404
    assert page.get(at("import-preview", project, uuid4())).status_code == 404


# Refused, in one sentence, with nothing changed


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"x" * (50 * 1024 * 1024), "The file is 50 MB and the limit is 10 MB"),
        (b"x" * (LARGEST_FILE + 1), "The file is 10.1 MB and the limit is 10 MB"),
        (b"x" * LARGEST_FILE, "no Excel workbook"),
        (b"Name;Email", "no Excel workbook"),
        (b'  {"format": "other"}', "no JSON file of the field map"),
    ],
    ids=["50 MB", "one byte too many", "as large as allowed", "csv", "json"],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(
    content: bytes, sentence: str, version: MapVersion, project: Project, page: Client
) -> None:
    before = downloaded(page, project)
    answer = upload(page, project, content)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert text.count(ONE_SENTENCE) == 1
    assert sentence in text
    assert "Nothing was changed." in text
    assert not MapImport.objects.exists()
    assert downloaded(page, project) == before


def test_the_page_says_what_becomes_of_the_changes(project: Project, page: Client, erik: Any) -> None:
    made.make_map(project)
    assert "The changes go into this draft" in page.get(at("import", project)).content.decode()
    services.approve_all(project, erik)
    services.sign_current(project, erik)
    assert "The changes go into a new draft" in page.get(at("import", project)).content.decode()


def test_no_file_and_an_empty_file_are_said(version: MapVersion, project: Project, page: Client) -> None:
    assert "Choose a file." in page.post(at("import", project)).content.decode()
    answer = upload(page, project, b"")
    assert (answer.status_code, "The file is empty" in answer.content.decode()) == (422, True)


def test_a_name_of_a_file_is_text(version: MapVersion, project: Project, page: Client) -> None:
    name = "<script>" + "x" * 300 + ".xlsx"
    content = downloaded(page, project)
    answer = upload(page, project, content, name)
    assert "<script>x" not in page.get(answer["Location"]).content.decode()


def test_the_number_of_queries_does_not_grow_with_the_rows(page: Client, erik: Any) -> None:
    counts = []
    for size in (5, 60):
        own = made.make_project()
        client = signed_in(own, Role.ENGINEER)
        made.make_map(own, [made.attribute(f"Field {n}", f"a{n}") for n in range(size)])
        content = downloaded(client, own)
        with CaptureQueriesContext(connection) as queries:
            downloaded(client, own)
            assert upload(client, own, content).status_code == 302
        counts.append(len(queries))
    assert counts[0] == counts[1]
