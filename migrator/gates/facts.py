"""The facts about a project that its gates are worked out from, read once and in one query while nothing was
written yet."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.urls import NoReverseMatch, reverse

from mapping_review.models import MapVersion
from migrator.choices import Role, RunKind, RunState, Side
from migrator.engine.operations import OperationState
from migrator.engine.records import Kind
from migrator.gates.reading import Read, read
from migrator.models import Connection, Discovery, Operation, Project, Run
from migrator.policies import ALLOWED, role_of
from reconciliation import queries as queue_queries
from reconciliation.models import Waiver


@dataclass(frozen=True)
class Standing:
    """The facts that gates, next action and safety are worked out from, read once."""

    project: Project
    role: Role | None
    sides: dict[str, Connection]
    discovery: Discovery | None
    runs: tuple[Run, ...]
    version: MapVersion | None
    rows: int
    undecided: int
    signed_checksum: str
    queue: queue_queries.Progress
    written: bool
    # Lets runs go on without the cases that are still open.
    waiver: Waiver | None = None
    # Whose pace counts; None where only the project is asked about.
    user: Any = None

    @cached_property
    def minutes(self) -> int:
        """What is left in the queue at the person's own pace; 0 while there is no pace to go by."""
        left = self.queue.left
        if self.user is None or not left:
            return self.queue.minutes
        seconds = queue_queries.pace(self.project, self.user)
        return max(1, round(left * seconds / 60)) if seconds else 0

    @property
    def is_connected(self) -> bool:
        return all(side in self.sides for side in Side)

    @property
    def target_name(self) -> str:
        target = self.sides.get(Side.TARGET)
        return target.account_name if target else "Pipedrive"

    @property
    def is_signed(self) -> bool:
        return bool(self.signed_checksum)

    @property
    def can_run(self) -> bool:
        """Whether the gate of the sandbox run is open."""
        return self.is_connected and self.discovery is not None and self.is_signed and self.queue_is_settled

    @property
    def queue_is_settled(self) -> bool:
        """Every case is decided, or an engineer said that runs go on without the open ones."""
        return not self.queue.left or self.waiver is not None

    @cached_property
    def open_run(self) -> Run | None:
        return next((run for run in self.runs if run.is_open), None)

    @cached_property
    def trial(self) -> Run | None:
        """The newest sandbox run that was not aborted before anything could be written."""
        return next((r for r in self.runs if r.kind == RunKind.TRIAL and not _came_to_nothing(r)), None)

    @cached_property
    def rollback(self) -> Run | None:
        """The newest rollback of that run."""
        trial = self.trial
        found = (r for r in self.runs if r.kind == RunKind.ROLLBACK and trial and r.of_run_id == trial.pk)
        return next((r for r in found if not _came_to_nothing(r)), None)

    @property
    def is_rolled_back(self) -> bool:
        return self.rollback is not None and self.rollback.state == RunState.FINISHED

    @property
    def was_rolled_back(self) -> bool:
        """Whether any run ever was."""
        return any(r.kind == RunKind.ROLLBACK and r.state == RunState.FINISHED for r in self.runs)

    @property
    def map_changed_since(self) -> bool:
        """Whether the newest sandbox run used another field map than the one that counts now."""
        return self.trial is not None and self.trial.map_checksum not in ("", self.signed_checksum)

    def may(self, act: str) -> bool:
        return self.role in ALLOWED[act]

    def url(self, name: str, *args: object) -> str:
        """The address, or "" where that part of the site is not there."""
        try:
            return reverse(name, args=[self.project.slug, *args])
        except NoReverseMatch:
            return ""


def _came_to_nothing(run: Run) -> bool:
    return run.state == RunState.ABORTED and run.loading_since is None


def standing(project: Project, user: Any) -> Standing:
    """Every fact, in a number of queries that does not grow with the project."""
    found = read(project)
    queue = _progress(found)
    return Standing(
        project=project,
        role=role_of(user, project),
        sides={connection.side: connection for connection in found.connections},
        discovery=found.discovery,
        runs=found.runs,
        version=found.version,
        rows=found.rows,
        undecided=found.undecided,
        signed_checksum=found.version.checksum if found.version and found.is_approved else "",
        queue=queue,
        written=_wrote(found.runs),
        waiver=found.waiver if queue.left else None,
        user=user,
    )


def _progress(found: Read) -> queue_queries.Progress:
    total, left = sum(k.total for k in found.queue), sum(k.open for k in found.queue)
    return queue_queries.Progress(total - left, total, 0, found.queue)


def _wrote(runs: tuple[Run, ...]) -> bool:
    """Whether something that one of our runs wrote is still in the target."""
    ids = [run.pk for run in runs if run.kind == RunKind.TRIAL and run.loading_since is not None]
    if not ids:
        return False
    # With every kind named the index answers without walking through the rows of an undone run.
    kinds = [kind.value for kind in Kind]
    done = OperationState.DONE.value
    return Operation.objects.filter(run_id__in=ids, kind__in=kinds, state=done).exists()


def run_name(run: Run) -> str:
    return f"{run.get_kind_display()} {run.pk}"


def run_state(run: Run) -> str:
    if run.state == RunState.APPROVAL:
        return "its plan waits for approval"
    return str(run.get_state_display().lower())
