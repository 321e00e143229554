"""The destination in memory, with the answers of the real one: written or not, answered or not, late, cut or lost.

What an answer proves is read by the same code that reads Pipedrive's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from migrator.engine.canonical import JsonValue
from migrator.engine.operations import Act, ClaimedOperation
from migrator.engine.outcomes import Outcome, Proof, Stop
from migrator.http.messages import Answer, NotSent, Unknown, WireError
from migrator.pipedrive.outcomes import classify
from migrator.simulation.faults import LAG_S, LATEST_S, Faults
from migrator.simulation.guards import Guards
from migrator.simulation.store import EPOCH, MemoryStore
from migrator.simulation.world import World

WRITE_TOKENS, LIST_TOKENS = 5, 10
# What one request waits for its answer at most; the lag of an index that a search would read.
DEADLINE_S, SEARCH_LAG_S = 30.0, 900.0
MARGIN_S = 600.0
_JSON = {"content-type": "application/json"}


@dataclass(slots=True)
class Record:
    """`born` is when the target has it, in seconds; a late one is born after its request was given up."""

    id: int
    marker: str
    value: JsonValue
    born: float


class MemoryTarget:
    def __init__(self, world: World, store: MemoryStore, faults: Faults, guards: Guards) -> None:
        self._world, self._store, self._faults, self._guards = world, store, faults, guards
        self.records: list[Record] = []
        self.tokens = 0

    def send_all(
        self, operations: Sequence[ClaimedOperation], *, send_by: float
    ) -> Iterator[tuple[ClaimedOperation, Outcome]]:
        stopped: Outcome | None = None
        for operation in operations:
            self._world.step()
            if stopped is None and (self._world.now <= send_by or not self._guards.send_by):
                outcome = self._outcome(operation)
                stopped = outcome if outcome.stop != Stop.NONE else None
            else:
                outcome = Outcome(Proof.NOT_DONE, reason="Not sent.")
            yield operation, outcome

    def _outcome(self, operation: ClaimedOperation) -> Outcome:
        if not self._guards.answer_first:
            self._store.finish([(operation, Outcome.done("unknown"))])
        result = self._answered(operation)
        self._world.sleep(0.05 + self._world.random.random())
        if not self._guards.doubt_502 and isinstance(result, Answer) and result.status == 502:
            return Outcome(Proof.NOT_DONE)
        return classify(operation, result)

    def _answered(self, operation: ClaimedOperation) -> Answer | WireError:
        attempt = self._store.attempts[operation.id]
        fault, how = self._faults.of_request(operation.key, attempt, self._world.now)
        if fault:
            self._world.meet(fault)
        if fault == "not_sent":
            return NotSent("Nobody answers at this address.")
        self._world.note("sent", operation.id, operation.fence)
        self.tokens += WRITE_TOKENS
        if fault in ("throttled", "error_before", "cut", "html"):
            return _unwritten(fault)
        if self._faults.is_poison(operation.key):
            return Answer(400, _JSON, json={"success": False, "error": "the name is too long"})
        late = 1 + how * (LATEST_S - 1) if fault == "late" else 0.0
        return self._written(fault, self._write(operation, late))

    def _write(self, operation: ClaimedOperation, late: float) -> int:
        if operation.act == Act.CREATE:
            record = Record(
                len(self.records) + 1, operation.marker, dict(operation.body), self._world.now + late
            )
            self.records.append(record)
            return record.id
        found = next(record for record in self.records if str(record.id) == operation.target_id)
        found.value = dict(operation.body)
        return found.id

    def _written(self, fault: str, number: int) -> Answer | WireError:
        whole = Answer(201, _JSON, json={"success": True, "data": {"id": number}})
        answers: dict[str, Answer | WireError] = {
            "error_after": Answer(502, _JSON, json={"error": "bad gateway"}),
            "lost": Unknown("The answer did not come."),
            "late": Unknown("The answer did not come in time."),
            "truncated": Answer(201, _JSON, body=b'{"data": {"id"', complete=False),
            "without_id": Answer(201, _JSON, json={"success": True, "data": {}}),
        }
        return answers.get(fault, whole)

    def find_written(self, operations: Sequence[ClaimedOperation], since: datetime) -> dict[int, str]:
        self._world.step()
        self.tokens += LIST_TOKENS
        lag = LAG_S if self._guards.by_list else SEARCH_LAG_S
        begin = (since - EPOCH).total_seconds() - MARGIN_S
        listed = {r.marker: r.id for r in self.records if begin <= r.born <= self._world.now - lag}
        return {o.id: str(listed[o.marker]) for o in operations if o.marker in listed}


def _unwritten(fault: str) -> Answer | WireError:
    if fault == "throttled":
        return Answer(429, {**_JSON, "x-ratelimit-reset": "2"}, json={"error": "request over limit"})
    if fault == "cut":
        return Unknown("The answer did not come.")
    if fault == "html":
        return Answer(503, {"content-type": "text/html"}, body=b"<html>")
    return Answer(500, _JSON, json={"error": "internal error"})
