"""The note in which a running demo keeps its addresses, so that other commands can find its servers."""

import fcntl
import json
import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
NOTE, LOCK = "environment.json", "lock"


def default_data() -> Path:
    """`.crosswalk` in the repository where we may write there, else the user's own folder for such data."""
    beside = REPOSITORY / ".crosswalk"
    if os.access(beside if beside.exists() else REPOSITORY, os.W_OK):
        return beside
    home = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return Path(home) / "crosswalk"


def of_running_demo(data: Path | None = None) -> dict[str, str]:
    """The environment of the demo that runs now; empty where none does."""
    folder = data or default_data()
    if not _is_locked(folder / LOCK):
        return {}
    try:
        return {str(name): str(value) for name, value in json.loads((folder / NOTE).read_text()).items()}
    except (OSError, ValueError):
        return {}


def write_down(data: Path, environment: dict[str, str]) -> None:
    """Keep the addresses and keys for other commands."""
    write_privately(data / NOTE, json.dumps(environment))


def write_privately(path: Path, text: str) -> None:
    """Write a whole file that we alone may read, or leave the old one as it was."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    unfinished.replace(path)


def _is_locked(lock: Path) -> bool:
    try:
        with lock.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False
