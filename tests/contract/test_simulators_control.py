"""The control address of both simulators: off unless opened, closed to web pages, and what each call does."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from migrator.simulators.apsis_one.app import build_app as build_source
from migrator.simulators.apsis_one.settings import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, ApsisSettings
from migrator.simulators.pipedrive.app import build_app as build_target
from migrator.simulators.pipedrive.settings import DEFAULT_TOKEN, PipedriveSettings
from migrator.simulators.seeds import build_account

pytestmark = pytest.mark.slow

PERSONS = "/api/v2/persons"
NOON = 1_795_435_200.0


class Either:
    """One of the two, signed in; `write` changes one record through the API itself."""

    def __init__(self, side: str, app: Any) -> None:
        self.side, self.app = side, app
        self.http = httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://localhost")
        if side == "target":
            self.http.headers["x-api-token"] = DEFAULT_TOKEN
        else:
            self.http.headers["authorization"] = f"Bearer {self._token()}"
        self.read = PERSONS if side == "target" else "/audience/sections"

    def get(self, path: str, /, **query: Any) -> httpx.Response:
        return self.http.get(f"/_control/{path}", params=query)

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.http.post(f"/_control/{path}", json=body)

    def told(self, path: str, body: Any = None, **query: Any) -> Any:
        answer = self.get(path, **query) if body is None else self.post(path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def lines(self, path: str, /, **query: Any) -> list[Any]:
        return [json.loads(line) for line in self.get(path, **query).text.splitlines()]

    def write(self) -> None:
        if self.side == "target":
            assert self.http.post(PERSONS, json={"name": "New"}).status_code == 200
        else:
            self.told("mutate", {"op": "delete_profile", "export_key": self.app.state.source_key(3)})

    def _token(self) -> str:
        sent = {"client_id": DEFAULT_CLIENT_ID, "client_secret": DEFAULT_CLIENT_SECRET}
        answer = self.http.post("/oauth/token", json={"grant_type": "client_credentials", **sent})
        return str(answer.json()["access_token"])


def open_side(side: str, *, control: bool = True, db: Path | None = None, now: float = NOON) -> Either:
    account = build_account("nordlys", 7, 40)
    if side == "source":
        settings = ApsisSettings(limits_off=True)
        path = str(db) if db else None
        app: Any = build_source(account, settings, lambda: now, db_path=path, control=control)
        app.state.source_key = account.source.export_key
        return Either(side, app)
    target = PipedriveSettings(limits_off=True, account="nordlys", seed=7)

    def reseed(name: str, seed: int, profiles: int) -> Any:
        return build_account(name, seed, profiles).target_preload()

    app = build_target(
        target,
        str(db) if db else ":memory:",
        lambda: now,
        preload=account.target_preload,
        control=control,
        reseed=reseed,
    )
    return Either(side, app)


@pytest.fixture(params=["source", "target"])
def side(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def either(side: str) -> Either:
    return open_side(side)


CALLS = ["inspect", "meter", "log", "snapshot", "diff", "clock", "faults", "limits", "settings", "tokens"]


@pytest.mark.parametrize("call", [*CALLS, "", "nothing"])
def test_it_is_like_any_unknown_address_where_it_was_not_opened(side: str, call: str) -> None:
    closed = open_side(side, control=False)
    unknown = closed.http.get("/no/such/address")
    found = closed.get(call)
    assert (found.status_code, found.text) == (404, unknown.text)
    assert closed.post("reset", {}).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://localhost:8000"},
        {"host": "evil.example"},
        {"host": "localhost.evil.example:8100"},
        {"sec-fetch-site": "cross-site"},
    ],
)
def test_it_is_closed_to_web_pages_and_foreign_names(either: Either, headers: dict[str, str]) -> None:
    answer = either.http.get("/_control/snapshot", headers=headers)
    assert (answer.status_code, list(answer.json())) == (403, ["error"])
    assert either.http.post("/_control/reset", json={}, headers=headers).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1:8100", "localhost:1", "[::1]:8100", "a.test"])
def test_it_answers_under_names_of_this_machine(either: Either, host: str) -> None:
    assert either.http.get("/_control/clock", headers={"host": host}).status_code == 200


BAD = [
    ("clock", {}),
    ("clock", {"advance": "soon"}),
    ("clock", {"advance": float("1e300")}),
    ("clock", {"set": "yesterday"}),
    ("clock", {"freeze": 1}),
    ("clock", {"jump": 1}),
    ("faults", {"rates": {"earthquake": 1}}),
    ("faults", []),
    ("limits", {"speed": 1}),
    ("limits", {"off": "yes"}),
    ("settings", {"nothing": 1}),
    ("snapshot", {}),
    ("snapshot", {"name": "../../etc/passwd"}),
    ("seed", {"account": 5}),
    ("seed", {"seed": -1}),
    ("seed", {"profiles": 0}),
    ("tokens", {}),
    ("tokens", {"revoke": 5}),
    ("act", {}),
    ("act", {"method": "GET", "path": "persons"}),
    ("reset", {"harder": True}),
]


@pytest.mark.parametrize(("call", "body"), BAD)
def test_bad_input_gets_400_with_one_sentence_and_changes_nothing(
    either: Either, call: str, body: Any
) -> None:
    before = either.get("snapshot").content
    answer = either.post(call, body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"].strip().count("\n") == 0
    assert len(answer.json()["error"]) > 10
    assert either.get("snapshot").content == before


@pytest.mark.parametrize(
    ("call", "query"),
    [
        ("log", {"limit": "all"}),
        ("log", {"limit": 0}),
        ("log", {"status": "bad"}),
        ("snapshot", {"stable": "perhaps"}),
        ("snapshot", {"name": "unheard"}),
        ("diff", {}),
        ("diff", {"from": "unheard"}),
    ],
)
def test_a_bad_question_gets_400(either: Either, call: str, query: dict[str, Any]) -> None:
    assert either.get(call, **query).status_code == 400


def test_a_body_that_is_no_json_gets_400(either: Either) -> None:
    assert either.http.post("/_control/faults", content=b"{").status_code == 400


def test_an_unknown_call_is_404_and_a_wrong_method_405(either: Either) -> None:
    assert (either.get("nothing").status_code, either.get("reset").status_code) == (404, 405)


def test_the_clock_stands_runs_and_moves(either: Either) -> None:
    assert either.told("clock") == {"now": NOON, "frozen": False}
    assert either.told("clock", {"freeze": True})["frozen"] is True
    assert either.told("clock", {"advance": 60})["now"] == NOON + 60
    assert either.told("clock", {"set": "2030-01-01T00:00:00Z"})["now"] == 1_893_456_000
    assert either.told("clock", {"set": NOON - 600, "freeze": False}) == {"now": NOON - 600, "frozen": False}


def test_a_moved_clock_shows_in_the_date_header(either: Either) -> None:
    either.told("clock", {"set": "2030-01-01T00:00:00Z"})
    assert either.http.get(either.read).headers["date"] == "Tue, 01 Jan 2030 00:00:00 GMT"


def test_a_snapshot_is_canonical_lines_in_order_of_kind_and_id(either: Either) -> None:
    answer = either.get("snapshot")
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [(row["kind"], row["id"]) for row in rows] == sorted((row["kind"], row["id"]) for row in rows)
    canonical = [json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False) for row in rows]
    assert answer.text.splitlines() == canonical
    assert either.get("snapshot").content == answer.content


def test_the_same_seed_has_the_same_snapshot(side: str) -> None:
    assert open_side(side).get("snapshot").content == open_side(side).get("snapshot").content


def test_the_same_seed_has_the_same_snapshot_on_another_day(side: str) -> None:
    later = open_side(side, now=NOON + 40 * 86_400 + 1)
    assert later.get("snapshot").content == open_side(side).get("snapshot").content


def test_what_changes_by_itself_is_left_out_of_both_sides_of_a_stable_diff() -> None:
    either = open_side("target")
    either.told("snapshot", {"name": "plain"})
    either.told("snapshot", {"name": "steady", "stable": True})
    person = either.http.get(PERSONS, params={"limit": 1}).json()["data"][0]
    for name in ("Changed", person["name"]):
        either.http.patch(f"{PERSONS}/{person['id']}", json={"name": name}).raise_for_status()
    assert either.lines("diff", **{"from": "plain", "stable": 1}) == []
    assert either.lines("diff", **{"from": "steady"}) == []
    assert either.lines("diff", **{"from": "plain", "to": "steady"}) == []
    (change,) = either.lines("diff", **{"from": "plain"})
    assert list(change["fields"]) == ["update_time"]


def test_a_diff_looks_at_the_deleted_when_its_snapshot_did() -> None:
    either = open_side("target")
    number = either.http.get(PERSONS, params={"limit": 1}).json()["data"][0]["id"]
    either.http.delete(f"{PERSONS}/{number}").raise_for_status()
    either.told("snapshot", {"name": "all", "deleted": True})
    assert either.lines("diff", **{"from": "all"}) == []


def test_a_diff_shows_what_changed_since_a_remembered_snapshot_and_between_two(either: Either) -> None:
    kept = either.told("snapshot", {"name": "before"})
    assert kept == {"name": "before", "records": len(either.lines("snapshot"))}
    assert either.lines("diff", **{"from": "before"}) == []
    either.write()
    either.told("snapshot", {"name": "after"})
    (change,) = either.lines("diff", **{"from": "before", "to": "after"})
    assert change["change"] == ("added" if either.side == "target" else "removed")
    assert either.lines("diff", **{"from": "before"}) == [change]
    assert either.lines("diff", **{"from": "after", "to": "before"})[0]["change"] != change["change"]
    assert either.lines("snapshot", name="after") == either.lines("snapshot")


def test_a_remembered_snapshot_survives_a_restart(side: str, tmp_path: Path) -> None:
    first = open_side(side, db=tmp_path / "account.sqlite3")
    first.told("snapshot", {"name": "before"})
    first.write()
    second = open_side(side, db=tmp_path / "account.sqlite3")
    assert len(second.lines("diff", **{"from": "before"})) == 1


def test_a_reset_brings_the_first_contents_back(either: Either) -> None:
    either.told("snapshot", {"name": "before", "stable": True})
    either.write()
    either.told("reset", {})
    changed = [
        row for row in either.lines("diff", **{"from": "before", "stable": 1}) if row["kind"] == "profiles"
    ]
    assert changed == []
    assert len(either.lines("log")) == 0


def test_seeding_makes_another_account_and_back_again(either: Either) -> None:
    first = either.get("snapshot").content
    assert either.told("seed", {"account": "bergvarg", "seed": 3, "profiles": 20})["profiles"] == 20
    assert either.told("inspect")["account"] == "bergvarg"
    other = either.get("snapshot").content
    assert other != first
    either.told("seed", {"account": "bergvarg", "seed": 3, "profiles": 20})
    assert either.get("snapshot").content == other
    either.told("seed", {"account": "nordlys", "seed": 7, "profiles": 40})
    assert either.get("snapshot").content == first


def test_what_a_seeding_leaves_out_stays_as_it_is(either: Either) -> None:
    assert either.told("seed", {"seed": 8}) == {"account": "nordlys", "seed": 8, "profiles": 40}
    assert either.told("seed", {"account": "havblik"}) == {"account": "havblik", "seed": 8, "profiles": 40}


def test_the_log_is_newest_first_and_filtered(either: Either) -> None:
    for path in (either.read, "/no/such/address", either.read):
        either.http.get(path)
    either.told("clock", {"advance": 100})
    either.http.get(f"{either.read}?x=1")
    assert [row["path"] for row in either.lines("log", limit=3)] == [
        either.read,
        either.read,
        "/no/such/address",
    ]
    assert [row["path"] for row in either.lines("log", status=404)] == ["/no/such/address"]
    assert len(either.lines("log", path=either.read, method="get")) == 3
    assert len(either.lines("log", since=NOON + 50)) == 1
    assert either.lines("log", operation=either.read, limit=1)[0]["query"] == "x=1"
    assert either.lines("log", method="DELETE") == []


def test_no_secret_is_in_the_log(either: Either) -> None:
    either.http.get(either.read, params={"api_token": DEFAULT_TOKEN})
    assert DEFAULT_TOKEN not in either.get("log").text
    assert DEFAULT_CLIENT_SECRET not in either.get("log").text


def test_the_meter_counts_requests_and_answers(either: Either) -> None:
    before = either.told("meter")["requests"]
    for _ in range(3):
        either.http.get(either.read)
    either.told("faults", {"rates": {"too_many": 1}})
    either.http.get(either.read)
    meter = either.told("meter")
    assert meter["requests"] - before == 4
    assert (meter["responses_429"], meter["responses"]["200"] >= 3, meter["responses_403"]) == (1, True, 0)
    assert meter["operations"][f"GET {either.read}"]["requests"] == 4


def test_the_target_meters_tokens_by_operation_and_day() -> None:
    target = open_side("target")
    target.http.get(PERSONS)
    target.told("clock", {"advance": 86_400})
    target.http.post(PERSONS, json={"name": "A"})
    meter = target.told("meter")
    assert meter["tokens"] == {"today": 5, "total": 15}
    assert [day["tokens"] for day in meter["by_day"]] == [10, 5]
    assert meter["operations"][f"POST {PERSONS}"] == {"requests": 1, "tokens": 5, "refused": 0, "limited": 0}


SWITCHES = {
    "source": ("details_in_errors", False, lambda side: "detail" not in side.http.get("/no").json()),
    "target": ("search_page_cap", 7, lambda side: side.app.state.settings.search_page_cap == 7),
}


def test_switches_move_while_it_runs(either: Either) -> None:
    name, value, works = SWITCHES[either.side]
    assert either.told("settings")[name] != value
    assert either.told("settings", {name: value})[name] == value
    assert works(either)  # type: ignore[no-untyped-call]


FIXED: dict[str, Any] = {"source": {"client_id": "x"}, "target": {"plan": "lite"}}
WRONG: dict[str, Any] = {"source": {"expired_token_status": 500}, "target": {"search_lag_seconds": "long"}}


@pytest.mark.parametrize(("changes", "words"), [(FIXED, "fixed at the start"), (WRONG, "must be")])
def test_a_switch_takes_only_what_it_may(either: Either, changes: dict[str, Any], words: str) -> None:
    before = either.told("settings")
    answer = either.post("settings", changes[either.side])
    assert (answer.status_code, words in answer.json()["error"]) == (400, True)
    assert either.told("settings") == before


def test_limits_are_shown_and_changed(either: Either) -> None:
    assert either.told("limits")["off"] is True
    assert either.told("limits", {"off": False})["off"] is False
    assert either.told("limits")["off"] is False


@pytest.mark.parametrize("call", ["revoke", "expire"])
def test_tokens_end_and_are_restored(either: Either, call: str) -> None:
    either.told("tokens", {call: None})
    assert either.http.get(either.read).status_code == 401
    either.told("tokens", {"restore": True})
    assert either.http.get(either.read).status_code == 200


def test_a_person_may_act_as_somebody_in_particular() -> None:
    target = open_side("target")
    users = target.http.get("/v1/users").json()["data"]
    made = target.told(
        "act", {"method": "POST", "path": PERSONS, "body": {"name": "By hand"}, "user": users[1]["id"]}
    )
    assert made["data"]["owner_id"] == users[1]["id"]
    assert target.post("act", {"method": "GET", "path": PERSONS, "user": "nobody"}).status_code == 400


def test_control_calls_are_neither_metered_nor_faulted(either: Either) -> None:
    either.told("faults", {"rates": {"lost": 1}})
    before = either.told("meter")
    for _ in range(5):
        either.told("inspect")
    assert either.told("meter") == before


@pytest.mark.parametrize("name", ["faults", "settings", "limits", "tokens", "meter", "clock", "inspect"])
def test_every_view_is_json(either: Either, name: str) -> None:
    assert isinstance(either.told(name), dict)
