"""What a discovery changed in the evidence of a case, in words and values. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

Evidence = Mapping[str, Any]

LONGEST = 300
LONGEST_VALUE = 60
# Of a list, as many entries are named; the rest is counted.
NAMED = 2
# Words for the screen where the name of a piece of evidence is not one.
SAID = {
    "crm_id": "CRM id",
    "event_count": "events",
    "last_event": "last event",
    "open_deal": "open deal",
    "members": "profiles",
    "targets": "Persons in Pipedrive",
    "top": "values",
    "similar": "similar tags",
    "together": "tags used together",
    "count": "profiles",
    "variants": "values per Section",
    "filled": "filled fields",
    "target_id": "Person in Pipedrive",
    "vat": "company numbers",
}
# What tells one row of a list from another, and what it is called on the screen.
IDENTITIES = ("source_key", "target_id", "tag", "section", "where", "name")
NAMES = ("name", "tag", "section", "where", "email", "source_key", "target_id")


def said(before: Evidence, after: Evidence, *, earlier: str = "") -> str:
    """One sentence of at most 300 characters; `earlier` is what had been said of changes before these."""
    parts = [part for name in _differing(before, after) for part in _part(name, before, after)]
    if not parts:
        return earlier
    start = f"{earlier} Then: " if earlier else "Changed since it was decided: "
    return _cut(f"{start}{', '.join(parts)}.", LONGEST)


def _differing(before: Evidence, after: Evidence) -> list[str]:
    return [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]


def _part(name: str, before: Evidence, after: Evidence) -> Iterator[str]:
    word, old, new = _word(name), before.get(name), after.get(name)
    if not isinstance(old, list | dict) and not isinstance(new, list | dict):
        yield f"{word}: {_value(name, old)} → {_value(name, new)}"
    elif _holds_rows(old) or _holds_rows(new):
        yield from _rows_changed(word, old or [], new or [])
    else:
        yield _list_changed(word, old or [], new or [])


def _word(name: str) -> str:
    return SAID.get(name, name.replace("_", " "))


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    text = str(value if value is not None else "")
    return _cut(text[:10] if name == "last_event" else text, LONGEST_VALUE) or "none"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _holds_rows(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(row, dict) for row in value)


def _list_changed(word: str, old: Any, new: Any) -> str:
    """What came and what went, or nothing more than that it changed."""
    came = [str(v) for v in new if v not in old]
    went = [str(v) for v in old if v not in new]
    parts = [f"{verb} {_first(values)}" for verb, values in (("added", came), ("without", went)) if values]
    return f"{word}: {', '.join(parts)}" if parts else f"{word}: in another order"


def _first(values: list[str]) -> str:
    rest = f" and {len(values) - NAMED} more" if len(values) > NAMED else ""
    return _cut(" and ".join(values[:NAMED]), LONGEST_VALUE) + rest


def _rows_changed(word: str, old: list[Any], new: list[Any]) -> Iterator[str]:
    """The number where it differs; else what changed in the rows, each named."""
    if len(old) != len(new):
        yield f"{word}: {len(old):,} → {len(new):,}"
        return
    known = {_identity(row): row for row in old if isinstance(row, dict)}
    pairs = [(known.get(_identity(row)), row) for row in new if isinstance(row, dict)]
    changed = [(row, was) for was, row in pairs if was is not None and was != row]
    if not changed:
        yield f"{word}: others than before"
        return
    for row, was in changed[:NAMED]:
        fields = ", ".join(part for name in _differing(was, row) for part in _part(name, was, row))
        yield f"{_called(row)} ({fields})"
    if len(changed) > NAMED:
        yield f"{len(changed) - NAMED:,} more of the {word}"


def _identity(row: Mapping[str, Any]) -> tuple[str, str]:
    return next(((name, str(row[name])) for name in IDENTITIES if row.get(name)), ("", ""))


def _called(row: Mapping[str, Any]) -> str:
    return next((_cut(str(row[name]), LONGEST_VALUE) for name in NAMES if row.get(name)), "one of them")
