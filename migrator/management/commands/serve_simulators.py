"""Runs both simulators until interrupted, and says on one line how to reach them."""

import json
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from migrator.embedded import ports
from migrator.embedded.supervisor import Supervisor
from migrator.management import ending
from migrator.management.demonstration import ACCOUNT, PROFILES, SEED, inherited
from migrator.management.simulated import Simulated


class Command(BaseCommand):
    help = "Serve a made-up APSIS One account and a made-up Pipedrive account on this machine."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", default=ACCOUNT, help="name of the made-up company")
        parser.add_argument("--seed", type=int, default=SEED)
        parser.add_argument("--profiles", type=int, default=PROFILES)
        parser.add_argument("--source-port", type=int, help="default: any free one")
        parser.add_argument("--target-port", type=int, help="default: any free one")
        parser.add_argument("--limits-off", action="store_true", help="answer without rate and token limits")
        parser.add_argument("--json", action="store_true", help="no difference: the object is always printed")

    def handle(self, **options: Any) -> None:
        with ending.reported_on(self.stderr), tempfile.TemporaryDirectory(prefix="crosswalk-sim-") as folder:
            simulated = simulated_by(options, Path(folder))
            with Supervisor(Path(folder), say=self.stderr.write) as supervisor:
                supervisor.start(*simulated.children(inherited()))
                self.stdout.write(json.dumps(simulated.connection()))
                self.stdout.flush()
                supervisor.watch()


def simulated_by(options: dict[str, Any], folder: Path) -> Simulated:
    source = chosen_port(options["source_port"], "--source-port", taken=options["target_port"])
    return Simulated(
        account=options["account"],
        seed=options["seed"],
        profiles=options["profiles"],
        source_port=source,
        target_port=chosen_port(options["target_port"], "--target-port", taken=source),
        folder=folder,
        limits=not options["limits_off"],
    )


def chosen_port(wanted: int | None, option: str, *, taken: int | None) -> int:
    """The port asked for, which has to be free, or any free one but the other simulator's."""
    if wanted:
        return ports.asked_for(wanted, option)
    return ports.any_free(besides=taken)
