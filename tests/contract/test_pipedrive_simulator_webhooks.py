"""Webhooks of the simulated Pipedrive: who may have how many, and what arrives where when a record is written."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from migrator.simulators.pipedrive.deliveries import Deliveries, Message, is_loopback
from tests.contract.pipedrive_simulator import CLERK_TOKEN, Simulated, simulated

pytestmark = pytest.mark.slow

HOOKS, PERSONS, DEALS = "/v1/webhooks", "/api/v2/persons", "/api/v2/deals"
ENOUGH_SECONDS = 20.0


class Receiver:
    """A web server that keeps what it is sent and answers with the statuses it was given, then 200."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], Any]] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.received.append(({k.lower(): v for k, v in self.headers.items()}, json.loads(body)))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?a=1"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def bodies(self) -> list[Any]:
        return [body for _, body in self.received]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def account() -> Simulated:
    return simulated(webhook_retry_seconds=(0.0, 0.0, 0.0))


def body(url: str, **more: Any) -> dict[str, Any]:
    return {"subscription_url": url, "event_action": "*", "event_object": "*", "name": "Hook", **more}


def hooked(account: Simulated, url: str, **more: Any) -> Any:
    answer = account.post(HOOKS, json=body(url, **more))
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def settle(account: Simulated) -> None:
    assert account.app.state.deliveries.settled(ENOUGH_SECONDS)


def test_a_webhook_is_made_listed_and_deleted(account: Simulated, receiver: Receiver) -> None:
    made = hooked(account, receiver.url)
    assert (made["version"], made["is_active"], made["type"]) == ("2.0", 1, "general")
    listed = account.get(HOOKS).json()
    assert (listed["status"], listed["success"], listed["data"]) == ("ok", True, [made])
    assert account.delete(f"{HOOKS}/{made['id']}").json() == {"status": "ok", "success": True}
    missing = account.delete(f"{HOOKS}/{made['id']}")
    assert (missing.status_code, missing.json()["errors"]) == (404, {"id": ["not found"]})


def test_every_fault_is_named_under_its_field_and_nothing_is_made(account: Simulated) -> None:
    answer = account.post(
        HOOKS, json={"event_action": "added", "event_object": "person", "subscription_url": "x"}
    )
    envelope = answer.json()
    assert (answer.status_code, envelope["status"], envelope["success"]) == (400, "error", False)
    assert set(envelope["errors"]) == {"event_action", "name", "subscription_url"}
    assert envelope["errors"]["subscription_url"] == ["invalid or non-reachable URL"]
    assert account.get(HOOKS).json()["data"] == []


def test_the_services_own_address_is_refused(account: Simulated) -> None:
    assert account.post(HOOKS, json=body("http://pipedrive.test/v1/notes")).status_code == 400


def test_the_forty_first_webhook_of_a_user_is_refused(account: Simulated, receiver: Receiver) -> None:
    for _ in range(40):
        hooked(account, receiver.url)
    answer = account.post(HOOKS, json=body(receiver.url))
    assert (answer.status_code, answer.json()["status"]) == (422, "error")
    clerk = next(user["id"] for user in account.data("/v1/users") if user["name"] == "Clerk")
    assert account.post(HOOKS, json=body(receiver.url, user_id=clerk)).status_code == 201


def test_only_admins_have_webhooks(account: Simulated, receiver: Receiver) -> None:
    answer = account.as_user(CLERK_TOKEN).post(HOOKS, json=body(receiver.url))
    assert (answer.status_code, answer.json()) == (403, {"success": False, "message": "Forbidden"})


def test_a_create_a_change_and_a_delete_arrive_in_order(account: Simulated, receiver: Receiver) -> None:
    hook = hooked(account, receiver.url, event_object="person")
    number = account.made(PERSONS, {"name": "Ada Byron"})["id"]
    account.patch(f"{PERSONS}/{number}", json={"name": "Ada Lovelace"})
    account.delete(f"{PERSONS}/{number}")
    settle(account)
    made, changed, gone = receiver.bodies()
    assert [message["meta"]["action"] for message in (made, changed, gone)] == ["create", "change", "delete"]
    assert (made["data"]["name"], made["previous"]) == ("Ada Byron", None)
    assert (changed["data"]["name"], changed["previous"]["name"]) == ("Ada Lovelace", "Ada Byron")
    assert "owner_id" not in changed["previous"]
    assert (gone["data"], gone["previous"]["name"]) == (None, "Ada Lovelace")
    meta = made["meta"]
    assert (meta["entity"], meta["entity_id"], meta["version"]) == ("person", str(number), "2.0")
    assert (meta["webhook_id"], meta["attempt"], meta["change_source"]) == (str(hook["id"]), 1, "api")


