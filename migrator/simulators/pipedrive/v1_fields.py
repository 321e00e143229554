"""v1's field addresses: numeric ids for filters, and the PUT that deletes every option left out."""

from collections.abc import Callable
from functools import partial
from typing import Any

from migrator.simulators.http_wsgi import Response, json_response
from migrator.simulators.pipedrive import rules
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.answers import ok, v1_page
from migrator.simulators.pipedrive.catalogue import Field, Option
from migrator.simulators.pipedrive.errors import ApiError, invalid, not_found
from migrator.simulators.pipedrive.field_pages import check_field_cap, keep_options
from migrator.simulators.pipedrive.parameters import Parameters
from migrator.simulators.pipedrive.state import Doc
from migrator.simulators.pipedrive.system_fields import CUSTOM_TYPES
from migrator.simulators.pipedrive.times import spaced_from_rfc3339


def list_fields(entity: str, call: Call) -> Response:
    """GET many, by start and limit."""
    parameters = Parameters(call, {"start", "limit"})
    start, limit = parameters.start(), parameters.limit()
    fields = call.account.catalogue.fields(entity)
    shown = [show_field(field) for field in fields[start : start + limit]]
    null = call.settings.v1_empty_list_is_null
    # The schema of the specification is flat, its example is not: both are told.
    more = len(fields) > start + limit
    return v1_page(shown, start=start, limit=limit, more=more, empty_is_null=null, flat=True)


def read_field(entity: str, call: Call, ref: str) -> Response:
    """GET one."""
    return ok(show_field(_numbered(call, entity, ref)))


def create_field(entity: str, call: Call) -> Response:
    """POST."""
    call.require_admin()
    body = rules.body(call, _taken(entity, _CREATE), required=("name", "field_type"))
    labels = [option["label"] for option in body.get("options", [])]
    if (body["field_type"] in ("enum", "set")) != bool(labels):
        raise invalid("options: required for enum and set, and only for them")
    check_field_cap(call)
    field = call.account.catalogue.add(entity, body["name"], body["field_type"], labels, call.stamp)
    # Fields of products alone are answered 201, as the specification says.
    return json_response(201 if entity == "product" else 200, {"success": True, "data": show_field(field)})


def change_field(entity: str, call: Call, ref: str) -> Response:
    """PUT: the complete list of options, those left out are deleted from every record."""
    call.require_admin()
    field = _numbered(call, entity, ref)
    if not field.custom and field.code != "label_ids":
        raise ApiError(400, "System fields can not be changed")
    body = rules.body(call, _taken(entity, _CHANGE))
    if "options" in body:
        keep_options(call, field, _resent(call, field, body["options"]))
        field = _numbered(call, entity, ref)
    if "name" in body and field.custom:
        field = call.account.catalogue.change(field, call.stamp, name=body["name"])
    return ok(show_field(field))


def delete_field(entity: str, call: Call, ref: str) -> Response:
    """DELETE one."""
    call.require_admin()
    field = _numbered(call, entity, ref)
    if not field.custom:
        raise ApiError(400, "System fields can not be deleted")
    call.account.catalogue.remove(field)
    return ok({"id": field.number})


def delete_fields(entity: str, call: Call) -> Response:
    """DELETE ?ids=."""
    call.require_admin()
    found = [
        call.account.catalogue.numbered(entity, number) for number in Parameters(call, {"ids"}).ids() or []
    ]
    fields = [field for field in found if field is not None and field.custom]
    for field in fields:
        call.account.catalogue.remove(field)
    return ok({"id": [field.number for field in fields]})


def show_field(field: Field) -> Doc:
    """A field as v1 answers it."""
    return {
        "id": field.number,
        "key": field.code,
        "name": field.name,
        "order_nr": field.number,
        "field_type": field.type,
        "add_time": spaced_from_rfc3339(field.stamp),
        "update_time": spaced_from_rfc3339(field.updated),
        "active_flag": True,
        "edit_flag": field.custom,
        "index_visible_flag": True,
        "details_visible_flag": True,
        "add_visible_flag": False,
        "important_flag": False,
        "bulk_edit_allowed": field.custom,
        "searchable_flag": field.type in ("varchar", "varchar_auto", "text", "phone"),
        "filtering_allowed": True,
        "sortable_flag": True,
        "mandatory_flag": False,
        "options": [_show_option(option) for option in field.options] if field.has_options() else None,
        "options_deleted": None,
        "is_subfield": False,
        "subfields": None,
        **dict.fromkeys(("created_by_user_id", "last_updated_by_user_id")),
    }


def handlers(entity: str) -> dict[tuple[str, str], Callable[..., Response]]:
    """All v1 field operations of an entity by method and address."""
    base = f"/v1/{entity}Fields"
    return {
        ("GET", base): partial(list_fields, entity),
        ("POST", base): partial(create_field, entity),
        ("DELETE", base): partial(delete_fields, entity),
        ("GET", f"{base}/{{ref}}"): partial(read_field, entity),
        ("PUT", f"{base}/{{ref}}"): partial(change_field, entity),
        ("DELETE", f"{base}/{{ref}}"): partial(delete_field, entity),
    }


def _taken(entity: str, schema: dict[str, rules.Check]) -> dict[str, rules.Check]:
    # The specification lets add_visible_flag be set on every kind of field but those of products.
    return {
        name: check for name, check in schema.items() if (entity, name) != ("product", "add_visible_flag")
    }


def _resent(call: Call, field: Field, items: list[Doc]) -> tuple[Option, ...]:
    known = {option.id: option for option in field.options}
    for item in items:
        if "id" in item and item["id"] not in known:
            raise invalid(f"options: option {item['id']} does not exist")
    made = []
    for item in items:
        if "id" in item:
            made.append(Option(item["id"], item["label"], item.get("color") or known[item["id"]].color))
        else:
            made += call.account.catalogue.new_options([item["label"]], [item.get("color")])
    return tuple(made)


def _numbered(call: Call, entity: str, ref: str) -> Field:
    number = int(ref) if ref.isascii() and ref.isdigit() else -1
    field = call.account.catalogue.numbered(entity, number)
    if field is None:
        raise not_found("Field")
    return field


def _show_option(option: Option) -> Doc:
    shown: Doc = {"id": option.id, "label": option.label}
    return shown | ({"color": option.color} if option.color else {})


def _flag(value: Any, name: str) -> Any:
    if value not in (True, False, 0, 1):
        raise invalid(f"{name}: Expected 'boolean' as value")
    return bool(value)


_OPTION: dict[str, rules.Check] = {
    "id": rules.integer,
    "label": rules.text(255, empty=False),
    "color": rules.or_null(rules.one_of("green", "blue", "red", "yellow", "purple", "gray", "dark-gray")),
}
_CHANGE: dict[str, rules.Check] = {
    "name": rules.text(255, empty=False),
    "options": rules.array(rules.record(_OPTION, required=("label",))),
    "add_visible_flag": _flag,
}
_CREATE: dict[str, rules.Check] = _CHANGE | {"field_type": rules.one_of(*sorted(CUSTOM_TYPES))}
