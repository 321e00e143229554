"""manage.py before its environment stands: it says in one sentence what a person has to change."""

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", REPOSITORY / "manage.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def start(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """manage.py in a copy that has no environment, with a pip that finds no index."""
    shutil.copy(REPOSITORY / "manage.py", folder)
    (folder / "requirements.lock").write_text("no-such-package==1 --hash=sha256:00\n")
    return subprocess.run(
        [sys.executable, folder / "manage.py", *arguments],
        env=os.environ | {"CROSSWALK_VENV": str(folder / "made"), "PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_refuses_an_old_python(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "LEAST_PYTHON", (9, 0))
    with pytest.raises(SystemExit) as ended:
        bootstrap.ensure_environment()
    assert ended.value.code == 2


def test_it_is_readable_for_an_old_python() -> None:
    ast.parse((REPOSITORY / "manage.py").read_text(), feature_version=(3, 4))


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        pytest.param("THESE PACKAGES DO NOT MATCH THE HASHES", "checksum", id="changed package"),
        pytest.param("Temporary failure in name resolution", "Check the network", id="no network"),
        pytest.param("error: Microsoft", "lines above", id="anything else"),
    ],
)
def test_it_explains_why_packages_could_not_be_installed(
    bootstrap: ModuleType, output: str, sentence: str
) -> None:
    assert sentence in bootstrap.explain_pip(output)


def test_it_names_the_package_that_a_bare_python_lacks(bootstrap: ModuleType) -> None:
    assert "python3-venv" in bootstrap.explain_venv("Error: No module named ensurepip")


def test_a_full_disk_is_told_before_anything_is_made(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "SPACE_NEEDED", 10**18)
    with pytest.raises(SystemExit):
        bootstrap.check_prerequisites(str(tmp_path / "made"))
    assert "No disk space is left" in capsys.readouterr().err


def test_a_changed_lock_file_makes_the_environment_old(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bootstrap, "LOCK", str(tmp_path / "requirements.lock"))
    monkeypatch.setenv("CROSSWALK_VENV", str(tmp_path))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").touch()
    (tmp_path / "requirements.lock").write_text("one")
    (tmp_path / ".lock-sha256").write_text(bootstrap.lock_checksum())
    assert bootstrap.is_current()
    (tmp_path / "requirements.lock").write_text("two")
    assert not bootstrap.is_current()


@pytest.mark.slow
def test_a_failed_installation_ends_with_one_sentence_and_is_tried_again(tmp_path: Path) -> None:
    for _ in range(2):
        ended = start(tmp_path, "setup")
        assert ended.returncode == 2
        assert "The packages could not be installed" in ended.stderr.splitlines()[-1]
        assert not (tmp_path / "made/.lock-sha256").exists()
