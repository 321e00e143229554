"""Very many records written straight into an account look as if requests had made them."""

from typing import Any

from migrator.simulators.pipedrive.bulk import add_activities, add_persons
from tests.contract.pipedrive_simulator import Simulated, simulated

PERSONS, ACTIVITIES = "/api/v2/persons", "/api/v2/activities"


def loaded(persons: int, each: int) -> tuple[Simulated, list[int]]:
    account = simulated()
    numbers = add_persons(account.app.state, persons)
    assert add_activities(account.app.state, numbers, each) == persons * each
    return account, numbers


def shape(value: Any) -> Any:
    """The names and types of an answer, deep."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value).__name__


def test_persons_have_the_shape_of_persons_that_were_sent() -> None:
    account, numbers = loaded(3, 0)
    person = account.data(f"{PERSONS}/{numbers[1]}")
    codes = {code: value for code, value in person["custom_fields"].items() if value is not None}
    assert len(codes) == 5
    sent = {key: person[key] for key in ("name", "emails", "phones")}
    made = account.made(PERSONS, sent)
    assert made["id"] > numbers[-1]
    assert {**shape(made), "custom_fields": None} == {**shape(person), "custom_fields": None}


def test_activities_have_the_shape_of_activities_that_were_sent() -> None:
    account, numbers = loaded(3, 4)
    first, *_ = found = account.data(ACTIVITIES, person_id=numbers[2])
    assert len(found) == 4
    keys = ("subject", "type", "done", "due_date", "due_time", "participants", "note")
    made = account.made(ACTIVITIES, {key: first[key] for key in keys})
    assert shape(made) == shape(first)
    assert made["person_id"] == numbers[2]
    assert account.inspect()["counts"]["activities"] == 1 + 12 + 1


def test_persons_are_found_by_their_address() -> None:
    account, numbers = loaded(40, 0)
    found = account.data(f"{PERSONS}/search", term=f"person{numbers[7]}@example.com", exact_match="true")
    assert [item["item"]["id"] for item in found["items"]] == [numbers[7]]
