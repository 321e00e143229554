"""What GET /v1/filters/helpers answers: operators by type of field, relative dates, parts of an address. Data only.

The lists are those of the specification's example (shared reference, openapi/pipedrive-v1.yaml).
"""

from migrator.simulators.http_wsgi import Response
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.answers import ok
from migrator.simulators.pipedrive.parameters import Parameters

_IS = {"=": "is", "!=": "is not"}
_EMPTY = {"IS NULL": "is empty", "IS NOT NULL": "is not empty"}
_NUMBERS = (
    _IS
    | {">": "is more than", "<": "is less than", ">=": "is more or equal to", "<=": "is less or equal to"}
    | _EMPTY
)
_DAYS = _IS | {
    ">": "is later than",
    "<": "is earlier than",
    ">=": "is exactly or later than",
    "<=": "is exactly or earlier than",
}
_RANGES = {
    "=": "starts at",
    "!=": "does not start at",
    "ends_at": "ends at",
    "does_not_end_at": "does not end at",
    "<": "starts before",
    "<=": "starts exactly on or before",
    "ends_before": "ends before",
    "ends_e_before": "ends exactly on or before",
    ">": "starts after",
    "ends_after": "ends after",
    ">=": "starts exactly or after",
    "ends_e_after": "ends exactly or after",
    "includes": "does include",
} | _EMPTY
_LIKE = {"LIKE '%$%'": "contains", "LIKE '$%'": "starts with", "NOT LIKE '$%'": "does not start with"}
_LINK = _IS | _EMPTY

OPERATORS: dict[str, dict[str, str]] = {
    "int": _NUMBERS,
    "double": _NUMBERS,
    "monetary": _NUMBERS,
    "time": _IS
    | {
        "<": "is before",
        ">": "is after",
        ">=": "is exactly or after than",
        "<=": "is exactly or before than",
    }
    | _EMPTY,
    "date": _DAYS | _EMPTY,
    "entered_stage": _DAYS,
    "timerange": _RANGES,
    "daterange": _RANGES,
    "varchar": _IS | _EMPTY | _LIKE,
    "stage": _IS | {"has_been": "has been"},
    "title": {"=": "is"} | _LIKE,
    "set": _IS | {"contains": "contains", "not_contains": "does not contain"} | _EMPTY,
    "enum": _LINK,
    "deal": _LINK,
    "product": _LINK,
    "user": _LINK | {"belongs_to_team": "belongs to team"},
    "status": _IS,
    "visible_to": _IS,
    "currency": _IS,
    "pipeline": _IS,
    "person": _LINK,
    "organization": _LINK,
}
DEPRECATED = {
    "NOT LIKE '%$%'": "does not contain",
    "LIKE '%$'": "ends with",
    "NOT LIKE '%$'": "does not end with",
}
INTERVALS = {
    name: name.replace("_", " ")
    for name in [
        *("last_quarter", "this_quarter", "last_month", "this_month", "last_week", "this_week"),
        *("next_week", "next_month"),
    ]
}
RELATIVE_DAYS = {
    **{f"{count}_months_ago": f"{count} months ago" for count in (6, 5, 4, 3, 2)},
    "1_months_ago": "1 month ago",
    "3_weeks_ago": "3 weeks ago",
    "2_weeks_ago": "2 weeks ago",
    "1_week_ago": "1 week ago",
    "yesterday": "yesterday",
    "before_today": "before today",
    "today": "today",
    "now": "now",
    "later_or_today": "today or later",
    "before_tomorrow": "before tomorrow",
    "tomorrow": "tomorrow",
    "later_or_tomorrow": "tomorrow or later",
    "in_1_week": "in 1 week",
    "in_2_weeks": "in 2 weeks",
    "in_3_weeks": "in 3 weeks",
    "in_1_month": "in 1 month",
    **{f"in_{count}_months": f"in {count} months" for count in (2, 3, 4, 5, 6)},
}
ADDRESS_PARTS = {
    "subpremise": "Apartment/suite no",
    "street_number": "House number",
    "route": "Street/road name",
    "sublocality": "District/sublocality",
    "locality": "City/town/village/locality",
    "admin_area_level_1": "State/county",
    "admin_area_level_2": "Region",
    "country": "Country",
    "postal_code": "ZIP/Postal code",
    "formatted_address": "Full/combined address",
}

# Which list of operators a field's type follows; what is missing here follows its own name, or varchar.
_LISTS_OF_TYPES = {
    "org": "organization",
    "people": "person",
    "boolean": "status",
    "picture": "deal",
    "varchar_options": "varchar",
}


def operators_of(field_type: str) -> frozenset[str]:
    """The operators a condition on a field of this type may have, deprecated ones included."""
    allowed = OPERATORS.get(_LISTS_OF_TYPES.get(field_type, field_type), OPERATORS["varchar"])
    return frozenset(allowed) | (frozenset(DEPRECATED) if "LIKE '$%'" in allowed else frozenset())


def read_helpers(call: Call) -> Response:
    """GET /v1/filters/helpers."""
    Parameters(call, ())
    enum = [{operator: words} for operator, words in OPERATORS["enum"].items()]
    return ok(
        {
            "operators": OPERATORS | {"enum": enum},
            "deprecated_operators": DEPRECATED,
            "relative_dates": {
                "Relative date intervals": INTERVALS,
                "Relative dates": RELATIVE_DAYS,
                "Deal specific": {"rotten_time": "Rotten time"},
            },
            "address_field_components": ADDRESS_PARTS,
        }
    )
