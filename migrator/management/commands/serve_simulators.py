"""Runs both simulators until interrupted, and says on one line how to reach them."""

import fcntl
import json
import tempfile
from argparse import SUPPRESS
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from migrator.embedded import ports
from migrator.embedded.problems import EmbeddedProblem
from migrator.embedded.supervisor import Supervisor
from migrator.management import ending
from migrator.management.demonstration import inherited
from migrator.management.simulated import SOURCE, TARGET, Simulated
from migrator.simulators.options import BadOption, add_options, free_port, kept_in, read_options


class Command(BaseCommand):
    help = "Serve a made-up APSIS One account and a made-up Pipedrive account on this machine."
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # A refusal is one sentence: without this, argparse prints a page of usage before it.
        return super().create_parser(prog_name, subcommand, usage=SUPPRESS, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        add_options(parser)
        parser.add_argument("--source-port", help="default: any free one")
        parser.add_argument("--target-port", help="default: any free one")
        parser.add_argument(
            "--keep", metavar="FOLDER", help="folder in which both accounts survive a restart"
        )
        parser.add_argument("--no-control", action="store_true", help="leave the control address out")
        parser.add_argument("--json", action="store_true", help="no difference: the object is always printed")

    def handle(self, **options: Any) -> None:
        with ending.reported_on(self.stderr), _folder(options["keep"]) as folder:
            simulated = simulated_by(options, folder)
            with Supervisor(folder, say=self.stderr.write) as supervisor:
                supervisor.start(*simulated.children(inherited()))
                pids = {"source": supervisor.pid_of(SOURCE), "target": supervisor.pid_of(TARGET)}
                self.stdout.write(json.dumps(simulated.connection() | {"pids": pids}))
                self.stdout.flush()
                supervisor.watch()


def simulated_by(options: dict[str, Any], folder: Path) -> Simulated:
    """What the command line asks for; all of it is checked before anything starts."""
    try:
        wanted = read_options(options, control=not options["no_control"])
        source = chosen_port(options["source_port"], "--source-port", taken=options["target_port"])
        target = chosen_port(options["target_port"], "--target-port", taken=source)
        if source == target:
            raise BadOption(f"Both ports are {source}: give --source-port and --target-port two numbers.")
        if options["keep"]:
            kept_in(folder, wanted)
    except BadOption as problem:
        raise EmbeddedProblem(str(problem)) from problem
    return Simulated(
        account=wanted.account,
        seed=wanted.seed,
        profiles=wanted.profiles,
        source_port=source,
        target_port=target,
        folder=folder,
        control=wanted.control,
        keeps_source=bool(options["keep"]),
        options=wanted,
    )


def chosen_port(wanted: Any, option: str, *, taken: Any) -> int:
    """The port asked for, which has to be free, or any free one but the other simulator's."""
    if wanted is not None:
        return free_port(wanted, option)
    return ports.any_free(besides=int(taken) if str(taken).isdecimal() else None)


@contextmanager
def _folder(kept: str | None) -> Iterator[Path]:
    """A folder that ends with us, or the one that keeps the accounts, which nobody else may use meanwhile."""
    if kept is None:
        with tempfile.TemporaryDirectory(prefix="crosswalk-sim-") as temporary:
            yield Path(temporary)
        return
    folder = Path(kept).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "in-use").open("w")
    except OSError as error:
        raise EmbeddedProblem(
            f"--keep {kept} can not be used ({error.strerror}): name another folder."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EmbeddedProblem(f"--keep {kept} is in use by other simulators: stop them first.") from error
        yield folder
