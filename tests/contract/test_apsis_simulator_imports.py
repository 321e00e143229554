"""Imports into the APSIS One simulator: start, upload, status machine, limits, what the rows do (reference 10)."""

from typing import Any

import httpx
import pytest

from migrator.simulators.seeds.shape import EMAIL_CHANNEL
from tests.contract.apsis_writing import CRM_ID, EMAIL, FIRST_NAME, KEYSPACES, MOBILE, Writer

pytestmark = pytest.mark.slow


@pytest.fixture
def writer() -> Writer:
    return Writer(profiles=60, import_delay=8.0, import_visible_delay=60.0)


def _body(writer: Writer, **more: Any) -> dict[str, Any]:
    """A request of version 2: e-mail as key, first name and mobile."""
    return {
        "keyspace_mapping": {"keyspace_discriminator": KEYSPACES["email"], "field_selector": "mail"},
        "attribute_mappings": [
            {"field_selector": "first", "attribute_version_id": writer.version(FIRST_NAME)},
            {"field_selector": "mobile", "attribute_version_id": writer.version(MOBILE)},
        ],
        **more,
    }


def _run(writer: Writer, body: dict[str, Any], content: str, version: int = 2) -> dict[str, Any]:
    """A whole import up to the moment when its data is visible; returns the status."""
    started = writer.start_import(body, version)
    assert started.status_code == 201, started.text
    assert writer.upload(started.json(), content.encode()).status_code == 204
    writer.now += 68
    return writer.import_status(started.json()["import_id"])


def test_an_import_goes_through_its_states_and_its_data_shows_only_after_a_while(writer: Writer) -> None:
    started = writer.start_import(_body(writer)).json()
    assert set(started) == {"import_id", "file_upload_url", "file_upload_url_expires_at", "file_upload_body"}
    seen = [writer.import_status(started["import_id"])["status"]]
    writer.upload(started, b"mail,first,mobile\nny@nordpost.example,Ny,46701234567\n")
    for seconds in (0, 4, 4):
        writer.now += seconds
        seen.append(writer.import_status(started["import_id"])["status"])
    assert seen == ["waiting_for_file", "queued", "in_progress", "completed"]
    assert writer.status_of("email", "ny@nordpost.example") == 404
    writer.now += 60
    values = {EMAIL: "ny@nordpost.example", FIRST_NAME: "Ny", MOBILE: 46701234567}
    assert writer.values("email", "ny@nordpost.example") == values


def test_rows_create_and_update_and_a_bad_row_stops_nothing(writer: Writer) -> None:
    known = writer.key(writer.plain())
    content = f"mail,first,mobile\n{known},Renamed,\nbad,X,\nny@nordpost.example,Ny,070\n,Y,\n"
    result = _run(writer, _body(writer), content + 'ok@nordpost.example,"Åsa, ""B""\nC",46701234568\n')
    assert (result["status"], result["updated"], result["created"], result["failed"]) == (
        "completed",
        1,
        1,
        3,
    )
    assert [error.split(":")[0] for error in result["errors"]] == ["line 3", "line 4", "line 5"]
    assert writer.values("email", known)[FIRST_NAME] == "Renamed"
    assert writer.values("email", "ok@nordpost.example")[FIRST_NAME] == 'Åsa, "B"\nC'
    assert writer.status_of("email", "ny@nordpost.example") == 404


@pytest.mark.parametrize(("clear", "left"), [(False, True), (True, False)])
def test_an_empty_cell_clears_only_where_asked_for(writer: Writer, clear: bool, left: bool) -> None:
    known = writer.key(writer.plain())
    body = _body(writer, options={"clear_existing_attributes": clear})
    _run(writer, body, f"mail,first,mobile\n{known},,\n")
    assert (FIRST_NAME in writer.values("email", known)) is left


def test_existing_profiles_can_be_left_alone(writer: Writer) -> None:
    known = writer.key(writer.plain())
    body = _body(writer, options={"update_existing_profiles": False})
    result = _run(writer, body, f"mail,first,mobile\n{known},Renamed,\n")
    assert result["skipped"] == 1
    assert writer.values("email", known)[FIRST_NAME] != "Renamed"


