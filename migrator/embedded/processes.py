"""Starting and ending operating system processes, so that none outlives its owner and none is mistaken."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from migrator.embedded.identity import Identity

PR_SET_PDEATHSIG = 1
MARK_VARIABLE = "CROSSWALK_OWNER"


def spawn(
    command: Sequence[str],
    *,
    log: Path,
    output: Path | None = None,
    environment: Mapping[str, str],
    identity: Identity | None = None,
    folder: str = "/",
    dies_with_us_by: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own; what it says is appended to the log, or to output and log.

    Call it from the main thread: Linux sends the parting signal when the starting *thread* ends.
    """
    with log.open("ab") as errors, (output or log).open("ab") as said:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=errors,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,
            preexec_fn=_die_with_parent(dies_with_us_by),  # noqa: PLW1509  # only one thread runs here
            **(identity.popen_arguments() if identity else {}),
        )


def _die_with_parent(sent: signal.Signals) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    libc, parent = ctypes.CDLL(None, use_errno=True), os.getpid()

    def ask_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(sent), 0, 0, 0)
        # The parent may have died between the fork and the line above.
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel


def is_alive(pid: int) -> bool:
    """Whether the process runs. A zombie that nobody reaped counts as gone."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _state(pid) != "Z"


def wait_until(condition: Callable[[], bool], seconds: float, *, every: float = 0.05) -> bool:
    """Poll the condition; False when the time is over."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(every)
    return True


def end_group(
    group: int, first: signal.Signals, *, seconds: float, members: Callable[[], Iterable[int]]
) -> None:
    """Ask every process of the group to end, then make it."""
    if _signal_group(group, first) and wait_until(lambda: not list(members()), seconds):
        return
    _signal_group(group, signal.SIGKILL)
    wait_until(lambda: not list(members()), 5)


def group_members(group: int) -> list[int]:
    """Live processes of a process group."""
    return [pid for pid, (state, pgrp) in _all_states() if pgrp == group and state != "Z"]


def carries_mark(pid: int, mark: str) -> bool:
    """Whether the process has our mark in its environment, and is no stranger with a reused number."""
    try:
        return f"{MARK_VARIABLE}={mark}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def working_folder(pid: int) -> Path | None:
    """The process's current folder, where the platform tells."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return None


def _signal_group(group: int, sent: signal.Signals) -> bool:
    try:
        os.killpg(group, sent)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _all_states() -> Iterable[tuple[int, tuple[str, int]]]:
    proc = Path("/proc")
    if not proc.is_dir():
        yield from _states_by_ps()
        return
    for entry in proc.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            yield int(entry.name), (fields[0], int(fields[2]))


def _states_by_ps() -> Iterable[tuple[int, tuple[str, int]]]:
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,stat=,pgid="], capture_output=True, text=True, check=False
    )
    for line in listing.stdout.splitlines():
        pid, state, pgrp = line.split()
        yield int(pid), (state[0], int(pgrp))


def _state(pid: int) -> str:
    if Path("/proc").is_dir():
        fields = _stat(pid)
        return fields[0] if fields else "Z"
    return next((state for found, (state, _) in _states_by_ps() if found == pid), "Z")


def _stat(pid: int) -> list[str] | None:
    """The fields after the command's name, which may itself hold blanks and brackets."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return None
