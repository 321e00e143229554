"""A case as a person sees it, what it is found by, and how many there are.

The numbers of the queue are kept by the database itself (QueueCount), so that no writer can forget them.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.fields.json import KT
from django.db.models.functions import Upper
from django.utils import timezone

from migrator.engine.cases import CaseKind, Decide
from migrator.models import Project
from reconciliation.choices import ACTION_CHOICES, KIND_CHOICES, KINDS, ItemState, KindWords

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
    # How sure the suggestion is, phone, company and the year of the last event in one small number
    # (facets.traits_of): the filters that many cases share.
    traits = models.PositiveSmallIntegerField(default=0)
    # What the last discovery changed in a case that had been decided. Stays when it is decided again: the list
    # can still be asked for these.
    changed = models.CharField(max_length=300, blank=True)
    # The discovery that reported the case last, so that the ones it no longer reports can be closed.
    scan = models.CharField(max_length=40, blank=True)
    # When it became open last: new, changed, or its decision undone.
    opened_at = models.DateTimeField(default=timezone.now)
    # Moves with every lock_version: a snapshot takes what was not touched since.
    touched_at = models.DateTimeField(default=timezone.now)
    lock_version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "kind", "key"], name="one_item_per_case"),
            models.CheckConstraint(
                condition=(models.Q(state__in=[ItemState.DECIDED, ItemState.UNSURE]) & DECIDED)
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
            models.Index(
                fields=["project", "kind", "state", "section", "traits", "group_order", "rank", "id"],
                name="review_item_by_section",
            ),
            # What is assigned to somebody, in the order of the page.
            models.Index(
                fields=["project", "kind", "state", "assigned_to", "group_order", "rank", "id"],
                name="review_item_by_assignee",
                condition=models.Q(assigned_to__isnull=False),
            ),
            # Who was given this address already.
            models.Index(
                "project",
                Upper(KT("args__email")),
                name="review_item_by_given_email",
                condition=models.Q(action=Decide.SUPPLY_EMAIL.value),
            ),
            # Whether anything became open after a moment.
            models.Index(
                fields=["project", "kind", "state", "opened_at", "id"],
                name="review_item_opened",
                condition=models.Q(state__in=[ItemState.OPEN, ItemState.UNSURE]),
            ),
            # What came back with other evidence.
            models.Index(
                fields=["project", "kind", "group_order", "rank", "id"],
                name="review_item_changed",
                condition=models.Q(changed__gt=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def words(self) -> KindWords:
        return KINDS[CaseKind(self.kind)]

    @property
    def is_open(self) -> bool:
        """Nothing is settled yet; an unsure case is parked, and still to be decided."""
        return self.state in (ItemState.OPEN, ItemState.UNSURE)


class CaseFacet(models.Model):
    """What a case is found by. Apart from the case, because a decision would write these indexes anew.

    `search` is folded (see facets.folded); `facets` are "name:value" words such as "phone:yes" or "seen:2025". Where
    the case stands in the list is here once more, so that thousands of hits are put in order before one is read.
    """

    item = models.OneToOneField(ReviewItem, on_delete=models.CASCADE, primary_key=True, related_name="facet")
    search = models.TextField(blank=True)
    facets = ArrayField(models.CharField(max_length=220), default=list)
    group_order = models.PositiveSmallIntegerField(default=0)
    rank = models.BigIntegerField(default=0)

    class Meta:
        indexes = [
            # One for both: the facet "queue:<project>:<kind>" keeps a frequent word of another queue out.
            GinIndex(
                fields=["facets", "search"], name="case_facet_words", opclasses=["array_ops", "gin_trgm_ops"]
            ),
        ]

    def __str__(self) -> str:
        return f"facets of item {self.item_id}"


class QueueCount(models.Model):
    """How many cases stand where, in differences that are added up: triggers on ReviewItem write them, so writers
    never wait for one another; `counts.compact` folds them together. Never written by hand."""

    # No constraint: where a project is deleted, the trigger still writes that its cases are gone.
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    kind = models.CharField(max_length=20)
    state = models.CharField(max_length=10)
    suggested_action = models.CharField(max_length=20, blank=True)
    section = models.CharField(max_length=200, blank=True)
    traits = models.PositiveSmallIntegerField(default=0)
    cases = models.BigIntegerField()
    profiles = models.BigIntegerField()
    events = models.BigIntegerField()
    tokens = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["project", "kind"], name="queue_count_by_project")]

    def __str__(self) -> str:
        return f"{self.cases:+} {self.kind} {self.state}"
