"""Envelopes of successful answers."""

from typing import Any

from migrator.simulators.http_wsgi import Response, json_response


def ok(data: Any, **more: Any) -> Response:
    """200 with data."""
    return json_response(200, {"success": True, "data": data, **more})


def page(data: list[Any], cursor: str | None) -> Response:
    """One page of a v2 list."""
    return ok(data, additional_data={"next_cursor": cursor})


def v1_page(
    data: list[Any], *, start: int, limit: int, more: bool, empty_is_null: bool, flat: bool = False
) -> Response:
    """One page of a v1 list; `flat` tells the place in the list outside of `pagination` as well."""
    pagination: dict[str, Any] = {"start": start, "limit": limit, "more_items_in_collection": more}
    if more:
        pagination["next_start"] = start + limit
    shown = None if not data and empty_is_null else data
    outside = {name: pagination[name] for name in pagination if name != "next_start"} if flat else {}
    return ok(shown, additional_data={"pagination": pagination, **outside})
