"""The simulator's bulk exports: what stands in the files, and the two poll addresses with their answers."""

import csv
import gzip
import io
import itertools
import json

import httpx
import pytest

from migrator.simulators.seeds.shape import EMAIL_CHANNEL, SMS_CHANNEL
from migrator.simulators.seeds.traps import Trap
from tests.contract.apsis_simulator import EMAIL, END, START, Caller

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def caller() -> Caller:
    return Caller(profiles=700).sign_in()


def _rows(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_new_address_says_202_until_the_file_is_ready(caller: Caller) -> None:
    url = caller.request_export().json()["file_download_url_v2"]
    assert caller.http.get(url).status_code == 202
    caller.now += 11
    assert caller.http.get(url).status_code == 200
    assert caller.http.get(url).status_code == 200


def test_the_old_address_says_404_until_the_file_is_ready(caller: Caller) -> None:
    url = caller.request_export().json()["file_download_url"]
    assert caller.http.get(url).status_code == 404
    caller.now += 11
    assert caller.http.get(url).status_code == 200


def test_after_a_day_the_file_is_gone(caller: Caller) -> None:
    urls = caller.request_export().json()
    caller.now += 86_400
    caller.sign_in()
    assert [caller.http.get(urls[name]).status_code for name in urls] == [410, 410]


def test_an_unknown_export_is_404(caller: Caller) -> None:
    assert caller.get("/v2/audience/profiles/exports/files/nothing").status_code == 404


def test_a_failed_export_is_503_and_the_next_one_works() -> None:
    caller = Caller(failing_exports=1).sign_in()
    assert caller.export().status_code == 503
    assert caller.export().status_code == 200


def test_a_stuck_export_never_ends() -> None:
    caller = Caller(stuck_exports=1).sign_in()
    url = caller.request_export().json()["file_download_url_v2"]
    caller.now += 3_600
    assert caller.http.get(url).status_code == 202


def test_the_file_is_compressed_when_accepted_and_plain_otherwise(caller: Caller) -> None:
    url = caller.request_export().json()["file_download_url_v2"]
    caller.now += 11
    plain = caller.http.get(url, headers={"accept-encoding": "identity"})
    with caller.http.stream("GET", url, headers={"accept-encoding": "gzip"}) as packed:
        raw = b"".join(packed.iter_raw())
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content


def test_every_profile_is_exported_with_what_was_asked_for(caller: Caller) -> None:
    found = caller.exported_profiles()
    assert len(found) == 700
    names = {name for entry in found.values() for s in entry["sections"].values() for name in s["attributes"]}
    assert names == {EMAIL}
    assert not any("events" in s or "topics" in s for e in found.values() for s in e["sections"].values())


def test_without_an_attribute_or_a_tag_an_export_is_refused(caller: Caller) -> None:
    answer = caller.request_export(attributes=[], events=["com.apsis1.events.email.opened"])
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {"start_at": None},
        {"start_at": "yesterday"},
        {"end_at": START},
        {"attributes": ["usercreated.attributes.nothing"]},
        {"attributes": "email"},
        {"events": [{"version_id": "1"}]},
        {"segment_filter": "all"},
    ],
)
def test_a_request_that_makes_no_sense_is_400(caller: Caller, body: dict[str, object]) -> None:
    assert caller.request_export(**body).status_code == 400


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("segments", {}),
        ("segments", {"segment_discriminator": "usercreated.segments.nothing"}),
        ("consents", {"section_discriminator": "usercreated.sections.nothing"}),
        ("duplicates", {}),
        ("nothing", {}),
    ],
)
def test_a_report_that_makes_no_sense_is_refused(caller: Caller, kind: str, body: dict[str, object]) -> None:
    answer = caller.http.post(f"/audience/profiles/reports/{kind}", json=body)
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"] == "application/problem+json"


def test_report_b_needs_topics_of_the_section_and_a_channel(caller: Caller) -> None:
    section = caller.source.shape.sections[0]
    body = {"section_discriminator": section.discriminator, "topic_discriminators": [{}]}
    assert caller.http.post("/audience/profiles/reports/consents", json=body).status_code == 400
    body["topic_discriminators"] = [section.topics[0].discriminator]
    assert caller.http.post("/audience/profiles/reports/consents", json=body).status_code == 400


def test_the_window_is_one_week_unless_an_end_is_given(caller: Caller) -> None:
    body = {
        "events": ["com.apsis1.events.website.page-view"],
        "start_at": "2026-10-01T00:00:00Z",
        "end_at": None,
    }
    times = [
        event["event_time"]
        for entry in caller.exported_profiles(**body).values()
        for section in entry["sections"].values()
        for event in section.get("events", [])
    ]
    assert times
    assert all("2026-10-01T00:00:00Z" <= time < "2026-10-08T00:00:00Z" for time in times)


