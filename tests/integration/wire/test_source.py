"""APSIS One: definitions, exports, consents, and each way in which they fail."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from migrator.apsis.checks import check_connection
from migrator.apsis.client import ApsisClient, ConsentQuestion, checked_host
from migrator.apsis.exports import ExportJob, ExportState
from migrator.apsis.outcomes import ExportGoneError
from migrator.apsis.parsing import (
    addresses_of,
    consent_sections,
    iter_events,
    iter_profiles,
    profile_of,
    with_consents,
)
from migrator.engine.errors import ConfigurationError, TransientError
from migrator.engine.ports import Json
from migrator.http.checks import Level
from migrator.simulators.apsis_one.app import ApsisApp
from migrator.simulators.faults import plan_from
from tests.wire_clients import apsis_client, simulated_source

START, END = datetime(2015, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def source() -> ApsisApp:
    return simulated_source(120)


@pytest.fixture
def client(source: ApsisApp) -> ApsisClient:
    return apsis_client(source)


def finished(client: ApsisClient, job: ExportJob) -> ExportState:
    deadline = time.monotonic() + 20
    while (state := client.poll(job)) == ExportState.RUNNING and time.monotonic() < deadline:
        time.sleep(0.02)
    return state


def exported(client: ApsisClient, path: Path) -> dict[str, Json]:
    found = client.definitions()
    job = client.start_profile_export(found.attributes, found.tags, found.topics)
    assert finished(client, job) == ExportState.READY
    client.download(job, path)
    return dict(iter_profiles(path, found.tag_names))


def test_it_reads_what_the_account_defines(client: ApsisClient) -> None:
    found = client.definitions()
    assert len(found.sections) == 4
    assert {a.section for a in found.attributes} == {s.discriminator for s in found.sections}
    assert all(a.declared and a.versions for a in found.attributes)
    assert {t.channel for t in found.topics} <= {"", "com.apsis1.channels.email", "com.apsis1.channels.sms"}
    assert client.segments()
    assert client.activities()
    assert {c.discriminator for c in client.channels()} >= {"com.apsis1.channels.email"}


def test_every_profile_comes_out_of_one_export(source: ApsisApp, client: ApsisClient, tmp_path: Path) -> None:
    raws = exported(client, tmp_path / "profiles.json")
    inside = source.control.snapshot(stable=False)["profiles"]
    assert raws.keys() == inside.keys()
    for key, raw in raws.items():
        values = profile_of(key, raw).values
        meant = {(s, n): v for s, d in inside[key]["sections"].items() for n, v in d["attributes"].items()}
        assert values == meant


def test_tags_come_by_name(source: ApsisApp, client: ApsisClient, tmp_path: Path) -> None:
    raws = exported(client, tmp_path / "profiles.json")
    tags = {tag for key, raw in raws.items() for _, tag in profile_of(key, raw).tags}
    names = set(client.definitions().tag_names.values())
    assert tags
    assert tags <= names


def test_events_of_a_window_come_with_keys_that_stay(client: ApsisClient, tmp_path: Path) -> None:
    found = client.definitions()

    def keys(name: str) -> list[tuple[str, str]]:
        job = client.start_event_export(START, END, found.events, found.attributes[0])
        assert finished(client, job) == ExportState.READY
        client.download(job, tmp_path / name)
        return [(key, event.key) for key, event in iter_events(tmp_path / name)]

    first = keys("a.json")
    assert first == keys("b.json")
    assert len(set(first)) == len(first) > 0


def test_two_windows_hold_what_one_holds(client: ApsisClient, tmp_path: Path) -> None:
    found = client.definitions()

    def keys(start: datetime, end: datetime) -> set[tuple[str, str]]:
        job = client.start_event_export(start, end, found.events, found.attributes[0])
        finished(client, job)
        client.download(job, tmp_path / "events.json")
        return {(key, event.key) for key, event in iter_events(tmp_path / "events.json")}

    middle = datetime(2025, 1, 1, tzinfo=UTC)
    assert keys(START, middle) | keys(middle, END) == keys(START, END)
    assert not keys(START, middle) & keys(middle, END)


def test_consents_and_suppression_are_read_for_all(
    source: ApsisApp, client: ApsisClient, tmp_path: Path
) -> None:
    raws = exported(client, tmp_path / "profiles.json")
    questions = [
        ConsentQuestion(key, section, addresses_of(raw))
        for key, raw in raws.items()
        for section in consent_sections(raw)
    ]
    for question, answer in client.iter_consents(questions):
        assert answer is not None
        raws[question.source_key] = with_consents(raws[question.source_key], {question.section: answer})
    inside = source.control.snapshot(stable=False)["profiles"]
    short = {"com.apsis1.channels.email": "email", "com.apsis1.channels.sms": "sms"}
    for key, raw in raws.items():
        profile = profile_of(key, raw)
        assert {c.value for c in profile.suppressed} == {short[c] for c in inside[key]["suppressed"]}
        assert all(c.modified_at for c in profile.consents)


def test_suppression_is_told_for_the_addresses_that_are_asked_for(tmp_path: Path) -> None:
    strict = simulated_source(400, suppression_for_all_addresses=False)
    client = apsis_client(strict)
    inside = strict.control.snapshot(stable=False)["profiles"]
    key = next(k for k, p in inside.items() if p["suppressed"])
    raw: Json = {"sections": inside[key]["sections"]}
    section = consent_sections(raw)[0]
    unasked = client.consents(key, section) or {}
    asked = client.consents(key, section, addresses_of(raw)) or {}
    assert not profile_of(key, with_consents(raw, {section: unasked})).suppressed
    assert profile_of(key, with_consents(raw, {section: asked})).suppressed


def test_a_profile_that_is_gone_has_no_consents(client: ApsisClient) -> None:
    section = client.sections()[0].discriminator
    assert client.consents("0" * 12, section) is None


def test_an_export_runs_for_a_while() -> None:
    app = simulated_source(5, export_delay=30.0)
    client = apsis_client(app)
    found = client.definitions()
    job = client.start_profile_export(found.attributes, found.tags)
    assert client.poll(job) == ExportState.RUNNING
    app.control.advance_clock(31)
    assert finished(client, job) == ExportState.READY


def test_a_download_before_its_time_leaves_no_file(tmp_path: Path) -> None:
    client = apsis_client(simulated_source(5, export_delay=30.0))
    found = client.definitions()
    job = client.start_profile_export(found.attributes, found.tags)
    with pytest.raises(TransientError, match="not ready"):
        client.download(job, tmp_path / "file.json")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_export_is_asked_for_anew(tmp_path: Path) -> None:
    client = apsis_client(simulated_source(5, failing_exports=1))
    found = client.definitions()
    failed = client.start_profile_export(found.attributes, found.tags)
    assert finished(client, failed) == ExportState.FAILED
    with pytest.raises(ExportGoneError):
        client.download(failed, tmp_path / "file.json")
    assert finished(client, client.start_profile_export(found.attributes, found.tags)) == ExportState.READY


def test_an_export_is_gone_after_a_day(tmp_path: Path) -> None:
    app = simulated_source(5)
    client = apsis_client(app)
    found = client.definitions()
    job = client.start_profile_export(found.attributes, found.tags)
    finished(client, job)
    app.control.advance_clock(90_000)
    assert client.poll(job) == ExportState.GONE
    with pytest.raises(ExportGoneError):
        client.download(job, tmp_path / "file.json")


@pytest.mark.parametrize("fault", ["truncated", "before_500"])
def test_a_download_that_breaks_leaves_no_file(tmp_path: Path, fault: str) -> None:
    app = simulated_source(5)
    client = apsis_client(app)
    found = client.definitions()
    job = client.start_profile_export(found.attributes, found.tags)
    finished(client, job)
    app.control.faults.use(plan_from({"scripts": [{"kind": fault, "path": "/v2/audience/profiles"}]}))
    with pytest.raises(TransientError):
        client.download(job, tmp_path / "file.json")
    assert list(tmp_path.iterdir()) == []
    client.download(job, tmp_path / "file.json")
    assert len(list(iter_profiles(tmp_path / "file.json"))) == 5


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_over_is_renewed_without_anybody_noticing(status: int) -> None:
    app = simulated_source(5, expired_token_status=status)
    client = apsis_client(app)
    before = client.sections()
    app.control.revoke_token(None)
    assert client.sections() == before
    assert app.state.requests["POST /oauth/token"] == 2


def test_many_threads_share_one_renewal() -> None:
    app = simulated_source(60)
    client = apsis_client(app)
    section = client.sections()[0].discriminator
    keys = list(app.control.snapshot(stable=False)["profiles"])
    app.control.revoke_token(None)
    answers = list(client.iter_consents([ConsentQuestion(key, section) for key in keys]))
    assert len(answers) == 60
    assert app.state.requests["POST /oauth/token"] == 2


def test_a_wrong_secret_is_for_a_person(source: ApsisApp) -> None:
    with pytest.raises(ConfigurationError, match="refused the client id and secret"):
        apsis_client(source, secret="wrong").sections()


def test_a_pause_that_the_service_wants_is_passed_on() -> None:
    client = apsis_client(simulated_source(5, limits_off=False))
    found = client.definitions()
    client.start_event_export(START, END, found.events, found.attributes[0])
    with pytest.raises(TransientError) as caught:
        client.start_event_export(START, END, found.events, found.attributes[0])
    assert caught.value.retry_after == 60


def test_reads_go_on_through_faults_that_pass(source: ApsisApp, client: ApsisClient) -> None:
    scripts = [
        {"kind": kind, "path": "/audience/sections"} for kind in ("before_500", "html_for_json", "truncated")
    ]
    source.control.faults.use(plan_from({"scripts": scripts}))
    assert len(client.sections()) == 4


def test_the_connection_test_names_what_the_key_reaches(client: ApsisClient) -> None:
    found = list(check_connection(client))
    assert {line.level for line in found} == {Level.OK}
    assert any("reaches 4 Sections" in line.sentence for line in found)


def test_the_connection_test_ends_with_a_wrong_secret(source: ApsisApp) -> None:
    found = list(check_connection(apsis_client(source, secret="wrong")))
    assert [line.level for line in found] == [Level.FAIL]
    assert "Create a new API key" in found[0].next_step


def test_a_key_of_fewer_sections_sees_fewer() -> None:
    everything = simulated_source(5)
    one = apsis_client(everything).sections()[0].discriminator
    client = apsis_client(simulated_source(5, section_scope=(one,)))
    assert [s.discriminator for s in client.sections()] == [one]


@pytest.mark.parametrize("text", ["https://api.apsis.one", "api.apsis.one/", " https://API-APAC.apsis.one "])
def test_both_hosts_of_the_service_are_taken(text: str) -> None:
    assert checked_host(text).startswith("https://api")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://api.apsis.one",
        "https://api.apsis.one.evil.example",
        "https://evil.example",
        "api.apsis.one/x",
    ],
)
def test_no_other_host_is_taken_for_apsis_one(text: str) -> None:
    with pytest.raises(ConfigurationError, match="not an APSIS One address"):
        checked_host(text)
