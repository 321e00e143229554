"""Celery's application. Facts live in PostgreSQL: a message is a wake-up, and losing it loses nothing."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "migrator.settings")

app = Celery("crosswalk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["migrator"])


@setup_logging.connect
def leave_logging_to_django(**_: Any) -> None:
    """A receiver of this signal, whatever it does, keeps Celery from replacing the LOGGING setting."""
