"""Which values an attribute takes, by its type, and how cells of an import become such values (reference 4.2)."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.world import EMAIL_ATTRIBUTE, MOBILE_ATTRIBUTE
from migrator.simulators.seeds.shape import CRM_KEYSPACE, EMAIL_KEYSPACE, MOBILE_KEYSPACE

LONGEST_TEXT = 1_000
_LARGEST = 1 << 63
CRM_ATTRIBUTE = "com.apsis1.attributes.crmid"
_ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_MSISDN = re.compile(r"[1-9][0-9]{5,14}")
_DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
_INTEGRATION = "com.apsis1.integrations.keyspaces."


def check_value(attribute: str, type_: str, value: Any) -> None:
    """Refuse with 400 what the attribute cannot hold; None clears any attribute."""
    if value is None:
        return
    if not _FITS[type_](value):
        raise ApiProblem(400, f"{attribute} takes a value of type {type_}.")
    if attribute == EMAIL_ATTRIBUTE and not is_email(value):
        raise ApiProblem(400, f"{value} is not an e-mail address.")
    if attribute == MOBILE_ATTRIBUTE and not is_mobile(str(value)):
        raise ApiProblem(400, f"{value} is not a mobile number with a country code.")


def check_key(keyspace: str, key: str) -> None:
    """Refuse with 400 a key that the keyspace's mapped attribute could not hold."""
    if keyspace == EMAIL_KEYSPACE and not is_email(key):
        raise ApiProblem(400, f"{key} is not an e-mail address.")
    if keyspace == MOBILE_KEYSPACE and not is_mobile(key):
        raise ApiProblem(400, f"{key} is not a mobile number with a country code.")


def mapped_attribute(keyspace: str) -> str | None:
    """The attribute that a keyspace is tied to in every Section (documented: D-create); that a connector's
    keyspace is tied to the CRM-ID is assumed. None for cookies and the like."""
    if keyspace.startswith(_INTEGRATION):
        return CRM_ATTRIBUTE
    return _MAPPED.get(keyspace)


def mapped_value(keyspace: str, key: str) -> Any:
    """A key as the value of the mapped attribute: a mobile is a number."""
    return int(key) if keyspace == MOBILE_KEYSPACE else key


def is_email(text: str) -> bool:
    """A valid address with a top-level domain."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None


def is_mobile(text: str) -> bool:
    """MSISDN: digits without plus, spaces or leading zeros."""
    return _MSISDN.fullmatch(text) is not None


def value_of_cell(type_: str, cell: str) -> Any:
    """The value that a cell of an import stands for. Raises ValueError where it stands for none."""
    return _CELLS[type_](cell.strip())


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


_FITS: dict[str, Callable[[Any], bool]] = {
    "text": _is_text,
    "number": _is_whole,
    "decimal": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "date": _is_date,
    "timestamp": _is_whole,
}


def _text_of(cell: str) -> str:
    if len(cell) > LONGEST_TEXT:
        raise ValueError(f"longer than {LONGEST_TEXT} characters")
    return cell


def _boolean_of(cell: str) -> bool:
    if cell.lower() in ("true", "1", "yes"):
        return True
    if cell.lower() in ("false", "0", "no"):
        return False
    raise ValueError("neither true nor false")


def _date_of(cell: str) -> str:
    """Many formats, time and zone dropped; all-digit forms are read as Unix seconds (reference 4.2)."""
    if cell.isdigit():
        return datetime.fromtimestamp(int(cell), UTC).date().isoformat()
    day_first = _DAY_FIRST.match(cell)
    if day_first:
        day, month, year = map(int, day_first.groups())
        return date(year, month, day).isoformat()
    return date.fromisoformat(cell[:10]).isoformat()


def _timestamp_of(cell: str) -> int:
    if cell.lstrip("-").isdigit():
        return int(cell)
    moment = datetime.fromisoformat(cell)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


_CELLS: dict[str, Callable[[str], Any]] = {
    "text": _text_of,
    "number": int,
    "decimal": lambda cell: float(cell.replace(",", ".")),
    "boolean": _boolean_of,
    "date": _date_of,
    "timestamp": _timestamp_of,
}
_MAPPED = {
    EMAIL_KEYSPACE: EMAIL_ATTRIBUTE,
    MOBILE_KEYSPACE: MOBILE_ATTRIBUTE,
    CRM_KEYSPACE: CRM_ATTRIBUTE,
}
