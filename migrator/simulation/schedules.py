"""Schedules: a dozen records, three workers, faults and an order of steps, all from one number."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from migrator.engine.operations import Act, ClaimedOperation
from migrator.engine.phases.load import load_batch
from migrator.engine.records import Kind
from migrator.simulation.faults import UNTIL_S, Faults
from migrator.simulation.guards import Guards
from migrator.simulation.invariants import Ended, Found, Line, broken
from migrator.simulation.store import MemoryStore
from migrator.simulation.target import DEADLINE_S, WRITE_TOKENS, MemoryTarget, Record
from migrator.simulation.world import World

RECORDS, WORKERS, BATCH, EXISTING = 12, 3, 6, 3
QUIET_S, LEASE_S, IDLE_S = 180.0, 90.0, 15.0
# With clear weather everything is over within twice a lease and a quiet period, and the last freeze.
PATIENCE_S = UNTIL_S + 600.0 + 2 * (QUIET_S + LEASE_S) + 60.0
KIND = Kind.PERSON


@dataclass(frozen=True, slots=True)
class Size:
    """`records` to create, claimed `batch` at a time; all has to be over after `patience_s` seconds."""

    records: int = RECORDS
    batch: int = BATCH
    patience_s: float = PATIENCE_S


@dataclass(frozen=True, slots=True)
class Played:
    """One schedule: the promises that it broke and the faults that it met."""

    seed: int
    broken: tuple[str, ...]
    met: dict[str, int]
    # What the target charged, and the least that this plan can cost.
    tokens: int
    least: int


@dataclass
class Tally:
    """Many schedules."""

    schedules: int = 0
    failing: list[int] = field(default_factory=list)
    by_invariant: Counter[str] = field(default_factory=Counter)
    by_fault: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, played: Played) -> None:
        self.schedules += 1
        self.by_invariant.update(played.broken)
        self.by_fault.update(played.met)
        if played.broken:
            self.failing.append(played.seed)


def play_all(seeds: Iterable[int], guards: Guards = Guards()) -> Tally:  # noqa: B008 (frozen)
    tally, begun = Tally(), time.perf_counter()
    for seed in seeds:
        tally.add(play(seed, guards))
    tally.seconds = time.perf_counter() - begun
    return tally


def play(seed: int, guards: Guards = Guards(), size: Size = Size(), faults: Faults | None = None) -> Played:  # noqa: B008
    """One schedule from its beginning to its end; its faults are drawn from the seed where none are given."""
    faults = faults or Faults.drawn(seed)
    world = World(seed, faults)
    store = MemoryStore(world, _operations(size.records), guards, quiet_s=QUIET_S, lease_s=LEASE_S)
    target = MemoryTarget(world, store, faults, guards)
    target.records = [Record(n + 1, f"before-{n}", {"name": "Before"}, 0.0) for n in range(EXISTING)]
    before = {str(record.id): dict(record.value) for record in target.records}  # type: ignore[arg-type]
    for number in range(WORKERS):
        world.spawn(f"worker {number}", lambda: _work(world, store, target, size.batch))
    in_time = world.run(size.patience_s)
    ended = _ended(in_time, store, target, world, before)
    return Played(seed, broken(ended), world.met, target.tokens, WRITE_TOKENS * len(store.rows))


def _operations(records: int) -> list[ClaimedOperation]:
    """Creates, and an update of each record that was there before."""
    creates = [
        ClaimedOperation(n, KIND, f"key-{n}", f"marker-{n}", Act.CREATE, {"name": f"Person {n}"}, fence=0)
        for n in range(records)
    ]
    updates = [
        ClaimedOperation(
            records + n, KIND, f"there-{n}", f"before-{n}", Act.UPDATE, {"name": f"New {n}"}, 0, str(n + 1)
        )
        for n in range(EXISTING)
    ]
    return [*creates, *updates]


def _work(world: World, store: MemoryStore, target: MemoryTarget, limit: int) -> None:
    """One worker's slices until nothing is left, as the runner does it."""
    while store.unfinished(KIND):
        batch = load_batch(
            KIND,
            store,
            target,
            world.monotonic,
            within_s=LEASE_S - DEADLINE_S,
            claim=lambda: store.claim(KIND, limit),
        )
        world.sleep(max(batch.retry_after, 0.0 if batch.claimed else IDLE_S))


def _ended(
    in_time: bool, store: MemoryStore, target: MemoryTarget, world: World, before: Mapping[str, object]
) -> Ended:
    lines = [
        Line(
            id=row.operation.id,
            act=row.operation.act.value,
            state=row.state.value,
            marker=row.operation.marker,
            target_id=row.target_id or row.operation.target_id,
            fence=row.operation.fence,
            value=dict(row.operation.body),
        )
        for row in store.rows.values()
    ]
    records = [Found(str(record.id), record.marker, record.value) for record in target.records]
    return Ended(in_time, lines, records, world.log, before)
