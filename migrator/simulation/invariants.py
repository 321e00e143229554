"""What must hold after every schedule (reliability.md A5). Plain values in, broken promises out: this module imports
nothing of the engine, so that a wrong belief there cannot be repeated here."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One operation as the ledger has it at the end."""

    id: int
    act: str
    state: str
    marker: str
    target_id: str
    fence: int
    value: Any


@dataclass(frozen=True, slots=True)
class Found:
    """One record as the target has it at the end."""

    id: str
    marker: str
    value: Any


@dataclass(frozen=True, slots=True)
class Ended:
    """All that is left of a schedule. `log` holds (what, operation id, fence) in the order in which it happened."""

    in_time: bool
    lines: Sequence[Line]
    records: Sequence[Found]
    log: Sequence[tuple[str, int, int]]
    before: Mapping[str, Any]


def broken(ended: Ended) -> tuple[str, ...]:
    """The names of the promises that were not kept, each once, sorted."""
    checks = (_liveness, _conservation, _no_loss, _no_double, _equality, _fences, _intents, _resends)
    return tuple(sorted({name for check in checks for name in check(ended)}))


def _liveness(ended: Ended) -> Iterator[str]:
    if not ended.in_time:
        yield "liveness: the run came to its end"


def _conservation(ended: Ended) -> Iterator[str]:
    if any(line.state not in ("done", "rejected") for line in ended.lines):
        yield "I1: every operation is done or rejected in the end"


def _no_loss(ended: Ended) -> Iterator[str]:
    by_id = {record.id: record for record in ended.records}
    for line in ended.lines:
        record = by_id.get(line.target_id)
        if line.state == "done" and (record is None or record.value != line.value):
            yield "I2: what is done is in the target, as it was sent"


def _no_double(ended: Ended) -> Iterator[str]:
    if any(count > 1 for count in Counter(record.marker for record in ended.records).values()):
        yield "I3: no marker is in the target twice"


def _equality(ended: Ended) -> Iterator[str]:
    """The ledger's records, and no other, beside those that were there before."""
    done = {(line.marker, line.target_id) for line in ended.lines if line.state == "done"}
    there = {(record.marker, record.id) for record in ended.records}
    if there - done - {(record.marker, record.id) for record in ended.records if record.id in ended.before}:
        yield "I6: ledger and target hold the same"
    meant = {line.target_id for line in ended.lines if line.act == "update"}
    old = [record for record in ended.records if record.id in ended.before and record.id not in meant]
    if any(record.value != ended.before[record.id] for record in old):
        yield "I6: what was there before is as it was"


def _fences(ended: Ended) -> Iterator[str]:
    current: dict[int, int] = {}
    for what, number, fence in ended.log:
        if what in ("claimed", "taken"):
            current[number] = fence
        if what == "recorded" and current.get(number) != fence:
            yield "I8: no outcome is recorded under a stale fence"


def _intents(ended: Ended) -> Iterator[str]:
    claimed = {(number, fence) for what, number, fence in ended.log if what == "claimed"}
    if any(what == "sent" and (number, fence) not in claimed for what, number, fence in ended.log):
        yield "I5: nothing is sent without a claim"


def _resends(ended: Ended) -> Iterator[str]:
    """One claim sends at most once."""
    sent = Counter((number, fence) for what, number, fence in ended.log if what == "sent")
    if any(count > 1 for count in sent.values()):
        yield "I10: no claim sends twice"
