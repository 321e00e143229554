"""Which profiles a report is about: named Segments or queries, joined by `!`, `&`, `|` and brackets (reference 9.3).

The sample of the documentation is `!(europe) & women`; that `|` exists and that `&` binds closer is assumed.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from migrator.simulators.apsis_one import aql
from migrator.simulators.apsis_one.bodies import text_of
from migrator.simulators.apsis_one.definitions import find_segment
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.seeds.shape import Segment

Truths = Mapping[str, bool]
_TOKEN = re.compile(r"\s*([!&|()]|[^\s!&|()]+)")


@dataclass(frozen=True, slots=True)
class SegmentFilter:
    """Named Segments and the expression over them."""

    segments: dict[str, Segment]
    passes: Callable[[Truths], bool]


def read_filter(state: ApsisState, body: dict[str, Any]) -> SegmentFilter:
    """The filter of a report's body; without one everybody passes. 400 for what cannot be understood."""
    entry = body.get("segments")
    if entry is None:
        return SegmentFilter({}, lambda truths: True)
    if not isinstance(entry, dict):
        raise ApiProblem(400, "segments must be an object.")
    named: dict[str, Segment] = {}
    for name, value in _pairs(entry, "segment_discriminators"):
        named[name] = find_segment(state, value)
    for name, value in _pairs(entry, "segment_definitions"):
        named[name] = aql.segment_of(state, value)
    if not named:
        raise ApiProblem(400, "segments must name at least one segment.")
    if "filter" not in entry:
        return SegmentFilter(named, all_of(named))
    return SegmentFilter(named, parse_expression(text_of(entry, "filter"), set(named)))


def _pairs(entry: dict[str, Any], field: str) -> list[tuple[str, str]]:
    """(name, id or query) pairs of one of the two maps."""
    given = entry.get(field, {})
    if not isinstance(given, dict):
        raise ApiProblem(400, f"{field} must map names to segments.")
    return [(name, text_of(given, name)) for name in given]


def read_segment(state: ApsisState, entry: Any, what: str) -> Segment:
    """One Segment, named or as a query."""
    if not isinstance(entry, dict):
        raise ApiProblem(400, f"{what} must be an object.")
    if "segment_definition" in entry:
        return aql.segment_of(state, text_of(entry, "segment_definition"))
    return find_segment(state, text_of(entry, "segment_discriminator"))


def all_of(named: Mapping[str, Segment]) -> Callable[[Truths], bool]:
    """Without an expression a profile must be in every named Segment (assumed)."""
    return lambda truths: all(truths[name] for name in named)


def parse_expression(text: str, names: set[str]) -> Callable[[Truths], bool]:
    """An expression as a predicate; 400 where it is not one, or names what was not given."""
    parser = _Parser(_TOKEN.findall(text), names)
    found = parser.either()
    if parser.left or _TOKEN.sub("", text).strip():
        raise ApiProblem(400, "filter is not an expression of !, &, | and the names of segments.")
    return found


class _Parser:
    """Recursive descent over the tokens that are left."""

    def __init__(self, tokens: list[str], names: set[str]) -> None:
        self.left = tokens
        self._names = names

    def either(self) -> Callable[[Truths], bool]:
        parts = [self._both()]
        while self._take("|"):
            parts.append(self._both())
        return lambda truths: any(part(truths) for part in parts)

    def _both(self) -> Callable[[Truths], bool]:
        parts = [self._one()]
        while self._take("&"):
            parts.append(self._one())
        return lambda truths: all(part(truths) for part in parts)

    def _one(self) -> Callable[[Truths], bool]:
        if self._take("!"):
            part = self._one()
            return lambda truths: not part(truths)
        if self._take("("):
            part = self.either()
            if not self._take(")"):
                raise ApiProblem(400, "filter: a bracket is not closed.")
            return part
        if not self.left or self.left[0] not in self._names:
            raise ApiProblem(400, "filter names a segment that is not among those given.")
        name = self.left.pop(0)
        return lambda truths: truths[name]

    def _take(self, token: str) -> bool:
        if self.left[:1] != [token]:
            return False
        self.left.pop(0)
        return True
