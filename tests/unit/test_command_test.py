"""The command that runs all checks: which steps, which arguments, and what it shows."""

import sys

import pytest

from migrator.management.commands import test as command


def names(fast: bool = False, for_pytest: list[str] | None = None) -> list[str]:
    return [step.name for step in command.all_steps(fast, for_pytest or [])]


def test_it_runs_every_check_and_every_test() -> None:
    assert names() == [
        *("format", "lint", "types", "imports", "schema migrations", "templates", "tests", "heavy tests"),
        "coverage",
    ]


def test_coverage_is_not_asked_of_a_chosen_few_tests() -> None:
    assert "coverage" not in names(for_pytest=["tests/unit"])


def words(step: str, **chosen: bool) -> tuple[str, ...]:
    return next(s.command for s in command.all_steps(chosen.get("fast", False), []) if s.name == step)


def test_fast_leaves_out_browser_simulation_and_slow_tests() -> None:
    assert {"--ignore=tests/browser", "--ignore=tests/simulation", "not slow"} <= set(
        words("tests", fast=True)
    )
    assert "heavy tests" not in names(fast=True)


def test_what_one_step_leaves_out_the_other_runs() -> None:
    left_out = {word.removeprefix("--ignore=") for word in words("tests") if word.startswith("--ignore=")}
    assert left_out == {"tests/browser", "tests/simulation"}
    assert left_out <= set(words("heavy tests"))
    assert "not slow" not in words("tests")


def test_coverage_is_measured_where_it_slows_no_system_down() -> None:
    assert "--cov" in words("tests")
    assert not any(word.startswith("--cov") for word in words("heavy tests"))


@pytest.mark.parametrize(
    ("given", "ours", "theirs"),
    [
        ([], [], []),
        (["--fast", "-k", "held"], ["--fast"], ["-k", "held"]),
        (["tests/unit", "--only", "tests", "-x"], ["--only", "tests"], ["tests/unit", "-x"]),
    ],
)
def test_arguments_that_are_not_its_own_go_to_pytest(
    given: list[str], ours: list[str], theirs: list[str]
) -> None:
    assert command.split_arguments(given) == (ours, theirs)


def test_a_step_gives_its_code_and_its_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    code = "print('one failed'); print(); raise SystemExit(3)"
    assert command.stream((sys.executable, "-c", code), {}) == (3, "one failed")
    assert "one failed" in capsys.readouterr().out


def test_a_step_sees_the_environment_of_the_servers() -> None:
    code = "import os; print(os.environ['DATABASE_URL'])"
    ended = command.stream((sys.executable, "-c", code), {"DATABASE_URL": "postgresql:///x"})
    assert ended == (0, "postgresql:///x")
