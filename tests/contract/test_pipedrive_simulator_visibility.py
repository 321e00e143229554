"""A user of the simulated Pipedrive sees what visible_to, followers and visibility groups let them see, and no more."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from migrator.simulators.pipedrive.preload import Preload
from migrator.simulators.pipedrive.settings import DEFAULT_CLERK_TOKEN
from tests.contract.pipedrive_simulator import CLERK_TOKEN, PRELOAD, Simulated, simulated

pytestmark = pytest.mark.slow

PERSONS, DEALS, ORGANIZATIONS = "/api/v2/persons", "/api/v2/deals", "/api/v2/organizations"
TEAMS = ("above", "same", "below", "elsewhere")
GROUPS = {"above": 2, "same": 3, "below": 4, "elsewhere": 5}


def team() -> Simulated:
    """Four colleagues around an owner in group 3: one in the group above, one in it, one below, one elsewhere."""
    users: list[dict[str, Any]] = [{"name": "Boss", "email": "boss@example.com"}]
    users += [{"name": "Owner", "email": "o@example.com", "is_admin": False, "role_id": 3, "token": "o" * 40}]
    users += [
        {
            "name": word,
            "email": f"{word}@example.com",
            "is_admin": False,
            "role_id": GROUPS[word],
            "token": word * 9,
        }
        for word in TEAMS
    ]
    account = simulated(preload=Preload(users=users))
    for number, parent in ((4, 3), (5, 1)):
        role = {"id": number, "parent_role_id": parent, "name": f"Group {number}", "active_flag": True}
        account.app.state.save_small("roles", role)
    return account


def seers(account: Simulated, number: int) -> set[str]:
    return {word for word in TEAMS if account.as_user(word * 9).get(f"{PERSONS}/{number}").status_code == 200}


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, {"above"}), (3, {"above", "same"}), (5, {"above", "same", "below"}), (7, set(TEAMS))],
)
def test_each_value_shows_a_record_to_its_groups(value: int, expected: set[str]) -> None:
    account = team()
    owner = account.as_user("o" * 40)
    number = owner.post(PERSONS, json={"name": "Kept", "visible_to": value}).json()["data"]["id"]
    assert seers(account, number) == expected
    assert owner.get(f"{PERSONS}/{number}").status_code == 200
    assert account.get(f"{PERSONS}/{number}").status_code == 200


def test_what_permitted_users_lists_is_what_they_see() -> None:
    account = team()
    number = (
        account.as_user("o" * 40).post(PERSONS, json={"name": "Kept", "visible_to": 3}).json()["data"]["id"]
    )
    names = {user["id"]: user["name"] for user in account.data("/v1/users")}
    permitted = account.data(f"/v1/persons/{number}/permittedUsers")
    assert {names[user] for user in permitted} == {"Boss", "Owner", "above", "same"}


def test_on_a_small_plan_three_means_everybody_and_five_is_refused() -> None:
    account = simulated(plan="lite")
    open_one = account.made(PERSONS, {"name": "Open", "visible_to": 3})["id"]
    own = account.made(PERSONS, {"name": "Own", "visible_to": 1})["id"]
    clerk = account.as_user(CLERK_TOKEN)
    assert clerk.get(f"{PERSONS}/{open_one}").status_code == 200
    assert clerk.get(f"{PERSONS}/{own}").status_code == 404
    assert account.post(PERSONS, json={"name": "A", "visible_to": 5}).status_code == 403


class Hidden:
    """A person, an organization and a deal that the clerk does not see, beside some that the clerk sees."""

    def __init__(self) -> None:
        self.account = simulated()
        self.clerk = self.account.as_user(CLERK_TOKEN)
        made = self.account.made
        self.person = made(PERSONS, {"name": "Secret Person", "visible_to": 1})["id"]
        self.organization = made(ORGANIZATIONS, {"name": "Secret Organization", "visible_to": 1})["id"]
        self.deal = made(DEALS, {"title": "Secret Deal", "person_id": self.person, "visible_to": 1})["id"]

    def of_clerk(self, path: str, **query: Any) -> Any:
        answer = self.clerk.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@pytest.fixture
def hidden() -> Hidden:
    return Hidden()


def test_what_is_not_seen_is_in_no_list(hidden: Hidden) -> None:
    for path, number in (
        (PERSONS, hidden.person),
        (ORGANIZATIONS, hidden.organization),
        (DEALS, hidden.deal),
    ):
        assert number in [entry["id"] for entry in hidden.account.data(path)]
        assert number not in [entry["id"] for entry in hidden.of_clerk(path)]
        assert hidden.of_clerk(path, ids=number) == []
        assert hidden.of_clerk(path, updated_since="2020-01-01T00:00:00Z")


def test_what_is_not_seen_is_in_no_filter_and_no_search(hidden: Hidden) -> None:
    empty = {"glue": "and", "conditions": [{"glue": glue, "conditions": []} for glue in ("and", "or")]}
    number = hidden.account.made("/v1/filters", {"name": "All", "type": "people", "conditions": empty})["id"]
    assert hidden.person not in [entry["id"] for entry in hidden.of_clerk(PERSONS, filter_id=number)]
    for path in (f"{PERSONS}/search", f"{ORGANIZATIONS}/search", f"{DEALS}/search", "/api/v2/itemSearch"):
        assert hidden.account.data(path, term="Secret")["items"]
        assert hidden.of_clerk(path, term="Secret")["items"] == []
    field = {"entity_type": "person", "field": "name", "term": "Secret Person"}
    assert hidden.account.data("/api/v2/itemSearch/field", **field)
    assert hidden.of_clerk("/api/v2/itemSearch/field", **field) == []


def test_what_is_not_seen_is_not_found_by_any_method(hidden: Hidden) -> None:
    before = hidden.account.snapshot()
    address = f"{PERSONS}/{hidden.person}"
    answers = [
        hidden.clerk.get(address),
        hidden.clerk.patch(address, json={"name": "Taken"}),
        hidden.clerk.delete(address),
        hidden.clerk.post(f"{address}/followers", json={"user_id": 1}),
        hidden.clerk.put(f"/v1/persons/{hidden.person}/merge", json={"merge_with_id": hidden.person - 1}),
        hidden.clerk.get(f"/v1/persons/{hidden.person}/permittedUsers"),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert hidden.account.snapshot() == before


def test_nothing_can_be_hung_on_what_is_not_seen(hidden: Hidden) -> None:
    bodies: list[tuple[str, Any]] = [
        ("/v1/notes", {"content": "n", "person_id": hidden.person}),
        (DEALS, {"title": "D", "person_id": hidden.person}),
        (
            "/api/v2/activities",
            {"subject": "A", "participants": [{"person_id": hidden.person, "primary": True}]},
        ),
    ]
    assert [hidden.clerk.post(path, json=body).status_code for path, body in bodies] == [400] * 3


def test_a_note_is_seen_with_its_person(hidden: Hidden) -> None:
    note = hidden.account.made("/v1/notes", {"content": "n", "person_id": hidden.person})["id"]
    assert hidden.clerk.get(f"/v1/notes/{note}").status_code == 404
    assert note not in [entry["id"] for entry in hidden.of_clerk("/v1/notes")]
    assert note in [entry["id"] for entry in hidden.account.data("/v1/notes")]


def test_recents_leave_out_what_is_not_seen(hidden: Hidden) -> None:
    since = {"since_timestamp": "2026-11-22 00:00:00", "items": "person,deal,organization"}
    shown = {(entry["item"], entry["id"]) for entry in hidden.of_clerk("/v1/recents", **since)}
    assert shown
    assert not shown & {("person", hidden.person), ("deal", hidden.deal)}


def test_a_follower_sees_what_is_followed_until_they_no_longer_do(hidden: Hidden) -> None:
    clerk = next(user["id"] for user in hidden.account.data("/v1/users") if user["name"] == "Clerk")
    followers = f"{PERSONS}/{hidden.person}/followers"
    added = hidden.account.post(followers, json={"user_id": clerk})
    assert (added.status_code, added.json()["data"]["user_id"]) == (201, clerk)
    assert hidden.clerk.get(f"{PERSONS}/{hidden.person}").status_code == 200
    assert hidden.account.post(followers, json={"user_id": clerk}).status_code == 400
    assert [entry["user_id"] for entry in hidden.account.data(followers)] == [clerk]
    assert hidden.account.delete(f"{followers}/{clerk}").json()["data"] == {"user_id": clerk}
    assert hidden.clerk.get(f"{PERSONS}/{hidden.person}").status_code == 404


def test_a_record_changes_hands_with_its_owner(hidden: Hidden) -> None:
    clerk = next(user["id"] for user in hidden.account.data("/v1/users") if user["name"] == "Clerk")
    hidden.account.patch(f"{PERSONS}/{hidden.person}", json={"owner_id": clerk})
    assert hidden.clerk.get(f"{PERSONS}/{hidden.person}").status_code == 200


def test_pages_of_a_user_have_no_gaps_where_others_hide_records(hidden: Hidden) -> None:
    for place in range(20):
        hidden.account.made(PERSONS, {"name": f"P{place}", "visible_to": 1 if place % 3 else 7})
    whole = [entry["id"] for entry in hidden.of_clerk(PERSONS)]
    found: list[int] = []
    cursor = None
    while True:
        answer = hidden.clerk.get(
            PERSONS, params={"limit": 3} | ({"cursor": cursor} if cursor else {})
        ).json()
        found += [entry["id"] for entry in answer["data"]]
        cursor = answer["additional_data"]["next_cursor"]
        if cursor is None:
            break
        assert len(answer["data"]) == 3
    assert found == whole
    assert len(whole) > 7


def test_the_made_up_account_has_a_colleague_who_is_no_admin() -> None:
    users = [replace_token(user) for user in PRELOAD.users]
    account = simulated(preload=replace(PRELOAD, users=users))
    me = account.as_user(DEFAULT_CLERK_TOKEN).get("/v1/users/me").json()["data"]
    assert (me["name"], {entry["admin"] for entry in me["access"]}) == ("Clerk", {False})


def replace_token(user: Any) -> Any:
    return {key: value for key, value in user.items() if key != "token"}


def test_a_user_who_is_switched_off_is_unauthorized_from_then_on() -> None:
    account = simulated()
    clerk = account.as_user(CLERK_TOKEN)
    number = clerk.get("/v1/users/me").json()["data"]["id"]
    assert clerk.put(f"/v1/users/{number}", json={"active_flag": False}).status_code == 403
    assert (
        account.put(f"/v1/users/{number}", json={"active_flag": False}).json()["data"]["active_flag"] is False
    )
    refused: httpx.Response = clerk.get(PERSONS)
    assert (refused.status_code, refused.json()["error"]) == (401, "unauthorized access")
    account.refused(PERSONS, {"name": "A", "owner_id": number})
    assert account.put(f"/v1/users/{number}", json={"active_flag": True}).status_code == 200
    assert clerk.get(PERSONS).status_code == 200


def test_roles_and_permission_sets_count_who_is_in_them() -> None:
    account = simulated()
    roles = {role["name"]: role for role in account.data("/v1/roles")}
    assert [roles[name]["level"] for name in ("(Unassigned users)", "Sales", "Field sales")] == [1, 1, 2]
    assert sum(int(role["assignment_count"]) for role in roles.values()) == len(account.data("/v1/users"))
    sets = account.data("/v1/permissionSets", app="sales")
    assert [(entry["type"], entry["assignment_count"]) for entry in sets] == [("admin", 2), ("regular", 1)]
    assert account.get(f"/v1/permissionSets/{sets[0]['id']}").json()["contents"]
    assert account.data(f"/v1/roles/{roles['Sales']['id']}")["name"] == "Sales"
    assert account.get("/v1/roles/99").status_code == 404
