"""One line of a connection test: what was found, and what to do about it. Shared by both vendors."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A sentence about one thing, and the next step where there is one."""

    level: Level
    sentence: str
    next_step: str = ""
