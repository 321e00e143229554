"""The official Pipedrive specifications as a test oracle: operations, answer schemas, keys and parameters.

They are no part of this repository. They are read from the folder that CROSSWALK_OPENAPI names, by default
`../shared/reference/openapi` beside the repository, as `pipedrive-v1.yaml` and `pipedrive-v2.yaml`.
"""

import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

_DEFAULT = Path(__file__).resolve().parents[2].parent / "shared" / "reference" / "openapi"
FOLDER = Path(os.environ.get("CROSSWALK_OPENAPI") or _DEFAULT)
is_present = (FOLDER / "pipedrive-v1.yaml").is_file() and (FOLDER / "pipedrive-v2.yaml").is_file()
needs_specification = pytest.mark.skipif(
    not is_present,
    reason="the official Pipedrive specifications are not in ../shared/reference/openapi;"
    " CROSSWALK_OPENAPI names another folder",
)

# The specifications leave these out for most operations, the reference (section 17) has them for all.
ALWAYS_POSSIBLE = frozenset((400, 401, 403, 404, 405, 410, 429))


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a specification, found by our method and address pattern."""

    method: str
    pattern: str
    raw: Any

    @property
    def price(self) -> int:
        """Tokens of one request."""
        return int(self.raw["x-token-cost"])

    @property
    def statuses(self) -> frozenset[int]:
        """Statuses it declares."""
        return frozenset(int(status) for status in self.raw["responses"])

    @property
    def query(self) -> dict[str, Any]:
        """Schemas of its query parameters by name."""
        return {
            found["name"]: found["schema"]
            for found in self.raw.get("parameters", ())
            if found["in"] == "query"
        }

    @property
    def required_query(self) -> set[str]:
        """Names of the query parameters it cannot do without."""
        found = self.raw.get("parameters", ())
        return {item["name"] for item in found if item["in"] == "query" and item.get("required")}

    @property
    def body_type(self) -> str | None:
        """Media type of the body, None when it takes none."""
        return next(iter(self.raw.get("requestBody", {}).get("content", {})), None)

    @property
    def body(self) -> Any:
        """Schema of the body, None when it takes none."""
        content = self.raw.get("requestBody", {}).get("content", {})
        return next(iter(content.values()))["schema"] if content else None

    def body_properties(self) -> dict[str, Any]:
        """Schemas of the keys of the body; of one item when the body is an array."""
        return properties(self.body) if self.body is not None else {}

    def answer(self, status: int) -> Any:
        """Schema of an answer, as it stands. None when the operation declares no JSON for this status."""
        content = self.raw["responses"].get(str(status), {}).get("content", {})
        return content.get("application/json", {}).get("schema")


@cache
def document(version: str) -> Any:
    """One whole specification: "v1" or "v2"."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((FOLDER / f"pipedrive-{version}.yaml").read_text("utf-8"), Loader=loader)


@cache
def _index(version: str) -> dict[tuple[str, str], Any]:
    return {
        (method.upper(), _shape(path)): found
        for path, methods in document(version)["paths"].items()
        for method, found in methods.items()
        if method != "parameters"
    }


@cache
def operation(method: str, pattern: str) -> Operation:
    """The operation behind one of our addresses. Raises LookupError when no specification has it."""
    version = "v2" if pattern.startswith("/api/v2") else "v1"
    path = _shape(pattern.removeprefix("/api/v2").removeprefix("/v1"))
    found = _index(version).get((method, path))
    if found is None:
        raise LookupError(f"{method} {pattern} is not in the {version} specification")
    return Operation(method, pattern, found)


def _shape(path: str) -> str:
    return re.sub(r"{[^}]*}", "{}", path)


def alternatives(schema: Any) -> list[Any]:
    """A schema and all schemas it is put together from."""
    parts = [part for word in ("allOf", "anyOf", "oneOf") for part in schema.get(word, ())]
    return [schema, *(found for part in parts for found in alternatives(part))]


def properties(schema: Any) -> dict[str, Any]:
    """All properties of an object schema, those of its alternatives included; of the items of an array."""
    if schema.get("type") == "array":
        return properties(schema["items"])
    return {
        name: found for part in alternatives(schema) for name, found in part.get("properties", {}).items()
    }


def nullable(schema: Any) -> Any:
    """The same schema with null allowed everywhere: the specifications are known to be too strict there."""
    if isinstance(schema, list):
        return [nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    loose = {key: nullable(value) for key, value in schema.items() if key not in ("nullable", "format")}
    # A property may be called "type" or "enum": only the keywords are loosened.
    if isinstance(schema.get("type"), str):
        loose["type"] = [schema["type"], "null"]
    if isinstance(schema.get("enum"), list):
        loose["enum"] = [*schema["enum"], None]
    if "oneOf" in loose:
        loose.setdefault("anyOf", loose.pop("oneOf"))
    return loose


@cache
def _validator(method: str, pattern: str, status: int) -> Any:
    schema = operation(method, pattern).answer(status)
    return None if schema is None else jsonschema.Draft4Validator(nullable(schema))


def check_answer(method: str, pattern: str, status: int, body: Any) -> None:
    """Raise jsonschema.ValidationError unless this body is one the operation declares for this status."""
    validator = _validator(method, pattern, status)
    if validator is not None:
        validator.validate(body)
