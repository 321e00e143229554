"""The simulated APSIS One misbehaves on demand: every fault in its own words, and other people in the account."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from migrator.simulators.apsis_one.faulting import KINDS
from migrator.simulators.apsis_one.others import ACTORS
from tests.contract.apsis_simulator import Caller
from tests.contract.apsis_writing import Writer

pytestmark = pytest.mark.slow

SECTIONS = "/audience/sections"


@pytest.fixture
def caller() -> Caller:
    return Caller().sign_in()


def script(caller: Caller, kind: str, **more: Any) -> None:
    plan = {"scripts": [{"kind": kind, **more}], "megabytes": 0.01}
    assert caller.control("faults", plan).status_code == 200


def ask(caller: Caller, path: str = SECTIONS) -> httpx.Response | None:
    try:
        return caller.get(path)
    except httpx.RemoteProtocolError:
        return None


def status(answer: httpx.Response | None) -> int | None:
    return answer.status_code if answer else None


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_concerns_one_request_and_leaves_the_account_as_it_is(caller: Caller, kind: str) -> None:
    truth = caller.get(SECTIONS).content
    before = caller.get("/_control/snapshot").content
    script(caller, kind, seconds=0)
    ask(caller)
    assert ask(caller).content == truth
    assert caller.get("/_control/snapshot").content == before
    assert caller.get("/_control/faults").json()["made"] == {kind: 1}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        *[(f"{when}_{number}", number) for when in ("before", "after") for number in (500, 502, 503)],
        *[("html_for_json", 200), ("html_502", 502), ("html_503", 503), ("too_many", 429), ("storm", 429)],
        *[("token_expired", 401), ("token_revoked", 401), ("scope_lost", 403)],
        *[("lost", None), ("reset", None), ("cut_short", None), ("late", None), ("timeout_after", None)],
    ],
)
def test_a_fault_has_its_status(caller: Caller, kind: str, expected: int | None) -> None:
    script(caller, kind)
    answer = ask(caller)
    assert status(answer) == expected
    if answer is not None and expected != 200 and not kind.startswith("html"):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == expected


def test_headers_about_limits_are_no_fault_of_this_service(caller: Caller) -> None:
    answer = caller.control("faults", {"rates": {"header_loss": 1}})
    assert (answer.status_code, "'header_loss'" in answer.json()["error"]) == (400, True)


def test_a_storm_comes_with_the_wait_or_bare() -> None:
    caller = Caller(retry_after=True).sign_in()
    for kind, shown in (("storm", True), ("storm_bare", False)):
        script(caller, kind)
        assert ("retry-after" in caller.get(SECTIONS).headers) == shown


def test_an_expired_token_is_over_and_a_new_one_is_taken(caller: Caller) -> None:
    script(caller, "token_expired", seconds=1e9)
    assert [caller.get(SECTIONS).status_code for _ in range(2)] == [401, 401]
    caller.now += 1
    assert caller.sign_in().get(SECTIONS).status_code == 200


def test_a_downloaded_file_may_be_cut_too(caller: Caller) -> None:
    url = caller.request_export().json()["file_download_url_v2"]
    caller.now += 11
    caller.http.headers["accept-encoding"] = "identity"
    whole = caller.http.get(url).content
    script(caller, "truncated")
    assert caller.http.get(url).content == whole[: len(whole) // 2]
    script(caller, "lost")
    with pytest.raises(httpx.RemoteProtocolError):
        caller.http.get(url)


def test_a_late_write_is_applied_after_its_seconds() -> None:
    writer = Writer().sign_in()
    keyspace, key = "com.apsis1.keyspaces.email", "late@example.org"
    script(writer, "late", seconds=60, method="POST")
    with pytest.raises(httpx.RemoteProtocolError):
        writer.create(keyspace, key)
    seen = [writer.status_of(keyspace, key)]
    writer.now += 61
    assert [*seen, writer.status_of(keyspace, key)] == [404, 200]


CHANGES = {
    "edit_attribute": "sections",
    "change_tag": "sections",
    "withdraw_consent": "consents",
    "append_event": "events",
}


def differences(caller: Caller) -> list[Any]:
    text = caller.get("/_control/diff", **{"from": "before"}).text
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("actor", ACTORS)
def test_somebody_changes_the_profile_that_was_read(caller: Caller, actor: str) -> None:
    index = next(
        i for i in range(40) if caller.source.consents(i) and len(caller.source.profile(i).sections) == 1
    )
    caller.control("snapshot", {"name": "before"})
    script(caller, actor)
    caller.read(index, "attributes")
    changes = {(row["change"], row["id"]): row for row in differences(caller)}
    if actor == "add_profile":
        assert list(changes) == [("added", 120)]
    elif actor in CHANGES:
        assert list(changes) == [("changed", index)]
        assert list(changes["changed", index]["fields"]) == [CHANGES[actor]]
    else:
        assert ("removed", index) in changes


def test_an_actor_may_wait(caller: Caller) -> None:
    script(caller, "delete_profile", seconds=30)
    assert caller.read(0, "attributes").status_code == 200
    assert caller.read(0, "attributes").status_code == 200
    caller.now += 31
    assert caller.read(0, "attributes").status_code == 404


def test_drawn_actors_touch_the_same_profiles_in_any_order() -> None:
    def gone(order: list[int]) -> set[int]:
        caller = Caller().sign_in()
        caller.control(
            "faults", {"seed": 4, "actors": {"delete_profile": 0.3}, "paths": ["/audience/keyspaces"]}
        )
        for index in order:
            caller.read(index, "attributes")
        return {index for index in order if caller.app.state.world.gone(index)}

    first = gone(list(range(40)))
    assert 4 < len(first) < 25
    assert gone(list(range(40))[::-1]) == first


def test_attempts_are_counted_over_a_restart(tmp_path: Path) -> None:
    file = str(tmp_path / "source.sqlite3")
    first = Caller(db_path=file).sign_in()
    first.control("faults", {"rates": {"before_500": 1}, "paths": [SECTIONS]})
    assert first.get(SECTIONS).status_code == 500
    first.app.state.close()
    assert Caller(db_path=file).sign_in().get(SECTIONS).status_code == 200
