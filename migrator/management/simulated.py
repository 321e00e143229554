"""Both simulators as children of a supervisor, and the one object that tells others how to reach them."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator.embedded import ports
from migrator.embedded.connection import REPOSITORY
from migrator.embedded.supervisor import Child
from migrator.simulators.apsis_one.settings import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET
from migrator.simulators.pipedrive.settings import DEFAULT_TOKEN

SOURCE, TARGET = "source-simulator", "target-simulator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """Which made-up company to serve, where, and in which folder the target keeps its records."""

    account: str
    seed: int
    profiles: int
    source_port: int
    target_port: int
    folder: Path
    limits: bool = True

    def children(self, environment: Mapping[str, str]) -> tuple[Child, Child]:
        """One process for each service. The source is made anew from its seed, the target is kept."""
        records = ("--db", str(self.folder / "target.sqlite3"), "--token", DEFAULT_TOKEN)
        return (
            self._child(SOURCE, "source", self.source_port, (), environment),
            self._child(TARGET, "target", self.target_port, records, environment),
        )

    def connection(self) -> dict[str, dict[str, str]]:
        """Addresses and credentials, in the shape that serve_simulators promises."""
        source, target = (f"http://{ports.HOST}:{port}" for port in (self.source_port, self.target_port))
        credentials = {"client_id": DEFAULT_CLIENT_ID, "client_secret": DEFAULT_CLIENT_SECRET}
        return {
            "source": {"base_url": source} | credentials,
            "target": {"base_url": target, "api_token": DEFAULT_TOKEN},
            "control": {"source_url": f"{source}/_control", "target_url": f"{target}/_control"},
        }

    def _child(
        self, name: str, side: str, port: int, more: tuple[str, ...], environment: Mapping[str, str]
    ) -> Child:
        options: dict[str, Any] = {"--port": port, "--account": self.account, "--seed": self.seed}
        options["--profiles"] = self.profiles
        words = [str(word) for pair in options.items() for word in pair] + list(more)
        words += ["--die-with-parent"] + ([] if self.limits else ["--limits-off"])
        return Child(
            name=name,
            command=(sys.executable, "-m", "migrator.simulators.server", side, *words),
            folder=str(REPOSITORY),
            environment=environment,
            is_ready=lambda: ports.accepts(port),
            ready_within=300,
        )
