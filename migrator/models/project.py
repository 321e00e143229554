"""A project is one customer's move; its settings have their defaults in one table here."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models

DEFAULT_SETTINGS: dict[str, Any] = {
    "rare_tag_limit": 5,
    "label_style": "title",
    "region": "SE",
    "currency": "SEK",
    "event_fidelity": "history",
    "event_history_days": 730,
    "event_window_days": 92,
    # Percent of the target's daily tokens that this project may spend, and percent of those kept for a rollback.
    "budget_share": 80,
    "rollback_reserve": 0,
    # When a run may write, such as "20:00-06:00" in the customer's time zone; empty for any time.
    "working_hours": "",
    "time_zone": "Europe/Stockholm",
    # How long a worker may hold a claim; whoever is silent for longer is taken to be dead.
    "lease_s": 90,
    # How long nobody looks after an answer that proves nothing: longer than the target may commit late.
    "quiet_period_s": 180,
    "fallback_owner": "",
    # Whether corrections made here are counted for other projects of this installation, and theirs here.
    "share_precedents": True,
    "source_pace": {},
    # Whether a language model may be asked about the field map, where the operator named one.
    "model_proposals": True,
}


class ProjectQuerySet(models.QuerySet["Project"]):
    def for_user(self, user: AbstractBaseUser | AnonymousUser) -> "ProjectQuerySet":
        """The only root of every per-project query: nobody sees a project without a membership."""
        if user.pk is None:
            return self.none()
        return self.filter(memberships__user_id=user.pk)


class Project(models.Model):
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    settings = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ProjectQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    def setting(self, name: str) -> Any:
        """The project's own value, else the default; raises KeyError on an unknown name."""
        return self.settings.get(name, DEFAULT_SETTINGS[name])
