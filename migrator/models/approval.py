"""Who signed which content. An approval names a checksum and is worth nothing for any other."""

from django.conf import settings
from django.db import models

from migrator.choices import Role
from migrator.models.project import Project


class Approval(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="approvals")
    subject = models.CharField(max_length=20)
    subject_id = models.CharField(max_length=40)
    checksum = models.CharField(max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20, choices=Role.choices)
    at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "subject", "subject_id", "checksum", "user"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="one_live_approval_per_person_and_content",
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.subject_id} by {self.user_id}"
