"""The house rules a machine can check: imports, schema migrations, sizes, names, a test for each command."""

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = ("migrator", "reconciliation", "mapping_review")
LONGEST_MODULE, MEDIAN_FUNCTION = 400, 10
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc"}


def modules() -> list[Path]:
    found = (path for package in PACKAGES for path in (REPOSITORY / package).rglob("*.py"))
    return sorted(path for path in found if "migrations" not in path.parts)


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function with its length in lines, without decorators."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(REPOSITORY)}:{node.name}", (node.end_lineno or 0) - node.lineno + 1


def commands() -> list[str]:
    folder = REPOSITORY / "migrator/management/commands"
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))


def test_imports_point_down() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run((program,), cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.django_db
def test_no_schema_migration_is_missing() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_no_module_is_longer_than_the_rule() -> None:
    lengths = {
        str(path.relative_to(REPOSITORY)): len(path.read_text().splitlines())
        for path in (*modules(), REPOSITORY / "manage.py")
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_the_median_function_is_no_longer_than_the_rule() -> None:
    lengths = dict(pair for path in modules() for pair in functions(path))
    median = statistics.median(lengths.values())
    print(f"{len(modules())} modules, {len(lengths)} functions, median {median} lines")
    print("longest:", sorted(lengths.items(), key=lambda pair: -pair[1])[:10])
    assert median <= MEDIAN_FUNCTION


def test_no_module_is_named_like_a_drawer() -> None:
    assert [path for path in modules() if path.stem in DRAWERS] == []


def test_every_module_says_why_it_exists() -> None:
    silent = [
        path
        for path in modules()
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


@pytest.mark.parametrize("name", commands())
def test_every_command_has_a_test(name: str) -> None:
    quoted = (f'call_command("{name}"', f'"manage.py", "{name}"')
    tests = [path for path in (REPOSITORY / "tests").rglob("test_*.py") if path != Path(__file__).resolve()]
    assert any(path.stem == f"test_command_{name}" for path in tests) or any(
        words in path.read_text() for path in tests for words in quoted
    )


def test_ci_runs_what_a_person_runs() -> None:
    assert "exec python3 manage.py test\n" in (REPOSITORY / ".ci/run").read_text()