def test_custom_values_come_with_their_types(account: Simulated, receiver: Receiver) -> None:
    hooked(account, receiver.url)
    tier, lists, key = account.code("Tier"), account.code("Lists"), account.code("Source key")
    gold, news = account.option("Tier", "Gold"), account.option("Lists", "News")
    account.made(PERSONS, {"name": "A", "custom_fields": {tier: gold, lists: [news], key: "K"}})
    settle(account)
    held = receiver.bodies()[0]["data"]["custom_fields"]
    assert held[tier] == {"type": "enum", "id": gold}
    assert held[lists] == {"type": "set", "values": [{"id": news}]}
    assert held[key] == {"type": "varchar", "value": "K"}
    assert held[account.code("Score")] is None


def test_version_one_has_current_and_the_old_words(account: Simulated, receiver: Receiver) -> None:
    hooked(account, receiver.url, version="1.0")
    account.made(PERSONS, {"name": "Ada", "emails": [{"value": "a@example.com"}]})
    settle(account)
    message = receiver.bodies()[0]
    assert (message["v"], message["event"], message["retry"]) == (1, "added.person", 0)
    assert (message["current"]["email"][0]["value"], message["previous"]) == ("a@example.com", None)
    assert (message["meta"]["action"], message["meta"]["object"]) == ("added", "person")


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"event_action": "create", "event_object": "person"}, ["create person"]),
        ({"event_action": "*", "event_object": "note"}, ["create note"]),
        ({"event_action": "change", "event_object": "*"}, ["change person"]),
        ({"event_action": "delete", "event_object": "*"}, []),
    ],
)
def test_only_what_is_wanted_arrives(
    account: Simulated, receiver: Receiver, wanted: dict[str, str], told: list[str]
) -> None:
    hooked(account, receiver.url, **wanted)
    number = account.made(PERSONS, {"name": "A"})["id"]
    account.patch(f"{PERSONS}/{number}", json={"name": "B"})
    account.made("/v1/notes", {"content": "n", "person_id": number})
    settle(account)
    assert [f"{m['meta']['action']} {m['meta']['entity']}" for m in receiver.bodies()] == told


def test_every_kind_of_write_is_told(account: Simulated, receiver: Receiver) -> None:
    hooked(account, receiver.url, event_action="create")
    person = account.made(PERSONS, {"name": "A"})["id"]
    account.made("/api/v2/organizations", {"name": "O"})
    account.made(DEALS, {"title": "D", "person_id": person})
    account.made("/api/v2/activities", {"subject": "A", "type": "call"})
    account.made("/v1/notes", {"content": "n", "person_id": person})
    pipeline = account.made("/api/v2/pipelines", {"name": "P"})["id"]
    account.made("/api/v2/stages", {"name": "S", "pipeline_id": pipeline})
    settle(account)
    assert [message["meta"]["entity"] for message in receiver.bodies()] == [
        *("person", "organization", "deal", "activity", "note", "pipeline", "stage")
    ]


def test_a_merge_is_a_delete_and_a_change_that_name_each_other(
    account: Simulated, receiver: Receiver
) -> None:
    old, new = (account.made(PERSONS, {"name": name})["id"] for name in ("Old", "New"))
    hooked(account, receiver.url, event_object="person")
    account.put(f"/v1/persons/{old}/merge", json={"merge_with_id": new})
    settle(account)
    gone, kept = (message["meta"] for message in receiver.bodies())
    assert (gone["action"], gone["entity_id"], gone["merged_to_id"]) == ("delete", str(old), str(new))
    assert (kept["action"], kept["entity_id"], kept["merged_from_id"]) == ("change", str(new), str(old))


def test_a_refused_write_is_not_told(account: Simulated, receiver: Receiver) -> None:
    hooked(account, receiver.url)
    account.refused(PERSONS, {"name": "A", "no_such_key": 1})
    account.get(PERSONS)
    settle(account)
    assert receiver.received == []


