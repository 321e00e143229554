"""What a slice carries through its steps: the run, the phase, the time left and the two accounts, built once."""

import time
from dataclasses import dataclass, field
from functools import cached_property

from django.utils import timezone

from migrator import connections
from migrator.choices import RunState
from migrator.engine.cases import Resolutions
from migrator.models import Run, RunPhase
from reconciliation.resolving import resolutions_for


@dataclass(slots=False)
class Job:
    """One slice of one run. `deadline` is of the monotonic clock; steps return soon after it."""

    run: Run
    phase: RunPhase
    deadline: float
    started_cpu: float = field(default_factory=time.process_time)

    def close(self) -> None:
        for name in ("source", "target"):
            if name in self.__dict__:
                getattr(self, name).close()

    @property
    def time_is_up(self) -> bool:
        return time.monotonic() >= self.deadline

    @cached_property
    def source(self) -> connections.SourceAccount:
        return connections.source_account(self.run.project)

    @cached_property
    def target(self) -> connections.TargetAccount:
        return connections.target_account(self.run)

    @cached_property
    def resolutions(self) -> Resolutions:
        """What the queue says, read once for the slice."""
        return resolutions_for(self.run.project)

    def may_go_on(self) -> bool:
        """Whether time is left and nobody paused, aborted or stopped the run meanwhile; leaves a heartbeat."""
        Run.objects.filter(pk=self.run.pk).update(heartbeat_at=timezone.now())
        self.run.refresh_from_db(fields=["state"])
        return self.run.state == RunState.RUNNING and not self.time_is_up

    def save_phase(self, *fields: str) -> None:
        self.phase.save(update_fields=list(fields))


@dataclass(frozen=True, slots=True)
class Step:
    """What a phase's step came to: `done` ends the phase, `wait_s` asks for a rest before the next one."""

    done: bool = False
    wait_s: float = 0.0
    # The run needs a person before its next phase.
    needs_approval: bool = False


AGAIN = Step()
DONE = Step(done=True)
