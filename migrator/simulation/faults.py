"""Which faults a schedule has. What becomes of one request is drawn from the seed, its key and the attempt, and not
from the order in which requests arrive, so that a schedule is the same however its workers interleave."""

from dataclasses import dataclass
from random import Random
from typing import Self

# reliability.md A5: what may become of one request, and at most how often. The rest is answered as it should be.
MOST = {
    "not_sent": 0.10,  # F20: refused before the first byte
    "throttled": 0.15,  # F8
    "error_before": 0.12,  # F9: 500, nothing was written
    "error_after": 0.10,  # F9: 502, written
    "lost": 0.15,  # F6: written, the answer never came
    "late": 0.12,  # F7: no answer, and written up to a minute later
    "cut": 0.08,  # F10: neither written nor answered
    "truncated": 0.06,  # F11: written, half an answer
    "without_id": 0.04,  # F11: written, an answer that names no record
    "html": 0.04,  # F9: a gateway's page, nothing was written
}
MOST_KILLS, MOST_FREEZES = 0.02, 0.04
# Records of which so many can never be written: the target refuses them each time.
POISONED = 0.05
UNTIL_S = 900.0
LATEST_S, LAG_S = 60.0, 5.0


@dataclass(frozen=True, slots=True)
class Faults:
    """Rates of one schedule. `until` is when the weather clears, in seconds."""

    seed: int
    rates: tuple[tuple[str, float], ...]
    kill: float
    freeze: float
    until: float = UNTIL_S

    @classmethod
    def drawn(cls, seed: int) -> Self:
        """Each schedule has its own mix: some kinds not at all, some as often as they may be."""
        draw = Random(f"faults {seed}")  # noqa: S311
        rates = tuple((name, most * draw.choice((0.0, 0.3, 1.0))) for name, most in MOST.items())
        kill, freeze = draw.choice((0.0, 0.3, 1.0)), draw.choice((0.0, 0.3, 1.0))
        return cls(seed, rates, MOST_KILLS * kill, MOST_FREEZES * freeze)

    @classmethod
    def even(cls, seed: int, rate: float) -> Self:
        """Every request fails with the same chance, each way as often as another; nobody is killed or frozen."""
        return cls(seed, tuple((name, rate / len(MOST)) for name in MOST), 0.0, 0.0, until=float("inf"))

    def of_request(self, key: str, attempt: int, now: float) -> tuple[str, float]:
        """What becomes of it, "" where nothing does, and a number between 0 and 1 for how badly."""
        if now >= self.until:
            return "", 0.0
        draw = Random(f"{self.seed} {key} {attempt}")  # noqa: S311
        chance, how = draw.random(), draw.random()
        for name, rate in self.rates:
            chance -= rate
            if chance < 0:
                return name, how
        return "", how

    def is_poison(self, key: str) -> bool:
        return Random(f"{self.seed} poison {key}").random() < POISONED  # noqa: S311
