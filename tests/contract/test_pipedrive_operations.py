"""Every operation the simulated Pipedrive serves is answered and charged as the specifications say.

The walk takes its list from the simulator's own table: an operation without a case, or a case without an
operation, fails by name. What the specification declares and the simulator leaves out stands in `OMITTED`.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from migrator.simulators.pipedrive.costs import COSTS, cost_of
from migrator.simulators.pipedrive.routes import all_handlers
from migrator.simulators.pipedrive.settings import PipedriveSettings
from tests.contract import pipedrive_operations_company, pipedrive_operations_people  # noqa: F401 (add cases)
from tests.contract.pipedrive_operations import CASES, Key, Sent, send
from tests.contract.pipedrive_simulator import Simulated, simulated
from tests.contract.pipedrive_specification import (
    alternatives,
    check_answer,
    needs_specification,
    operation,
    properties,
)

pytestmark = [pytest.mark.slow, needs_specification]
OPERATIONS = sorted(all_handlers())
# The walk's account accepts and shows every documented key: each needs its add-on or switch.
SETTINGS: dict[str, Any] = {
    "campaigns": True,
    "contact_sync": True,
    "activity_person_id": "accept",
    "recents_user": "object",
}
# (method, pattern, name of the body key or query parameter): why it is not taken.
OMITTED: dict[tuple[str, str, str], str] = {
    ("POST", "/v1/files", "lead_id"): "no leads are simulated",
    ("POST", "/v1/files", "product_id"): "no products are simulated",
    ("POST", "/v1/files", "project_id"): "no projects are simulated",
}
# (operation, path of a documented key): why the answer does not have it.
NOT_ANSWERED = {
    ("POST|PATCH|GET /api/v2/deals|activities", r"\.data(\[\])?\.(source_lead_id|attendees)"): "on request",
    (r"(GET|POST|PATCH) /api/v2/\w+Fields", r"\.data(\[\])?\.options\[\]\..*"): "not in its own examples",
    ("/picture", r"\.data\.PICTURE_ID"): "its own example has the picture itself",
    (r"/v1/roles/", r"\.additional_data\.settings\.\w+_access_level"): "not in its own example",
    (r"GET /api/v2/itemSearch/field", r"\.data\[\]\.(item|result_score)"): "its own example has id and name",
}


@pytest.fixture(scope="module")
def account() -> Iterator[Simulated]:
    account = simulated(**SETTINGS)
    yield account
    account.app.close()


def named(key: Key) -> str:
    return f"{key[0]} {key[1]}"


def test_every_operation_has_a_case_here() -> None:
    assert sorted(set(all_handlers()) - set(CASES)) == []


def test_every_address_has_a_price_and_every_price_an_address() -> None:
    assert set(all_handlers()) == set(COSTS)


@pytest.mark.parametrize("key", OPERATIONS, ids=named)
def test_the_price_is_the_specifications(key: Key) -> None:
    assert cost_of(*key) == operation(*key).price


@pytest.mark.parametrize("key", OPERATIONS, ids=named)
def test_an_operation_is_answered_and_charged_as_specified(account: Simulated, key: Key) -> None:
    method, pattern = key
    for sent in CASES[key](account):
        before = account.app.state.spent_today()
        answer = send(account, method, sent)
        assert answer.status_code == sent.status, (sent, answer.text)
        assert answer.status_code in operation(*key).statuses
        if operation(*key).answer(sent.status) is not None:
            check_answer(method, pattern, sent.status, body_of(key, answer.json()))
        assert account.app.state.spent_today() - before == operation(*key).price


def body_of(key: Key, body: Any) -> Any:
    """The body to check: without what the specification contradicts itself about."""
    if key[1].startswith("/v1/") and key[1].endswith("Fields") and key[0] == "GET":
        body["data"] = [field for field in body["data"] if field["edit_flag"]]
    return body


OAUTH = {
    "client_id": PipedriveSettings().oauth_client_id,
    "redirect_uri": "https://example.com/back",
}


def test_oauth_hands_out_tokens_as_specified(account: Simulated) -> None:
    asked = account.get("/oauth/authorize", params={**OAUTH, "state": "s"}, follow_redirects=False)
    code = parse_qs(urlsplit(asked.headers["location"]).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": OAUTH["redirect_uri"]}
    assert set(operation("GET", "/v1/oauth/authorize").query) == {*OAUTH, "state"}
    assert set(operation("POST", "/v1/oauth/token").body_properties()) == set(form)
    secret = (OAUTH["client_id"], PipedriveSettings().oauth_client_secret)
    before = account.app.state.spent_today()
    answer = account.client.post("/oauth/token/", data=form, auth=secret)
    check_answer("POST", "/v1/oauth/token", answer.status_code, answer.json())
    assert set(answer.json()) == set(properties(operation("POST", "/v1/oauth/token").answer(200)))
    assert account.app.state.spent_today() == before


@pytest.mark.parametrize("key", OPERATIONS, ids=named)
def test_every_documented_key_and_parameter_is_taken(account: Simulated, key: Key) -> None:
    found = operation(*key)
    sent = CASES[key](account)
    keys = {name for item in sent for name in _keys(item)}
    parameters = {name for item in sent for name in item.query}
    left_out = {name for method, pattern, name in OMITTED if (method, pattern) == key}
    assert keys == set(found.body_properties()) - left_out
    assert parameters == set(found.query) - left_out


@pytest.mark.parametrize("key", OPERATIONS, ids=named)
def test_every_documented_key_is_answered(account: Simulated, key: Key) -> None:
    absent: set[str] = set()
    answered: set[str] = set()
    for sent in CASES[key](account):
        schema = operation(*key).answer(sent.status)
        if schema is not None:
            body = send(account, key[0], sent).json()
            compare(schema, body, "", absent, answered)
    left_out = {path for path in absent - answered if not is_not_simulated(named(key), path)}
    assert left_out == set()


def compare(schema: Any, value: Any, path: str, absent: set[str], answered: set[str]) -> None:
    """Collect the paths of keys the schema has: those this value lacks, and those it holds."""
    if isinstance(value, list):
        items: Any = next((part["items"] for part in alternatives(schema) if "items" in part), {})
        for item in value:
            compare(items, item, f"{path}[]", absent, answered)
    elif isinstance(value, dict):
        for name, part in properties(schema).items():
            (answered if name in value else absent).add(f"{path}.{name}")
            compare(part, value.get(name), f"{path}.{name}", absent, answered)


def is_not_simulated(operation_name: str, path: str) -> bool:
    """Whether the table of what is left out has this key of this operation's answer."""
    return any(re.search(where, operation_name) and re.fullmatch(keys, path) for where, keys in NOT_ANSWERED)


def _keys(sent: Sent) -> set[str]:
    bodies = sent.body if isinstance(sent.body, list) else [sent.body or {}]
    return {name for body in bodies for name in body} | set(sent.form or {}) | set(sent.files or {})


@pytest.mark.parametrize("key", [key for key in OPERATIONS if key[1].startswith("/v1/")], ids=named)
def test_v1_answers_under_both_prefixes(account: Simulated, key: Key) -> None:
    sent = CASES[key](account)[0]
    other = Sent(**{**_fields(sent), "address": f"/api{sent.address}"})
    assert send(account, key[0], other).status_code == sent.status


def _fields(sent: Sent) -> dict[str, Any]:
    return {name: getattr(sent, name) for name in Sent.__slots__}
