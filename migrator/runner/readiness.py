"""What has to be true before a run may start; each check words its own refusal, for the button and the act alike."""

from typing import Any

from mapping_review import queries as map_queries
from migrator import approvals, staging
from migrator.choices import OPEN_RUN_STATES, RunKind, RunState, Side
from migrator.engine.errors import RefusedError
from migrator.engine.operations import OperationState
from migrator.models import Project, Run
from migrator.policies import check_can
from reconciliation import queries as queue_queries
from reconciliation.resolving import resolutions_for


def check_connected(project: Project) -> None:
    sides = set(project.connections.values_list("side", flat=True))
    for side in Side:
        if side not in sides:
            raise RefusedError(
                f"{side.label} is not connected yet. Nothing was started. Add it under Connections."
            )


def check_no_open_run(project: Project) -> None:
    open_run = project.runs.filter(state__in=OPEN_RUN_STATES).first()
    if open_run:
        what = f"{open_run.get_kind_display()} {open_run.pk} is {open_run.get_state_display().lower()}"
        raise RefusedError(f"{what}. Finish or abort it first.")


def check_can_start_trial(project: Project, user: Any) -> None:
    """Map signed, queue clear or waived, discovery whole, nothing else running; raises RefusedError."""
    check_can("start_trial", user, project)
    check_connected(project)
    check_map_and_queue(project)
    check_no_open_run(project)


def check_map_and_queue(project: Project) -> None:
    if staging.current_discovery(project) is None:
        raise RefusedError("No discovery has finished yet. Start it under Discovery.")
    if signed_checksum(project) == "":
        raise RefusedError("The field map is not signed off. Approve its rows and sign it under Mapping.")
    left = queue_queries.open_count(project)
    if left and queue_queries.standing_waiver(project) is None:
        cases = "case in the queue is" if left == 1 else "cases in the queue are"
        raise RefusedError(
            f"{left:,} {cases} not decided. Settle them under Reconciliation, or let an engineer say that the run "
            "goes on without them."
        )


def signed_checksum(project: Project) -> str:
    """Checksum of the signed field map, if a live approval covers exactly this content; else ""."""
    field_map = map_queries.approved_field_map(project)
    if field_map is None or approvals.valid_approval(project, "map", field_map.checksum) is None:
        return ""
    return field_map.checksum


def check_plan_is_current(run: Run) -> None:
    """A plan made from another map or another queue must not be approved."""
    check_map_and_queue(run.project)
    decisions = resolutions_for(run.project).checksum
    if run.map_checksum != signed_checksum(run.project) or run.plan.get("decisions") != decisions:
        raise RefusedError(
            "The field map or the queue changed after this plan was computed. Nothing was approved. "
            "Abort this run and start a new one."
        )


def check_can_roll_back(run: Run, user: Any) -> None:
    check_can("rollback", user, run.project)
    if run.kind != RunKind.TRIAL or run.state not in (RunState.FINISHED, RunState.ABORTED):
        raise RefusedError("Only a run that has ended can be rolled back. Pause and abort it first.")
    if not run.operations.filter(state=OperationState.DONE.value).exists():
        raise RefusedError("There is nothing to roll back: nothing of this run is left in Pipedrive.")
    check_no_open_run(run.project)


def check_can_retry(run: Run) -> None:
    """What was refused can be sent once more while the run is open, or after it, until it is rolled back."""
    if run.state == RunState.ABORTED:
        raise RefusedError("The run was aborted. Nothing was changed. Start a new run instead.")
    if run.operations.filter(state=OperationState.UNDONE.value).exists():
        raise RefusedError("The run was rolled back. Nothing was changed. Start a new run instead.")
    if run.state == RunState.FINISHED:
        check_no_open_run(run.project)
