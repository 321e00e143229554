"""Valid requests for files, webhooks, OAuth, users, followers and lead labels; see pipedrive_operations."""

from functools import partial
from typing import Any

from tests.contract.pipedrive_operations import (
    CASES,
    Sent,
    case,
    deal,
    new_record,
    next_cursor,
    organization,
    owner,
    person,
)
from tests.contract.pipedrive_simulator import Simulated

FILE = {"file": ("list.csv", b"a,b\r\n\xff\x00", "text/csv")}


def clerk(account: Simulated) -> int:
    """The id of the user who is no admin."""
    users = account.data("/v1/users")
    return int(next(user["id"] for user in users if user["name"] == "Clerk"))


# Users, roles, permissions


@case("PUT", "/v1/users/{ref}")
def _user_changed(account: Simulated) -> list[Sent]:
    return [Sent(f"/v1/users/{clerk(account)}", {"active_flag": True})]


@case("GET", "/v1/users/{ref}/permissions")
def _permissions(account: Simulated) -> list[Sent]:
    return [Sent(f"/v1/users/{owner(account)}/permissions")]


@case("GET", "/v1/roles")
def _roles(account: Simulated) -> list[Sent]:
    return [Sent("/v1/roles"), Sent("/v1/roles", query={"start": 0, "limit": 1})]


@case("GET", "/v1/roles/{ref}")
def _role(account: Simulated) -> list[Sent]:
    return [Sent(f"/v1/roles/{account.data('/v1/roles')[0]['id']}")]


@case("GET", "/v1/permissionSets")
def _sets(account: Simulated) -> list[Sent]:
    return [Sent("/v1/permissionSets"), Sent("/v1/permissionSets", query={"app": "sales"})]


@case("GET", "/v1/permissionSets/{ref}")
def _set(account: Simulated) -> list[Sent]:
    return [Sent(f"/v1/permissionSets/{account.data('/v1/permissionSets')[0]['id']}")]


# Followers


def followed(account: Simulated, kind: str) -> str:
    """The address of a new record's followers; it has two."""
    address = f"/api/v2/{kind}/{new_record(account, kind)}/followers"
    for user in (owner(account), clerk(account)):
        account.post(address, json={"user_id": user})
    return address


def _followers(kind: str, account: Simulated) -> list[Sent]:
    address = followed(account, kind)
    cursor = next_cursor(account, address, {"limit": 1})
    return [Sent(address), Sent(address, query={"limit": 1, "cursor": cursor})]


def _follow(kind: str, account: Simulated) -> list[Sent]:
    address = f"/api/v2/{kind}/{new_record(account, kind)}/followers"
    return [Sent(address, {"user_id": clerk(account)}, status=201)]


def _unfollow(kind: str, account: Simulated) -> list[Sent]:
    return [Sent(f"{followed(account, kind)}/{clerk(account)}")]


def _permitted(kind: str, account: Simulated) -> list[Sent]:
    return [Sent(f"/v1/{kind}/{new_record(account, kind)}/permittedUsers")]


for _kind in ("persons", "organizations", "deals"):
    CASES["GET", f"/api/v2/{_kind}/{{ref}}/followers"] = partial(_followers, _kind)
    CASES["POST", f"/api/v2/{_kind}/{{ref}}/followers"] = partial(_follow, _kind)
    CASES["DELETE", f"/api/v2/{_kind}/{{ref}}/followers/{{follower}}"] = partial(_unfollow, _kind)
    CASES["GET", f"/v1/{_kind}/{{ref}}/permittedUsers"] = partial(_permitted, _kind)


# Lead labels


def new_lead_label(account: Simulated) -> str:
    """The id of a new lead label."""
    return str(account.made("/v1/leadLabels", {"name": "Hot", "color": "red"})["id"])


@case("POST", "/v1/leadLabels")
def _lead_labels_new(account: Simulated) -> list[Sent]:
    return [Sent("/v1/leadLabels", {"name": "Kall", "color": "blue"})]


@case("PATCH", "/v1/leadLabels/{ref}")
def _lead_label_changed(account: Simulated) -> list[Sent]:
    bodies: list[dict[str, Any]] = [{"name": "Varm", "color": "yellow"}, {"color": "green"}]
    return [Sent(f"/v1/leadLabels/{new_lead_label(account)}", body) for body in bodies]


