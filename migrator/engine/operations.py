"""Operations and their states: the closed sets and the table of transitions that the ledger enforces."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from migrator.engine.canonical import JsonValue
from migrator.engine.records import Kind


class Act(StrEnum):
    """What an operation does. The last four write nothing: they are the buckets that keep every source
    record accounted for."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    RESTORE = "restore"
    UNCHANGED = "unchanged"
    MERGE = "merge"
    HOLD = "hold"
    EXCLUDE = "exclude"

    @property
    def writes(self) -> bool:
        return self in (Act.CREATE, Act.UPDATE, Act.DELETE, Act.RESTORE)


class OperationState(StrEnum):
    """reliability.md A3. SENT is the claim, which is the intent; AMBIGUOUS waits out the quiet period."""

    PLANNED = "planned"
    READY = "ready"
    SENT = "sent"
    AMBIGUOUS = "ambiguous"
    DONE = "done"
    REJECTED = "rejected"
    ACCOUNTED = "accounted"
    UNDONE = "undone"


TRANSITIONS: Mapping[OperationState, frozenset[OperationState]] = {
    OperationState.PLANNED: frozenset({OperationState.READY}),
    OperationState.READY: frozenset({OperationState.SENT}),
    OperationState.SENT: frozenset(
        {OperationState.DONE, OperationState.READY, OperationState.REJECTED, OperationState.AMBIGUOUS}
    ),
    OperationState.AMBIGUOUS: frozenset({OperationState.DONE, OperationState.READY}),
    OperationState.DONE: frozenset({OperationState.UNDONE, OperationState.READY}),
    OperationState.REJECTED: frozenset({OperationState.READY}),
    OperationState.ACCOUNTED: frozenset(),
    OperationState.UNDONE: frozenset(),
}

UNFINISHED = (OperationState.READY, OperationState.SENT, OperationState.AMBIGUOUS)


def can_move(before: OperationState, after: OperationState) -> bool:
    return after in TRANSITIONS[before]


@dataclass(frozen=True, slots=True)
class PlannedOperation:
    """One line of a plan. `reason` says in words why a record is held, excluded or merged; `parent` is the
    key of the record that a merged one went into; `target_id` is set where the record exists already;
    `before` holds the target's values that an update replaces, for the way back."""

    kind: Kind
    key: str
    act: Act
    body: Mapping[str, JsonValue] = field(default_factory=dict)
    payload_sha: str = ""
    target_id: str = ""
    reason: str = ""
    parent: str = ""
    before: Mapping[str, JsonValue] = field(default_factory=dict)
    source_count: int = 1


@dataclass(frozen=True, slots=True)
class ClaimedOperation:
    """An operation in flight: its intent is committed. `fence` must match when the outcome is recorded."""

    id: int
    kind: Kind
    key: str
    marker: str
    act: Act
    body: Mapping[str, JsonValue]
    fence: int
    target_id: str = ""
    before: Mapping[str, JsonValue] = field(default_factory=dict)
