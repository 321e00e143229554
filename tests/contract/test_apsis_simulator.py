"""The APSIS One simulator against the reference: tokens, limits, errors, definitions, per-profile reads."""

import base64
import json
from typing import Any

import pytest

from migrator.simulators.apsis_one.settings import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET
from migrator.simulators.seeds.shape import EXPORT_KEYSPACE, SMS_CHANNEL
from migrator.simulators.seeds.traps import Trap
from tests.contract.apsis_simulator import EMAIL, Caller


@pytest.fixture(scope="module")
def caller() -> Caller:
    return Caller(profiles=700).sign_in()


def test_a_token_carries_its_end_and_works_until_then() -> None:
    caller = Caller(token_lifetime=3_600.0)
    answer = caller.token("demo-secret-of-the-source-simulator").json()
    body = answer["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3_600)
    assert claims["exp"] == int(caller.now) + 3_600


@pytest.mark.parametrize("status", [401, 403])
def test_an_expired_token_is_refused_with_the_chosen_status(status: int) -> None:
    caller = Caller(token_lifetime=60.0, expired_token_status=status).sign_in()
    assert caller.get("/audience/sections").status_code == 200
    caller.now += 61
    assert caller.get("/audience/sections").status_code == status


def test_expired_on_request_a_token_is_refused_and_a_new_one_works() -> None:
    caller = Caller().sign_in()
    caller.control("tokens", {"expire": None})
    assert caller.get("/audience/sections").status_code == 401
    assert caller.sign_in().get("/audience/sections").status_code == 200


def test_a_wrong_secret_is_401_in_problem_form() -> None:
    answer = Caller().token("wrong")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code == 401


def test_no_token_is_401() -> None:
    assert Caller().get("/audience/sections").status_code == 401


def test_the_eleventh_token_within_a_minute_is_429_without_a_promise() -> None:
    caller = Caller(limits_off=False)
    answers = [caller.token("wrong") for _ in range(11)]
    assert [a.status_code for a in answers] == [401] * 10 + [429]
    assert "retry-after" not in answers[-1].headers


def test_the_hundred_and_first_request_within_a_second_is_429() -> None:
    caller = Caller(limits_off=False).sign_in()
    statuses = [caller.get("/audience/sections").status_code for _ in range(101)]
    assert statuses == [200] * 100 + [429]
    caller.now += 1
    assert caller.get("/audience/sections").status_code == 200


def test_one_profile_key_bears_ten_requests_a_second() -> None:
    caller = Caller(limits_off=False).sign_in()
    assert [caller.read(1, "tags").status_code for _ in range(11)] == [200] * 10 + [429]
    assert caller.read(2, "tags").status_code == 200


@pytest.mark.parametrize(("events", "wait"), [(False, 1), (True, 60)])
def test_exports_have_limits_of_their_own(events: bool, wait: int) -> None:
    caller = Caller(limits_off=False).sign_in()
    asked = {"events": ["com.apsis1.events.email.opened"]} if events else {}
    assert [caller.request_export(**asked).status_code for _ in range(2)] == [202, 429]
    caller.now += wait
    assert caller.request_export(**asked).status_code == 202


def test_polling_more_than_sixty_times_a_minute_is_429() -> None:
    caller = Caller(limits_off=False).sign_in()
    url = caller.request_export().json()["file_download_url_v2"]
    assert [caller.http.get(url).status_code for _ in range(61)] == [202] * 60 + [429]


def test_time_scale_shortens_every_limit() -> None:
    caller = Caller(limits_off=False, time_scale=0.1).sign_in()
    caller.request_export(events=["com.apsis1.events.email.opened"])
    caller.now += 6
    assert caller.request_export(events=["com.apsis1.events.email.opened"]).status_code == 202


def test_the_meter_counts_requests_and_refusals_by_scope() -> None:
    caller = Caller(limits_off=False).sign_in()
    for _ in range(12):
        caller.read(1, "tags")
    seen = caller.get("/_control/inspect").json()
    assert seen["limits"]["same profile key"]["requests"] == 12
    assert seen["limits"]["same profile key"]["responses_429"] == seen["responses_429"] == 2


def test_a_body_over_100_kb_is_413(caller: Caller) -> None:
    assert caller.request_export(tags=["x" * 100_001]).status_code == 413


def test_an_unknown_address_and_a_body_that_is_no_json_are_refused_as_problems(caller: Caller) -> None:
    broken = caller.http.post("/audience/profiles/exports", content=b"{")
    assert (broken.status_code, broken.json()["title"]) == (400, "Bad Request")
    assert caller.get("/audience/nothing").status_code == 404


def test_definitions_come_as_items_with_live_and_deprecated_versions(caller: Caller) -> None:
    section = caller.items("/audience/sections")[0]
    assert set(section) == {"discriminator", "name", "description"}
    attributes = caller.items(f"/audience/sections/{section['discriminator']}/attributes")
    versions = next(a["versions"] for a in attributes if a["name"] == "shoe_size")
    assert [v["deprecated_at"] is None for v in versions] == [False, True]
    assert all(isinstance(v["id"], str) and v["type"] for a in attributes for v in a["versions"])


def test_every_section_defines_tags_events_and_topics(caller: Caller) -> None:
    for section in caller.items("/audience/sections"):
        base = f"/audience/sections/{section['discriminator']}"
        assert all(set(row) == {"discriminator", "name"} for row in caller.items(f"{base}/tags"))
        assert {row["name"] for row in caller.items(f"{base}/events")} >= {"Email opened", "Page view"}
        assert all("folder_discriminator" in row for row in caller.items(f"/v2{base}/topics"))


def test_two_topics_share_a_name_and_one_serves_both_channels(caller: Caller) -> None:
    section = caller.items("/audience/sections")[0]["discriminator"]
    topics = caller.items(f"/v2/audience/sections/{section}/topics")
    assert [t["name"] for t in topics].count("Nyhetsbrev") == 2
    assert [t["channel_discriminator"] for t in topics].count(None) == 1


def test_permissions_per_keyspace_come_when_asked_for(caller: Caller) -> None:
    path = f"/audience/sections/{caller.source.shape.sections[0].discriminator}/tags"
    assert "keyspace_permissions" not in caller.items(path)[0]
    row = caller.get(path, include_keyspace_permissions="true").json()["items"][0]
    assert {block["keyspace_discriminator"] for block in row["keyspace_permissions"]} >= {EXPORT_KEYSPACE}


def test_a_key_scoped_to_one_section_sees_no_other() -> None:
    everything = Caller().source.shape.sections
    caller = Caller(section_scope=(everything[0].discriminator,)).sign_in()
    assert len(caller.items("/audience/sections")) == 1
    assert caller.get(f"/audience/sections/{everything[1].discriminator}/tags").status_code == 403
    found = caller.exported_profiles().values()
    assert {name for entry in found for name in entry["sections"]} == {everything[0].discriminator}


def test_attributes_of_a_profile_are_keyed_by_version(caller: Caller) -> None:
    profile, section = caller.source.profile(0), caller.home(0)
    values = caller.read(0, "attributes").json()
    versions = {v.id: a.discriminator for a in section.attributes for v in a.versions}
    assert {versions[k]: v for k, v in values.items()} == profile.sections[section.discriminator].attributes


def test_some_values_still_sit_under_a_deprecated_version(caller: Caller) -> None:
    old = {
        a.versions[0].id for s in caller.source.shape.sections for a in s.attributes if len(a.versions) > 1
    }
    assert any(old & caller.read(i, "attributes").json().keys() for i in range(60))


def test_mobile_is_a_number(caller: Caller) -> None:
    values = caller.source.profile(0).sections[caller.home(0).discriminator].attributes
    assert isinstance(values["com.apsis1.attributes.mobile"], int)


def test_events_of_a_profile_come_oldest_first(caller: Caller) -> None:
    index = caller.source.heavy
    rows = caller.read(index, "events").json()["items"]
    assert len(rows) > 4_500
    assert [r["event_time"] for r in rows] == sorted(r["event_time"] for r in rows)
    assert set(rows[0]) == {"event_time", "version_id", "discriminator", "data"}


def test_consents_can_be_asked_for_by_type(caller: Caller) -> None:
    everything = [row for i in range(80) for row in caller.read(i, "consents").json()["items"]]
    chosen = [
        row
        for i in range(80)
        for row in caller.read(i, "consents", consent_types=["opt-out", "pending-opt-in"]).json()["items"]
    ]
    assert {row["type"] for row in chosen} == {"opt-out", "pending-opt-in"}
    assert [r for r in everything if r["type"] in ("opt-out", "pending-opt-in")] == chosen
    assert all(row["modified_at"] and row["source"] and row["reason"] for row in everything)


def test_a_suppressed_address_may_still_have_an_opt_in(caller: Caller) -> None:
    body = caller.read(caller.first_with(Trap.SUPPRESSED), "consents").json()
    assert "opt-in" in {row["type"] for row in body["items"]}
    assert [
        row["suppressed"] for row in body["suppressions"] if row["channel_discriminator"].endswith("email")
    ] == [True]


def test_suppression_can_be_limited_to_the_addresses_asked_for() -> None:
    caller = Caller(suppression_for_all_addresses=False, profiles=300).sign_in()
    index = caller.first_with(Trap.SUPPRESSED)
    address = caller.source.people.get(index).email
    assert caller.read(index, "consents").json()["suppressions"] == []
    asked = caller.read(index, "consents", suppression_addresses=[address]).json()["suppressions"]
    assert [row["address"] for row in asked] == [address]


@pytest.mark.parametrize("keyspace", ["email", "mobile", "crm-id", "export"])
def test_a_profile_is_found_through_each_of_its_keys(caller: Caller, keyspace: str) -> None:
    name = f"com.apsis1.keyspaces.{keyspace}"
    profile = next(p for p in caller.source.iter_profiles() if name in p.keys)
    section = next(iter(profile.sections))
    path = f"/audience/keyspaces/{name}/profiles/{profile.keys[name]}/sections/{section}/tags"
    assert caller.get(path).status_code == 200


@pytest.mark.parametrize(
    ("keyspace", "key", "status"),
    [
        (EXPORT_KEYSPACE, "000000000000", 404),
        ("com.apsis1.keyspaces.email", "nobody@nordpost.example", 404),
        ("com.apsis1.keyspaces.nothing", "1", 404),
        ("com.apsis1.keyspaces.web", "000000000000", 403),
    ],
)
def test_unknown_keys_are_404_and_an_unreadable_keyspace_is_403(
    caller: Caller, keyspace: str, key: str, status: int
) -> None:
    section = caller.home(0).discriminator
    path = f"/audience/keyspaces/{keyspace}/profiles/{key}/sections/{section}/tags"
    assert caller.get(path).status_code == status


def test_a_segment_names_its_versions_and_judges_a_profile(caller: Caller) -> None:
    segment = caller.items("/audience/segments")[0]
    version = segment["versions"][0]["id"]
    detail = caller.get(f"/audience/segments/{segment['discriminator']}/versions/{version}").json()
    assert "definition" in detail
    body: dict[str, Any] = {
        "segments": [{"discriminator": segment["discriminator"]}],
        "time_zone": "Europe/Stockholm",
    }
    path = f"/audience/keyspaces/{EXPORT_KEYSPACE}/profiles/{caller.source.export_key(0)}/evaluations"
    matches = caller.http.post(path, json=body).json()["matches"]["segments"]
    members = caller.exported_profiles(segment_filter={"segment_discriminator": segment["discriminator"]})
    assert matches == {segment["discriminator"]: caller.source.export_key(0) in members}


def test_activities_are_listed_by_name_and_state_only(caller: Caller) -> None:
    for path in ("/emails/activities", "/marketing-automation/activities"):
        rows = caller.items(path)
        assert rows
        assert set(rows[0]) == {"id", "name", "section_discriminator", "state", "updated_at"}


def test_a_scripted_fault_is_a_problem_and_then_it_is_over(caller: Caller) -> None:
    caller.control("faults", {"scripts": [{"kind": "before_500", "path": "/audience/sections"}]})
    first, second = caller.get("/audience/sections"), caller.get("/audience/sections")
    assert (first.status_code, first.json()["status"], second.status_code) == (500, 500, 200)


def test_the_log_of_requests_never_holds_the_secret() -> None:
    caller = Caller().sign_in()
    assert "demo-secret" not in caller.get("/_control/log").text


def test_withdrawn_consents_are_opt_outs_with_a_new_date() -> None:
    caller = Caller(profiles=200).sign_in()
    index = caller.first_with(Trap.SUPPRESSED)
    key = caller.source.export_key(index)
    caller.control("mutate", {"op": "withdraw_consent", "export_key": key})
    rows = caller.read(index, "consents").json()["items"]
    assert {row["type"] for row in rows} == {"opt-out"}
    assert all(row["modified_at"].startswith("2026-11-18") for row in rows)


def test_an_edit_shows_in_reads_and_exports_and_reset_undoes_it() -> None:
    caller = Caller().sign_in()
    key, name = caller.source.export_key(3), caller.home(3).name
    act = {
        "op": "edit_attribute",
        "export_key": key,
        "section": name,
        "attribute": "Email",
        "value": "n@x.example",
    }
    assert caller.control("mutate", act).status_code == 200
    home = caller.home(3).discriminator
    assert caller.exported_profiles()[key]["sections"][home]["attributes"] == {EMAIL: "n@x.example"}
    caller.control("reset")
    assert caller.exported_profiles()[key]["sections"][home]["attributes"] != {EMAIL: "n@x.example"}


def test_deleted_is_404_locked_is_410_and_merged_leads_to_the_other() -> None:
    caller = Caller().sign_in()
    keys = [caller.source.export_key(i) for i in range(4)]
    acts = [
        {"op": "delete_profile", "export_key": keys[0]},
        {"op": "lock_profile", "export_key": keys[1]},
        {"op": "merge", "export_key": keys[2], "into": keys[3]},
        {"op": "add_profile"},
    ]
    done = caller.control("mutate", {"acts": acts}).json()["done"]
    assert [caller.read(i, "tags").status_code for i in range(3)] == [404, 410, 200]
    left = caller.exported_profiles()
    assert left.keys() & set(keys) == {keys[3]}
    assert done[-1]["export_key"] in left


def test_an_added_event_and_a_suppression_show() -> None:
    caller = Caller().sign_in()
    key, name = caller.source.export_key(4), caller.home(4).name
    before = len(caller.read(4, "events").json()["items"])
    acts = [
        {
            "op": "add_event",
            "export_key": key,
            "section": name,
            "event": "Phone call",
            "data": {"outcome": "busy"},
        },
        {"op": "suppress", "export_key": key, "channel": SMS_CHANNEL},
        {"op": "set_tag", "export_key": key, "section": name, "tag": "vip"},
    ]
    assert caller.control("mutate", {"acts": acts}).status_code == 200
    rows = caller.read(4, "events").json()["items"]
    assert len(rows) == before + 1
    assert rows[-1]["data"] == {"outcome": "busy"}
    assert any(tag.startswith("usercreated.tags.vip-") for tag in caller.read(4, "tags").json())


def test_an_act_on_nothing_is_refused_in_words() -> None:
    caller = Caller().sign_in()
    answer = caller.control("mutate", {"op": "delete_profile", "export_key": "nobody"})
    assert (answer.status_code, answer.json()["error"]) == (400, "There is no profile nobody.")


def test_keyspaces_tell_who_may_manage_subscriptions_and_channels_are_two(caller: Caller) -> None:
    managed = {
        row["discriminator"]: row["manage_subscriptions"] for row in caller.items("/audience/keyspaces")
    }
    assert managed["com.apsis1.keyspaces.email"] is True
    assert managed[EXPORT_KEYSPACE] is False
    assert any(name.endswith(".webcrm") for name in managed)
    assert [row["discriminator"] for row in caller.items("/audience/channels")] == [
        "com.apsis1.channels.email",
        SMS_CHANNEL,
    ]


def test_every_segment_holds_some_profiles_but_not_all(caller: Caller) -> None:
    for segment in caller.items("/audience/segments"):
        members = caller.exported_profiles(segment_filter={"segment_discriminator": segment["discriminator"]})
        assert 0 < len(members) < 700


def test_a_segment_keeps_its_rules_to_itself_where_the_switch_says_so() -> None:
    caller = Caller(segment_rules=False, activity_lists=False).sign_in()
    segment = caller.items("/audience/segments")[0]
    path = f"/audience/segments/{segment['discriminator']}/versions/"
    assert "definition" not in caller.get(path + segment["versions"][0]["id"]).json()
    assert caller.get(path + "1").status_code == 404
    assert caller.get("/marketing-automation/activities").status_code == 404


def test_retry_after_and_missing_details_are_switches() -> None:
    caller = Caller(limits_off=False, retry_after=True, details_in_errors=False)
    answers = [caller.token("wrong") for _ in range(11)]
    assert "detail" not in answers[0].json()
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 61


def test_a_form_encoded_token_request_is_taken_only_where_switched_on() -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": DEFAULT_CLIENT_ID,
        "client_secret": DEFAULT_CLIENT_SECRET,
    }
    statuses = [
        Caller(form_encoded_tokens=taken).http.post("/oauth/token", data=form).status_code
        for taken in (True, False)
    ]
    assert statuses == [200, 400]


