"""v2's field addresses: list, create, change, delete, and their options (bare arrays, all or nothing)."""

from collections.abc import Callable
from functools import partial

from migrator.simulators.http_wsgi import Response
from migrator.simulators.pipedrive import placement, rules
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.answers import ok, page
from migrator.simulators.pipedrive.catalogue import Field, Option
from migrator.simulators.pipedrive.errors import ApiError, invalid, not_found
from migrator.simulators.pipedrive.parameters import Parameters, make_cursor
from migrator.simulators.pipedrive.placement import NAMESPACES
from migrator.simulators.pipedrive.state import Doc
from migrator.simulators.pipedrive.system_fields import CUSTOM_TYPES, SUBFIELDS

MOST_OPTIONS = 10_000
TABLES = {"person": "persons", "organization": "organizations", "deal": "deals"}


def list_fields(entity: str, call: Call) -> Response:
    """GET many."""
    parameters = Parameters(call, {"include_fields", "limit", "cursor"})
    namespaces = parameters.words("include_fields", NAMESPACES)
    limit, position = parameters.limit(), parameters.cursor(f"{entity}_fields")
    after = position["id"] if position else 0
    fields = [field for field in call.account.catalogue.fields(entity) if field.number > after]
    shown, more = fields[:limit], len(fields) > limit
    at = {"field": "id", "fieldValue": shown[-1].number, "id": shown[-1].number} if more else {}
    cursor = make_cursor(call, f"{entity}_fields", at) if more else None
    return page([show_field(field, namespaces) for field in shown], cursor)


def read_field(entity: str, call: Call, code: str) -> Response:
    """GET one."""
    namespaces = Parameters(call, {"include_fields"}).words("include_fields", NAMESPACES)
    return ok(show_field(_field(call, entity, code), namespaces))


def create_field(entity: str, call: Call) -> Response:
    """POST: a custom field with a code of the service's choosing."""
    call.require_admin()
    body = rules.body(call, _CREATE | _changeable(entity), required=("field_name", "field_type"))
    kind, labels = body["field_type"], [option["label"] for option in body.get("options", [])]
    if kind in ("enum", "set") and not labels:
        raise invalid("options: Required for field_type enum and set")
    if kind not in ("enum", "set") and labels:
        raise invalid("options: only allowed for field_type enum and set")
    check_field_cap(call)
    field = call.account.catalogue.add(
        entity,
        body["field_name"],
        kind,
        labels,
        call.stamp,
        description=body.get("description"),
        placement={name: body[name] for name in NAMESPACES if name in body},
    )
    return ok(show_field(field, placement.namespaces(entity)))


def change_field(entity: str, call: Call, code: str) -> Response:
    """PATCH: the name and where it shows; never code or type."""
    call.require_admin()
    field = _custom(call, entity, code)
    body = rules.body(call, _changeable(entity))
    placed = (field.placement or {}) | {name: body[name] for name in NAMESPACES if name in body}
    changed = call.account.catalogue.change(
        field,
        call.stamp,
        name=body.get("field_name", field.name),
        description=body.get("description", field.description),
        placement=placed,
    )
    return ok(show_field(changed, placement.namespaces(entity)))


def delete_field(entity: str, call: Call, code: str) -> Response:
    """DELETE: the field and what records held in it."""
    call.require_admin()
    field = _custom(call, entity, code)
    call.account.catalogue.remove(field)
    return ok(show_field(field, ()))


def add_options(entity: str, call: Call, code: str) -> Response:
    """POST options."""
    field = _optioned(call, entity, code)
    items = _items(call, {"label": rules.text(255, empty=False)}, ("label",))
    if len(field.options) + len(items) > MOST_OPTIONS:
        raise invalid(f"options: a field can have at most {MOST_OPTIONS} options")
    new = call.account.catalogue.new_options(item["label"] for item in items)
    call.account.catalogue.change(field, call.stamp, options=field.options + new)
    return ok([_show_option(option) for option in new], additional_data=None)


def rename_options(entity: str, call: Call, code: str) -> Response:
    """PATCH options."""
    field = _optioned(call, entity, code)
    items = _items(call, {"id": rules.integer, "label": rules.text(255, empty=False)}, ("id", "label"))
    _check_known(field, items)
    names = {item["id"]: item["label"] for item in items}
    kept = tuple(
        Option(option.id, names.get(option.id, option.label), option.color) for option in field.options
    )
    call.account.catalogue.change(field, call.stamp, options=kept)
    return ok([_show_option(option) for option in kept if option.id in names], additional_data=None)


def remove_options(entity: str, call: Call, code: str) -> Response:
    """DELETE options, from the field and from every record."""
    field = _optioned(call, entity, code)
    items = _items(call, {"id": rules.integer}, ("id",))
    _check_known(field, items)
    gone = {item["id"] for item in items}
    touched = [option for option in field.options if option.id in gone]
    keep_options(call, field, tuple(option for option in field.options if option.id not in gone))
    return ok([_show_option(option) for option in touched], additional_data=None)


