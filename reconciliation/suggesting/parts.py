"""What every suggestion is made of. Values only."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from migrator.engine.cases import Decide
from reconciliation.effects import Evidence
from reconciliation.spelling import folded, nearness

SAME_NAME = 0.8
OTHER_NAME = 0.5
# A name that is not known says nothing for or against.
UNKNOWN_NAME = 0.6
# "K. Holm" beside "Karin Holm".
SHORTENED_NAME = 0.7


@dataclass(frozen=True, slots=True)
class Reason:
    """`tone` is ok or warn. `**` marks what the screen prints strong."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that one key chooses: an act with its arguments, and how it is shown."""

    action: Decide
    args: Mapping[str, Any]
    label: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    action: Decide
    args: Mapping[str, Any] = field(default_factory=dict)
    confidence: int = 50
    reasons: tuple[Reason, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    effect: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def label_of(row: Evidence) -> str:
    return str(row.get("name") or row.get("email") or row.get("company") or "A profile without name")


def name_nearness(name: str, row: Evidence) -> float:
    other = str(row.get("name") or "")
    return of_names(name, other) if name and other else UNKNOWN_NAME


def of_names(one: str, other: str) -> float:
    """How near two names are: by their spelling, or by a shared last name where a first name is only begun."""
    near = nearness(one, other)
    return max(near, SHORTENED_NAME) if _is_shortened(one, other) else near


def _is_shortened(one: str, other: str) -> bool:
    mine, theirs = one.replace(".", " ").split(), other.replace(".", " ").split()
    if len(mine) < 2 or len(theirs) < 2:
        return False
    last = {folded(part) for part in mine[-1].split("-")} & {folded(part) for part in theirs[-1].split("-")}
    begun = min(len(mine[0]), len(theirs[0])) == 1 and folded(mine[0])[:1] == folded(theirs[0])[:1]
    return bool(last - {""}) and begun


def fullness(member: Evidence) -> tuple[int, int, str, str]:
    """The fuller of two profiles has the greater one; never the same for two."""
    filled, events = int(member.get("filled") or 0), int(member.get("event_count") or 0)
    return filled, events, str(member.get("last_event") or ""), str(member["source_key"])
