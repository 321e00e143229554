"""The supervisor: starts, waits, restarts, ends; and clears what a killed owner left."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from migrator.embedded import processes
from migrator.embedded.problems import EmbeddedProblem
from migrator.embedded.processes import is_alive, wait_until
from migrator.embedded.supervisor import Child, Supervisor, tail

ENVIRONMENT = {"PATH": os.defpath}
SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""


def sleeper(name: str = "sleeper", **more: object) -> Child:
    return Child(
        **({"name": name, "command": SLEEP, "is_ready": lambda: True, "environment": ENVIRONMENT} | more)
    )


def is_gone(pid: int) -> bool:
    return wait_until(lambda: not is_alive(pid), 5)


def test_leaving_it_ends_all_children(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(sleeper("one"), sleeper("two"))
        pids = [supervisor.pid_of("one"), supervisor.pid_of("two")]
        assert all(is_alive(pid) for pid in pids)
    assert all(is_gone(pid) for pid in pids)


def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    with Supervisor(tmp_path, say=said.append) as supervisor:
        supervisor.start(sleeper())
        first = supervisor.pid_of("sleeper")
        os.kill(first, signal.SIGKILL)

        def is_back() -> bool:
            supervisor.check()
            return supervisor.pid_of("sleeper") != first

        assert wait_until(is_back, 5)
        assert is_alive(supervisor.pid_of("sleeper"))
    assert "code -9" in said[0]


def test_the_pause_before_a_restart_grows(tmp_path: Path) -> None:
    said: list[str] = []
    with Supervisor(tmp_path, say=said.append) as supervisor:
        supervisor.launch(sleeper(command=(sys.executable, "-S", "-c", "")))

        def failed_thrice() -> bool:
            supervisor.check()
            return len(said) == 3

        assert wait_until(failed_thrice, 10)
    assert [line.rpartition(" in ")[2] for line in said] == ["0.2 s", "0.4 s", "0.8 s"]


def test_a_child_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    dies = sleeper(command=(sys.executable, "-c", "raise SystemExit('no such flag')"), is_ready=lambda: False)
    with (
        Supervisor(tmp_path) as supervisor,
        pytest.raises(EmbeddedProblem, match=r"ended at once.*no such flag"),
    ):
        supervisor.start(dies)


def test_a_child_that_is_never_ready_is_told(tmp_path: Path) -> None:
    never = sleeper(is_ready=lambda: False, ready_within=0.2)
    with Supervisor(tmp_path) as supervisor, pytest.raises(EmbeddedProblem, match="not ready within"):
        supervisor.start(never)


def test_a_full_disk_is_recognized_by_a_childs_words(tmp_path: Path) -> None:
    words = (sys.executable, "-c", "raise SystemExit('write: No space left on device')")
    with Supervisor(tmp_path) as supervisor, pytest.raises(EmbeddedProblem, match="Nothing was lost"):
        supervisor.start(sleeper(command=words, is_ready=lambda: False))


def test_a_child_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        stubborn = sleeper(command=(sys.executable, "-c", STUBBORN), stops_within=0.2)
        supervisor.start(stubborn)
        assert wait_until(lambda: "up" in tail(supervisor.log_of("sleeper")), 5)
        pid = supervisor.pid_of("sleeper")
    assert is_gone(pid)


def test_a_command_is_run_to_its_end_and_its_output_returned(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        assert (
            supervisor.run("greet", (sys.executable, "-c", "print('hello')"), ENVIRONMENT, within=10)
            == "hello\n"
        )


def test_a_command_that_fails_is_told(tmp_path: Path) -> None:
    with (
        Supervisor(tmp_path) as supervisor,
        pytest.raises(EmbeddedProblem, match=r"greet failed \(code 1\): no"),
    ):
        supervisor.run("greet", (sys.executable, "-c", "raise SystemExit('no')"), ENVIRONMENT, within=10)


def test_what_a_killed_owner_left_is_ended_at_the_next_start(tmp_path: Path) -> None:
    marked = ENVIRONMENT | {processes.MARK_VARIABLE: str(tmp_path)}
    with subprocess.Popen(SLEEP, env=marked, start_new_session=True) as orphan:
        (tmp_path / "children.json").write_text(json.dumps({"orphan": orphan.pid}))
        with Supervisor(tmp_path):
            assert orphan.wait(5) == -signal.SIGTERM


def test_a_stranger_with_a_reused_number_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(SLEEP, env=ENVIRONMENT, start_new_session=True) as stranger:
        (tmp_path / "children.json").write_text(json.dumps({"orphan": stranger.pid}))
        with Supervisor(tmp_path):
            assert stranger.poll() is None
        stranger.kill()


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells a child of its parent's death"
)
def test_children_end_with_a_killed_owner(tmp_path: Path) -> None:
    owner_code = f"""
import sys, time
from pathlib import Path
from migrator.embedded.supervisor import Child, Supervisor
supervisor = Supervisor(Path({str(tmp_path)!r}))
supervisor.start(Child(name="child", command={SLEEP!r}, is_ready=lambda: True, environment={{}}))
print(supervisor.pid_of("child"), flush=True)
time.sleep(600)
"""
    with subprocess.Popen((sys.executable, "-c", owner_code), stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        child = int(owner.stdout.readline())
        owner.kill()
    assert is_gone(child)


def test_a_zombie_counts_as_gone() -> None:
    with subprocess.Popen((sys.executable, "-S", "-c", "")) as ended:
        assert wait_until(lambda: not is_alive(ended.pid), 5)
