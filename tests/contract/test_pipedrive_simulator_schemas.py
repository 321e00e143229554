"""The simulated Pipedrive answers and charges as the official specifications say, where they are at hand.

The specifications are no part of this repository: they are read from a folder beside it when it is there.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from migrator.simulators.pipedrive.costs import COSTS
from migrator.simulators.pipedrive.routes import all_handlers
from tests.contract.pipedrive_simulator import Simulated, simulated

SPECS = Path(__file__).resolve().parents[2].parent / "shared" / "reference" / "openapi"
pytestmark = pytest.mark.skipif(
    not SPECS.is_dir(), reason="the official Pipedrive specifications are not in ../shared/reference/openapi"
)


@cache
def spec(version: str) -> Any:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((SPECS / f"pipedrive-{version}.yaml").read_text("utf-8"), Loader=loader)


def operation(method: str, path: str) -> tuple[str, Any]:
    """The specification's version and operation for one of our addresses."""
    version = "v2" if path.startswith("/api/v2") else "v1"
    wanted = shape(path.removeprefix("/api/v2").removeprefix("/v1"))
    for theirs, methods in spec(version)["paths"].items():
        if shape(theirs) == wanted and method.lower() in methods:
            return version, methods[method.lower()]
    raise LookupError(f"{method} {path} is not in the {version} specification")


def shape(path: str) -> str:
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


