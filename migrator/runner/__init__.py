"""The state machine of a run: the one place where engine, vendors, state and review apps are joined."""

from migrator.runner.lifecycle import (
    abort,
    approve_plan,
    approve_rollback,
    pause,
    resume,
    retry_rejected,
    set_waker,
    start_discovery,
    start_rollback,
    start_trial,
)
from migrator.runner.measuring_rules import count_preview, due_previews
from migrator.runner.readiness import check_can_roll_back, check_can_start_trial
from migrator.runner.slices import due_runs, work

__all__ = [
    "abort",
    "approve_plan",
    "approve_rollback",
    "check_can_roll_back",
    "check_can_start_trial",
    "count_preview",
    "due_previews",
    "due_runs",
    "pause",
    "resume",
    "retry_rejected",
    "set_waker",
    "start_discovery",
    "start_rollback",
    "start_trial",
    "work",
]