def test_windows_side_by_side_give_every_event_once(caller: Caller) -> None:
    events = [e.discriminator for s in caller.source.shape.sections for e in s.events]
    bounds = [START, "2025-07-01T00:00:00Z", "2026-03-15T12:00:00Z", END]
    halves = [
        caller.exported_profiles(events=events, start_at=start, end_at=end)
        for start, end in itertools.pairwise(bounds)
    ]
    counted = sum(
        len(s.get("events", []))
        for part in halves
        for entry in part.values()
        for s in entry["sections"].values()
    )
    assert counted == sum(len(caller.source.happenings(i)) for i in range(700))


def test_topic_states_come_without_dates_and_agree_with_the_consents(caller: Caller) -> None:
    topics = [t.discriminator for s in caller.source.shape.sections for t in s.topics]
    found = caller.exported_profiles(topics=topics)
    home = caller.home(0).discriminator
    states = found[caller.source.export_key(0)]["sections"][home].get("topics", [])
    rows = caller.read(0, "consents").json()["items"]
    assert [(s["topic_discriminator"], s["type"]) for s in states] == [
        (r["topic_discriminator"], r["type"]) for r in rows
    ]
    assert all("modified_at" not in s for s in states)


def test_attributes_can_be_named_by_version_or_with_their_section(caller: Caller) -> None:
    section = caller.source.shape.sections[0]
    size = next(a for a in section.attributes if a.name == "shoe_size")
    by_version = caller.exported_profiles(attributes=[{"version_id": size.live.id}])
    by_name = caller.exported_profiles(
        attributes=[{"discriminator": size.discriminator, "section_discriminator": section.discriminator}]
    )
    assert by_version == by_name
    assert by_version == caller.exported_profiles(attributes=[{"attribute_version_id": size.live.id}])
    assert "needs a discriminator" in caller.request_export(attributes=[{}]).json()["detail"]


def test_events_have_ids_only_when_switched_on() -> None:
    caller = Caller(event_ids=True).sign_in()
    found = caller.exported_profiles(events=["com.apsis1.events.email.opened"])
    events = [e for entry in found.values() for s in entry["sections"].values() for e in s.get("events", [])]
    assert len({e["id"] for e in events}) == len(events) > 0


def test_a_longest_window_can_be_set() -> None:
    caller = Caller(longest_event_window_days=31).sign_in()
    assert caller.request_export().status_code == 400


def test_cookie_only_profiles_are_there_without_name_and_address(caller: Caller) -> None:
    defaults = [a.discriminator for a in caller.source.shape.sections[0].attributes[:6]]
    entry = caller.exported_profiles(attributes=defaults)[
        caller.source.export_key(caller.first_with(Trap.COOKIE))
    ]
    assert [s["attributes"] for s in entry["sections"].values()] == [{}]


def test_report_a_lists_a_segment_as_csv_with_the_export_key(caller: Caller) -> None:
    segment = caller.items("/audience/segments")[2]["discriminator"]
    body = {"segment_discriminator": segment, "attributes": [{"discriminator": EMAIL, "field_name": "mail"}]}
    answer = caller.export("/audience/profiles/reports/segments", **body)
    assert answer.headers["content-type"].startswith("text/csv")
    keys = {row["export_key"] for row in _rows(answer)}
    assert keys == caller.exported_profiles(segment_filter={"segment_discriminator": segment}).keys()


def test_report_a_can_leave_out_unknown_profiles(caller: Caller) -> None:
    segment = caller.items("/audience/segments")[2]["discriminator"]
    body = {"segment_discriminator": segment, "profile_type": "unknown"}
    assert _rows(caller.export("/audience/profiles/reports/segments", **body)) == []


def test_report_b_keeps_people_without_consent_with_a_blank_address(caller: Caller) -> None:
    section = caller.source.shape.sections[0]
    channels = [
        {"field_name": "mail", "channel_discriminator": EMAIL_CHANNEL},
        {"field_name": "text", "channel_discriminator": SMS_CHANNEL},
    ]
    body = {
        "section_discriminator": section.discriminator,
        "topic_discriminators": [t.discriminator for t in section.topics],
        "channels": channels,
    }
    rows = _rows(caller.export("/audience/profiles/reports/consents", **body))
    assert len(rows) == sum(section.discriminator in p.sections for p in caller.source.iter_profiles())
    assert {bool(row["mail"]) for row in rows} == {bool(row["text"]) for row in rows} == {True, False}


def test_report_c_lists_profiles_that_share_an_address(caller: Caller) -> None:
    rows = _rows(caller.export("/audience/profiles/reports/duplicates", attribute=EMAIL))
    key = caller.source.export_key(caller.first_with(Trap.SHARED_EMAIL))
    shared = next(row["Email"] for row in rows if row["export_key"] == key)
    assert sum(row["Email"].lower() == shared.lower() for row in rows) == 2


def test_a_cut_off_file_is_no_json(caller: Caller) -> None:
    url = caller.request_export().json()["file_download_url_v2"]
    caller.now += 11
    caller.control(
        "faults", {"scripts": [{"kind": "truncated", "path": "/v2/audience/profiles/exports/files"}]}
    )
    with pytest.raises(json.JSONDecodeError):
        caller.http.get(url, headers={"accept-encoding": "identity"}).json()
