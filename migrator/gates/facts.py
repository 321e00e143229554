"""The facts about a project that its gates are worked out from, read once and in a fixed number of queries."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Q
from django.urls import NoReverseMatch, reverse

from mapping_review import queries as map_queries
from mapping_review.choices import UNDECIDED
from mapping_review.models import MapVersion
from migrator import staging
from migrator.choices import Role, RunKind, RunState, Side
from migrator.engine.operations import OperationState
from migrator.engine.records import Kind
from migrator.models import Connection, Discovery, Operation, Project, Run
from migrator.policies import ALLOWED, role_of
from reconciliation import queries as queue_queries

# Older runs say nothing about where the project stands now.
RUNS_LOOKED_AT = 60


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
        return self.is_connected and self.discovery is not None and self.is_signed and not self.queue.left

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
    version = map_queries.current_version(project)
    rows, undecided = _counted(version)
    return Standing(
        project=project,
        role=role_of(user, project),
        sides={connection.side: connection for connection in project.connections.defer("sealed_secret")},
        discovery=staging.current_discovery(project),
        runs=tuple(
            project.runs.defer("target_lists", "plan").order_by("-created_at", "-pk")[:RUNS_LOOKED_AT]
        ),
        version=version,
        rows=rows,
        undecided=undecided,
        signed_checksum=_signed_checksum(project, version),
        queue=queue_queries.progress(project, user),
        written=_wrote(project),
    )


def _counted(version: MapVersion | None) -> tuple[int, int]:
    if version is None:
        return 0, 0
    still = Count("pk", filter=Q(state__in=UNDECIDED))
    counted = version.decisions.aggregate(rows=Count("pk"), still=still)
    return counted["rows"], counted["still"]


def _signed_checksum(project: Project, version: MapVersion | None) -> str:
    if version is None or version.is_draft:
        return ""
    field_map = map_queries.approved_field_map(project)
    return field_map.checksum if field_map else ""


def _wrote(project: Project) -> bool:
    """Whether something that one of our runs wrote is still in the target."""
    loaded = project.runs.filter(kind=RunKind.TRIAL, loading_since__isnull=False)
    ids = list(loaded.values_list("pk", flat=True)[:RUNS_LOOKED_AT])
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
