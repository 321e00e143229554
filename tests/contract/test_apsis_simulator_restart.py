"""What outlives a restart of the APSIS One simulator when it has a file, and that the file stays small."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from migrator.simulators.apsis_one.app import build_app
from migrator.simulators.apsis_one.store import WrongAccountError
from migrator.simulators.seeds import build_account
from migrator.simulators.seeds.shape import EMAIL_CHANNEL, EMAIL_KEYSPACE
from tests.contract.apsis_writing import EMAIL, FIRST_NAME, KEYSPACES, Writer, one, place


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "source.sqlite3")


def _again(writer: Writer, path: str, **settings: Any) -> Writer:
    """The same account in a new process, as far as a test can tell: nothing of the old one was closed in order."""
    found = Writer(profiles=120, db_path=path, **settings)
    found.now = writer.now
    found.sign_in()
    return found


def _state(writer: Writer) -> dict[str, Any]:
    """Everything that a caller can read of everybody."""
    world = writer.app.state.world
    return {
        world.profile(i).export_key: (
            dict(world.profile(i).keys),
            {s: (dict(d.attributes), d.tags) for s, d in world.profile(i).sections.items()},
            list(world.events(i)),
            world.consents(i),
            sorted(world.suppressed(i)),
        )
        for i in world.iter_indexes()
    }


def _do_everything(writer: Writer) -> None:
    section, keys = writer.section, [writer.key(writer.plain(skip=n)) for n in range(5)]
    topic = next(t for t in section.topics if t.channels == (EMAIL_CHANNEL,))
    export = writer.source.export_key(writer.plain())
    writer.create("email", "ny@nordpost.example")
    writer.patch("email", keys[0], {EMAIL: "moved@nordpost.example"}, version=2)
    writer.patch("crm", "700", {FIRST_NAME: "Åsa \U0001f3d4"})
    writer.merge(one("email", keys[1]), one("crm", "700"))
    writer.http.delete(place("email", keys[2]))
    writer.http.put(f"{place('email', keys[3])}/locks")
    base = f"{place('email', keys[4])}/sections/{section.discriminator}"
    writer.http.patch(f"{base}/tags", json={section.tags[0].discriminator: True})
    bought = next(e for e in section.events if e.kind == "purchase").live.id
    event = {"event_time": "2026-11-01T12:00:00Z", "version_id": bought, "data": {"order_id": "W1"}}
    writer.http.post(f"{base}/events", json={"items": [event]})
    consent = {"topic_discriminator": topic.discriminator, "channel_discriminator": EMAIL_CHANNEL}
    for type_ in ("opt-in", "opt-out"):
        writer.http.post(f"/v2{base}/consents", json={**consent, "type": type_, "reason": "Asked"})
    writer.mutate("suppress", export_key=export, channel=EMAIL_CHANNEL)
    writer.mutate("add_profile")


def test_every_kind_of_change_is_there_after_a_restart(path: str) -> None:
    writer = Writer(profiles=120, db_path=path)
    pristine = _state(writer)
    _do_everything(writer)
    before = _state(writer)
    assert before != pristine
    again = _again(writer, path)
    assert _state(again) == before
    locked = writer.key(writer.plain(skip=3))
    assert again.status_of("email", locked) == 410
    assert again.status_of("email", "moved@nordpost.example") == 200
    assert again.values("crm", "700")[EMAIL] == writer.key(writer.plain(skip=1))


def test_an_added_key_is_still_unmerged_and_taken_after_two_restarts(path: str) -> None:
    writer = Writer(profiles=120, db_path=path)
    mail = writer.key(writer.plain())
    writer.merge(one("email", mail), one("crm", "700"))
    again = _again(writer, path)
    again.http.delete(f"/audience/profiles/merges/keyspaces/{KEYSPACES['crm']}/profiles/700")
    third = _again(again, path)
    assert third.values("crm", "700") == {}
    assert third.create("crm", "700").status_code == 409
    assert third.create("email", "ny@nordpost.example").status_code == 201
    assert third.app.state.world.find(EMAIL_KEYSPACE, mail) == third.plain()


def test_a_finished_export_is_valid_after_a_restart_until_its_day_is_over(path: str) -> None:
    writer = Writer(profiles=120, db_path=path)
    url = writer.request_export().json()["file_download_url_v2"]
    writer.now += 11
    content = writer.http.get(url).content
    again = _again(writer, path)
    assert again.http.get(url).content == content
    assert again.request_export().json()["file_download_url_v2"] != url
    again.now += 86_400
    assert again.sign_in().http.get(url).status_code == 410


def test_an_export_that_was_being_written_when_the_process_ended_has_failed(path: str) -> None:
    writer = Writer(profiles=120, db_path=path)
    answer = writer.request_export().json()
    writer.now += 11
    assert writer.http.get(answer["file_download_url_v2"]).status_code == 200
    job = writer.app.state.jobs.report()[0]["id"]
    (Path(f"{path}.files") / str(job)).unlink()
    assert _again(writer, path).http.get(answer["file_download_url_v2"]).status_code == 503


def test_a_stuck_export_is_stuck_after_a_restart_too(path: str) -> None:
    writer = Writer(profiles=120, db_path=path, stuck_exports=1)
    url = writer.request_export().json()["file_download_url_v2"]
    writer.now += 3_600
    assert _again(writer, path).http.get(url).status_code == 202


def test_an_import_that_was_uploaded_before_the_restart_becomes_visible_after_it(path: str) -> None:
    writer = Writer(profiles=120, db_path=path)
    mapping = {"keyspace_discriminator": KEYSPACES["email"], "field_selector": "mail"}
    started = writer.start_import({"keyspace_mapping": mapping}).json()
    writer.upload(started, b"mail\nny@nordpost.example\n")
    again = _again(writer, path)
    assert again.status_of("email", "ny@nordpost.example") == 404
    again.now += 1_805
    assert again.status_of("email", "ny@nordpost.example") == 200
    third = _again(again, path)
    assert third.import_status(started["import_id"])["created"] == 1
    assert third.values("email", "ny@nordpost.example") == {EMAIL: "ny@nordpost.example"}


def test_tokens_expired_before_the_restart_stay_expired_and_others_work(path: str) -> None:
    writer = Writer(profiles=120, db_path=path)
    old = writer.http.headers["authorization"]
    writer.app.state.expire_tokens()
    writer.sign_in()
    new = writer.http.headers["authorization"]
    again = _again(writer, path)
    statuses = [
        again.http.get("/audience/sections", headers={"authorization": token}).status_code
        for token in (old, new)
    ]
    assert statuses == [401, 200]


def test_the_clock_and_consents_by_address_are_kept(path: str) -> None:
    writer = Writer(profiles=120, db_path=path, consent_model="1.0")
    writer.control("clock", {"advance": 3_600})
    body = {"type": "opt-out"}
    address = f"/audience/channels/{EMAIL_CHANNEL}/addresses/a%40b.example/consents"
    assert writer.http.post(address, json=body).status_code == 201
    again = _again(writer, path, consent_model="1.0")
    assert again.app.state.now() == again.now + 3_600
    assert again.http.post(address, json=body).status_code == 409


def test_a_reset_empties_the_file(path: str) -> None:
    writer = Writer(profiles=120, db_path=path)
    pristine = _state(writer)
    _do_everything(writer)
    url = writer.request_export().json()["file_download_url_v2"]
    writer.control("reset")
    assert _state(writer) == pristine
    again = _again(writer, path)
    assert _state(again) == pristine
    again.now += 11
    assert again.http.get(url).status_code == 404


def test_the_file_of_another_account_is_refused_in_words(path: str) -> None:
    Writer(profiles=120, db_path=path)
    for other in (("nordlys", 8, 120), ("bergvarg", 7, 120), ("nordlys", 7, 121)):
        with pytest.raises(WrongAccountError, match="was made for account nordlys, seed 7, profiles 120"):
            build_app(build_account(*other), db_path=path)


def test_reading_writes_nothing_and_only_changed_profiles_are_in_the_file(path: str) -> None:
    writer = Writer(profiles=120, db_path=path)
    for index in range(20):
        writer.read(index, "attributes")
        writer.read(index, "consents")
    writer.export(events=["com.apsis1.events.email.opened"])
    counted = []
    for _ in range(2):
        with sqlite3.connect(path) as database:
            counted.append(database.execute("SELECT count(*) FROM pages").fetchone()[0])
        writer.patch("email", writer.key(writer.plain()), {FIRST_NAME: "Ny"})
        writer.patch("email", writer.key(writer.plain()), {FIRST_NAME: "Nyare"})
    database.close()
    assert counted == [0, 1]


def test_without_a_path_nothing_is_kept() -> None:
    writer = Writer(profiles=60)
    writer.create("email", "ny@nordpost.example")
    assert Writer(profiles=60).status_of("email", "ny@nordpost.example") == 404
