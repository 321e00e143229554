"""Says that the environment is ready: manage.py made it before Django could start."""

from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Make the Python environment from requirements.lock, and nothing else."
    requires_system_checks: list[str] = []

    def handle(self, **_options: Any) -> None:
        self.stderr.write("The environment is ready.")