def test_a_user_is_told_only_of_what_they_see(account: Simulated, receiver: Receiver) -> None:
    clerk = next(user["id"] for user in account.data("/v1/users") if user["name"] == "Clerk")
    hooked(account, receiver.url, user_id=clerk)
    account.made(PERSONS, {"name": "Hidden", "visible_to": 1})
    account.made(PERSONS, {"name": "Open", "visible_to": 7})
    settle(account)
    assert [message["data"]["name"] for message in receiver.bodies()] == ["Open"]


def test_a_message_carries_the_login_it_was_given(account: Simulated, receiver: Receiver) -> None:
    hooked(account, receiver.url, http_auth_user="me", http_auth_password="secret")
    account.made(PERSONS, {"name": "A"})
    settle(account)
    headers, _ = receiver.received[0]
    assert headers["authorization"] == "Basic bWU6c2VjcmV0"
    assert headers["content-type"] == "application/json"


def test_a_message_is_tried_four_times_and_the_last_status_is_shown(
    account: Simulated, receiver: Receiver
) -> None:
    receiver.statuses = [500, 302, 404, 503, 200]
    hooked(account, receiver.url)
    account.made(PERSONS, {"name": "A"})
    settle(account)
    assert [message["meta"]["attempt"] for message in receiver.bodies()] == [1, 2, 3, 4]
    assert account.get(HOOKS).json()["data"][0]["last_http_status"] == 503


def test_after_ten_failed_first_tries_a_webhook_is_banned(account: Simulated, receiver: Receiver) -> None:
    receiver.statuses = [500] * 40
    hooked(account, receiver.url)
    for _ in range(10):
        account.made(PERSONS, {"name": "A"})
        settle(account)
    account.made(PERSONS, {"name": "Lost"})
    settle(account)
    assert len(receiver.received) == 40
    deliveries = account.get("/_control/webhooks").json()["deliveries"]
    assert deliveries[0]["outcome"] == "lost: the webhook is banned"


def test_nothing_leaves_this_machine_unless_it_is_allowed(account: Simulated) -> None:
    hooked(account, "https://hooks.example.com/in")
    account.made(PERSONS, {"name": "A"})
    listed = account.get("/_control/webhooks").json()["deliveries"]
    assert [entry["outcome"] for entry in listed] == ["withheld: not an address of this machine"]
    assert listed[0]["body"]["data"]["name"] == "A"


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://127.0.0.1:1/a", True),
        ("http://localhost/a", True),
        ("http://[::1]:5/a", True),
        ("http://127.9.9.9/", True),
        ("http://127.0.0.1.example.com/", False),
        ("http://10.0.0.1/", False),
        ("http://0.0.0.0/", False),
        ("http://user@example.com/127.0.0.1", False),
    ],
)
def test_an_address_of_this_machine_is_known_by_its_host_alone(url: str, own: bool) -> None:
    assert is_loopback(url) is own


def test_a_full_queue_drops_and_says_so() -> None:
    deliveries = Deliveries(retries=(60.0,), most=1, anywhere=False)
    nobody = Message(1, "http://127.0.0.1:9/", None, lambda attempt: {"attempt": attempt})
    deliveries.put(nobody)
    deadline = threading.Event()
    while not deliveries.listed():
        deadline.wait(0.01)
    deliveries.put(nobody)
    assert [entry["outcome"] for entry in deliveries.listed()] == [
        "dropped: the queue is full",
        "failed: ConnectionRefusedError",
    ]
    deliveries.forget()


def test_webhooks_survive_a_restart_and_end_with_a_reset(tmp_path: Any, receiver: Receiver) -> None:
    path = str(tmp_path / "account.sqlite3")
    hooked(simulated(db=path), receiver.url)
    again = simulated(db=path)
    again.made(PERSONS, {"name": "After"})
    settle(again)
    assert [message["data"]["name"] for message in receiver.bodies()] == ["After"]
    again.post("/_control/reset")
    assert again.get(HOOKS).json()["data"] == []


def test_a_write_that_comes_late_is_told_when_it_comes(account: Simulated, receiver: Receiver) -> None:
    hooked(account, receiver.url)
    late = {"scripts": [{"kind": "late", "method": "POST", "path": PERSONS, "seconds": 30}]}
    account.post("/_control/faults", json=late)
    with pytest.raises(httpx.RemoteProtocolError):
        account.post(PERSONS, json={"name": "Late"})
    settle(account)
    assert receiver.received == []
    account.clock.now += 31
    account.get(PERSONS)
    settle(account)
    assert [message["data"]["name"] for message in receiver.bodies()] == ["Late"]
