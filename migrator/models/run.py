"""Runs and their phases. Every background act is a run, so that each shows progress, can be paused and resumed."""

from django.conf import settings
from django.db import models

from migrator.choices import OPEN_RUN_STATES, LogLevel, PhaseState, RunKind, RunState
from migrator.models.project import Project


class Run(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=12, choices=RunKind.choices)
    state = models.CharField(max_length=12, choices=RunState.choices, default=RunState.QUEUED)
    of_run = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="rollbacks"
    )
    discovery = models.ForeignKey(
        "migrator.Discovery", null=True, blank=True, on_delete=models.PROTECT, related_name="runs"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    # The database's time at which the first write could leave: sweeps list what was touched since.
    loading_since = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    wait_until = models.DateTimeField(null=True, blank=True)
    message = models.TextField(blank=True)
    params = models.JSONField(default=dict, blank=True)
    plan = models.JSONField(default=dict, blank=True)
    # Field, user and stage lists of the target as the run's schema phases left them, so that slices need not ask again.
    target_lists = models.JSONField(default=dict, blank=True)
    map_checksum = models.CharField(max_length=64, blank=True)
    plan_checksum = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project"],
                condition=models.Q(state__in=[str(state) for state in OPEN_RUN_STATES]),
                name="one_open_run_per_project",
                violation_error_message="Another run of this project is still open.",
            )
        ]
        indexes = [models.Index(fields=["project", "-created_at"], name="run_list_newest_first")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_RUN_STATES


class RunPhase(models.Model):
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="phases")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=30)
    state = models.CharField(max_length=10, choices=PhaseState.choices, default=PhaseState.WAITING)
    planned = models.PositiveBigIntegerField(default=0)
    done = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)
    # Where an interrupted phase goes on; written in the transaction that stores what it points past.
    cursor = models.JSONField(default=dict, blank=True)
    report = models.JSONField(default=dict, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    cpu_s = models.FloatField(default=0)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="one_phase_per_name_and_run")]

    def __str__(self) -> str:
        return f"{self.name} of run {self.run_id}"


class RunLogLine(models.Model):
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="log_lines")
    at = models.DateTimeField(auto_now_add=True)
    level = models.CharField(max_length=8, choices=LogLevel.choices, default=LogLevel.INFO)
    text = models.TextField()

    class Meta:
        # The run page reads the newest lines of one run.
        indexes = [models.Index(fields=["run", "-id"], name="run_log_newest_first")]

    def __str__(self) -> str:
        return self.text
