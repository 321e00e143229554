"""Pages about the company: activity types, pipelines and stages, currencies, add-ons, settings."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from migrator.simulators.http_wsgi import Response
from migrator.simulators.pipedrive import rules
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.answers import ok, page
from migrator.simulators.pipedrive.errors import ApiError, invalid, not_found
from migrator.simulators.pipedrive.parameters import Parameters, make_cursor
from migrator.simulators.pipedrive.state import Doc
from migrator.simulators.pipedrive.times import spaced

ICONS = tuple(
    [
        "task",
        "email",
        "meeting",
        "deadline",
        "call",
        "lunch",
        "calendar",
        "downarrow",
        "document",
        "smartphone",
        "camera",
        "scissors",
        "cogs",
        "bubble",
        "uparrow",
        "checkbox",
        "signpost",
        "shuffle",
        "addressbook",
        "linegraph",
        "picture",
        "car",
        "world",
        "search",
        "clip",
        "sound",
        "brush",
        "key",
        "padlock",
        "pricetag",
        "suitcase",
        "finish",
        "plane",
        "loop",
        "wifi",
        "truck",
        "cart",
        "bulb",
        "bell",
        "presentation",
    ]
)
CURRENCIES = (
    ("EUR", "Euro", 2, "€"),
    ("USD", "US Dollar", 2, "$"),
    ("GBP", "British Pound", 2, "£"),
    ("SEK", "Swedish Krona", 2, "kr"),
    ("NOK", "Norwegian Krone", 2, "kr"),
    ("DKK", "Danish Krone", 2, "kr"),
    ("CHF", "Swiss Franc", 2, "CHF"),
    ("PLN", "Polish Złoty", 2, "zł"),
    ("JPY", "Japanese Yen", 0, "¥"),
)


def list_currencies(call: Call) -> Response:
    """GET /v1/currencies."""
    term = (Parameters(call, {"term"}).text("term") or "").lower()
    return ok(
        [
            {
                "id": place,
                "code": code,
                "name": name,
                "decimal_points": points,
                "symbol": symbol,
                "active_flag": True,
                "is_custom_flag": False,
            }
            for place, (code, name, points, symbol) in enumerate(CURRENCIES, start=1)
            if term in f"{code} {name}".lower()
        ]
    )


def list_addons(call: Call) -> Response:
    """GET /v1/billing/subscriptions/addons."""
    return ok([{"code": "campaigns"}] if call.settings.campaigns else [])


def read_user_settings(call: Call) -> Response:
    """GET /v1/userSettings: the shortened list that the specification shows."""
    Parameters(call, ())
    return ok(
        {
            "marketplace_team": False,
            "list_limit": 100,
            "beta_app": False,
            "prevent_salesphone_callto_override": False,
            "file_upload_destination": "s3",
            "callto_link_syntax": "callto:[number]",
            "autofill_deal_expected_close_date": False,
            "person_duplicate_condition": "name && (org_id || email || phone)",
        }
    )


def list_types(call: Call) -> Response:
    """GET /v1/activityTypes."""
    return ok([doc for doc in call.account.small["activity_types"].values() if doc["active_flag"]])


def new_activity_type(number: int, *, order: int, name: str, icon: str, color: str | None, stamp: str) -> Doc:
    """An activity type; its key is a slug of the name and never changes."""
    return {
        "id": number,
        "order_nr": order,
        "name": name,
        "key_string": re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or f"type_{number}",
        "icon_key": icon,
        "active_flag": True,
        "color": color or "FFFFFF",
        "is_custom_flag": True,
        "add_time": stamp,
        "update_time": stamp,
    }


def create_type(call: Call) -> Response:
    """POST /v1/activityTypes."""
    call.require_admin()
    body = rules.body(call, _TYPE, required=("name", "icon_key"))
    types = call.account.small["activity_types"]
    active = [doc for doc in types.values() if doc["active_flag"]]
    if len(active) >= call.settings.activity_type_cap:
        raise ApiError(
            403, "Activity types limit of the company is reached", code="feature_capping_activity_types"
        )
    number = call.store.next_id("activity_types")
    doc = new_activity_type(
        number,
        order=len(types) + 1,
        name=body["name"],
        icon=body["icon_key"],
        color=body.get("color"),
        stamp=spaced(call.now),
    )
    if any(entry["key_string"] == doc["key_string"] for entry in types.values()):
        doc["key_string"] = f"{doc['key_string']}_{number}"
    call.account.save_small("activity_types", doc)
    return ok(doc)


def change_type(call: Call, ref: str) -> Response:
    """PUT /v1/activityTypes/{ref}."""
    call.require_admin()
    doc = _small(call, "activity_types", ref, "Activity type")
    body = rules.body(call, _TYPE | {"order_nr": rules.integer})
    doc = doc | body | {"update_time": spaced(call.now)}
    call.account.save_small("activity_types", doc)
    return ok(doc)


def delete_type(call: Call, ref: str) -> Response:
    """DELETE /v1/activityTypes/{ref}: it stays with active_flag false."""
    call.require_admin()
    doc = _small(call, "activity_types", ref, "Activity type") | {"active_flag": False}
    call.account.save_small("activity_types", doc)
    return ok(doc)


def list_small(kind: str, call: Call) -> Response:
    """GET pipelines or stages."""
    more = {"pipeline_id"} if kind == "stages" else set()
    parameters = Parameters(call, {"sort_by", "sort_direction", "limit", "cursor", *more})
    limit, position = parameters.limit(), parameters.cursor(kind)
    column = parameters.word("sort_by", ("id", "update_time", "add_time", "order_nr"), "id")
    down = parameters.word("sort_direction", ("asc", "desc"), "asc") == "desc"
    pipeline = parameters.integer("pipeline_id") if more else None
    docs = [
        doc
        for doc in call.account.small[kind].values()
        if not doc["is_deleted"] and pipeline in (None, doc.get("pipeline_id"))
    ]
    docs.sort(key=lambda doc: (doc[column], doc["id"]), reverse=down)
    start = position["start"] if position else 0
    more_left = len(docs) > start + limit
    cursor = make_cursor(call, kind, {"start": start + limit}) if more_left else None
    return page(docs[start : start + limit], cursor)


def read_small(kind: str, call: Call, ref: str) -> Response:
    """GET one pipeline or stage."""
    Parameters(call, ())
    return ok(_small(call, kind, ref, kind.rstrip("s").capitalize()))


def create_small(kind: str, call: Call) -> Response:
    """POST a pipeline or stage."""
    call.require_admin()
    required = ("name",) if kind == "pipelines" else ("name", "pipeline_id")
    body = rules.body(call, _SMALL[kind], required=required)
    if kind == "stages":
        _small(call, "pipelines", str(body["pipeline_id"]), "Pipeline")
    doc = new_small(kind, call.store.next_id(kind), len(call.account.small[kind]), call.stamp) | body
    return ok(_saved(kind, call, None, doc))


def change_small(kind: str, call: Call, ref: str) -> Response:
    """PATCH a pipeline or stage."""
    call.require_admin()
    before = _small(call, kind, ref, kind.rstrip("s").capitalize())
    body = rules.body(call, _SMALL[kind])
    if "pipeline_id" in body:
        _small(call, "pipelines", str(body["pipeline_id"]), "Pipeline")
    return ok(_saved(kind, call, before, before | body | {"update_time": call.stamp}))


def delete_small(kind: str, call: Call, ref: str) -> Response:
    """DELETE a pipeline or stage: soft."""
    call.require_admin()
    before = _small(call, kind, ref, kind.rstrip("s").capitalize())
    _saved(kind, call, before, before | {"is_deleted": True, "update_time": call.stamp})
    return ok({"id": before["id"]})


def new_small(kind: str, number: int, order: int, stamp: str) -> Doc:
    """The defaults of a pipeline or stage."""
    doc: Doc = {"id": number, "name": "", "order_nr": order, "is_deleted": False}
    if kind == "pipelines":
        doc["is_deal_probability_enabled"] = False
    else:
        doc |= {
            "deal_probability": 100,
            "pipeline_id": None,
            "is_deal_rot_enabled": False,
            "days_to_rotten": None,
        }
    return doc | {"add_time": stamp, "update_time": stamp}


def small_handlers(kind: str) -> dict[tuple[str, str], Callable[..., Response]]:
    """The five operations of pipelines or stages by method and address."""
    base = f"/api/v2/{kind}"
    return {
        ("GET", base): partial(list_small, kind),
        ("POST", base): partial(create_small, kind),
        ("GET", f"{base}/{{ref}}"): partial(read_small, kind),
        ("PATCH", f"{base}/{{ref}}"): partial(change_small, kind),
        ("DELETE", f"{base}/{{ref}}"): partial(delete_small, kind),
    }


def _saved(kind: str, call: Call, before: Doc | None, doc: Doc) -> Doc:
    call.account.save_small(kind, doc)
    call.tell(kind.rstrip("s"), before, doc)
    return doc


def _small(call: Call, kind: str, ref: str, title: str) -> Doc:
    doc = call.account.small[kind].get(int(ref) if ref.isascii() and ref.isdigit() else -1)
    if doc is None or doc.get("is_deleted"):
        raise not_found(title)
    return doc


def _color(value: Any, name: str) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9A-Fa-f]{6}", value):
        raise invalid(f"{name}: must be six hexadecimal digits")
    return value


_TYPE: dict[str, rules.Check] = {
    "name": rules.text(255, empty=False),
    "icon_key": rules.one_of(*ICONS),
    "color": rules.or_null(_color),
}
_SMALL: dict[str, dict[str, rules.Check]] = {
    "pipelines": {"name": rules.text(255, empty=False), "is_deal_probability_enabled": rules.boolean},
    "stages": {
        "name": rules.text(255, empty=False),
        "pipeline_id": rules.integer,
        "deal_probability": rules.between(0, 100),
        "is_deal_rot_enabled": rules.boolean,
        "days_to_rotten": rules.or_null(rules.integer),
    },
}