@case("DELETE", "/v1/leadLabels/{ref}")
def _lead_label_gone(account: Simulated) -> list[Sent]:
    return [Sent(f"/v1/leadLabels/{new_lead_label(account)}")]


# Files


def new_file(account: Simulated) -> int:
    """The id of a new file."""
    answer = account.post("/v1/files", data={"person_id": str(person(account))}, files=FILE)
    return int(answer.json()["data"]["id"])


@case("GET", "/v1/files")
def _files(account: Simulated) -> list[Sent]:
    new_file(account)
    new_file(account)
    queries: list[dict[str, Any]] = [{}, {"start": 1, "limit": 1, "sort": "update_time DESC"}, {"limit": 500}]
    return [Sent("/v1/files", query=query) for query in queries]


@case("POST", "/v1/files")
def _file_new(account: Simulated) -> list[Sent]:
    activity = new_record(account, "activities")
    forms = [
        {"deal_id": deal(account), "person_id": person(account), "org_id": organization(account)},
        {"activity_id": activity},
    ]
    return [Sent("/v1/files", form=form, files=FILE) for form in forms]


def _one_file(account: Simulated) -> list[Sent]:
    return [Sent(f"/v1/files/{new_file(account)}")]


@case("PUT", "/v1/files/{ref}")
def _file_changed(account: Simulated) -> list[Sent]:
    form = {"name": "liste.csv", "description": "From the fair"}
    return [Sent(f"/v1/files/{new_file(account)}", form=form)]


@case("GET", "/v1/files/{ref}/download")
def _download(account: Simulated) -> list[Sent]:
    return [Sent(f"/v1/files/{new_file(account)}/download")]


@case("POST", "/v1/files/remote")
def _remote(account: Simulated) -> list[Sent]:
    linked = {"item_type": "person", "item_id": person(account), "remote_location": "googledrive"}
    return [Sent("/v1/files/remote", form={"file_type": "gdoc", "title": "Minutes", **linked})]


@case("POST", "/v1/files/remoteLink")
def _remote_link(account: Simulated) -> list[Sent]:
    linked = {"item_type": "organization", "item_id": organization(account)}
    return [
        Sent("/v1/files/remoteLink", form={**linked, "remote_location": "googledrive", "remote_id": "1aB"})
    ]


CASES["GET", "/v1/files/{ref}"] = CASES["DELETE", "/v1/files/{ref}"] = _one_file


# Pictures

GIF = {"file": ("a.gif", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "image/gif")}


@case("POST", "/v1/persons/{ref}/picture")
def _picture(account: Simulated) -> list[Sent]:
    crop = {"crop_x": 0, "crop_y": 0, "crop_width": 1, "crop_height": 1}
    return [Sent(f"/v1/persons/{person(account)}/picture", form=crop, files=GIF)]


@case("DELETE", "/v1/persons/{ref}/picture")
def _picture_gone(account: Simulated) -> list[Sent]:
    address = f"/v1/persons/{person(account)}/picture"
    account.post(address, files=GIF)
    return [Sent(address)]


# Webhooks

HOOK = {"subscription_url": "http://127.0.0.1:9/hook", "event_action": "*", "event_object": "person"}


@case("POST", "/v1/webhooks")
def _hook_new(account: Simulated) -> list[Sent]:
    full = HOOK | {
        "name": "All of it",
        "user_id": owner(account),
        "http_auth_user": "u",
        "http_auth_password": "p",
        "version": "2.0",
    }
    old = HOOK | {"name": "Old", "event_action": "create", "event_object": "deal", "version": "1.0"}
    return [Sent("/v1/webhooks", full, status=201), Sent("/v1/webhooks", old, status=201)]


@case("DELETE", "/v1/webhooks/{ref}")
def _hook_gone(account: Simulated) -> list[Sent]:
    answer = account.post("/v1/webhooks", json=HOOK | {"name": "Gone"})
    return [Sent(f"/v1/webhooks/{answer.json()['data']['id']}")]


# Recents


@case("GET", "/v1/recents")
def _recents(account: Simulated) -> list[Sent]:
    person(account)
    account.put(f"/v1/users/{clerk(account)}", json={"active_flag": True})
    since = {"since_timestamp": "2026-11-20 00:00:00"}
    more: list[dict[str, Any]] = [{}, {"items": "user"}, {"items": "person,note", "start": 0, "limit": 1}]
    return [Sent("/v1/recents", query=since | query) for query in more]
