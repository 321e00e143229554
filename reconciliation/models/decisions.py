"""Every act ever taken on a case, alone or on many at once, and the rules learned from them."""

from django.conf import settings
from django.db import models

from migrator.engine.cases import Decide
from migrator.models import Project
from reconciliation.choices import ACTION_CHOICES, ACTIONS, KIND_CHOICES, BulkState, RuleState
from reconciliation.models.cases import ReviewItem


class Decision(models.Model):
    """One act on one item. Rows are only ever added: an undo is a row that names the one it takes back."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="decisions")
    item = models.ForeignKey(ReviewItem, on_delete=models.CASCADE, related_name="decisions")
    # Empty on an undo.
    action = models.CharField(max_length=20, choices=ACTION_CHOICES, blank=True)
    args = models.JSONField(default=dict, blank=True)
    # A decision counts for this evidence only.
    evidence_sha = models.CharField(max_length=64)
    # Empty where a discovery takes back what a later decision on another case has overtaken.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField()
    # Made up by the browser, or from it and the item where one request decides many.
    client_key = models.UUIDField()
    batch = models.UUIDField()
    undoes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="undone_by"
    )
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "client_key"], name="one_decision_per_client_key"),
            models.CheckConstraint(
                condition=models.Q(undoes__isnull=False, action="")
                | models.Q(undoes__isnull=True, action__gt=""),
                name="decides_or_undoes",
            ),
            models.CheckConstraint(
                condition=models.Q(actor__isnull=False) | models.Q(undoes__isnull=False),
                name="only_a_person_decides",
            ),
        ]
        indexes = [
            # The history of a project, its last decision by a person, and that person's pace.
            models.Index(fields=["project", "actor", "-id"], name="decision_by_person"),
            # All rows of one batch: undo, and the answer to a repeated request.
            models.Index(fields=["project", "batch"], name="decision_by_batch"),
            # The batches of the history, newest first: the first row of each carries the batch's own key.
            models.Index(
                fields=["project", "-id"],
                name="decision_leads_batch",
                condition=models.Q(client_key=models.F("batch")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action or 'undo'} of item {self.item_id}"

    @property
    def past(self) -> str:
        return ACTIONS[Decide(self.action)].past if self.action else "undone"


class Rule(models.Model):
    """A pattern in a person's decisions: offered, and applied only when somebody says so.

    `condition` holds facets that all have to be there; the counts are of decisions that the pattern was not
    learned from.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="queue_rules")
    kind = models.CharField(max_length=20, choices=KIND_CHOICES)
    condition = models.JSONField()
    action = models.CharField(max_length=20, choices=ACTION_CHOICES)
    args = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=RuleState.choices, default=RuleState.OFFERED)
    support = models.PositiveIntegerField()
    held_back = models.PositiveIntegerField()
    agreed = models.PositiveIntegerField()
    # Ids of the decided items that meet the condition and were decided otherwise.
    exceptions = models.JSONField(default=list, blank=True)
    offered_at = models.DateTimeField(auto_now_add=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind", "condition", "action"], name="one_rule_per_pattern"
            )
        ]

    def __str__(self) -> str:
        return f"rule {self.pk}: {self.action}"


class Bulk(models.Model):
    """One act on every case that matched a filter at one moment: the filter and the snapshot that it took."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="bulks")
    kind = models.CharField(max_length=20, choices=KIND_CHOICES)
    # The filter as the address spells it; the person saw what it matched at `seen_at`.
    query = models.CharField(max_length=1000, blank=True)
    seen_at = models.DateTimeField()
    # Empty accepts each case's own suggestion.
    action = models.CharField(max_length=20, choices=ACTION_CHOICES, blank=True)
    args = models.JSONField(default=dict, blank=True)
    rule = models.ForeignKey(Rule, null=True, blank=True, on_delete=models.PROTECT, related_name="bulks")
    # Set on the undo of another bulk.
    undoes = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="undos")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    client_key = models.UUIDField()
    # The batch of its decisions, as Decision.batch names it.
    batch = models.UUIDField()
    state = models.CharField(max_length=10, choices=BulkState.choices, default=BulkState.QUEUED)
    planned = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    conflicts = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    # The last member that was worked on; a resume goes on behind it.
    cursor = models.BigIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "client_key"], name="one_bulk_per_client_key")
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="bulk_at_work",
                condition=models.Q(state__in=[BulkState.QUEUED, BulkState.RUNNING]),
            )
        ]

    def __str__(self) -> str:
        return f"bulk {self.pk} of {self.planned}"


class BulkMember(models.Model):
    """One case of a snapshot, with the version that it had; `problem` says why it was left as it is."""

    bulk = models.ForeignKey(Bulk, on_delete=models.CASCADE, related_name="members")
    item = models.ForeignKey(ReviewItem, on_delete=models.CASCADE, related_name="+", db_index=False)
    version = models.PositiveIntegerField()
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bulk", "item"], name="one_member_per_item")]

    def __str__(self) -> str:
        return f"item {self.item_id} of bulk {self.bulk_id}"
