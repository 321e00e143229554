"""The state that Crosswalk keeps, one module per subject."""

from migrator.models.approval import Approval
from migrator.models.budget import Budget
from migrator.models.connection import Connection
from migrator.models.ledger import Operation, OperationPayload
from migrator.models.membership import Membership, Preference
from migrator.models.project import DEFAULT_SETTINGS, Project
from migrator.models.run import Run, RunLogLine, RunPhase
from migrator.models.sign_in import SignInFailure
from migrator.models.staging import (
    Discovery,
    SourceFieldRow,
    StagedEvent,
    StagedProfile,
    StagedTarget,
    StagedValue,
    TargetFieldRow,
    TypeSettlement,
)
from migrator.models.trail import TrailEntry

__all__ = [
    "DEFAULT_SETTINGS",
    "Approval",
    "Budget",
    "Connection",
    "Discovery",
    "Membership",
    "Operation",
    "OperationPayload",
    "Preference",
    "Project",
    "Run",
    "RunLogLine",
    "RunPhase",
    "SignInFailure",
    "SourceFieldRow",
    "StagedEvent",
    "StagedProfile",
    "StagedTarget",
    "StagedValue",
    "TargetFieldRow",
    "TrailEntry",
    "TypeSettlement",
]
