"""Creates the demo project on simulators that are already up. Safe to repeat: what was done in it stays."""

from json import dumps, loads
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from migrator.management.provisioning import Wish, people, provision

# The demo's simulators answer at once, so its doubts need not wait as long as those of a real account.
SETTINGS = {"quiet_period_s": 10, "lease_s": 45, "event_window_days": 800, "budget_share": 80}


class Command(BaseCommand):
    help = "Create the demo project Nordlys Outdoor and its four people."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--connect", type=Path, required=True, help="file with what serve_simulators printed"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")

    def handle(self, *, connect: Path, json: bool, **_options: Any) -> None:
        project = provision(Wish("nordlys", "Nordlys Outdoor", _read(connect), settings=SETTINGS))
        answer: dict[str, Any] = {
            "project": project.slug,
            "path": f"/m/{project.slug}/",
            "users": people(project),
        }
        if json:
            self.stdout.write(dumps(answer))
            return
        for person in answer["users"]:
            self.stdout.write(f"{person['role']}: {person['email']} / {person['password']}")


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = loads(path.read_text())
        found["source"]["client_id"], found["target"]["api_token"]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise CommandError(
            f"{path} does not hold what serve_simulators prints. Nothing was changed. Name the right file."
        ) from problem
    return found