def test_the_clock_moves_and_limits_change_while_it_runs() -> None:
    caller = Caller().sign_in()
    before = caller.get("/_control/inspect").json()["now"]
    assert caller.control("clock", {"advance": 30}).json()["now"] == before + 30
    assert caller.control("limits", {"off": False, "failing_exports": 1}).json()["off"] is False
    assert caller.control("limits", {"speed": 1}).status_code == 400
    assert caller.export().status_code == 503


def test_the_snapshot_shows_every_profile_with_its_keys() -> None:
    caller = Caller(profiles=30).sign_in()
    found = caller.app.control.snapshot(stable=False)["profiles"]
    assert found.keys() == {caller.source.export_key(i) for i in range(30)}
    assert all(EXPORT_KEYSPACE in entry["keys"] for entry in found.values())


def test_a_consent_can_be_set_for_a_topic() -> None:
    caller = Caller().sign_in()
    key, section = caller.source.export_key(2), caller.home(2)
    act = {
        "op": "set_consent",
        "export_key": key,
        "section": section.name,
        "topic": section.topics[0].discriminator,
    }
    assert caller.control("mutate", act | {"type": "opt-in"}).status_code == 200
    rows = caller.read(2, "consents").json()["items"]
    assert ("opt-in", "Changed") in {(row["type"], row["reason"]) for row in rows}