def test_version_1_takes_several_keys_and_merges_where_asked_for(writer: Writer) -> None:
    writer.create("crm", "500")
    known = writer.key(writer.plain())
    body = {
        "keyspace_mappings": [
            {"keyspace_discriminator": KEYSPACES["email"], "field_selector": "mail", "merge_profiles": True},
            {"keyspace_discriminator": KEYSPACES["crm"], "field_selector": "id", "merge_profiles": True},
        ]
    }
    _run(writer, body, f"mail,id\n{known},500\nny@nordpost.example,501\n", version=1)
    assert writer.values("crm", "500")[EMAIL] == known
    assert writer.values("crm", "500")[CRM_ID] == "500"
    assert writer.values("crm", "501")[EMAIL] == "ny@nordpost.example"


def test_tags_and_consents_come_with_the_rows_and_an_opt_out_stays(writer: Writer) -> None:
    topic = next(t for t in writer.section.topics if t.channels == (EMAIL_CHANNEL,))
    tag = writer.section.tags[0].discriminator
    first, second = (writer.plain(skip=n) for n in (0, 1))
    for index, type_ in ((first, "opt-out"), (second, "pending-opt-in")):
        act = {"export_key": writer.source.export_key(index), "section": writer.section.discriminator}
        writer.mutate("set_consent", topic=topic.discriminator, type=type_, **act)
    body = _body(
        writer,
        tag_mappings=[{"field_selector": "vip", "tag_discriminator": tag}],
        consent_mappings=[{"field_selector": "news", "topic_discriminator": topic.discriminator}],
    )
    rows = [f"{writer.key(index)},,,true,yes" for index in (first, second)]
    _run(writer, body, "\n".join(["mail,first,mobile,vip,news", *rows, "ny@nordpost.example,,,,no"]) + "\n")
    assert tag in writer.read(first, "tags").json()
    held = [
        [
            c["type"]
            for c in writer.read(i, "consents").json()["items"]
            if c["topic_discriminator"] == topic.discriminator
        ]
        for i in (first, second)
    ]
    assert held == [["opt-out"], ["opt-in"]]


def test_in_the_first_model_consents_hang_on_the_address_of_the_row() -> None:
    writer = Writer(profiles=60, consent_model="1.0", import_delay=8.0, import_visible_delay=60.0)
    topic = next(t for t in writer.section.topics if t.channels == (EMAIL_CHANNEL,))
    entry = {
        "field_selector": "news",
        "channel_discriminator": EMAIL_CHANNEL,
        "consent_list_discriminator": topic.folder,
        "topic_discriminator": topic.discriminator,
        "type": "opt-in",
    }
    body = {
        "keyspace_mappings": [{"keyspace_discriminator": KEYSPACES["email"], "field_selector": "mail"}],
        "consent_mappings": [{"address_field_selector": "mail", "consents": [entry]}],
    }
    _run(writer, body, "mail,news\nny@nordpost.example,1\n", version=1)
    path = (
        f"/audience/channels/{EMAIL_CHANNEL}/addresses/ny%40nordpost.example/consents"
        f"/sections/{topic.section}/consent-lists/{topic.folder}/evaluations"
    )
    assert writer.get(path).json() == {"items": [{"topic_discriminator": topic.discriminator}]}


@pytest.mark.parametrize(
    ("cell", "date"),
    [
        ("2013-02-08", "2013-02-08"),
        ("2013-02-08T23:59:59+02:00", "2013-02-08"),
        ("8.2.2013", "2013-02-08"),
        ("20130208", "1970-08-21"),
    ],
)
def test_dates_of_many_forms_are_made_one_and_bare_digits_are_unix_seconds(
    writer: Writer, cell: str, date: str
) -> None:
    born = "com.apsis1.attributes.birthdate"
    mappings = [{"field_selector": "born", "attribute_version_id": writer.version(born)}]
    _run(writer, _body(writer, attribute_mappings=mappings), f"mail,born\nny@nordpost.example,{cell}\n")
    assert writer.values("email", "ny@nordpost.example")[born] == date


