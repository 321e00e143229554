"""Tokens that a fault has taken out of use, for a time or until somebody restores them."""

import math
from dataclasses import dataclass, field

from migrator.simulators.faults.kinds import FaultKind

ANY = ""


@dataclass(slots=True)
class Bars:
    """What is refused now, by token; `ANY` stands for every token of the account."""

    held: dict[str, tuple[FaultKind, float]] = field(default_factory=dict)

    def put(self, token: str, kind: FaultKind, now: float, seconds: float) -> None:
        """Refuse a token from now on, for some seconds (infinite: until restored)."""
        self.held[token] = kind, now + seconds

    def find(self, token: str, now: float) -> FaultKind | None:
        """Why the token is refused, or None. Empty most of the time, so ask `held` first."""
        for name in (token, ANY):
            kind, until = self.held.get(name, (None, -math.inf))
            if kind is not None and now < until:
                return kind
        return None

    def clear(self) -> None:
        """Restore every token."""
        self.held.clear()
