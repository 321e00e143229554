"""A case as a person sees it, and every decision ever taken on it. `services` is the only writer of both."""

from django.conf import settings
from django.db import models

from migrator.engine.cases import CaseKind, Decide
from migrator.models import Project
from reconciliation.choices import ACTION_CHOICES, ACTIONS, KIND_CHOICES, KINDS, ItemState, KindWords

UNDECIDED = models.Q(action="", decided_by__isnull=True, decided_at__isnull=True)
DECIDED = models.Q(action__gt="", decided_by__isnull=False, decided_at__isnull=False)


class ReviewItem(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="review_items")
    kind = models.CharField(max_length=20, choices=KIND_CHOICES)
    key = models.CharField(max_length=400)
    title = models.CharField(max_length=300)
    evidence = models.JSONField(default=dict)
    evidence_sha = models.CharField(max_length=64)
    suggestion = models.JSONField(default=dict)
    suggested_action = models.CharField(max_length=20, choices=ACTION_CHOICES, blank=True)
    # Where the group of this suggestion stands on the page.
    group_order = models.PositiveSmallIntegerField(default=0)
    confidence = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=ItemState.choices, default=ItemState.OPEN)
    action = models.CharField(max_length=20, choices=ACTION_CHOICES, blank=True)
    args = models.JSONField(default=dict, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    impact_profiles = models.PositiveIntegerField(default=1)
    impact_events = models.PositiveIntegerField(default=0)
    impact_tokens = models.PositiveIntegerField(default=0)
    # Ascending: the case that holds up most comes first.
    rank = models.BigIntegerField(default=0)
    section = models.CharField(max_length=200, blank=True)
    # What the last discovery changed in a case that had been decided; the next decision clears it.
    changed = models.CharField(max_length=300, blank=True)
    # The discovery that reported the case last, so that the ones it no longer reports can be closed.
    scan = models.CharField(max_length=40, blank=True)
    lock_version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "kind", "key"], name="one_item_per_case"),
            models.CheckConstraint(
                condition=(models.Q(state=ItemState.DECIDED) & DECIDED)
                | (models.Q(state=ItemState.OPEN) & UNDECIDED)
                | (models.Q(state=ItemState.GONE) & (DECIDED | UNDECIDED)),
                name="decided_has_who_when_and_action",
            ),
            models.CheckConstraint(
                condition=models.Q(confidence__lte=100), name="confidence_is_a_percentage"
            ),
        ]
        indexes = [
            # One page of the queue in its order, read by key; its prefix serves the counts by kind.
            models.Index(
                fields=["project", "kind", "state", "group_order", "rank", "id"], name="review_item_page"
            ),
            # The same page filtered by Section, and the list of Sections to filter by.
            models.Index(fields=["project", "kind", "state", "section"], name="review_item_by_section"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def words(self) -> KindWords:
        return KINDS[CaseKind(self.kind)]

    @property
    def is_open(self) -> bool:
        return self.state == ItemState.OPEN


class Decision(models.Model):
    """One act on one item. Rows are only ever added: an undo is a row that names the one it takes back."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="decisions")
    item = models.ForeignKey(ReviewItem, on_delete=models.CASCADE, related_name="decisions")
    # Empty on an undo.
    action = models.CharField(max_length=20, choices=ACTION_CHOICES, blank=True)
    args = models.JSONField(default=dict, blank=True)
    # A decision counts for this evidence only.
    evidence_sha = models.CharField(max_length=64)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
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
        ]
        indexes = [
            # The history of a project, its last decision by a person, and that person's pace.
            models.Index(fields=["project", "actor", "-id"], name="decision_by_person"),
            # All rows of one batch: undo, and the answer to a repeated request.
            models.Index(fields=["project", "batch"], name="decision_by_batch"),
        ]

    def __str__(self) -> str:
        return f"{self.action or 'undo'} of item {self.item_id}"

    @property
    def past(self) -> str:
        return ACTIONS[Decide(self.action)].past if self.action else "undone"
