"""Pages about the company: users, activity types, pipelines and stages, currencies, add-ons, settings."""

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


def show_user(call: Call, user: Doc) -> Doc:
    """A user as v1 answers it."""
    apps = ("global", "sales", "account_settings")
    hidden = {"is_admin", "token"}
    shown = {key: value for key, value in user.items() if key not in hidden}
    access = [
        {
            "app": app,
            "admin": user["is_admin"],
            "permission_set_id": f"0000000{place}-0000-4000-8000-000000000000",
        }
        for place, app in enumerate(apps, start=1)
    ]
    return shown | {"access": access, "is_you": user["id"] == call.user["id"]}


def list_users(call: Call) -> Response:
    """GET /v1/users, not paged."""
    Parameters(call, ())
    return ok([show_user(call, user) for user in call.account.users.values()])


def read_user(call: Call, ref: str) -> Response:
    """GET /v1/users/{ref}."""
    user = call.account.users.get(int(ref) if ref.isascii() and ref.isdigit() else -1)
    if user is None:
        raise not_found("User")
    return ok(show_user(call, user))


def find_users(call: Call) -> Response:
    """GET /v1/users/find."""
    parameters = Parameters(call, {"term", "search_by_email"})
    term = (parameters.text("term") or "").lower()
    if not term:
        raise invalid("term: Required")
    key = "email" if parameters.flag("search_by_email") else "name"
    return ok([show_user(call, user) for user in call.account.users.values() if term in user[key].lower()])


def read_me(call: Call) -> Response:
    """GET /v1/users/me: the connection test."""
    company = call.account.company
    return ok(
        show_user(call, call.user)
        | {
            "company_id": company["id"],
            "company_name": company["name"],
            "company_domain": company["domain"],
            "company_country": company["country_code"],
            "company_industry": company.get("industry"),
            "language": {"language_code": "en", "country_code": company["country_code"]},
        }
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
    """GET /v1/userSettings: the few keys that matter to an import."""
    return ok(
        {
            "person_duplicate_condition": "name_and_org_email_phone",
            "default_currency": call.user["default_currency"],
            "data_region": "EU",
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
    return ok(_small(call, kind, ref, kind.rstrip("s").capitalize()))


def create_small(kind: str, call: Call) -> Response:
    """POST a pipeline or stage."""
    call.require_admin()
    required = ("name",) if kind == "pipelines" else ("name", "pipeline_id")
    body = rules.body(call, _SMALL[kind], required=required)
    if kind == "stages":
        _small(call, "pipelines", str(body["pipeline_id"]), "Pipeline")
    doc = new_small(kind, call.store.next_id(kind), len(call.account.small[kind]), call.stamp) | body
    call.account.save_small(kind, doc)
    return ok(doc)


def change_small(kind: str, call: Call, ref: str) -> Response:
    """PATCH a pipeline or stage."""
    call.require_admin()
    doc = _small(call, kind, ref, kind.rstrip("s").capitalize())
    doc = doc | rules.body(call, _SMALL[kind]) | {"update_time": call.stamp}
    call.account.save_small(kind, doc)
    return ok(doc)


def delete_small(kind: str, call: Call, ref: str) -> Response:
    """DELETE a pipeline or stage: soft."""
    call.require_admin()
    doc = _small(call, kind, ref, kind.rstrip("s").capitalize()) | {"is_deleted": True}
    call.account.save_small(kind, doc)
    return ok({"id": doc["id"]})


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
