"""Reads of the account besides writing: short lists, records by id, labels, and a token that may not read."""

import json
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import httpx
import pytest

from migrator.engine.errors import ConfigurationError, DriftError
from migrator.engine.inventory import TargetObject
from migrator.engine.operations import Act
from migrator.engine.records import Kind
from migrator.http.checks import Level
from migrator.pipedrive.checks import check_connection
from migrator.pipedrive.client import PipedriveClient
from migrator.pipedrive.fields import Resolver
from migrator.pipedrive.target import PipedriveTarget
from migrator.simulators.pipedrive.preload import Preload
from tests.integration.wire.conftest import Account, open_account, person
from tests.wire_clients import IN_PROCESS, Ids, NoPacer, operation, pipedrive_client, simulated_target


def test_short_lists_come_whole(account: Account) -> None:
    client = pipedrive_client(account.app)
    assert client.filters() == []
    assert {row["key_string"] for row in client.activity_types()} >= {"task", "call", "meeting"}
    assert [row["name"] for row in client.pipelines()] == ["Pipeline"]
    numbered = client.numbered_fields(TargetObject.PERSON)
    assert {row["key"] for row in numbered} >= {"label_ids", "name"}
    client.close()


def test_every_page_of_a_long_list_is_read() -> None:
    people = [{"name": f"Person {n}"} for n in range(1_100)]
    account = open_account(preload=Preload(persons=people))
    pages = list(account.target.iter_pages(Kind.PERSON))
    assert [len(page) for page in pages] == [500, 500, 100]
    assert len({str(record["id"]) for page in pages for record in page}) == 1_100


def test_every_page_of_notes_is_read() -> None:
    notes = [{"content": f"<p>{n}</p>", "person": "Ann"} for n in range(501)]
    account = open_account(preload=Preload(persons=[{"name": "Ann"}], notes=notes))
    assert [len(page) for page in account.target.iter_pages(Kind.NOTE)] == [500, 1]


def test_the_labels_are_listed_as_they_are_now(account: Account) -> None:
    before = [row["label"] for row in account.records(Kind.LABEL)]
    account.send(operation(Kind.LABEL, {"options": ["Fresh"]}, number=5))
    assert [row["label"] for row in account.records(Kind.LABEL)] == [*before, "Fresh"]


def test_labels_are_compared_by_name(account: Account) -> None:
    op = operation(Kind.LABEL, {"options": ["VIP", "Lost"]})
    field = next(
        r for r in account.records(Kind.FIELD) if r["field_code"] == "label_ids" and r["object"] == "person"
    )
    assert account.target.differences(op, field) == ("option Lost",)
    assert account.target.differences(op, {"id": 1, "label": "VIP"}) == ()


@pytest.mark.parametrize("kind", [Kind.PERSON, Kind.NOTE])
def test_records_are_found_by_id_while_they_live(account: Account, kind: Kind) -> None:
    account.sent(person(1))
    account.sent(operation(Kind.NOTE, {"content": "<p>x</p>", "person": "p1"}, number=2, key="n"))
    target_id = account.ids.known[kind, "p1" if kind == Kind.PERSON else "n"]
    client = pipedrive_client(account.app)
    assert set(client.by_ids(kind, [target_id, "999999"])) == {target_id}
    account.sent(operation(kind, number=3, act=Act.DELETE, target_id=target_id))
    assert client.by_ids(kind, [target_id]) == {}
    assert client.get(kind, target_id) is None


def test_a_deleted_record_may_be_answered_with_nothing_at_all() -> None:
    account = open_account(preload=Preload(persons=[{"name": "Ann"}]), deleted_record="404")
    target_id = str(account.records(Kind.PERSON)[0]["id"])
    client = pipedrive_client(account.app)
    assert client.get(Kind.PERSON, target_id) is not None
    client.delete(Kind.PERSON, target_id)
    assert client.get(Kind.PERSON, target_id) is None


def test_more_ids_than_one_request_takes_are_asked_in_parts() -> None:
    account = open_account(preload=Preload(persons=[{"name": f"P{n}"} for n in range(250)]))
    ids = [str(r["id"]) for r in account.records(Kind.PERSON)]
    assert len(pipedrive_client(account.app).by_ids(Kind.PERSON, ids)) == 250


