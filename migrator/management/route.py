"""Walks the whole route without a browser: the demo's people decide through the services that the screens call.

Used by the benchmark and by tests; every suggestion is accepted, every gate is kept.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model

from mapping_review import queries as map_queries
from mapping_review import services as map_services
from migrator import runner
from migrator.choices import WORKED_RUN_STATES, Role, RunState
from migrator.engine.errors import CrosswalkError
from migrator.models import Project, Run
from reconciliation import services as queue_services

POLL_S = 0.05


@dataclass
class Walk:
    """One walk; `phases` holds wall and processor seconds by name as they happen."""

    project: Project
    phases: dict[str, dict[str, float]] = field(default_factory=dict)

    def person(self, role: Role) -> Any:
        membership = self.project.memberships.select_related("user").get(role=role)
        return get_user_model().objects.get(pk=membership.user_id)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.phases[name] = {
            "wall_s": round(time.perf_counter() - wall, 3),
            "cpu_s": round(time.process_time() - cpu, 3),
            "records": 0,
        }

    def discover(self) -> Run:
        return self.finish(runner.start_discovery(self.project, self.person(Role.ENGINEER)))

    def decide(self) -> None:
        """Settle the queue first: a type conflict decides what a row of the map can become."""
        with self.timed("decisions"):
            queue_services.accept_all_suggestions(self.project, self.person(Role.CUSTOMER_ADMIN))
            self._sign_map()

    def decide_again(self) -> None:
        """After another discovery: what was decided stays, only what is new or changed is asked about."""
        queue_services.accept_all_suggestions(self.project, self.person(Role.CUSTOMER_ADMIN))
        if map_queries.approved_field_map(self.project) is None:
            self._sign_map()

    def _sign_map(self) -> None:
        map_services.approve_all(self.project, self.person(Role.ENGINEER))
        map_services.sign_current(self.project, self.person(Role.ENGINEER))

    def plan(self, fidelity: str) -> Run:
        run = runner.start_trial(self.project, self.person(Role.ENGINEER), fidelity=fidelity)
        return self.finish(run, until=RunState.APPROVAL)

    def load(self, run: Run) -> Run:
        runner.approve_plan(run, self.person(Role.ENGINEER), run.plan_checksum)
        return self.finish(run)

    def roll_back(self, run: Run) -> Run:
        undoing = runner.start_rollback(run, self.person(Role.ENGINEER))
        undoing = self.finish(undoing, until=RunState.APPROVAL)
        runner.approve_rollback(undoing, self.person(Role.ENGINEER), undoing.plan_checksum)
        return self.finish(undoing)

    def finish(
        self, run: Run, *, until: RunState = RunState.FINISHED, work: Callable[[int], object] = runner.work
    ) -> Run:
        """Work the run until it reaches a state; raises CrosswalkError with its message where it stops instead."""
        while True:
            work(run.pk)
            run.refresh_from_db()
            if run.state == until:
                self._note(run)
                return run
            if run.state not in WORKED_RUN_STATES:
                raise CrosswalkError(
                    run.message or f"The run is {run.get_state_display().lower()}.", run=run.pk
                )
            time.sleep(POLL_S)

    def _note(self, run: Run) -> None:
        for phase in run.phases.exclude(finished_at=None):
            assert phase.started_at
            assert phase.finished_at
            self.phases[f"{run.kind}:{phase.name}"] = {
                "wall_s": round((phase.finished_at - phase.started_at).total_seconds(), 3),
                "cpu_s": round(phase.cpu_s, 3),
                "records": max(phase.done, phase.planned),
            }
