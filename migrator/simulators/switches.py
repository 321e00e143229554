"""Settings as switches: shown, changed by name from JSON or from a command line, checked against their types."""

import json
import math
import types
from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Settings = TypeVar("Settings")


def shown(settings: Any) -> dict[str, Any]:
    """Every switch with its value, as JSON shows it."""
    return {item.name: _plain(getattr(settings, item.name)) for item in fields(settings)}


def changed(settings: Settings, changes: Mapping[str, Any], *, fixed: Collection[str] = ()) -> Settings:
    """The settings with some switches moved. Raises ValueError with one sentence; `fixed` ones may not move."""
    hints = get_type_hints(type(settings))
    for name in changes:
        if name not in hints or not hasattr(settings, name):
            raise ValueError(f"There is no switch {name!r}; known are: {', '.join(sorted(shown(settings)))}.")
        if name in fixed:
            raise ValueError(f"{name} is fixed at the start: name it when the simulator is started.")
    values = {name: _checked(name, value, hints[name]) for name, value in changes.items()}
    return replace(settings, **values)  # type: ignore[type-var]


def parsed(settings: Settings, words: Mapping[str, str]) -> Settings:
    """The same from a command line, where every value is a text: JSON, or itself where that is no JSON."""
    return changed(settings, {name: _value(text) for name, text in words.items()})


def _value(text: str) -> Any:
    if text.lower() in ("true", "false", "none", "null"):
        return {"true": True, "false": False}.get(text.lower())
    try:
        return json.loads(text)
    except ValueError:
        return text


def _checked(name: str, value: Any, hint: Any) -> Any:
    fitting = _fitting(value, hint)
    if fitting is _NONE_FITS:
        raise ValueError(f"{name} must be {_words(hint)}, not {json.dumps(value, ensure_ascii=False)}.")
    return fitting


_NONE_FITS = object()


def _fitting(value: Any, hint: Any) -> Any:
    """The value as the hint wants it, or _NONE_FITS."""
    if get_origin(hint) in (Union, types.UnionType):
        tried = (_fitting(value, part) for part in get_args(hint))
        return next((found for found in tried if found is not _NONE_FITS), _NONE_FITS)
    if get_origin(hint) is Literal:
        return next((known for known in get_args(hint) if str(known) == str(value)), _NONE_FITS)
    if get_origin(hint) is tuple:
        items = value if isinstance(value, list | tuple) else [value]
        fitting = tuple(_fitting(item, get_args(hint)[0]) for item in items)
        return _NONE_FITS if _NONE_FITS in fitting else fitting
    return _plain_fitting(value, hint)


def _plain_fitting(value: Any, hint: Any) -> Any:
    if hint in (None, type(None)):
        return None if value is None else _NONE_FITS
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if math.isfinite(value) and value >= 0 else _NONE_FITS
    if hint is int and isinstance(value, int) and not isinstance(value, bool):
        return value if value >= 0 else _NONE_FITS
    if hint is str and isinstance(value, int | str) and not isinstance(value, bool):
        return str(value)
    return value if hint is bool and isinstance(value, bool) else _NONE_FITS


def _words(hint: Any) -> str:
    if get_origin(hint) in (Union, types.UnionType):
        return " or ".join(_words(part) for part in get_args(hint))
    if get_origin(hint) is Literal:
        return " or ".join(json.dumps(known) for known in get_args(hint))
    if get_origin(hint) is tuple:
        return f"a list of which each is {_words(get_args(hint)[0])}"
    names = {bool: "true or false", int: "a whole number from 0", float: "a number from 0", str: "a text"}
    return names.get(hint, "nothing")


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return shown(value) if hasattr(value, "__dataclass_fields__") else value
