"""What the address of a list asks for: the filters and the order. Nothing else holds them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import QueryDict

from migrator.engine.cases import Decide
from reconciliation.choices import ItemState
from reconciliation.facets import FIRST_YEAR, LAST_YEAR, NEVER, SURE, folded

LONGEST = 200
# Less than three letters or digits in a row are in nearly every case; such a search finds nothing and says so.
_LONG_ENOUGH = re.compile(r"[^\W_]{3}")
STATES = (ItemState.OPEN.value, ItemState.UNSURE.value, ItemState.DECIDED.value)
SORTS = ("impact", "sure", "newest")
YES_NO = ("yes", "no")
_DEFAULTS = {"state": ItemState.OPEN.value, "sort": "impact"}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "sure": SURE,
    "phone": YES_NO,
    "company": YES_NO,
    "changed": ("yes",),
    "state": STATES,
    "sort": SORTS,
    "suggestion": tuple(action.value for action in Decide),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a list, each as the address spells it; "" does not narrow.

    `assignee` is "none" or the id of a person, `sure` is high (90 and more), medium (70 and more) or low, `seen` is
    the year of the last event or "never", `state` is open, unsure or decided. True where anything narrows: the state
    and the order do not.
    """

    q: str = ""
    section: str = ""
    suggestion: str = ""
    assignee: str = ""
    sure: str = ""
    phone: str = ""
    company: str = ""
    seen: str = ""
    tag: str = ""
    changed: str = ""
    state: str = ItemState.OPEN.value
    sort: str = "impact"

    @classmethod
    def from_query(cls, query: str | QueryDict | dict[str, str], *, me: int | None = None) -> "Filters":
        """Whatever an address may hold: a value that is no good is no filter. `me` is whom "assignee=me" means."""
        given = dict(parse_qsl(query.removeprefix("?"))) if isinstance(query, str) else query.copy()
        if me is not None and given.get("assignee") == "me":
            given["assignee"] = str(me)
        found = {name: _cleaned(name, str(given.get(name) or "")) for name in NAMES}
        return cls(**{name: value for name, value in found.items() if value})

    def as_query(self, **more: Any) -> str:
        """The end of an address, "" where there is nothing to say; `more` adds to it, or takes out with ""."""
        parts = {name: getattr(self, name) for name in NAMES} | more
        kept = {n: v for n, v in parts.items() if v not in ("", None) and v != _DEFAULTS.get(n)}
        return f"?{urlencode(kept)}" if kept else ""

    def __bool__(self) -> bool:
        return bool(self.narrowing)

    @property
    def narrowing(self) -> dict[str, str]:
        """The filters that narrow, by name."""
        return {n: v for n in NAMES if n not in _DEFAULTS and (v := getattr(self, n))}

    @property
    def is_too_short(self) -> bool:
        """Whether there is a search, and nothing in it that an index could find."""
        return bool(self.q) and not _LONG_ENOUGH.search(folded(self.q))

    @property
    def searched(self) -> tuple[str, ...]:
        """The words that all have to be in a case, as its search text spells them."""
        return tuple(dict.fromkeys(folded(self.q).split()))


NAMES = tuple(field.name for field in fields(Filters))


def _cleaned(name: str, value: str) -> str:
    value = value.replace("\0", "")[:LONGEST]
    if name == "tag":
        # Blanks stay: a tag may differ from another by one alone.
        return value
    value = value.strip()
    if name in _CHOICES:
        return value if value in _CHOICES[name] else ""
    if name == "assignee":
        return value if value == "none" or _is_id(value) else ""
    if name == "seen":
        return value if value == NEVER or _is_year(value) else ""
    return value


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdecimal() and 0 < int(value) < 2**31


def _is_year(value: str) -> bool:
    return len(value) == 4 and value.isascii() and value.isdecimal() and FIRST_YEAR <= int(value) <= LAST_YEAR
