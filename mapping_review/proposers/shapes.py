"""Strict readers of parsed JSON for the gold set's format: each names the place that is wrong."""

import math
from collections.abc import Mapping, Sequence

from migrator.engine.canonical import JsonValue


def object_(value: JsonValue, at: str) -> Mapping[str, JsonValue]:
    """The value where it is an object; raises TypeError with the place where it is not."""
    if not isinstance(value, dict):
        raise TypeError(f"{at} should be an object and is {kind_of(value)}")
    return value


def text(raw: Mapping[str, JsonValue], key: str, at: str, default: str | None = None) -> str:
    """The text under a key; a missing one is the default, or an error where there is none."""
    value = raw.get(key, default)
    if not isinstance(value, str):
        raise TypeError(f"{_place(at, key)} should be a text and is {kind_of(value)}")
    return value


def number(raw: Mapping[str, JsonValue], key: str, at: str, default: float | None = None) -> float:
    """The number under a key, from 0 upwards and finite."""
    value = raw.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{_place(at, key)} should be a number and is {kind_of(value)}")
    if not 0 <= value < math.inf or value > 10**15:
        raise ValueError(f"{_place(at, key)} should be from 0 to 10^15")
    return float(value)


def listed(
    raw: Mapping[str, JsonValue], key: str, at: str, default: Sequence[JsonValue] | None = None
) -> Sequence[JsonValue]:
    """The list under a key; a missing one or null is the default, or an error where there is none."""
    value = raw.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, list):
        raise TypeError(f"{_place(at, key)} should be a list and is {kind_of(value)}")
    return value


def kind_of(value: JsonValue) -> str:
    """What a person calls a JSON value."""
    if value is None:
        return "missing"
    names = {bool: "true or false", str: "a text", list: "a list", dict: "an object"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "a number")


def _place(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key
