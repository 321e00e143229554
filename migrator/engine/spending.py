"""Tokens spent in a window that slides, so that no day of the target holds more than was granted.

When the target's day begins is documented nowhere (reliability.md C1, E). Whoever counts from a midnight of their own
may spend two days' tokens within one of the target's. Here every span of the window's length holds at most the limit,
wherever its day begins; counting in 144 parts gives tokens back at most ten minutes later than after a day.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

PARTS = 144


@dataclass(frozen=True, slots=True)
class Spending:
    """`parts` are (number of the part since the epoch, tokens), oldest first; times are seconds of one clock."""

    window_s: float
    parts: tuple[tuple[int, int], ...] = ()

    @classmethod
    def read(cls, window_s: float, stored: Sequence[Sequence[int]]) -> "Spending":
        return cls(window_s, tuple((int(number), int(tokens)) for number, tokens in stored))

    @property
    def part_s(self) -> float:
        return self.window_s / PARTS

    @property
    def total(self) -> int:
        return sum(tokens for _, tokens in self.parts)

    @property
    def first_back(self) -> float | None:
        """When the oldest tokens come back, None where none are out."""
        return self._ends(self.parts[0][0]) if self.parts else None

    def at(self, now: float) -> "Spending":
        """Without what the window has left behind."""
        return replace(self, parts=tuple(part for part in self.parts if self._ends(part[0]) > now))

    def plus(self, tokens: int, now: float) -> "Spending":
        number = int(now // self.part_s)
        kept = self.at(now).parts
        if kept and kept[-1][0] >= number:
            *older, (last, held) = kept
            return replace(self, parts=(*older, (last, held + tokens)))
        return replace(self, parts=(*kept, (number, tokens))) if tokens else replace(self, parts=kept)

    def wait_for(self, tokens: int, *, limit: int, now: float) -> float:
        """Seconds until so many may be spent, 0 where they may be now; a limit of 0 means that nobody limits.
        More than the whole limit waits until nothing is spent."""
        held = self.at(now)
        over = held.total + tokens - limit
        if not limit or over <= 0:
            return 0.0
        for number, spent in held.parts:
            over -= spent
            if over <= 0:
                return held._ends(number) - now
        return max(self.part_s, held._ends(held.parts[-1][0]) - now) if held.parts else self.window_s

    def _ends(self, number: int) -> float:
        return (number + 1) * self.part_s + self.window_s
