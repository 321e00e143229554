"""The simulated Pipedrive keeps its account over a killed process, resets, and can be compared as a whole."""

from collections.abc import Callable
from pathlib import Path

import pytest

from migrator.simulators.http_wsgi import Response
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.app import build_app
from migrator.simulators.pipedrive.persons import PERSON
from migrator.simulators.pipedrive.preload import Preload
from migrator.simulators.pipedrive.records import create
from tests.contract.pipedrive_simulator import Simulated, TestClock, simulated

PERSONS = "/api/v2/persons"


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[], Simulated]:
    """Open the same file again and again, as a restarted process does."""
    clock = TestClock()
    return lambda: simulated(db=str(tmp_path / "account.sqlite3"), clock=clock)


def test_everything_is_there_after_a_restart_that_closed_nothing(opened: Callable[[], Simulated]) -> None:
    first = opened()
    first.made(PERSONS, {"name": "Kept"})
    first.made("/api/v2/personFields", {"field_name": "Kept", "field_type": "text"})
    first.made("/v1/activityTypes", {"name": "Kept", "icon_key": "task"})
    before = first.get("/_control/snapshot").content, first.inspect()
    second = opened()
    assert (second.get("/_control/snapshot").content, second.inspect()) == before


def test_ids_go_on_after_a_restart_even_when_the_last_record_was_deleted(
    opened: Callable[[], Simulated],
) -> None:
    first = opened()
    number = first.made(PERSONS, {"name": "A"})["id"]
    field = first.made("/api/v2/personFields", {"field_name": "A", "field_type": "text"})["field_code"]
    first.delete(f"{PERSONS}/{number}")
    first.delete(f"/api/v2/personFields/{field}")
    second = opened()
    assert second.made(PERSONS, {"name": "B"})["id"] == number + 1
    again = second.made("/api/v2/personFields", {"field_name": "A", "field_type": "text"})
    assert again["field_code"] != field


def test_the_meter_and_the_clock_go_on_after_a_restart(opened: Callable[[], Simulated]) -> None:
    first = opened()
    first.get(PERSONS)
    first.post("/_control/clock", json={"advance": 3_600})
    first.get(PERSONS)
    second = opened()
    assert second.inspect()["tokens"] == {"today": 20, "total": 20}
    assert second.inspect()["now"] == second.clock.now + 3_600


def test_a_late_request_survives_a_restart(opened: Callable[[], Simulated]) -> None:
    first = opened()
    first.post("/_control/faults", json={"scripts": [{"kind": "late", "method": "POST", "seconds": 10}]})
    with pytest.raises(Exception, match="dropped this connection"):
        first.post(PERSONS, json={"name": "Late"})
    second = opened()
    second.clock.now += 11
    assert [person["name"] for person in second.data(PERSONS)][-1] == "Late"


def test_a_revoked_token_stays_revoked_after_a_restart(opened: Callable[[], Simulated]) -> None:
    opened().post("/_control/tokens", json={"revoke": None})
    assert opened().get(PERSONS).status_code == 401


def test_reset_brings_the_first_contents_back() -> None:
    account = simulated()
    account.made(PERSONS, {"name": "Gone soon"})
    account.post("/_control/reset")
    figures = account.inspect()
    assert figures["counts"]["persons"] == 1
    assert (figures["tokens"]["total"], figures["requests"]) == (0, 0)


def test_what_was_taken_back_leaves_a_stable_snapshot_as_it_was() -> None:
    account = simulated()
    before = account.get("/_control/snapshot", params={"stable": 1}).content
    anna = account.data(PERSONS)[0]
    account.clock.now += 60
    account.patch(f"{PERSONS}/{anna['id']}", json={"name": "Changed"})
    made = account.made(PERSONS, {"name": "New"})
    assert account.get("/_control/snapshot", params={"stable": 1}).content != before
    account.patch(f"{PERSONS}/{anna['id']}", json={"name": anna["name"]})
    account.delete(f"{PERSONS}/{made['id']}")
    assert account.get("/_control/snapshot", params={"stable": 1}).content == before


def test_a_defect_answers_500_and_leaves_nothing_half_done(capsys: pytest.CaptureFixture[str]) -> None:
    account = simulated()

    def broken(call: Call) -> Response:
        create(PERSON, call)
        raise RuntimeError("a defect of the simulator")

    account.app.router.add("POST", "/v1/broken", broken)
    assert account.post("/v1/broken", json={"name": "Half done"}).status_code == 500
    assert account.inspect()["counts"]["persons"] == 1
    assert "a defect of the simulator" in capsys.readouterr().err
    assert account.made(PERSONS, {"name": "Next"})["name"] == "Next"


def test_a_preload_is_read_only_when_it_is_needed(tmp_path: Path) -> None:
    asked = []

    def preload() -> Preload:
        asked.append(1)
        return Preload()

    for _ in range(2):
        build_app(db_path=str(tmp_path / "account.sqlite3"), preload=preload).close()
    assert len(asked) == 1


def test_an_unknown_control_address_is_not_found() -> None:
    account = simulated()
    assert account.get("/_control/secrets").status_code == 404
    assert account.post("/_control/clock", json={}).status_code == 400
