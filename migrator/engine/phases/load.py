"""Load: claim, send, finish; and settle what is ambiguous by reading the target back. Never repeats a write itself.

1. claim a batch: the intent is committed before the first byte;
2. send each once; what its answer proves is an outcome;
3. record the outcomes under the claim's fence.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from migrator.engine.operations import Act, ClaimedOperation
from migrator.engine.outcomes import Outcome, Proof, Stop
from migrator.engine.ports import Store, WriteTarget
from migrator.engine.records import Kind


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch did. `stop` says why the run has to wait or end; `retry_after` is in seconds."""

    claimed: int = 0
    done: int = 0
    rejected: int = 0
    ambiguous: int = 0
    stop: Stop = Stop.NONE
    retry_after: float = 0.0
    reason: str = ""


def load_batch(
    kind: Kind,
    store: Store,
    target: WriteTarget,
    monotonic: Callable[[], float],
    *,
    within_s: float,
    claim: Callable[[], Sequence[ClaimedOperation]],
) -> Batch:
    """Settle what is in doubt, claim, send and record. Nothing leaves later than `within_s` after the claim began:
    a worker that was stopped in between would send what another one has read back and sent again since."""
    settle_doubts(kind, store, target)
    began = monotonic()
    claimed = claim()
    return load_claimed(claimed, store, target, send_by=began + within_s) if claimed else Batch()


def load_claimed(
    claimed: Sequence[ClaimedOperation], store: Store, target: WriteTarget, *, send_by: float
) -> Batch:
    """Send one claimed batch and record what came of it; `send_by` is on the target's monotonic clock."""
    results = list(target.send_all(claimed, send_by=send_by))
    store.finish(results)
    return _summary(results)


def _summary(results: Sequence[tuple[ClaimedOperation, Outcome]]) -> Batch:
    outcomes = [outcome for _, outcome in results]
    stopped = next((o for o in outcomes if o.stop != Stop.NONE), None)
    return Batch(
        claimed=len(outcomes),
        done=sum(o.proof == Proof.DONE for o in outcomes),
        rejected=sum(o.proof == Proof.REJECTED for o in outcomes),
        ambiguous=sum(o.proof == Proof.AMBIGUOUS for o in outcomes),
        stop=stopped.stop if stopped else Stop.NONE,
        retry_after=max((o.retry_after for o in outcomes), default=0.0),
        reason=stopped.reason if stopped else "",
    )


def settle_doubts(kind: Kind, store: Store, target: WriteTarget, *, limit: int = 500) -> int:
    """End the doubts whose quiet period has passed; returns how many.

    1. leases that ran out become ambiguous;
    2. what may be repeated by its nature (update, delete, restore carry absolute values) becomes ready again;
    3. creates are looked for by marker in the target's list: found is done, not found is ready.
    """
    store.expire_leases()
    doubts = store.take_quiet(kind, limit)
    if not doubts:
        return 0
    creates = [operation for operation in doubts if operation.act == Act.CREATE]
    found = target.find_written(creates, store.oldest_sent(creates)) if creates else {}
    for operation in doubts:
        store.settle(operation, found.get(operation.id))
    return len(doubts)
