"""Whether a record still uses what a run made."""

from typing import Any

import pytest

from migrator.engine.records import Kind
from migrator.pipedrive.usage import overlaid, uses

CODE = "a" * 40


@pytest.mark.parametrize(
    ("held", "schema_id", "used"),
    [
        ({"custom_fields": {CODE: "x"}}, f"person:{CODE}", True),
        ({"custom_fields": {CODE: None}}, f"person:{CODE}", False),
        ({}, f"person:{CODE}", False),
        ({"custom_fields": {CODE: "x"}}, f"deal:{CODE}", False),
        ({"custom_fields": {CODE: 7}}, f"person:{CODE}:7,8", True),
        ({"custom_fields": {CODE: [9, 8]}}, f"person:{CODE}:7,8", True),
        ({"custom_fields": {CODE: 9}}, f"person:{CODE}:7,8", False),
        ({"custom_fields": {CODE: 9}}, f"person:{CODE}:", False),
        ({"label_ids": [5]}, "person:label_ids:5", True),
        ({"label_ids": [6]}, "person:label_ids:5", False),
    ],
)
def test_it_knows_what_is_used(held: dict[str, Any], schema_id: str, used: bool) -> None:
    assert uses(Kind.PERSON, held, schema_id) is used


def test_a_record_reads_as_it_will_after_a_write() -> None:
    record: dict[str, Any] = {"name": "Ann", "custom_fields": {"a": 1, "b": 2}}
    assert overlaid(record, {"name": "Anna", "custom_fields": {"b": None}}) == {
        "name": "Anna",
        "custom_fields": {"a": 1, "b": None},
    }
    assert overlaid({"name": "Ann"}, {}) == {"name": "Ann"}
