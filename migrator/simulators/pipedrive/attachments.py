"""Where uploaded files lie: in a folder beside the account's own file, or in a temporary one for an account in memory.

Each reset starts a folder of its own, so that no content of an earlier account can be had through a new id.
"""

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path

from migrator.simulators.pipedrive.state import Store

_PIECE = 1 << 16


class Attachments:
    """The contents of files by id."""

    def __init__(self, store: Store) -> None:
        self._store = store
        path = next((row[2] for row in store.rows("PRAGMA database_list") if row[1] == "main"), "")
        self._base = Path(f"{path}.files") if path else None

    def write(self, number: int, content: bytes | memoryview) -> None:
        """Keep a content; it replaces an earlier one of the same id."""
        folder = self._folder()
        if not folder.is_dir():
            self._clear()
            folder.mkdir(parents=True)
        (folder / str(number)).write_bytes(content)

    def size(self, number: int) -> int | None:
        """Bytes, or None when there is no content (a remote file)."""
        if self._base is None:
            return None
        path = self._folder() / str(number)
        return path.stat().st_size if path.is_file() else None

    def read(self, number: int) -> Iterator[bytes]:
        """The content in pieces."""
        with (self._folder() / str(number)).open("rb") as stream:
            while piece := stream.read(_PIECE):
                yield piece

    def _folder(self) -> Path:
        if self._base is None:
            self._base = Path(tempfile.mkdtemp(prefix="simulated-files-"))
            weakref.finalize(self, shutil.rmtree, self._base, ignore_errors=True)
        return self._base / str(self._store.fact("salt"))[:16]

    def _clear(self) -> None:
        for old in self._base.iterdir() if self._base is not None and self._base.is_dir() else ():
            shutil.rmtree(old, ignore_errors=True)
