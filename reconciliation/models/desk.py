"""What people keep beside the queue while they work: an open case, a note, a view, a waiver, an upload."""

from django.conf import settings
from django.db import models

from migrator.models import Project
from reconciliation.choices import KIND_CHOICES
from reconciliation.models.cases import ReviewItem


class Hold(models.Model):
    """Who has a case open now. A lease: it ends by itself unless the page renews it."""

    item = models.OneToOneField(ReviewItem, on_delete=models.CASCADE, primary_key=True, related_name="hold")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["project", "user"], name="hold_by_person")]

    def __str__(self) -> str:
        return f"item {self.item_id} held by {self.user_id}"


class Note(models.Model):
    """What somebody wrote beside a case. Added, never changed."""

    item = models.ForeignKey(ReviewItem, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    text = models.CharField(max_length=2000)
    client_key = models.UUIDField(unique=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"note on item {self.item_id}"


class SavedView(models.Model):
    """A name for the end of an address: the filters and the order of a list."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="queue_views")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=KIND_CHOICES)
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=1000, blank=True)
    # Everybody of the project sees it; its owner alone may change it.
    shared = models.BooleanField(default=False)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "owner", "kind", "name"], name="one_view_per_name")
        ]

    def __str__(self) -> str:
        return self.name


class Waiver(models.Model):
    """An engineer's word that a run may go on without the cases that were open at that moment.

    It holds while no case became open after it (ReviewItem.opened_at) and nobody took it back.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="waivers")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    cases = models.PositiveIntegerField()
    profiles = models.PositiveIntegerField()
    reason = models.CharField(max_length=500)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["project", "-id"], name="waiver_newest_first")]

    def __str__(self) -> str:
        return f"waiver {self.pk} for {self.cases} cases"


class QueueImport(models.Model):
    """An uploaded spreadsheet of decisions, read once; nothing counts before somebody applies it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="queue_imports")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    file_name = models.CharField(max_length=200)
    # The lines that hold a decision: [{"cell", "id", "version", "action", "args"}], and the rejected ones.
    lines = models.JSONField(default=list)
    rejected = models.JSONField(default=list)
    unchanged = models.PositiveIntegerField(default=0)
    applied_at = models.DateTimeField(null=True, blank=True)
    batch = models.UUIDField(null=True, blank=True)

    def __str__(self) -> str:
        return f"import {self.pk}: {self.file_name}"
