"""What an answer to a write proves. Anything that is not proof either way is ambiguous, never "retry"."""

from dataclasses import dataclass
from enum import StrEnum


class Proof(StrEnum):
    DONE = "done"
    NOT_DONE = "not_done"
    REJECTED = "rejected"
    AMBIGUOUS = "ambiguous"


class Stop(StrEnum):
    """Why the whole run, and not only this record, must wait or end."""

    NONE = ""
    BURST = "burst"
    DAILY_BUDGET = "daily_budget"
    CREDENTIALS = "credentials"
    BLOCKED = "blocked"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`retry_after` is in seconds; `target_id` is the id that the target gave; `reason` is for a person."""

    proof: Proof
    target_id: str = ""
    reason: str = ""
    stop: Stop = Stop.NONE
    retry_after: float = 0.0
    extra: tuple[tuple[str, str], ...] = ()

    @classmethod
    def done(cls, target_id: str, extra: tuple[tuple[str, str], ...] = ()) -> "Outcome":
        return cls(Proof.DONE, target_id=target_id, extra=extra)
