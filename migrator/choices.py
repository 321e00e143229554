"""Labels, colours and named groups for states; each state is defined once, here or in the engine."""

from django.db import models


class Role(models.TextChoices):
    VIEWER = "viewer", "Viewer"
    CUSTOMER_ADMIN = "customer_admin", "Customer admin"
    AUDITOR = "auditor", "Auditor"
    ENGINEER = "engineer", "Engineer"
    OWNER = "owner", "Owner"


class Side(models.TextChoices):
    SOURCE = "source", "APSIS One"
    TARGET = "target", "Pipedrive"


class RunKind(models.TextChoices):
    DISCOVERY = "discovery", "Discovery"
    TRIAL = "trial", "Sandbox run"
    ROLLBACK = "rollback", "Rollback"


class RunState(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    APPROVAL = "approval", "Waiting for approval"
    PAUSING = "pausing", "Pausing"
    PAUSED = "paused", "Paused"
    WAITING = "waiting", "Waiting"
    STOPPED = "stopped", "Stopped"
    ABORTED = "aborted", "Aborted"
    FINISHED = "finished", "Finished"


# A run in one of these occupies its project: no second one may start beside it.
OPEN_RUN_STATES = (
    RunState.QUEUED,
    RunState.RUNNING,
    RunState.APPROVAL,
    RunState.PAUSING,
    RunState.PAUSED,
    RunState.WAITING,
    RunState.STOPPED,
)
# Only these are worked on by slices.
WORKED_RUN_STATES = (RunState.QUEUED, RunState.RUNNING, RunState.PAUSING, RunState.WAITING)

RUN_TRANSITIONS: dict[RunState, tuple[RunState, ...]] = {
    RunState.QUEUED: (RunState.RUNNING, RunState.PAUSED, RunState.ABORTED, RunState.STOPPED),
    RunState.RUNNING: (
        RunState.APPROVAL,
        RunState.PAUSING,
        RunState.PAUSED,
        RunState.WAITING,
        RunState.STOPPED,
        RunState.ABORTED,
        RunState.FINISHED,
    ),
    RunState.APPROVAL: (RunState.RUNNING, RunState.ABORTED),
    RunState.PAUSING: (
        RunState.PAUSED,
        RunState.ABORTED,
        RunState.STOPPED,
        RunState.FINISHED,
        RunState.APPROVAL,
    ),
    RunState.PAUSED: (RunState.RUNNING, RunState.ABORTED),
    RunState.WAITING: (RunState.RUNNING, RunState.PAUSED, RunState.ABORTED, RunState.STOPPED),
    RunState.STOPPED: (RunState.RUNNING, RunState.ABORTED),
    RunState.ABORTED: (),
    RunState.FINISHED: (),
}

RUN_TONES: dict[str, str] = {
    RunState.QUEUED: "info",
    RunState.RUNNING: "info",
    RunState.APPROVAL: "warn",
    RunState.PAUSING: "warn",
    RunState.PAUSED: "warn",
    RunState.WAITING: "warn",
    RunState.STOPPED: "bad",
    RunState.ABORTED: "bad",
    RunState.FINISHED: "ok",
}


class PhaseState(models.TextChoices):
    WAITING = "waiting", "Not started"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Stopped"


class LogLevel(models.TextChoices):
    INFO = "info", "Info"
    WARNING = "warning", "Warning"
    ERROR = "error", "Error"
