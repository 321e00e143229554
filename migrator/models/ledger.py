"""The ledger's rows. `migrator.ledger` is their only writer; rows are never deleted while their run exists."""

from django.db import models

from migrator.engine.operations import Act, OperationState
from migrator.engine.records import Kind
from migrator.models.run import Run

KINDS = [(kind.value, kind.value) for kind in Kind]
ACTS = [(act.value, act.value) for act in Act]
STATES = [(state.value, state.value) for state in OperationState]
WRITING = [act.value for act in Act if act.writes]


class Operation(models.Model):
    """One record's fate in one run. Narrow on purpose: the body stands in OperationPayload."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="operations")
    kind = models.CharField(max_length=14, choices=KINDS)
    key = models.CharField(max_length=400)
    marker = models.CharField(max_length=120)
    act = models.CharField(max_length=10, choices=ACTS)
    state = models.CharField(max_length=10, choices=STATES)
    payload_sha = models.CharField(max_length=64, blank=True)
    # Text, because a schema write names every option that it added.
    target_id = models.TextField(blank=True)
    # Checksum of the record as the target listed it after our write: what a later edit by a person differs from.
    target_sha = models.CharField(max_length=64, blank=True)
    reason = models.TextField(blank=True)
    parent = models.CharField(max_length=400, blank=True)
    source_count = models.PositiveIntegerField(default=1)
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    verified = models.BooleanField(null=True, blank=True)
    difference = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "kind", "key"], name="one_operation_per_run_kind_and_key"),
            models.CheckConstraint(
                name="accounted_operations_write_nothing",
                condition=models.Q(act__in=WRITING) | models.Q(state=OperationState.ACCOUNTED.value),
            ),
            models.CheckConstraint(
                name="sent_operations_have_a_time_and_a_lease",
                condition=~models.Q(state=OperationState.SENT.value)
                | models.Q(sent_at__isnull=False, lease_until__isnull=False),
            ),
        ]
        indexes = [
            # Claiming takes the next ready rows of one kind in order of id.
            models.Index(
                fields=["run", "kind", "id"],
                condition=models.Q(state=OperationState.READY.value),
                name="operation_ready",
            ),
            # Leases that ran out and ambiguous rows whose quiet period has passed.
            models.Index(
                fields=["run", "kind", "not_before"],
                condition=models.Q(state__in=[OperationState.SENT.value, OperationState.AMBIGUOUS.value]),
                name="operation_in_doubt",
            ),
            # Sweeps find the operation of a listed record.
            models.Index(fields=["run", "kind", "marker"], name="operation_by_marker"),
            models.Index(fields=["run", "kind", "state"], name="operation_counts"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.kind} {self.key}"


class OperationPayload(models.Model):
    operation = models.OneToOneField(
        Operation, on_delete=models.CASCADE, primary_key=True, related_name="payload"
    )
    body = models.JSONField(default=dict, blank=True)
    before = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"payload of {self.operation_id}"
