"""As whom the servers run: as ourselves, or as nobody when we are root, because PostgreSQL refuses root."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator.embedded.problems import EmbeddedProblem


@dataclass(frozen=True, slots=True)
class Identity:
    """A user of this machine, and whether we have to drop privileges to become that user."""

    uid: int
    gid: int
    drops: bool = False

    def popen_arguments(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.drops else {}

    def can_pass(self, folder: Path) -> bool:
        """Whether this user can walk into the folder, through all its parents."""
        return all(self._has(step, stat.S_IXUSR) for step in (folder, *folder.parents))

    def _has(self, path: Path, user_bit: int) -> bool:
        if self.uid == 0:
            return True
        found = path.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & user_bit)
        if found.st_gid == self.gid:
            return bool(found.st_mode & (user_bit >> 3))
        return bool(found.st_mode & (user_bit >> 6))


def service_identity() -> Identity:
    """Ourselves; for root the user nobody."""
    if os.geteuid() != 0:
        return Identity(os.geteuid(), os.getegid())
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:
        raise EmbeddedProblem(
            "PostgreSQL refuses to run as root and there is no user nobody here. Start as an ordinary user."
        ) from error
    return Identity(nobody.pw_uid, nobody.pw_gid, drops=True)
