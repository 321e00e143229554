"""Who works on which project in which role, and how each person likes the screens."""

from django.conf import settings
from django.db import models

from migrator.choices import Role
from migrator.models.project import Project


class Membership(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="one_role_per_project_and_user")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} as {self.role} on {self.project_id}"


class Preference(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="preference")
    theme = models.CharField(max_length=10, default="system")
    density = models.CharField(max_length=12, default="comfortable")
    shortcuts = models.BooleanField(default=True)
    # {"usual key": "own key"}, such as {"N": "I"}; a key that is not in it stays as it is.
    keys = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"{self.user_id}: {self.theme}"
