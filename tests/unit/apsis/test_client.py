"""The client over answers in a table: shapes and refusals that the simulator does not give."""

import json
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import httpx
import pytest

from migrator.apsis.checks import check_connection
from migrator.apsis.client import ApsisClient
from migrator.apsis.definitions import Definition
from migrator.engine.errors import ConfigurationError, CrosswalkError, PermanentError, TransientError
from migrator.http.checks import Level
from tests.wire_clients import IN_PROCESS, NoPacer

SECTION = {"discriminator": "s1", "name": "Norway"}
DEFAULTS: dict[str, Any] = {
    "/oauth/token": (200, {"access_token": "token"}),
    "/audience/sections": (200, {"items": [SECTION]}),
    "/audience/sections/s1/attributes": (200, {"items": [{"discriminator": "a"}]}),
    "/audience/sections/s1/tags": (200, {"items": []}),
    "/v2/audience/sections/s1/topics": (200, {"items": [{"discriminator": "news"}]}),
    "/audience/keyspaces": (200, {"items": [{"discriminator": "com.apsis1.keyspaces.export"}]}),
}


def client_of(changes: dict[str, tuple[int, Any]] | None = None) -> ApsisClient:
    table = DEFAULTS | (changes or {})

    def service(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, raw = table.get(environ["PATH_INFO"], (404, {"title": "Not Found", "status": 404}))
        start_response(f"{status} Said", [("content-type", "application/json")])
        return [json.dumps(raw).encode()]

    return ApsisClient(
        "http://source",
        "id",
        "secret",
        NoPacer(),
        settings=IN_PROCESS,
        transport=httpx.WSGITransport(app=service),
    )


def lines(**changes: tuple[int, Any]) -> list[tuple[Level, str]]:
    table = {f"/{path.replace('__', '/')}": answer for path, answer in changes.items()}
    return [(line.level, line.sentence) for line in check_connection(client_of(table))]


def levels(found: list[tuple[Level, str]]) -> set[Level]:
    return {level for level, _ in found}


def test_all_is_well() -> None:
    assert levels(lines()) == {Level.OK}


def test_a_key_that_reaches_no_section_is_told_so() -> None:
    assert (Level.FAIL, "The API key reaches no Section.") in lines(audience__sections=(200, {"items": []}))


@pytest.mark.parametrize("status", [403, 410])
def test_a_section_that_cannot_be_read_is_named(status: int) -> None:
    found = lines(audience__sections__s1__tags=(status, {"detail": "No."}))
    assert (Level.FAIL, "Section Norway cannot be read.") in found


def test_an_account_on_the_first_consent_model_is_a_warning() -> None:
    assert Level.WARN in levels(lines(v2__audience__sections__s1__topics=(404, {})))


@pytest.mark.parametrize("answer", [(403, {}), (200, {"items": []})], ids=["refused", "not among them"])
def test_a_key_without_the_export_keyspace_is_told_so(answer: tuple[int, Any]) -> None:
    assert Level.FAIL in levels(lines(audience__keyspaces=answer))


def test_a_rule_that_is_not_handed_out_is_none() -> None:
    client = client_of({"/audience/segments/a/versions/1": (200, {"definition": "x"})})
    assert client.segment_rule(Definition("a", "A", versions=("1",))) == "x"
    assert client.segment_rule(Definition("b", "B", versions=("1",))) is None
    assert client.segment_rule(Definition("c", "C")) is None


def test_lists_of_activities_may_be_missing() -> None:
    assert client_of().activities() == ()
    some = client_of({"/emails/activities": (200, {"items": [{"id": 5, "name": "Spring"}]})}).activities()
    assert [(a.id, a.name) for a in some] == [("5", "Spring")]


@pytest.mark.parametrize(
    ("status", "family"),
    [(400, PermanentError), (403, ConfigurationError), (404, ConfigurationError), (503, TransientError)],
)
def test_a_refused_list_raises_its_family(status: int, family: type[CrosswalkError]) -> None:
    with pytest.raises(family):
        client_of({"/audience/segments": (status, {"detail": "No."})}).segments()


def test_an_export_on_another_host_is_not_followed() -> None:
    urls = {"file_download_url_v2": "http://elsewhere/v2/files/1"}
    client = client_of({"/audience/profiles/exports": (202, urls)})
    with pytest.raises(ConfigurationError, match="another host"):
        client.start_profile_export([Definition("a", "A")], [])


def test_consents_in_a_bare_list_are_taken_as_well() -> None:
    path = "/v2/audience/keyspaces/com.apsis1.keyspaces.export/profiles/k 1/sections/s1/consents"
    assert client_of({path: (200, [{"type": "opt-in"}])}).consents("k 1", "s1") == {
        "items": [{"type": "opt-in"}]
    }


def test_a_client_can_be_closed() -> None:
    client_of().close()
