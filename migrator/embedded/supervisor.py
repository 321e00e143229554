"""Keeps named children running: starts them in order, waits for each, restarts what crashed, stops all."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from migrator.embedded import processes
from migrator.embedded.identity import Identity
from migrator.embedded.problems import EmbeddedProblem, disk_full, is_disk_full

FIRST_PAUSE, LONGEST_PAUSE, STEADY_AFTER = 0.2, 10.0, 60.0
TAIL_BYTES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """What to run, and how to tell that it is ready."""

    name: str
    command: tuple[str, ...]
    is_ready: Callable[[], bool]
    environment: Mapping[str, str]
    folder: str = "/"
    identity: Identity | None = None
    before_start: Callable[[], None] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    ready_within: float = 30.0
    stops_within: float = 10.0
    # Where standard output goes when it is not to be mixed into the log.
    output: Path | None = None


@dataclass(slots=True)
class _Running:
    child: Child
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)
    pause: float = FIRST_PAUSE
    restart_at: float | None = None


class Supervisor:
    """Owns its children from the main thread of one process. A context manager: leaving it stops them."""

    def __init__(self, folder: Path, *, say: Callable[[str], None] = lambda _: None) -> None:
        self._folder, self._say = folder, say
        self._mark = str(folder)
        self._running: dict[str, _Running] = {}
        (folder / "logs").mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> "Supervisor":
        self._clear_left_over()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, *children: Child) -> None:
        """Start all of them, then wait for each to be ready; raise one sentence where one does not."""
        self.launch(*children)
        self.wait_for(*(child.name for child in children))

    def launch(self, *children: Child) -> None:
        """Start all of them and wait for none."""
        for child in children:
            self._running[child.name] = _Running(child, self._spawn(child))
            self._write_down()

    def wait_for(self, *names: str) -> None:
        for name in names:
            self._wait_until_ready(self._running[name].child)

    def run(self, name: str, command: Sequence[str], environment: Mapping[str, str], *, within: float) -> str:
        """Run a command to its end, its errors in a log of its own, and return what it printed."""
        output = self._folder / "logs" / f"{name}.out"
        output.unlink(missing_ok=True)
        child = Child(
            name=name, command=tuple(command), environment=environment, is_ready=lambda: False, output=output
        )
        self._running[name] = running = _Running(child, self._spawn(child))
        self._write_down()
        try:
            ended = processes.wait_until(lambda: running.process.poll() is not None, within)
            if not ended or running.process.returncode:
                raise self._start_problem(child, f"failed (code {running.process.poll()})")
            return output.read_text(errors="replace")
        finally:
            self._end(self._running.pop(name))
            self._write_down()

    def pid_of(self, name: str) -> int:
        return self._running[name].process.pid

    def log_of(self, name: str) -> Path:
        return self._folder / "logs" / f"{name}.log"

    def check(self) -> None:
        """Look once at every child and restart the ones that ended, each after a pause that grows."""
        for running in self._running.values():
            if running.restart_at is None and running.process.poll() is not None:
                self._note_crash(running)
            if running.restart_at is not None and time.monotonic() >= running.restart_at:
                self._restart(running)

    def watch(self, *, every: float = 0.2) -> None:
        """Check for ever. A signal handler that raises ends it."""
        while True:
            self.check()
            time.sleep(every)

    def stop(self) -> None:
        """Stop all children, the last started first."""
        for running in reversed(list(self._running.values())):
            self._end(running)
        self._running.clear()
        self._write_down()

    def _spawn(self, child: Child) -> subprocess.Popen[bytes]:
        if child.before_start:
            child.before_start()
        return processes.spawn(
            child.command,
            log=self.log_of(child.name),
            output=child.output,
            environment={**child.environment, processes.MARK_VARIABLE: self._mark},
            identity=child.identity,
            folder=child.folder,
            dies_with_us_by=child.stop_signal,
        )

    def _wait_until_ready(self, child: Child) -> None:
        running = self._running[child.name]
        ended = running.process.poll
        if not processes.wait_until(lambda: child.is_ready() or ended() is not None, child.ready_within):
            raise self._start_problem(child, f"was not ready within {child.ready_within:.0f} s")
        if ended() is not None:
            raise self._start_problem(child, f"ended at once (code {ended()})")

    def _start_problem(self, child: Child, what: str) -> EmbeddedProblem:
        log = self.log_of(child.name)
        last = tail(log)
        if "No space left on device" in last:
            return disk_full(self._folder)
        last_line = last.strip().splitlines()[-1] if last.strip() else "it wrote nothing"
        return EmbeddedProblem(f"{child.name} {what}: {last_line} (all of it: {log})")

    def _note_crash(self, running: _Running) -> None:
        now = time.monotonic()
        if now - running.started > STEADY_AFTER:
            running.pause = FIRST_PAUSE
        running.restart_at = now + running.pause
        why = (
            "no disk space is left"
            if "No space left" in tail(self.log_of(running.child.name))
            else "it ended by itself"
        )
        code = running.process.returncode
        self._say(f"{running.child.name}: {why} (code {code}); starting it again in {running.pause:.1f} s")
        running.pause = min(running.pause * 2, LONGEST_PAUSE)

    def _restart(self, running: _Running) -> None:
        self._end(running)
        running.restart_at = None
        running.started = time.monotonic()
        running.process = self._spawn(running.child)
        self._write_down()

    def _end(self, running: _Running) -> None:
        group, child = running.process.pid, running.child
        running.process.poll()
        processes.end_group(
            group, child.stop_signal, seconds=child.stops_within, members=lambda: self._members(running)
        )
        # Of a process with several threads the first one may be gone while the others still end.
        with suppress(subprocess.TimeoutExpired):
            running.process.wait(timeout=5)

    @staticmethod
    def _members(running: _Running) -> list[int]:
        running.process.poll()
        return processes.group_members(running.process.pid)

    def _write_down(self) -> None:
        """Remember the children on disk, for the start after a kill -9 of ourselves."""
        noted = {name: running.process.pid for name, running in self._running.items()}
        temporary = self._folder / "children.json.new"
        try:
            temporary.write_text(json.dumps(noted))
            temporary.replace(self._folder / "children.json")
        except OSError as error:
            # A full disk must not end the children that still run; the note only helps the next start.
            if not is_disk_full(error):
                raise

    def _clear_left_over(self) -> None:
        """End what an earlier owner of this folder left running, and no stranger with a reused number."""
        for name, group in _noted(self._folder / "children.json").items():
            ours = [pid for pid in processes.group_members(group) if processes.carries_mark(pid, self._mark)]
            if ours:
                self._say(f"{name}: clearing what an earlier start left running")
                members = partial(processes.group_members, group)
                processes.end_group(group, signal.SIGTERM, seconds=10, members=members)


def _noted(path: Path) -> dict[str, int]:
    try:
        return {str(name): int(pid) for name, pid in json.loads(path.read_text()).items()}
    except (OSError, ValueError):
        return {}


def tail(log: Path) -> str:
    """The last lines of a log, without the line that it ends in the middle of."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
