"""What the simulated Pipedrive refuses: the documented status and envelope, and nothing is changed by it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from migrator.simulators.pipedrive.routes import all_handlers
from tests.contract import pipedrive_operations_company, pipedrive_operations_people  # noqa: F401 (add cases)
from tests.contract.pipedrive_operations import CASES, Key, Sent, send
from tests.contract.pipedrive_refusals import BROKEN_BODIES, GONE, REFUSALS, Refusal, encoded, raw
from tests.contract.pipedrive_simulator import Simulated, simulated
from tests.contract.pipedrive_specification import (
    check_answer,
    is_present,
    needs_specification,
    operation,
    properties,
)

pytestmark = pytest.mark.slow

OPERATIONS = sorted(all_handlers())
SETTINGS: dict[str, Any] = {"campaigns": True, "contact_sync": True, "activity_person_id": "accept"}
# Operations whose bodies are no JSON.
FORMS = ("/oauth/", "/v1/files", "/picture")
ENVELOPE = {"success": False, "data": None, "additional_data": None}


class Supply:
    """One account for some tests, then a new one: comparing whole states gets slow as they grow."""

    def __init__(self) -> None:
        self._account: Simulated | None = None
        self._left = 0

    def account(self) -> Simulated:
        """The account for one more test."""
        if self._account is None or self._left == 0:
            self.close()
            self._account, self._left = simulated(**SETTINGS), 25
        self._left -= 1
        return self._account

    def close(self) -> None:
        """Close the account in use."""
        if self._account is not None:
            self._account.app.close()


@pytest.fixture(scope="module")
def supply() -> Iterator[Supply]:
    supply = Supply()
    yield supply
    supply.close()


@pytest.fixture
def account(supply: Supply) -> Simulated:
    return supply.account()


def named(key: Key) -> str:
    return f"{key[0]} {key[1]}"


def state(account: Simulated) -> str:
    """Everything that a refused request must leave alone: all records, deleted ones too, and all definitions."""
    answer = account.get("/_control/snapshot", params={"deleted": 1})
    assert answer.status_code == 200
    return str(answer.text)


def check_refused(answer: httpx.Response, *, status: int = 400) -> None:
    """The usual envelope (reference section 17) with this status; webhooks have one of their own (15)."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    body = answer.json()
    if "/webhooks" in answer.request.url.path and "errors" in body:
        assert (body["status"], body["success"]) == ("error", False)
        return
    assert {name: body.get(name, "absent") for name in ENVELOPE} == ENVELOPE
    assert body["error"]
    assert body["error_info"]


def check_declared(key: Key, answer: httpx.Response) -> None:
    """A refusal that the specification declares has the shape it declares."""
    if is_present and answer.status_code in operation(*key).statuses:
        check_answer(*key, answer.status_code, answer.json())


@pytest.mark.parametrize("name", REFUSALS)
def test_a_bad_request_is_refused_and_changes_nothing(account: Simulated, name: str) -> None:
    refusal = REFUSALS[name]
    sent = refusal.build(account)
    before = state(account)
    answer = send(account, refusal.method, sent, token=refusal.token)
    check_refused(answer, status=refusal.status)
    assert refusal.words in answer.json()["error"]
    assert state(account) == before


# Caps


def capped(name: str, **settings: Any) -> tuple[Simulated, Refusal]:
    account = simulated(**settings)
    while account.app.state.catalogue.custom_count() < 30 and "plan" in settings:
        account.made("/api/v2/personFields", {"field_name": "F", "field_type": "varchar"})
    return account, CAPS[name]


CAPS = {
    "a field over the plan's cap": Refusal(
        "POST",
        lambda account: Sent("/api/v2/personFields", {"field_name": "F", "field_type": "varchar"}),
        status=403,
        code="feature_capping_custom_fields_limit",
    ),
    "a v1 field over the plan's cap": Refusal(
        "POST",
        lambda account: Sent("/v1/dealFields", {"name": "F", "field_type": "varchar"}),
        status=403,
        code="feature_capping_custom_fields_limit",
    ),
    "an activity type over the cap": Refusal(
        "POST", lambda account: Sent("/v1/activityTypes", {"name": "T", "icon_key": "bell"}), status=403
    ),
}


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("a field over the plan's cap", {"plan": "lite"}),
        ("a v1 field over the plan's cap", {"plan": "lite"}),
        ("an activity type over the cap", {"activity_type_cap": 0}),
    ],
)
def test_what_is_over_a_cap_is_refused_with_a_code(name: str, settings: dict[str, Any]) -> None:
    account, refusal = capped(name, **settings)
    before = state(account)
    answer = send(account, refusal.method, refusal.build(account))
    check_refused(answer, status=refusal.status)
    assert answer.json().get("code", "").startswith(refusal.code or "feature_capping_")
    assert state(account) == before
    account.app.close()


