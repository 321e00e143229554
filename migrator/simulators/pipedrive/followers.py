"""Followers of persons, organizations and deals (v2), and who may see a record (v1's permittedUsers)."""

from collections.abc import Callable
from functools import partial

from migrator.simulators.http_wsgi import Response, json_response
from migrator.simulators.pipedrive import rules
from migrator.simulators.pipedrive.account import Call, Handlers
from migrator.simulators.pipedrive.answers import ok, page
from migrator.simulators.pipedrive.deals import DEAL
from migrator.simulators.pipedrive.errors import invalid, not_found
from migrator.simulators.pipedrive.organizations import ORGANIZATION
from migrator.simulators.pipedrive.parameters import Parameters, make_cursor
from migrator.simulators.pipedrive.persons import PERSON
from migrator.simulators.pipedrive.records import RecordKind
from migrator.simulators.pipedrive.state import Doc

_OF_RECORD = "FROM followers WHERE kind=? AND record=?"


def list_followers(kind: RecordKind, call: Call, ref: str) -> Response:
    """GET /api/v2/<kind>/{ref}/followers, by user id."""
    parameters = Parameters(call, {"limit", "cursor"})
    record = live_record(kind, call, ref)
    limit, position = parameters.limit(), parameters.cursor(f"{kind.kind}_followers")
    after = position["id"] if position else 0
    rows = call.store.rows(
        f"SELECT user, add_time {_OF_RECORD} AND user>? ORDER BY user LIMIT ?",
        (kind.kind, record["id"], after, limit + 1),
    )
    cursor = (
        make_cursor(call, f"{kind.kind}_followers", {"id": rows[limit - 1][0]}) if len(rows) > limit else None
    )
    return page([{"user_id": user, "add_time": at} for user, at in rows[:limit]], cursor)


def add_follower(kind: RecordKind, call: Call, ref: str) -> Response:
    """POST: 201. Following twice is refused (assumed)."""
    record = live_record(kind, call, ref)
    user = rules.body(call, {"user_id": rules.integer}, required=("user_id",))["user_id"]
    call.require_user(user, "user_id")
    if _follows(kind, call, record, user):
        raise invalid(f"user_id: {user} is a follower already")
    call.store.write("INSERT INTO followers VALUES (?,?,?,?)", (kind.kind, record["id"], user, call.stamp))
    data = {"user_id": user, "add_time": call.stamp}
    return json_response(201, {"success": True, "data": data})


def remove_follower(kind: RecordKind, call: Call, ref: str, follower: str) -> Response:
    """DELETE /api/v2/<kind>/{ref}/followers/{follower}; the follower is a user's id."""
    record = live_record(kind, call, ref)
    user = int(follower) if follower.isascii() and follower.isdigit() else -1
    if not _follows(kind, call, record, user):
        raise not_found("Follower")
    call.store.write(
        "DELETE FROM followers WHERE kind=? AND record=? AND user=?", (kind.kind, record["id"], user)
    )
    return ok({"user_id": user})


def permitted_users(kind: RecordKind, call: Call, ref: str) -> Response:
    """GET /v1/<kind>/{ref}/permittedUsers: the ids of the users who may see the record."""
    Parameters(call, ())
    return ok(seers(call, kind.kind, live_record(kind, call, ref)))


def seers(call: Call, kind: str, doc: Doc) -> list[int]:
    """Ids of the active users who may see a record."""
    users = (user for user in call.account.users.values() if user["active_flag"])
    return [user["id"] for user in users if Call(call.account, call.request, user, call.now).sees(kind, doc)]


def live_record(kind: RecordKind, call: Call, ref: str) -> Doc:
    """A record that is there and visible. Raises 404."""
    doc = call.store.get(kind.kind, int(ref)) if ref.isascii() and ref.isdigit() and len(ref) < 19 else None
    if doc is None or doc["is_deleted"] or not call.sees(kind.kind, doc):
        raise not_found(kind.title)
    return doc


def _follows(kind: RecordKind, call: Call, record: Doc, user: int) -> bool:
    sql = f"SELECT 1 {_OF_RECORD} AND user=?"
    return bool(call.store.rows(sql, (kind.kind, record["id"], user)))


def _handlers(kind: RecordKind) -> dict[tuple[str, str], Callable[..., Response]]:
    base = f"/api/v2/{kind.kind}/{{ref}}/followers"
    return {
        ("GET", base): partial(list_followers, kind),
        ("POST", base): partial(add_follower, kind),
        ("DELETE", f"{base}/{{follower}}"): partial(remove_follower, kind),
        ("GET", f"/v1/{kind.kind}/{{ref}}/permittedUsers"): partial(permitted_users, kind),
    }


HANDLERS: Handlers = _handlers(PERSON) | _handlers(ORGANIZATION) | _handlers(DEAL)
