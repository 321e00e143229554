"""The whole route headless, measured: records, losses, duplicates, tokens, requests, seconds and memory."""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from migrator.embedded import ports
from migrator.embedded.ephemeral import own_services
from migrator.embedded.supervisor import Supervisor
from migrator.management.demonstration import ACCOUNT, REPOSITORY, inherited
from migrator.management.simulated import Simulated

INSIDE = "CROSSWALK_BENCH_INSIDE"


class Command(BaseCommand):
    help = "Move a made-up company on fresh simulators, accept every suggestion, and print what it took."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--profiles", type=int, default=1000)
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--account", default=ACCOUNT)
        parser.add_argument("--fidelity", default="history", choices=("each", "digest", "history", "archive"))
        parser.add_argument("--connect", type=Path, help="file with what serve_simulators printed")
        parser.add_argument("--json", action="store_true", help="no difference: the object is always printed")

    def handle(self, **options: Any) -> None:
        if options["connect"] and not options["connect"].is_file():
            raise CommandError(
                f"{options['connect']} cannot be read. Name the file with what serve_simulators printed."
            )
        if os.environ.get(INSIDE):
            self.stdout.write(json.dumps(_walk(options)))
            return
        with ExitStack() as stack:
            environment = stack.enter_context(_database())
            connect = options["connect"] or stack.enter_context(_simulators(options))
            answer = _run_inside(environment, options, connect)
        self.stdout.write(json.dumps(answer))
        if answer["lost"] or answer["duplicated"]:
            raise CommandError(f"{answer['lost']} records are lost and {answer['duplicated']} doubled.")


@contextmanager
def _database() -> Iterator[dict[str, str]]:
    """The configured database where there is one, else one of our own for the length of the measurement."""
    if settings.HAS_DATABASE:
        yield dict(os.environ)
        return
    with own_services(fast=False) as services:
        yield inherited() | services.environment


@contextmanager
def _simulators(options: dict[str, Any]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="crosswalk-bench-") as folder:
        source = ports.any_free(besides=None)
        simulated = Simulated(
            account=options["account"],
            seed=options["seed"],
            profiles=options["profiles"],
            source_port=source,
            target_port=ports.any_free(besides=source),
            folder=Path(folder),
            limits=False,
        )
        with Supervisor(Path(folder), say=lambda text: None) as supervisor:
            supervisor.start(*simulated.children(inherited()))
            connect = Path(folder) / "connection.json"
            connect.write_text(json.dumps(simulated.connection()))
            yield connect


def _run_inside(environment: dict[str, str], options: dict[str, Any], connect: Path) -> dict[str, Any]:
    manage = [sys.executable, str(REPOSITORY / "manage.py")]
    subprocess.run([*manage, "migrate", "--no-input"], env=environment, check=True, stdout=sys.stderr)
    words = ["bench", "--connect", str(connect), "--fidelity", options["fidelity"]]
    words += ["--profiles", str(options["profiles"]), "--seed", str(options["seed"])]
    inside = environment | {INSIDE: "1"}
    done = subprocess.run([*manage, *words], env=inside, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise CommandError("The route did not reach its end; the lines above say where it stopped.")
    answer: dict[str, Any] = json.loads(done.stdout.strip().rpartition("\n")[2])
    return answer


def _walk(options: dict[str, Any]) -> dict[str, Any]:
    """The measurement itself, in a process that has a database."""
    from migrator.management import measuring
    from migrator.management.provisioning import Wish, provision
    from migrator.management.route import Walk

    connect = json.loads(Path(options["connect"]).read_text())
    before = _meters(connect)
    wish = Wish(
        "bench", "Bench", connect, limits_off=True, settings={"event_window_days": 800, "quiet_period_s": 10}
    )
    walk = Walk(provision(wish))
    walk.discover()
    walk.decide()
    run = walk.load(walk.plan(options["fidelity"]))
    after = _meters(connect)
    answer = measuring.summary(run)
    spent = {name: after[name] - before[name] for name in after}
    return answer | spent | {"phases": walk.phases, "peak_rss_mb": _memory(connect)}


def _meters(connect: dict[str, Any]) -> dict[str, int]:
    target = _inspect(connect["control"]["target_url"])
    source = _inspect(connect["control"]["source_url"])
    return {
        "tokens_spent": int(target["tokens"]["total"]),
        "requests": int(target["requests"]) + int(source["requests"]),
        "responses_429": int(target["limited"]) + int(source["responses_429"]),
    }


def _inspect(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}/inspect", timeout=30) as answer:  # noqa: S310 - our own simulator
        found: dict[str, Any] = json.load(answer)
    return found


def _memory(connect: dict[str, Any]) -> dict[str, float]:
    """Peak resident memory of this process and of the simulators, where the system tells it."""
    pids = {"engine": os.getpid()}
    for side in ("source", "target"):
        pid = _inspect(connect["control"][f"{side}_url"]).get("pid")
        if isinstance(pid, int):
            pids[side] = pid
    return {name: peak for name, pid in pids.items() if (peak := _peak_mb(pid))}


def _peak_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    peaks = [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")]
    return round(peaks[0], 1) if peaks else 0.0