def test_a_file_without_a_mapped_column_ends_in_an_error_and_changes_nothing(writer: Writer) -> None:
    result = _run(writer, _body(writer), "mail,first\nny@nordpost.example,Ny\n")
    assert result["status"] == "error"
    assert result["errors"] == ["The file lacks the column mobile."]
    assert writer.status_of("email", "ny@nordpost.example") == 404


def test_three_imports_at_once_are_accepted_and_a_fourth_is_429_until_one_is_over(writer: Writer) -> None:
    starts = [writer.start_import(_body(writer)) for _ in range(4)]
    assert [s.status_code for s in starts] == [201, 201, 201, 429]
    writer.upload(starts[0].json(), b"mail,first,mobile\n")
    assert writer.start_import(_body(writer)).status_code == 429
    writer.now += 8
    assert writer.start_import(_body(writer)).status_code == 201


def test_ten_imports_a_minute_are_accepted() -> None:
    writer = Writer(profiles=60, limits_off=False)
    statuses = [writer.start_import({}).status_code for _ in range(11)]
    assert statuses == [400] * 10 + [429]


def test_the_upload_needs_its_fields_comes_once_and_ends(writer: Writer) -> None:
    started = writer.start_import(_body(writer)).json()
    wrong = {**started, "file_upload_body": {**started["file_upload_body"], "x-amz-signature": "0"}}
    assert writer.upload(wrong, b"mail\n").status_code == 403
    assert writer.upload(started, b"mail,first,mobile\n").status_code == 204
    again = writer.upload(started, b"mail,first,mobile\n")
    assert (again.status_code, again.headers["content-type"]) == (403, "application/xml")
    late = writer.start_import(_body(writer)).json()
    writer.now += 3_600
    assert writer.upload(late, b"mail,first,mobile\n").status_code == 403
    assert writer.import_status(late["import_id"])["status"] == "error"


def test_a_file_of_fifty_megabytes_is_taken_and_one_byte_more_is_not(writer: Writer) -> None:
    head = b"mail,first,mobile\n"
    content = head + b"\n" * (50_000_000 - len(head))
    started = writer.start_import(_body(writer)).json()
    assert writer.upload(started, content + b"\n").status_code == 400
    assert writer.upload(started, content).status_code == 204


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"keyspace_mapping": None}, 400),
        ({"keyspace_mapping": {"keyspace_discriminator": "com.nothing", "field_selector": "m"}}, 404),
        ({"keyspace_mapping": {"keyspace_discriminator": KEYSPACES["export"], "field_selector": "m"}}, 403),
        ({"attribute_mappings": [{"field_selector": "a", "attribute_version_id": "1"}]}, 400),
        ({"attribute_mappings": "all"}, 400),
        ({"tag_mappings": [{"field_selector": "a", "tag_discriminator": "usercreated.tags.none"}]}, 400),
        ({"consent_mappings": [{"field_selector": "a"}]}, 400),
        ({"options": {"update_existing_profiles": "yes"}}, 400),
    ],
)
def test_a_request_that_cannot_be_done_is_refused(writer: Writer, more: dict[str, Any], status: int) -> None:
    answer = writer.start_import(_body(writer, **more))
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_consents_through_a_keyspace_that_does_not_manage_them_are_403(writer: Writer) -> None:
    closed = next(
        k for k in writer.source.shape.keyspaces if not k.manage_subscriptions and "web" in k.discriminator
    )
    body = _body(
        writer,
        keyspace_mapping={"keyspace_discriminator": closed.discriminator, "field_selector": "m"},
        consent_mappings=[{"topic_discriminator": writer.section.topics[0].discriminator}],
    )
    assert writer.start_import(body).status_code == 403


def test_a_client_that_spells_the_mapping_of_version_2_as_a_list_of_one_is_understood(writer: Writer) -> None:
    body = _body(writer)
    body["keyspace_mappings"] = [body.pop("keyspace_mapping")]
    assert writer.start_import(body).status_code == 201


def test_unknown_imports_and_uploads_without_a_form_are_refused(writer: Writer) -> None:
    path = f"/audience/sections/{writer.section.discriminator}/imports/nothing"
    assert writer.get(path).status_code == 404
    answer: httpx.Response = writer.http.post("/uploads/imports", content=b"mail\n")
    assert answer.status_code == 403
