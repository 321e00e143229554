"""Virtual time and interleaved workers. Every call to a port is a point where another worker may go on, and where a
seeded fault may stop this one: killed for good, or frozen for minutes as by SIGSTOP.

Workers are greenlets, so that the engine's plain functions run unchanged and switch in the middle.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from greenlet import getcurrent, greenlet

from migrator.simulation.faults import Faults

# A run wakes its workers again so often, as the sweeper of the real one does.
SWEEPER_S = 15.0
# From less than a lease to long after the claim was given to somebody else.
FREEZES_S = (60.0, 420.0)


class KilledError(BaseException):
    """kill -9: nothing in the worker may catch it."""


@dataclass(eq=False)
class Worker:
    name: str
    body: Callable[[], None]
    wakes: float = 0.0
    life: greenlet | None = None
    kills: int = 0
    ended: bool = False


@dataclass(eq=False)
class World:
    """`now` is in seconds from the beginning. `log` holds what happened, for the invariants: (what, id, fence)."""

    seed: int
    faults: Faults
    now: float = 0.0
    log: list[tuple[str, int, int]] = field(default_factory=list)
    met: dict[str, int] = field(default_factory=dict)
    on_kill: list[Callable[[Worker], None]] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Chance of a simulation, and repeatable: no secret.
        self.random = Random(self.seed)  # noqa: S311
        self.current: Worker | None = None

    def monotonic(self) -> float:
        return self.now

    def note(self, what: str, number: int, fence: int) -> None:
        self.log.append((what, number, fence))

    def meet(self, fault: str) -> None:
        self.met[fault] = self.met.get(fault, 0) + 1

    def spawn(self, name: str, body: Callable[[], None]) -> None:
        self.workers.append(Worker(name, body))

    def sleep(self, seconds: float) -> None:
        """Called by a worker: the others go on meanwhile."""
        worker = self.current
        assert worker is not None
        worker.wakes = self.now + seconds
        self._switch()

    def step(self, weight: float = 1.0) -> None:
        """A failpoint: another worker may go first, and this one may be killed or frozen here; `weight` makes
        that likelier."""
        worker = self.current
        assert worker is not None
        worker.wakes = self.now
        chance = self.random.random() / weight
        if self.now < self.faults.until and chance < self.faults.kill:
            self.meet("killed")
            raise KilledError
        if self.now < self.faults.until and chance < self.faults.kill + self.faults.freeze:
            self.meet("frozen")
            worker.wakes = self.now + self.random.uniform(*FREEZES_S)
        self._switch()

    def _switch(self) -> None:
        getcurrent().parent.switch()

    def run(self, until: float) -> bool:
        """Let the workers work; whether all came to their end before `until`."""
        while waiting := [worker for worker in self.workers if not worker.ended]:
            self.now = max(self.now, min(worker.wakes for worker in waiting))
            if self.now > until:
                return False
            self._go_on(self.random.choice([worker for worker in waiting if worker.wakes <= self.now]))
        return True

    def _go_on(self, worker: Worker) -> None:
        if worker.life is None or worker.life.dead:
            worker.life = greenlet(worker.body)
        self.current = worker
        try:
            worker.life.switch()
        except KilledError:
            worker.kills += 1
            worker.wakes = self.now + SWEEPER_S
            for told in self.on_kill:
                told(worker)
            return
        worker.ended = worker.life.dead