def test_the_memory_of_ids_is_bounded(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migrator.pipedrive.target.MOST_REMEMBERED", 1)
    account.ids.known |= {(Kind.ORGANIZATION, f"o{n}"): str(n + 1) for n in range(5)}
    batch = [operation(Kind.PERSON, {"organization": f"o{n}"}, number=n) for n in range(5)]
    references = account.target.references(batch)
    assert [references.id_for(Kind.ORGANIZATION, f"o{n}") for n in range(5)] == [1, 2, 3, 4, 5]
    assert account.target.references(batch[:1]).id_for(Kind.ORGANIZATION, "o0") == 1


def answering(table: dict[str, tuple[int, Any]]) -> PipedriveClient:
    def service(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, raw = table.get(environ["PATH_INFO"], (403, {"success": False, "error": "Not allowed"}))
        start_response(f"{status} Said", [("content-type", "application/json")])
        return [json.dumps(raw).encode()]

    transport = httpx.WSGITransport(app=service)
    return PipedriveClient("http://target", "x", NoPacer(), settings=IN_PROCESS, transport=transport)


ME = {
    "name": "Kari",
    "company_name": "Acme",
    "company_domain": "acme",
    "access": [{"app": "global", "admin": True}],
}


def test_fields_that_may_not_be_read_are_told() -> None:
    found = list(check_connection(answering({"/api/v1/users/me": (200, {"data": ME})})))
    assert (Level.FAIL, "The fields cannot be read.") in [(line.level, line.sentence) for line in found]


def test_without_a_plan_the_fields_are_counted_only() -> None:
    found = list(check_connection(pipedrive_client(simulated_target())))
    assert (Level.WARN, "Choose the plan to compare with its limit.") in [
        (f.level, f.next_step) for f in found
    ]


def test_a_list_that_may_not_be_read_is_for_a_person() -> None:
    with pytest.raises(ConfigurationError, match="admin"):
        answering({}).users()


def test_a_user_without_an_id_is_no_owner() -> None:
    client = answering({"/api/v1/users": (200, {"data": [{"email": "kari@example.org"}]})})
    with pytest.raises(DriftError, match="without an id"):
        Resolver(client.read_list).user_id("kari@example.org")


def test_an_account_that_shows_no_label_field_stops_the_run() -> None:
    """v2 refuses the label, and v1's list has no label field to put it into."""
    rows = [{"field_code": "label_ids", "field_name": "Labels", "field_type": "set", "options": []}]
    client = answering(
        {
            "/api/v2/personFields": (200, {"data": rows}),
            "/api/v2/personFields/label_ids/options": (400, {"error": "System field"}),
            "/api/v1/personFields": (200, {"data": None}),
        }
    )
    target = PipedriveTarget(client, Resolver(client.read_list), Ids())
    ((_, outcome),) = list(target.send_all([operation(Kind.LABEL, {"options": ["VIP"]})]))
    assert "no label field" in outcome.reason


@pytest.mark.parametrize("raw", [{"data": {}}, {"data": {"field_code": ""}}, []])
def test_a_field_that_was_made_without_a_code_is_a_doubt(raw: Any) -> None:
    client = answering({"/api/v2/personFields": (200, raw)})
    snapshot: dict[str, list[dict[str, Any]]] = {"person_fields": []}
    target = PipedriveTarget(client, Resolver(client.read_list, snapshot=snapshot), Ids())
    body = {"object": "person", "name": "A", "type": "varchar", "options": [], "existing": False}
    ((_, outcome),) = list(target.send_all([operation(Kind.FIELD, body)]))
    assert outcome.proof == "ambiguous"


def test_options_that_are_refused_refuse_their_operation() -> None:
    rows = [{"field_code": "a" * 40, "field_name": "A", "field_type": "set", "options": []}]
    client = answering(
        {
            "/api/v2/personFields": (200, {"data": rows}),
            f"/api/v2/personFields/{'a' * 40}/options": (400, {"error": "Too many options"}),
        }
    )
    target = PipedriveTarget(client, Resolver(client.read_list), Ids())
    body = {"object": "person", "name": "A", "type": "set", "options": ["x"], "existing": True}
    ((_, outcome),) = list(target.send_all([operation(Kind.FIELD, body)]))
    assert (outcome.proof, "Too many options" in outcome.reason) == ("rejected", True)