@pytest.mark.parametrize("key", ["postal_address", "notes", "im", "birthday", "job_title"])
def test_contact_sync_fields_are_refused_while_contact_sync_is_off(key: str) -> None:
    account = simulated()
    values = {"postal_address": {"value": "x"}, "im": [{"value": "x"}], "birthday": "1980-01-01"}
    answer = account.post("/api/v2/persons", json={"name": "A", key: values.get(key, "x")})
    check_refused(answer, status=403)
    account.app.close()


# Every operation


@pytest.mark.parametrize("key", OPERATIONS, ids=named)
def test_without_a_valid_token_nothing_is_answered(account: Simulated, key: Key) -> None:
    if "/oauth/" in key[1]:
        pytest.skip("OAuth's own addresses take no token")
    sent = CASES[key](account)[0]
    before = state(account)
    answer = send(account, key[0], sent, token="wrong")
    assert answer.status_code == 401
    assert (answer.json()["success"], answer.json()["error"]) == (False, "unauthorized access")
    assert answer.json()["errorCode"] == 401
    check_declared(key, answer)
    assert state(account) == before


JSON_BODIES = [
    key
    for key in OPERATIONS
    if key[0] in ("POST", "PUT", "PATCH") and not any(word in key[1] for word in FORMS)
]


@pytest.mark.parametrize("key", JSON_BODIES, ids=named)
def test_a_body_that_is_no_object_is_refused(account: Simulated, key: Key) -> None:
    address = CASES[key](account)[0].address
    before = state(account)
    for name, body in BROKEN_BODIES.items():
        answer = account.client.request(key[0], address, **raw(body))
        assert answer.status_code == 400, (name, answer.text)
        check_refused(answer)
    assert state(account) == before


BY_ID = [key for key in OPERATIONS if "{" in key[1]]
NOT_THERE = (str(GONE), "0", "abc", "1.5", "-1", "9" * 30, "%00", "%F0%9F%92%A9", "%C3%85", "1%20")


@pytest.mark.parametrize("key", BY_ID, ids=named)
def test_what_is_not_there_is_refused(account: Simulated, key: Key) -> None:
    found = CASES[key](account)[0]
    parts = found.address.split("/")
    place = next(index for index, part in enumerate(key[1].split("/")) if part.startswith("{"))
    before = state(account)
    for ref in NOT_THERE:
        address = "/".join([*parts[:place], ref, *parts[place + 1 :]])
        answer = send(account, key[0], Sent(address, found.body, form=found.form, files=found.files))
        assert answer.status_code in (400, 404), (ref, answer.text)
        check_refused(answer, status=answer.status_code)
        check_declared(key, answer)
    assert state(account) == before


@pytest.mark.parametrize("key", OPERATIONS, ids=named)
def test_a_method_the_address_does_not_have_is_refused(account: Simulated, key: Key) -> None:
    sent = CASES[key](account)[0]
    served = {method for method, pattern in OPERATIONS if pattern == key[1]}
    before = state(account)
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - served:
        answer = account.client.request(method, sent.address)
        assert answer.status_code in (404, 405), (method, answer.text)
    assert state(account) == before


# Wrong types, for every key of every body

# Neither "5" nor "true": v1 takes numbers and flags written as text.
TEXTS = st.text(alphabet="aZ å\x00-", max_size=5)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXTS,
    "integer": st.integers(),
    "number": st.sampled_from([0.5, -1.5, 1e300]),
    "boolean": st.booleans(),
    "array": st.lists(st.integers(), max_size=2),
    "object": st.dictionaries(TEXTS, st.integers(), max_size=2),
}
# What else is of a type: a whole number is a number too.
ALSO = {"number": "integer"}


def wrong(schema: Any) -> st.SearchStrategy[Any] | None:
    """Values that a schema forbids by their type; None when it names no type."""
    kind = schema.get("type")
    if kind not in KINDS:
        return None
    found = [values for name, values in KINDS.items() if name not in (kind, ALSO.get(kind))]
    inner = wrong(schema["items"]) if kind == "array" else None
    if inner is not None:
        found.append(st.lists(inner, min_size=1, max_size=2))
    for name, part in properties(schema).items() if kind == "object" else ():
        value = wrong(part)
        if value is not None:
            found.append(st.fixed_dictionaries({name: value}))
    return st.one_of(found)


def wrongly_typed(key: Key) -> st.SearchStrategy[tuple[str, Any]]:
    """A key of the body and a value of a wrong type for it."""
    schemas = operation(*key).body_properties()
    found = {name: wrong(schema) for name, schema in schemas.items() if (key[1], name) not in LENIENT}
    return st.one_of(
        [st.tuples(st.just(name), values) for name, values in found.items() if values is not None]
    )


