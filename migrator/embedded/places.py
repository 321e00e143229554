"""Where the servers keep data and sockets. Makes folders of our own and never changes one made by others."""

import hashlib
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from migrator.embedded.identity import Identity
from migrator.embedded.problems import EmbeddedProblem, disk_full, is_disk_full

MARK = "crosswalk-data"
# The kernel allows 107 bytes for a socket's path; PostgreSQL and Valkey add a name of up to 20.
LONGEST_SOCKET_FOLDER = 85
STATE_HOMES = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108  # a folder with a checked owner is made inside


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one installation: `data` is ours, `service` the servers' own, `sockets` a short path."""

    data: Path
    service: Path
    sockets: Path
    identity: Identity

    @property
    def logs(self) -> Path:
        return self.data / "logs"


def prepare(data: Path, identity: Identity) -> Places:
    """Make, or find again, every folder under (or recorded in) the data directory."""
    data = data.absolute()
    try:
        claim_folder(data)
        (data / "logs").mkdir(exist_ok=True)
        service = _service_folder(data, identity)
        return Places(data, service, _socket_folder(data, service, identity), identity)
    except OSError as error:
        raise cannot_be_used(data, error) from error


def cannot_be_used(data: Path, error: OSError) -> EmbeddedProblem:
    if is_disk_full(error):
        return disk_full(data)
    return EmbeddedProblem(f"{data} cannot be used: {error.strerror}. Choose another place with --data.")


def claim_folder(data: Path) -> None:
    """Make the folder, or accept one that is empty or already ours; anything else is refused."""
    if data.is_dir() and not (data / MARK).exists() and any(data.iterdir()):
        raise EmbeddedProblem(f"{data} holds other files. Choose an empty or a new folder with --data.")
    data.mkdir(parents=True, exist_ok=True)
    if not (data / MARK).exists():
        # Others may pass through, to a server's own folder below; they may not list it.
        data.chmod(0o711)
        (data / MARK).write_text(
            "Crosswalk keeps its data here. To start over: python3 manage.py demo --fresh\n"
        )


def drop(data: Path) -> None:
    """Delete the data directory and what lies elsewhere for it. Only folders with our mark are deleted."""
    if data.exists():
        empty(data)
        data.rmdir()


def empty(data: Path, keep: tuple[str, ...] = ()) -> None:
    """Delete what lies in the data directory, and elsewhere for it, but the names to keep."""
    claim_folder(data)
    for name in ("service-folder", "socket-folder"):
        recorded = _recorded(data, name)
        if recorded is not None and _is_ours_to_drop(recorded):
            shutil.rmtree(recorded, ignore_errors=True)
    for path in data.iterdir():
        if path.name in keep:
            continue
        if path.is_dir() and not path.is_symlink():
            _remove_tree(path)
        else:
            path.unlink(missing_ok=True)


def _remove_tree(path: Path, tries: int = 5) -> None:
    # A service that is just ending may delete its own files meanwhile: what is gone already is no failure.
    for left in reversed(range(tries)):
        try:
            return shutil.rmtree(path)
        except FileNotFoundError:
            if not path.exists():
                return
            if not left:
                raise


def require_space(folder: Path, megabytes: int) -> None:
    if free_megabytes(folder) < megabytes:
        raise disk_full(folder)


def free_megabytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free // 1_000_000


def owned_folder(path: Path, identity: Identity) -> Path:
    """A private folder of the servers' user, made when missing; one with another owner is refused."""
    path.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0 and path.lstat().st_uid == 0 and identity.drops:
        os.chown(path, identity.uid, identity.gid)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != identity.uid:
        raise EmbeddedProblem(f"{path} belongs to somebody else. Choose another place with --data.")
    path.chmod(0o700)
    return path


def _service_folder(data: Path, identity: Identity) -> Path:
    recorded = _recorded(data, "service-folder")
    if recorded is not None and recorded.is_dir():
        return recorded
    if identity.can_pass(data):
        return owned_folder(data / "services", identity)
    name = f"crosswalk-{hashlib.sha256(bytes(data)).hexdigest()[:12]}"
    home = next((home for home in STATE_HOMES if home.is_dir() and os.access(home, os.W_OK)), None)
    if home is None:
        raise EmbeddedProblem(
            f"The user nobody cannot reach {data}. Choose another place with --data, such as /srv/demo."
        )
    if _is_ours_to_drop(home / name):
        # Of a data directory that was deleted by hand, and with it the keys to what lies here.
        shutil.rmtree(home / name)
    folder = owned_folder(home / name, identity)
    (folder / MARK).touch()
    (data / "service-folder").write_text(str(folder))
    return folder


def _socket_folder(data: Path, service: Path, identity: Identity) -> Path:
    if len(bytes(service)) + len("/run") <= LONGEST_SOCKET_FOLDER:
        return owned_folder(service / "run", identity)
    recorded = _recorded(data, "socket-folder")
    if recorded is not None and recorded.is_dir() and recorded.lstat().st_uid == identity.uid:
        return recorded
    folder = owned_folder(Path(tempfile.mkdtemp(prefix="crosswalk-", dir="/tmp")), identity)
    (folder / MARK).touch()
    (data / "socket-folder").write_text(str(folder))
    return folder


def _recorded(data: Path, name: str) -> Path | None:
    try:
        return Path((data / name).read_text().strip())
    except FileNotFoundError:
        return None


def _is_ours_to_drop(folder: Path) -> bool:
    return folder.name.startswith("crosswalk-") and (folder / MARK).exists()
