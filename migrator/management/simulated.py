"""Both simulators as children of a supervisor, and the one object that tells others how to reach them."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migrator.embedded import ports
from migrator.embedded.connection import REPOSITORY
from migrator.embedded.supervisor import Child
from migrator.simulators.options import Options, simple_options
from migrator.simulators.server import source_credentials, target_credentials

SOURCE, TARGET = "source-simulator", "target-simulator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """Which made-up company to serve, where, and in which folder the simulators keep their records.

    `control` opens the control address of both. The source keeps its records only where `keeps_source`: a demo
    makes it anew from its seed. `options` are for those who want more than a company and its size.
    """

    account: str
    seed: int
    profiles: int
    source_port: int
    target_port: int
    folder: Path
    limits: bool = True
    control: bool = True
    keeps_source: bool = False
    options: Options | None = field(default=None)

    @property
    def chosen(self) -> Options:
        """The options that both are started with."""
        if self.options is not None:
            return self.options
        return simple_options(self.account, self.seed, self.profiles, limits=self.limits)

    def children(self, environment: Mapping[str, str]) -> tuple[Child, Child]:
        """One process for each service."""
        kept = ("--db", str(self.folder / "source.sqlite3")) if self.keeps_source else ()
        records = ("--db", str(self.folder / "target.sqlite3"))
        return (
            self._child(SOURCE, "source", self.source_port, kept, environment),
            self._child(TARGET, "target", self.target_port, records, environment),
        )

    def connection(self) -> dict[str, Any]:
        """Addresses and credentials, in the shape that serve_simulators promises."""
        source, target = (f"http://{ports.HOST}:{port}" for port in (self.source_port, self.target_port))
        control = {"source_url": f"{source}/_control", "target_url": f"{target}/_control"}
        return {
            "source": {"base_url": source} | source_credentials(self.chosen),
            "target": {"base_url": target} | target_credentials(self.chosen),
            "control": control if self.control else dict.fromkeys(control),
            "account": self.account,
            "seed": self.seed,
            "profiles": self.profiles,
        }

    def _child(
        self, name: str, side: str, port: int, more: tuple[str, ...], environment: Mapping[str, str]
    ) -> Child:
        words = ("--port", str(port), *self.chosen.words, *more, "--die-with-parent")
        words += ("--control",) if self.control else ()
        return Child(
            name=name,
            command=(sys.executable, "-m", "migrator.simulators.server", side, *words),
            folder=str(REPOSITORY),
            environment=environment,
            is_ready=lambda: ports.accepts(port),
            ready_within=3_600,
        )