def keep_options(call: Call, field: Field, kept: tuple[Option, ...]) -> None:
    """Store the surviving options and take the others out of every record."""
    call.account.catalogue.change(field, call.stamp, options=kept)
    alive = {option.id for option in kept}
    gone = field.option_ids() - alive
    if not gone:
        return
    kind = TABLES.get(field.entity)
    if kind is None:  # products have fields here, but no records
        return
    path = f'$.custom_fields."{field.code}"' if field.custom else f"$.{field.code}"
    for doc in call.store.iterate(kind, [f"json_extract(doc,'{path}') IS NOT NULL"]):
        holder = doc["custom_fields"] if field.custom else doc
        if _strip(holder, field.code, gone):
            call.store.rewrite(kind, doc)


def check_field_cap(call: Call) -> None:
    """Raise 403 when the company has as many custom fields as its plan allows."""
    cap = call.account.plan.custom_fields
    if cap is not None and call.account.catalogue.custom_count() >= cap:
        raise ApiError(
            403,
            f"Custom fields limit of the company is reached ({cap})",
            code="feature_capping_custom_fields_limit",
        )


def show_field(field: Field, namespaces: tuple[str, ...] | list[str]) -> Doc:
    """A field as v2 answers it; it has no numeric id."""
    shown: Doc = {
        "field_name": field.name,
        "field_code": field.code,
        "description": field.description,
        "field_type": field.type,
        "options": [_show_option(option) for option in field.options] if field.has_options() else None,
        "subfields": _subfields(field),
        "is_custom_field": field.custom,
        "is_optional_response_field": field.code.endswith("_count"),
        "is_writable": field.custom,
    }
    placed = field.placement or {}
    return shown | {name: placement.shown(field.entity, placed, name) for name in namespaces}


def handlers(entity: str) -> dict[tuple[str, str], Callable[..., Response]]:
    """All field operations of an entity by method and address."""
    base = f"/api/v2/{entity}Fields"
    return {
        ("GET", base): partial(list_fields, entity),
        ("POST", base): partial(create_field, entity),
        ("GET", f"{base}/{{code}}"): partial(read_field, entity),
        ("PATCH", f"{base}/{{code}}"): partial(change_field, entity),
        ("DELETE", f"{base}/{{code}}"): partial(delete_field, entity),
        ("POST", f"{base}/{{code}}/options"): partial(add_options, entity),
        ("PATCH", f"{base}/{{code}}/options"): partial(rename_options, entity),
        ("DELETE", f"{base}/{{code}}/options"): partial(remove_options, entity),
    }


def _field(call: Call, entity: str, code: str) -> Field:
    field = call.account.catalogue.field(entity, code)
    if field is None:
        raise not_found("Field")
    return field


def _custom(call: Call, entity: str, code: str) -> Field:
    field = _field(call, entity, code)
    if not field.custom:
        raise ApiError(400, "System fields can not be changed")
    return field


def _optioned(call: Call, entity: str, code: str) -> Field:
    call.require_admin()
    field = _field(call, entity, code)
    if not field.has_options():
        raise invalid(f"Field {code} has no options")
    if not field.custom and not (code == "label_ids" and call.settings.label_options_v2):
        raise ApiError(400, "Options of system fields can not be changed")
    return field


def _items(call: Call, schema: rules.Schema, required: tuple[str, ...]) -> list[Doc]:
    items = rules.array(rules.record(schema, required=required))(call.json(), "body")
    if not items:
        raise invalid("body: must have at least 1 item")
    return list(items)


def _check_known(field: Field, items: list[Doc]) -> None:
    for item in items:
        if item["id"] not in field.option_ids():
            raise invalid(f"Option {item['id']} does not exist")


def _strip(holder: Doc, code: str, gone: frozenset[int]) -> bool:
    value = holder[code]
    if not isinstance(value, list):
        if value in gone:
            del holder[code]
            return True
        return False
    kept = [choice for choice in value if choice not in gone]
    if kept or code == "label_ids":
        holder[code] = kept
    else:
        del holder[code]
    return len(kept) != len(value)


def _show_option(option: Option) -> Doc:
    shown: Doc = {"id": option.id, "label": option.label}
    return shown | ({"color": option.color} if option.color else {})


def _subfields(field: Field) -> list[Doc] | None:
    parts = SUBFIELDS.get(field.type)
    if parts is None:
        return None
    return [
        {"field_code": code, "field_name": f"{name} of {field.name}", "field_type": kind}
        for code, name, kind in parts
    ]


def _changeable(entity: str) -> dict[str, rules.Check]:
    # Only deal fields take a description (reference 4.1).
    more = {"description": rules.or_null(rules.text(1_000))} if entity == "deal" else {}
    return {"field_name": rules.text(255, empty=False), **placement.checks(entity), **more}


_CREATE: dict[str, rules.Check] = {
    "field_type": rules.one_of(*sorted(CUSTOM_TYPES)),
    "options": rules.array(
        rules.record({"label": rules.text(255, empty=False)}, required=("label",)), most=MOST_OPTIONS
    ),
}
