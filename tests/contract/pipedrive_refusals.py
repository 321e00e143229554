"""Requests the simulated Pipedrive must refuse, by name: what is wrong, how it is sent, how it is answered.

Statuses and texts are those of the reference: `../shared/reference/pipedrive-api.md`, sections 3, 4, 10, 11 and 17.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.contract.pipedrive_operations import (
    Sent,
    custom_field,
    filter_body,
    new_record,
    organization,
    person,
)
from tests.contract.pipedrive_simulator import CLERK_TOKEN, Simulated

Build = Callable[[Simulated], Sent]
PERSONS, NOTES, FILTERS = "/api/v2/persons", "/v1/notes", "/v1/filters"
GONE = 987_654_321


@dataclass(frozen=True, slots=True)
class Refusal:
    """One bad request; `words` are in the error, `code` is the envelope's, `token` another user's."""

    method: str
    build: Build
    status: int = 400
    words: str = ""
    code: str | None = None
    token: str | None = None


def posted(address: str, body: Any) -> Build:
    """A fixed address and JSON body."""
    return lambda account: Sent(address, body)


def asked(address: str, **query: Any) -> Build:
    """A fixed address and query."""
    return lambda account: Sent(address, query=query)


def a_person(**more: Any) -> Build:
    """A person that would be valid without `more`."""
    return posted(PERSONS, {"name": "A", **more})


def with_custom(kind: str, value: Any, **more: Any) -> Build:
    """A person with this value in a new custom field of this type."""

    def build(account: Simulated) -> Sent:
        code = custom_field(account, "person", kind, **more)["field_code"]
        return Sent(PERSONS, {"name": "A", "custom_fields": {code: value}})

    return build


def _option_of_another_field(account: Simulated) -> Sent:
    foreign = account.option("Lists", "News")
    return Sent(PERSONS, {"name": "A", "custom_fields": {account.code("Tier"): foreign}})


def _deleted_field(account: Simulated) -> Sent:
    code = custom_field(account, "person", "varchar")["field_code"]
    account.delete(f"/api/v2/personFields/{code}")
    return Sent(PERSONS, {"name": "A", "custom_fields": {code: "x"}})


def _deleted(kind: str, account: Simulated) -> int:
    number = new_record(account, kind)
    account.delete(f"/api/v2/{kind}/{number}")
    return number


def _conditions(change: Callable[[Any], Any]) -> Build:
    def build(account: Simulated) -> Sent:
        body = filter_body(account)
        body["conditions"] = change(body["conditions"])
        return Sent(FILTERS, body)

    return build


def _seventeen(conditions: Any) -> Any:
    first, second = conditions["conditions"]
    groups = [
        {**first, "conditions": first["conditions"] * 9},
        {**second, "conditions": second["conditions"] * 8},
    ]
    return {**conditions, "conditions": groups}


def _nested(conditions: Any) -> Any:
    first, second = conditions["conditions"]
    return {**conditions, "conditions": [{**first, "conditions": [conditions]}, second]}


def _options_with_one_bad(account: Simulated) -> Sent:
    made = custom_field(account, "person", "set", options=[{"label": "A"}])
    sent = [{"id": made["options"][0]["id"], "label": "B"}, {"id": GONE, "label": "C"}]
    return Sent(f"/api/v2/personFields/{made['field_code']}/options", sent)


def _option_too_long(account: Simulated) -> Sent:
    made = custom_field(account, "person", "set", options=[{"label": "A"}])
    return Sent(f"/api/v2/personFields/{made['field_code']}/options", [{"label": "B"}, {"label": "x" * 256}])


def _note(**more: Any) -> Build:
    return lambda account: Sent(NOTES, {"content": "N", "person_id": person(account), **more})


LIST = {
    "a limit over 500": Refusal("GET", asked(PERSONS, limit=501), words="limit"),
    "a limit of 0": Refusal("GET", asked(PERSONS, limit=0), words="limit"),
    "a limit that is no number": Refusal("GET", asked(PERSONS, limit="many"), words="limit"),
    "a v1 limit over 500": Refusal("GET", asked(NOTES, limit=501), words="limit"),
    "a limit over 100 on a search": Refusal("GET", asked(f"{PERSONS}/search", term="anna", limit=101)),
    "a search term of one letter": Refusal("GET", asked(f"{PERSONS}/search", term="a"), words="term"),
    "a search without a term": Refusal("GET", asked("/api/v2/itemSearch"), words="term"),
    "a search in an unknown field": Refusal("GET", asked(f"{PERSONS}/search", term="anna", fields="age")),
    "more than 100 ids": Refusal("GET", asked(PERSONS, ids=",".join(map(str, range(1, 102))))),
    "an id that is no number": Refusal("GET", asked(PERSONS, ids="1,two"), words="ids"),
    "more than 15 custom fields": Refusal(
        "GET", asked(PERSONS, custom_fields=",".join("abcdefghijklmnop")), words="custom_fields"
    ),
    "fractional seconds": Refusal("GET", asked(PERSONS, updated_since="2026-01-01T00:00:00.000Z")),
    "a date without a time": Refusal("GET", asked(PERSONS, updated_since="2026-01-01")),
    "an unknown sort": Refusal("GET", asked(PERSONS, sort_by="name"), words="sort_by"),
    "an unknown direction": Refusal("GET", asked(PERSONS, sort_direction="up"), words="sort_direction"),
    "an unknown parameter": Refusal("GET", asked(PERSONS, start=1), words="Parameter 'start' is not allowed"),
    "activities by type": Refusal("GET", asked("/api/v2/activities", type="call"), words="'type'"),
    "a cursor nobody gave out": Refusal("GET", asked(PERSONS, cursor="eyJpZCI6MX0"), words="cursor"),
    "a cursor of another list": Refusal(
        "GET", lambda account: Sent("/api/v2/organizations", query={"cursor": _person_cursor(account)})
    ),
    "an unknown filter": Refusal("GET", asked(PERSONS, filter_id=GONE), words="filter"),
}


def _person_cursor(account: Simulated) -> str:
    person(account)
    person(account)
    found = account.get(PERSONS, params={"limit": 1}).json()
    return str(found["additional_data"]["next_cursor"])


BODY = {
    "an unknown key": Refusal("POST", a_person(nickname="A"), words="nickname"),
    "a v1 key": Refusal("POST", a_person(email="a@example.com"), words="email"),
    "an update time": Refusal("POST", a_person(update_time="2020-01-01T00:00:00Z"), words="update_time"),
    "an id of one's own": Refusal("POST", a_person(id=1), words="'id'"),
    "a person without a name": Refusal("POST", posted(PERSONS, {}), words="name"),
    "a list for a person": Refusal("POST", posted(PERSONS, [{"name": "A"}]), words="object"),
    "text for a number": Refusal("POST", a_person(owner_id="1"), words="owner_id"),
    "a number for true": Refusal(
        "POST", a_person(emails=[{"value": "a@example.com", "primary": 1}]), words="primary"
    ),
    "two primary addresses": Refusal(
        "POST", a_person(emails=[{"value": v, "primary": True} for v in ("a@x.se", "b@x.se")])
    ),
    "an address without a value": Refusal("POST", a_person(emails=[{"label": "work"}]), words="value"),
    "over 100 labels": Refusal("POST", a_person(label_ids=list(range(101))), words="label_ids"),
    "an unknown label": Refusal("POST", a_person(label_ids=[GONE]), words=str(GONE)),
    "an unknown owner": Refusal("POST", a_person(owner_id=GONE), words="owner_id"),
    "an unknown organization": Refusal("POST", a_person(org_id=GONE), words="org_id"),
    "a deleted organization": Refusal(
        "POST", lambda account: Sent(PERSONS, {"name": "A", "org_id": _deleted("organizations", account)})
    ),
    "fractional seconds in add_time": Refusal("POST", a_person(add_time="2020-01-01T00:00:00.5Z")),
    "an add_time on a change": Refusal(
        "PATCH",
        lambda account: Sent(f"{PERSONS}/{person(account)}", {"add_time": "2020-01-01T00:00:00Z"}),
        words="add_time",
    ),
    "a name over 255 characters": Refusal("POST", a_person(name="x" * 256), words="name"),
    "a deal without a contact": Refusal("POST", posted("/api/v2/deals", {"title": "D"}), words="person_id"),
    "a deal in an unknown stage": Refusal(
        "POST",
        lambda account: Sent(
            "/api/v2/deals", {"title": "D", "org_id": organization(account), "stage_id": GONE}
        ),
    ),
    "an activity of an unknown type": Refusal(
        "POST", posted("/api/v2/activities", {"subject": "S", "type": "no_such_type"}), words="type"
    ),
    "an activity's add_time": Refusal(
        "POST",
        posted("/api/v2/activities", {"subject": "S", "type": "call", "add_time": "2020-01-01T00:00:00Z"}),
        words="add_time",
    ),
    "an activity with a deleted participant": Refusal(
        "POST",
        lambda account: Sent(
            "/api/v2/activities",
            {"subject": "S", "type": "call", "participants": [{"person_id": _deleted("persons", account)}]},
        ),
    ),
    "a visibility the plan does not have": Refusal("POST", a_person(visible_to=9), status=403),
    "a changed record that was deleted": Refusal(
        "PATCH",
        lambda account: Sent(f"{PERSONS}/{_deleted('persons', account)}", {"name": "B"}),
        status=404,
        words="not found",
    ),
    "a second deletion": Refusal(
        "DELETE", lambda account: Sent(f"{PERSONS}/{_deleted('persons', account)}"), status=404
    ),
}
CUSTOM = {
    "an unknown field code": Refusal(
        "POST", a_person(custom_fields={"f" * 40: "x"}), words=f"Unknown key '{'f' * 40}'"
    ),
    "a deleted field's code": Refusal("POST", _deleted_field, words="Unknown key"),
    "a custom field at the root": Refusal(
        "POST", lambda account: Sent(PERSONS, {"name": "A", account.code("Score"): 1})
    ),
    "an option of another field": Refusal("POST", _option_of_another_field, words="option"),
    "an option's label": Refusal("POST", with_custom("enum", "A", options=[{"label": "A"}])),
    "one option for a set": Refusal("POST", with_custom("set", 1, options=[{"label": "A"}])),
    "an empty set": Refusal("POST", with_custom("set", [], options=[{"label": "A"}]), words="at least 1"),
    "text for a time": Refusal("POST", with_custom("time", "10:00:00"), words="object"),
    "text for a double": Refusal("POST", with_custom("double", "1"), words="Expected 'number'"),
    "a number for money": Refusal("POST", with_custom("monetary", 5), words="object"),
    "a date-time for a date": Refusal("POST", with_custom("date", "2026-01-01T00:00:00Z"), words="date"),
    "a day that does not exist": Refusal("POST", with_custom("date", "2026-02-30"), words="date"),
    "256 characters in a varchar": Refusal("POST", with_custom("varchar", "x" * 256), words="255"),
    "an unknown person": Refusal("POST", with_custom("people", GONE), words=str(GONE)),
    "true for a varchar": Refusal("POST", with_custom("varchar", True), words="'string'"),
}
FIELDS = {
    "a type that cannot be made": Refusal(
        "POST", posted("/api/v2/personFields", {"field_name": "B", "field_type": "boolean"})
    ),
    "a set without options": Refusal(
        "POST", posted("/api/v2/personFields", {"field_name": "B", "field_type": "set"}), words="options"
    ),
    "a changed type": Refusal(
        "PATCH",
        lambda account: Sent(
            f"/api/v2/personFields/{custom_field(account, 'person', 'varchar')['field_code']}",
            {"field_type": "text"},
        ),
        words="field_type",
    ),
    "a system field's deletion": Refusal("DELETE", asked("/api/v2/personFields/name")),
    "options of which one is unknown": Refusal("PATCH", _options_with_one_bad, words=str(GONE)),
    "options of which one is too long": Refusal("POST", _option_too_long, words="255"),
    "a field from one who is no admin": Refusal(
        "POST",
        posted("/api/v2/personFields", {"field_name": "B", "field_type": "varchar"}),
        status=403,
        token=CLERK_TOKEN,
    ),
    "an activity type from one who is no admin": Refusal(
        "POST",
        posted("/v1/activityTypes", {"name": "T", "icon_key": "bell"}),
        status=403,
        token=CLERK_TOKEN,
    ),
    "an unknown icon": Refusal("POST", posted("/v1/activityTypes", {"name": "T", "icon_key": "ghost"})),
}
OTHERS = {
    "17 conditions": Refusal("POST", _conditions(_seventeen), words="16"),
    "a filter glued with or": Refusal("POST", _conditions(lambda it: {**it, "glue": "or"})),
    "a filter with one group": Refusal(
        "POST", _conditions(lambda it: {**it, "conditions": it["conditions"][:1]})
    ),
    "a filter's groups the wrong way round": Refusal(
        "POST", _conditions(lambda it: {**it, "conditions": it["conditions"][::-1]})
    ),
    "a filter with groups in groups": Refusal("POST", _conditions(_nested)),
    "a filter without conditions": Refusal("POST", _conditions(lambda it: None), words="conditions"),
    "a note without a parent": Refusal("POST", posted(NOTES, {"content": "N"}), words="person_id"),
    "a note without content": Refusal(
        "POST", lambda account: Sent(NOTES, {"person_id": person(account)}), words="content"
    ),
    "a note over its size": Refusal("POST", _note(content="å" * 50_001), words="100000"),
    "a note on a deleted person": Refusal(
        "POST", lambda account: Sent(NOTES, {"content": "N", "person_id": _deleted("persons", account)})
    ),
    "a note's date in another form": Refusal("POST", _note(add_time="2020-01-01T00:00:00Z")),
    "a pin that is no 0 or 1": Refusal("POST", _note(pinned_to_person_flag=2)),
    "a note in another's name from one who is no admin": Refusal(
        "POST",
        lambda account: Sent(
            NOTES,
            {"content": "N", "person_id": person(account), "user_id": account.data("/v1/users/me")["id"]},
        ),
        status=403,
        token=CLERK_TOKEN,
    ),
    "a merge with itself": Refusal("PUT", lambda account: _merge(account, GONE, same=True)),
    "a merge with nobody": Refusal("PUT", lambda account: _merge(account, GONE), status=404),
}


def _merge(account: Simulated, other: int, *, same: bool = False) -> Sent:
    number = person(account)
    return Sent(f"/v1/persons/{number}/merge", {"merge_with_id": number if same else other})


# Bodies that are no JSON object at all, for every operation that takes one.
BROKEN_BODIES: dict[str, bytes] = {
    "no JSON": b"name=Anna",
    "half a document": b'{"name": "Anna"',
    "a list": b"[1, 2]",
    "a text": b'"Anna"',
    "a number": b"5",
    "null": b"null",
    "nothing": b"",
    "another encoding": '{"name": "Åsa"}'.encode("latin-1"),
    "deep nesting": b"[" * 100_000 + b"]" * 100_000,
    "not a number": b'{"name": NaN}',
}
REFUSALS = {**LIST, **BODY, **CUSTOM, **FIELDS, **OTHERS}


def raw(body: bytes) -> dict[str, Any]:
    """How a body is sent as it stands."""
    return {"content": body, "headers": {"content-type": "application/json"}}


def encoded(body: Any) -> bytes:
    """JSON in ASCII, so that lone surrogates and NUL travel as escapes."""
    return json.dumps(body).encode("ascii")
