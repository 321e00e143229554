"""The tamper-evident record of who did what. `migrator.trail` is its only writer."""

from django.conf import settings
from django.db import models

from migrator.models.project import Project


class TrailEntry(models.Model):
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="trail")
    seq = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor_label = models.CharField(max_length=150)
    verb = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=300)
    sentence = models.TextField()
    data = models.JSONField(default=dict, blank=True)
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["project", "seq"], name="one_trail_entry_per_number")]

    def __str__(self) -> str:
        return self.sentence