def nullable(schema: Any) -> Any:
    """The same schema with null allowed everywhere: the specifications are known to be too strict there."""
    if isinstance(schema, list):
        return [nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    loose = {key: nullable(value) for key, value in schema.items() if key not in ("nullable", "format")}
    if isinstance(loose.get("type"), str):
        loose["type"] = [loose["type"], "null"]
    if isinstance(loose.get("enum"), list):
        loose["enum"] = [*loose["enum"], None]
    return loose


@cache
def components(version: str) -> Any:
    return nullable(spec(version).get("components", {}))


def check(method: str, pattern: str, body: Any) -> None:
    version, found = operation(method, pattern)
    content = found["responses"]["200"]["content"]["application/json"]
    schema = nullable(content["schema"]) | {"components": components(version)}
    jsonschema.validate(body, schema)


@pytest.mark.parametrize(("method", "pattern"), list(COSTS))
def test_the_price_is_the_specifications(method: str, pattern: str) -> None:
    assert COSTS[method, pattern] == operation(method, pattern)[1]["x-token-cost"]


def test_every_address_has_a_price_and_every_price_an_address() -> None:
    assert set(all_handlers()) == set(COSTS)


@pytest.fixture(scope="module")
def account() -> Iterator[Simulated]:
    account = simulated(campaigns=True)
    yield account
    account.app.close()


LISTS = [
    pattern for method, pattern in COSTS if method == "GET" and "{" not in pattern and "earch" not in pattern
]


@pytest.mark.parametrize("pattern", [p for p in LISTS if not p.endswith(("userSettings", "/find"))])
def test_a_list_is_answered_as_specified(account: Simulated, pattern: str) -> None:
    answer = account.get(pattern).json()
    if pattern.startswith("/v1/") and pattern.endswith("Fields"):
        # The specification contradicts itself about the types of system fields there.
        answer["data"] = [field for field in answer["data"] if field["edit_flag"]]
    check("GET", pattern, answer)


@pytest.mark.parametrize("kind", ["persons", "organizations", "deals", "activities", "pipelines", "stages"])
def test_one_record_is_answered_as_specified(account: Simulated, kind: str) -> None:
    number = account.data(f"/api/v2/{kind}")[0]["id"]
    check("GET", f"/api/v2/{kind}/{{id}}", account.get(f"/api/v2/{kind}/{number}").json())


SEARCHES = {
    "/api/v2/persons/search": {"term": "anna"},
    "/api/v2/organizations/search": {"term": "acme"},
    "/api/v2/itemSearch": {"term": "first"},
    "/api/v2/itemSearch/field": {"term": "Anna Berg Lund", "entity_type": "person", "field": "name"},
}


@pytest.mark.parametrize("pattern", SEARCHES)
def test_a_search_is_answered_as_specified(account: Simulated, pattern: str) -> None:
    answer = account.get(pattern, params=SEARCHES[pattern]).json()
    assert answer["data"]
    check("GET", pattern, answer)


def writes(account: Simulated) -> Iterator[tuple[str, str, str, Any]]:
    """Method, address pattern, address and body of one write of each kind, with what it needs made before."""
    person = account.made("/api/v2/persons", {"name": "Written"})["id"]
    other = account.made("/api/v2/persons", {"name": "Other"})["id"]
    for kind, body in {
        "persons": {
            "name": "P",
            "emails": [{"value": "p@x.se"}],
            "custom_fields": {account.code("Score"): 1},
        },
        "organizations": {"name": "O", "address": {"value": "Street 1"}},
        "deals": {"title": "D", "person_id": person, "value": 10.5, "status": "lost", "lost_reason": "Price"},
        "activities": {"subject": "A", "type": "call", "participants": [{"person_id": person}], "done": True},
        "pipelines": {"name": "Pipe"},
        "stages": {"name": "Stage", "pipeline_id": account.data("/api/v2/pipelines")[0]["id"]},
    }.items():
        number = account.made(f"/api/v2/{kind}", body)["id"]
        one = f"/api/v2/{kind}/{{id}}"
        yield "POST", f"/api/v2/{kind}", f"/api/v2/{kind}", body
        yield "PATCH", one, one.format(id=number), body
        yield "DELETE", one, one.format(id=number), None
    yield from field_writes(account)
    note = {"content": "<p>N</p>", "person_id": person}
    number = account.made("/v1/notes", note)["id"]
    yield "POST", "/v1/notes", "/v1/notes", note
    yield "PUT", "/v1/notes/{id}", f"/v1/notes/{number}", {"content": "M"}
    yield "DELETE", "/v1/notes/{id}", f"/v1/notes/{number}", None
    yield "POST", "/v1/activityTypes", "/v1/activityTypes", {"name": "T", "icon_key": "task"}
    yield "PUT", "/v1/persons/{id}/merge", f"/v1/persons/{other}/merge", {"merge_with_id": person}


def field_writes(account: Simulated) -> Iterator[tuple[str, str, str, Any]]:
    for entity in ("person", "organization", "deal"):
        base, one = f"/api/v2/{entity}Fields", f"/api/v2/{entity}Fields/{{code}}"
        field = account.made(base, {"field_name": "E", "field_type": "enum", "options": [{"label": "A"}]})
        code, option = field["field_code"], field["options"][0]["id"]
        yield "POST", base, base, {"field_name": "S", "field_type": "set", "options": [{"label": "A"}]}
        yield "PATCH", one, one.format(code=code), {"field_name": "Renamed"}
        yield "POST", f"{one}/options", f"{one.format(code=code)}/options", [{"label": "B"}]
        yield "PATCH", f"{one}/options", f"{one.format(code=code)}/options", [{"id": option, "label": "C"}]
        yield "DELETE", f"{one}/options", f"{one.format(code=code)}/options", [{"id": option}]
        yield "DELETE", one, one.format(code=code), None


def test_every_write_is_answered_as_specified(account: Simulated) -> None:
    for method, pattern, address, body in writes(account):
        answer = account.client.request(method, address, json=body) if body else account.delete(address)
        assert answer.status_code == 200, (method, address, answer.text)
        check(method, pattern, answer.json())


def sent_keys(method: str, pattern: str) -> set[str]:
    _, found = operation(method, pattern)
    schema = found["requestBody"]["content"]["application/json"]["schema"]
    return set(schema["properties"])


@pytest.mark.parametrize("kind", ["persons", "organizations", "deals", "activities"])
def test_bodies_take_the_keys_of_the_specification_and_no_others(kind: str) -> None:
    from migrator.simulators.pipedrive.routes import KINDS

    ours = next(item for item in KINDS if item.kind == kind)
    assert set(ours.schema) | set(ours.create_only) == sent_keys("POST", f"/api/v2/{kind}")
    assert set(ours.schema) == sent_keys("PATCH", f"/api/v2/{kind}/{{id}}")


@pytest.mark.parametrize("kind", ["persons", "organizations", "deals", "activities"])
def test_lists_take_the_parameters_of_the_specification_and_no_others(account: Simulated, kind: str) -> None:
    _, found = operation("GET", f"/api/v2/{kind}")
    for parameter in found["parameters"]:
        answer = account.get(f"/api/v2/{kind}", params={parameter["name"]: "~"})
        assert not answer.json().get("error", "").startswith("Validation failed: Parameter"), parameter[
            "name"
        ]
    assert account.get(f"/api/v2/{kind}", params={"start": 1}).status_code == 400
