"""Definitions and activities of the APSIS One simulator, and reads through the keyspaces of every CRM (15.1, 13)."""

import pytest

from migrator.simulators.apsis_one.settings import ApiKey
from migrator.simulators.seeds import NAMES
from migrator.simulators.seeds.shape import CRM_KEYSPACE
from tests.contract.apsis_writing import Writer, place

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def writer() -> Writer:
    return Writer(profiles=120)


@pytest.mark.parametrize("name", NAMES)
def test_profiles_of_a_crm_are_read_through_its_own_keyspaces(name: str) -> None:
    writer = Writer(name=name, profiles=300)
    shape = writer.source.shape
    listed = {row["discriminator"] for row in writer.items("/audience/keyspaces")}
    keyspaces = [shape.crm_keyspace, *([shape.lead_keyspace] if shape.lead_keyspace else [])]
    assert {*keyspaces, shape.old_keyspace} <= listed
    for keyspace in keyspaces:
        held = [p for p in writer.source.iter_profiles() if keyspace in p.keys]
        assert held
        for profile in held:
            section = next(iter(profile.sections))
            path = f"{place(keyspace, profile.keys[keyspace])}/sections/{section}"
            assert writer.get(f"{path}/attributes").json()
            assert writer.get(f"/v2{path}/consents").status_code == 200


def test_the_four_kinds_of_crm_and_their_leads_are_among_the_companies() -> None:
    shapes = [Writer(name=name, profiles=5).source.shape for name in NAMES]
    assert {shape.connector for shape in shapes} >= {"webcrm", "efficy", "dynamics", "lime"}
    leads = [shape for shape in shapes if shape.lead_keyspace]
    assert leads
    assert all(s.lead_keyspace.startswith(s.crm_keyspace) or s.crm_keyspace == CRM_KEYSPACE for s in leads)


def test_topic_folders_are_those_that_the_topics_name(writer: Writer) -> None:
    for section in writer.source.shape.sections:
        base = f"/v2/audience/sections/{section.discriminator}"
        folders = {row["discriminator"] for row in writer.items(f"{base}/topic-folders")}
        assert folders == {row["folder_discriminator"] for row in writer.items(f"{base}/topics")}


@pytest.mark.parametrize("what", ["attributes", "tags", "events"])
def test_permissions_come_with_each_row_when_asked_for_and_name_every_keyspace(
    writer: Writer, what: str
) -> None:
    path = f"/audience/sections/{writer.section.discriminator}/{what}"
    assert all("keyspace_permissions" not in row for row in writer.items(path))
    rows = writer.get(path, include_keyspace_permissions="true").json()["items"]
    keyspaces = {row["discriminator"] for row in writer.items("/audience/keyspaces")}
    blocks = [row["keyspace_permissions"] for row in rows]
    assert all({entry["keyspace_discriminator"] for entry in block} == keyspaces for block in blocks)
    export = [
        e for block in blocks for e in block if e["keyspace_discriminator"].endswith("keyspaces.export")
    ]
    assert {(e["read"], e["write"]) for e in export} == {(True, False)}


def test_every_list_of_activities_names_them_once_with_their_section(writer: Writer) -> None:
    sections = {s.discriminator for s in writer.source.shape.sections}
    ids: list[str] = []
    for kind in ("emails", "sms", "forms", "websites", "marketing-automation"):
        rows = writer.items(f"/{kind}/activities")
        assert rows
        assert {row["section_discriminator"] for row in rows} <= sections
        ids += [row["id"] for row in rows]
    assert len(set(ids)) == len(ids)


def test_one_mail_hands_out_a_query_for_each_of_its_audiences(writer: Writer) -> None:
    activity = writer.items("/emails/activities")[0]
    detail = writer.get(f"/emails/activities/{activity['id']}").json()
    assert detail.items() >= activity.items()
    assert [row["name"] for row in detail["audiences"]] == ["sent", "opened", "clicked", "bounced"]
    assert writer.get("/emails/activities/nothing").status_code == 404


def test_a_second_api_key_sees_only_its_sections_while_the_first_sees_all() -> None:
    everything = [s.discriminator for s in Writer(profiles=5).source.shape.sections]
    scoped = ApiKey("second", "secret", sections=(everything[1],))
    writer = Writer(profiles=60, more_api_keys=(scoped,))
    body = {"grant_type": "client_credentials", "client_id": "second", "client_secret": "secret"}
    token = writer.http.post("/oauth/token", json=body).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    seen = writer.http.get("/audience/sections", headers=headers).json()["items"]
    assert [row["discriminator"] for row in seen] == [everything[1]]
    path = f"/audience/sections/{everything[0]}/tags"
    assert writer.http.get(path, headers=headers).status_code == 403
    for kind in ("emails", "sms", "forms", "websites", "marketing-automation"):
        rows = writer.http.get(f"/{kind}/activities", headers=headers).json()["items"]
        assert {row["section_discriminator"] for row in rows} == {everything[1]}
    assert len(writer.items("/audience/sections")) == len(everything)
    assert writer.get(path).status_code == 200