# v1 takes numbers for flags.
LENIENT = {(f"/v1/{entity}Fields", "add_visible_flag") for entity in ("person", "organization", "deal")}
LENIENT |= {(f"{address}/{{ref}}", name) for address, name in LENIENT}


@needs_specification
@pytest.mark.parametrize("key", JSON_BODIES, ids=named)
def test_a_value_of_the_wrong_type_is_refused(account: Simulated, key: Key) -> None:
    sent = CASES[key](account)[0]
    before = state(account)

    @examples(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(bad=wrongly_typed(key))
    def refused(bad: tuple[str, Any]) -> None:
        name, value = bad
        body = [{**sent.body[0], name: value}] if isinstance(sent.body, list) else {**sent.body, name: value}
        answer = account.client.request(key[0], sent.address, **raw(encoded(body)))
        check_refused(answer)

    refused()
    assert state(account) == before


# The guide, not the specification, has a person's first and last name in place of the name (reference 3.1).
ALSO_TAKEN = {("POST", "/api/v2/persons"): {"first_name", "last_name"}}
ALSO_TAKEN["PATCH", "/api/v2/persons/{ref}"] = ALSO_TAKEN["POST", "/api/v2/persons"]


def also_taken(key: Key) -> set[str]:
    """Body keys that are taken although the specification does not have them."""
    return ALSO_TAKEN.get(key, set())


@needs_specification
@pytest.mark.parametrize("key", JSON_BODIES, ids=named)
def test_a_key_that_is_only_answered_is_refused(account: Simulated, key: Key) -> None:
    sent = CASES[key](account)[0]
    found = operation(*key)
    answered = properties(properties(found.answer(sent.status)).get("data", {}))
    before = state(account)
    for name in {"no_such_key", "", "a\x00b", *answered} - set(found.body_properties()) - also_taken(key):
        body = [{**sent.body[0], name: 1}] if isinstance(sent.body, list) else {**sent.body, name: 1}
        answer = account.client.request(key[0], sent.address, json=body)
        assert answer.status_code == 400, (name, answer.text)
        check_refused(answer)
    assert state(account) == before


# Odd texts


ODD = {"NUL": "a\x00b", "a lone surrogate": "a\ud800b", "a control character": "a\x1bb"}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_text_is_kept_whole_or_refused_whole(account: Simulated, name: str) -> None:
    before = state(account)
    answer = account.client.request("POST", "/api/v2/persons", **raw(encoded({"name": ODD[name]})))
    if answer.status_code == 200:
        number = answer.json()["data"]["id"]
        assert account.data(f"/api/v2/persons/{number}")["name"] == ODD[name]
    else:
        check_refused(answer)
        assert state(account) == before


def test_a_huge_body_is_refused(account: Simulated) -> None:
    before = state(account)
    body = encoded({"name": "A", "custom_fields": {account.code("Source key"): "x" * 20_000_000}})
    answer = account.client.request("POST", "/api/v2/persons", **raw(body))
    assert answer.status_code in (400, 413)
    assert state(account) == before


# Withdrawn operations (reference section 0b)

WITHDRAWN = [
    *(f"/v1/{kind}" for kind in ("persons", "organizations", "deals", "activities")),
    *(f"/v1/{kind}/1" for kind in ("persons", "organizations", "deals", "activities")),
    *(f"/v1/{kind}/collection" for kind in ("persons", "organizations", "deals", "activities")),
    *(f"/v1/{kind}/search" for kind in ("persons", "organizations", "deals", "products")),
    *(f"/v1/{kind}/1/activities" for kind in ("persons", "organizations", "deals")),
    *("/v1/persons/1/deals", "/v1/organizations/1/deals", "/v1/organizations/1/persons"),
    *("/v1/deals/1/products", "/v1/deals/1/products/1"),
    *("/v1/pipelines", "/v1/pipelines/1", "/v1/stages", "/v1/stages/1", "/v1/products", "/v1/products/1"),
    *("/v1/itemSearch", "/v1/itemSearch/field"),
]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.mark.parametrize(("switch", "status"), [("404", 404), ("410", 410)])
def test_withdrawn_operations_answer_as_withdrawn(switch: str, status: int) -> None:
    account = simulated(withdrawn_v1=switch)
    before = state(account)
    for address in WITHDRAWN:
        for method in METHODS:
            for prefix in ("", "/api"):
                query = {"term": "anna", "ids": "1"}
                answer = account.client.request(method, prefix + address, params=query, json={"name": "A"})
                assert answer.status_code == status, (method, prefix + address)
                check_refused(answer, status=status)
    assert state(account) == before
    account.app.close()


def test_withdrawn_and_unknown_addresses_tell_nothing_without_a_token(account: Simulated) -> None:
    for address in ("/v1/persons", "/v1/no/such/address", "/api/v2/nothing", "/"):
        assert send(account, "GET", Sent(address), token="wrong").status_code == 401
