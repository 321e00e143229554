"""The whole state of a simulator as canonical JSON lines, remembered by name and compared line by line.

One record a line, keys sorted, lines in order of kind and id; records come and go one at a time, so an account
of any size fits. Files are gzip.
"""

import gzip
import json
import re
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import orjson

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PIECE = 1 << 16


class Record(NamedTuple):
    """One record of a state. Ids of a kind are all numbers or all texts, and come in order."""

    kind: str
    id: int | str
    record: Any


class Scope(NamedTuple):
    """Whether a state leaves out what changes by itself, and whether it holds what was deleted."""

    stable: bool = False
    deleted: bool = False


class Shelf:
    """Snapshots by name, in a folder that is kept, or in one that ends with the process."""

    def __init__(self, folder: Path | None) -> None:
        self._given = folder

    @cached_property
    def _folder(self) -> Path:
        if self._given is not None:
            return self._given
        made = Path(tempfile.mkdtemp(prefix="simulator-snapshots-"))
        weakref.finalize(self, shutil.rmtree, made, ignore_errors=True)
        return made

    def names(self) -> list[str]:
        """What is remembered."""
        return sorted(path.name.removesuffix(".gz") for path in self._folder.glob("*.gz"))

    def keep(self, name: str, records: Iterable[Record], scope: Scope | None = None) -> int:
        """Remember a state and what it leaves out; returns the number of records. Raises ValueError for a
        bad name."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".scope").write_text(json.dumps(scope or Scope()))
        new = path.with_suffix(".new")
        with gzip.open(new, "wb", 1) as file:
            number = _write(cast(BinaryIO, file), records)
        new.replace(path)
        return number

    def read(self, name: str) -> Iterator[bytes]:
        """The lines of a remembered state. Raises ValueError for an unknown name."""
        path = self._path(name)
        if not path.exists():
            known = ", ".join(self.names()) or "none"
            raise ValueError(f"There is no snapshot {name}; remembered are: {known}.")
        return _lines(cast(BinaryIO, gzip.open(path, "rb")))

    def scope(self, name: str) -> Scope:
        """What a remembered state leaves out and holds. Raises ValueError for an unknown name."""
        path = self._path(name).with_suffix(".scope")
        return Scope(*json.loads(path.read_text())) if path.exists() else Scope()

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError("A snapshot's name has 1 to 64 letters, digits, - or _.")
        return self._folder / f"{name}.gz"


def spooled(records: Iterable[Record]) -> Iterator[bytes]:
    """The lines of a state as it is now: all written to a file that nobody sees before the first one is read."""
    file = tempfile.TemporaryFile(prefix="simulator-snapshot-")  # noqa: SIM115 (closed by the reader)
    with gzip.open(file, "wb", 1) as packed:
        _write(cast(BinaryIO, packed), records)
    file.seek(0)
    return _lines(cast(BinaryIO, gzip.open(file, "rb")), file)


def differences(
    before: Iterator[bytes], after: Iterator[bytes], without: frozenset[str] = frozenset()
) -> Iterator[bytes]:
    """Lines {"change": "added" | "removed" | "changed", "kind", "id", ...} between two sorted states; a record
    that differs only in members named in `without` is no change."""
    old, new = next(before, None), next(after, None)
    while old is not None or new is not None:
        if old == new:
            old, new = next(before, None), next(after, None)
            continue
        order = _compared(old, new)
        if order == 0:
            yield from _changed(cast(bytes, old), cast(bytes, new), without)
        elif order < 0:
            yield _line({"change": "removed", **json.loads(cast(bytes, old))})
        else:
            yield _line({"change": "added", **json.loads(cast(bytes, new))})
        old = next(before, None) if order <= 0 else old
        new = next(after, None) if order >= 0 else new


def in_pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines joined to pieces that are worth sending."""
    held, size = [], 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= _PIECE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def _write(file: BinaryIO, records: Iterable[Record]) -> int:
    number = 0
    for record in records:
        file.write(_line({"id": record.id, "kind": record.kind, "record": record.record}))
        number += 1
    return number


def _line(value: Any) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        # Half a pair of surrogates, as hostile input holds it: JSON in Python's eyes, not in orjson's.
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return text.encode("utf-8", "surrogatepass") + b"\n"


def _lines(file: BinaryIO, *more: Any) -> Iterator[bytes]:
    with file:
        yield from file
    for other in more:
        other.close()


def _compared(old: bytes | None, new: bytes | None) -> int:
    if old is None or new is None:
        return 1 if old is None else -1
    one, two = _place(old), _place(new)
    return (one > two) - (one < two)


def _place(line: bytes) -> tuple[str, bool, Any]:
    entry = json.loads(line)
    return entry["kind"], isinstance(entry["id"], str), entry["id"]


def _changed(old: bytes, new: bytes, without: frozenset[str]) -> Iterator[bytes]:
    one, two = json.loads(old), json.loads(new)
    was, now = one["record"], two["record"]
    shown = {"change": "changed", "kind": two["kind"], "id": two["id"]}
    if not (isinstance(was, dict) and isinstance(now, dict)):
        yield _line(shown | {"from": was, "to": now})
        return
    names = [name for name in (was.keys() | now.keys()) - without if was.get(name) != now.get(name)]
    if names:
        fields = {name: {"from": was.get(name), "to": now.get(name)} for name in names}
        yield _line(shown | {"fields": fields})
