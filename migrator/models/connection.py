"""A project's two accounts. The secret is stored sealed and never shown again."""

from django.db import models

from migrator.choices import Side
from migrator.models.project import Project


class Connection(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="connections")
    side = models.CharField(max_length=10, choices=Side.choices)
    base_url = models.URLField(max_length=300)
    # For the target: plan, seats, credential ("api_token" or "oauth"), account name. For the source: client_id.
    config = models.JSONField(default=dict, blank=True)
    sealed_secret = models.TextField(blank=True)
    secret_hint = models.CharField(max_length=8, blank=True)
    # When the secret was last replaced.
    saved_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    check_lines = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "side"], name="one_connection_per_side")]

    def __str__(self) -> str:
        return f"{self.side} of {self.project_id}"

    @property
    def account_name(self) -> str:
        return str(self.config.get("account_name") or self.base_url)
