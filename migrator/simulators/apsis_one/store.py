"""The file that survives a restart: changed profiles, moved keys, jobs and a few facts, in SQLite.

It knows how things are kept, not what they mean. Without a path there is no file and nothing is kept.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import RLock
from typing import Any

import orjson

_TABLES = """
CREATE TABLE IF NOT EXISTS pages (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS keys (keyspace TEXT, key TEXT, number INTEGER, PRIMARY KEY (keyspace, key));
CREATE TABLE IF NOT EXISTS records (kind TEXT, id TEXT, body BLOB NOT NULL, PRIMARY KEY (kind, id));
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, body BLOB NOT NULL);
"""

KeyRow = tuple[str, str, int | None]


class WrongAccountError(ValueError):
    """The file belongs to another account; its words are for a person."""


class Store:
    """One account's file. Safe to share between threads; each call is one transaction."""

    def __init__(self, path: str, account: dict[str, Any]) -> None:
        self._lock, self._path = RLock(), path
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # A killed process loses nothing with these; only a power cut could cost the last moments.
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(_TABLES)
        self._check(path, account)

    def load_pages(self) -> Iterator[tuple[int, bytes]]:
        """Every changed profile by its number."""
        yield from self._database.execute("SELECT number, body FROM pages ORDER BY number")

    def load_keys(self) -> Iterator[KeyRow]:
        """Every key that leads elsewhere than seeded; None leads nowhere."""
        yield from self._database.execute("SELECT keyspace, key, number FROM keys")

    def load_records(self, kind: str) -> Iterator[tuple[str, Any]]:
        """(id, value) of one kind in the order they were first put."""
        rows = self._database.execute("SELECT id, body FROM records WHERE kind = ? ORDER BY rowid", (kind,))
        return ((name, orjson.loads(body)) for name, body in rows.fetchall())

    def fact(self, name: str, default: Any) -> Any:
        row = self._database.execute("SELECT body FROM facts WHERE name = ?", (name,)).fetchone()
        return default if row is None else orjson.loads(row[0])

    def put_world(
        self, pages: Iterable[tuple[int, bytes]], keys: Iterable[KeyRow], facts: dict[str, Any]
    ) -> None:
        """Changed profiles, changed keys and facts, all of them or none."""
        with self._lock:
            self._database.execute("BEGIN")
            self._database.executemany("REPLACE INTO pages VALUES (?, ?)", pages)
            self._database.executemany("REPLACE INTO keys VALUES (?, ?, ?)", keys)
            rows = [(name, orjson.dumps(value)) for name, value in facts.items()]
            self._database.executemany("REPLACE INTO facts VALUES (?, ?)", rows)
            self._database.execute("COMMIT")

    def put_record(self, kind: str, name: str, value: Any) -> None:
        """One job or the like, new or changed."""
        insert = (
            "INSERT INTO records VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body"
        )
        with self._lock:
            self._database.execute(insert, (kind, name, orjson.dumps(value)))

    def clear(self) -> None:
        """Forget everything but whose file it is."""
        with self._lock:
            self._database.execute("BEGIN")
            for table in ("pages", "keys", "records"):
                self._database.execute(f"DELETE FROM {table}")  # noqa: S608 (a name from this line)
            self._database.execute("DELETE FROM facts WHERE name <> 'account'")
            self._database.execute("COMMIT")

    def close(self) -> None:
        self._database.close()

    def remove(self) -> None:
        """Remove the closed file."""
        for ending in ("", "-wal", "-shm"):
            Path(self._path + ending).unlink(missing_ok=True)

    def _check(self, path: str, account: dict[str, Any]) -> None:
        held = self.fact("account", None)
        if held is None:
            self.put_world((), (), {"account": account})
        elif held != account:
            self.close()
            raise WrongAccountError(
                f"{path} was made for {_words(held)}, not for {_words(account)}: choose another file."
            )


def files_beside(path: str) -> Path:
    """The folder for the files of jobs, next to the database."""
    folder = Path(f"{path}.files")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _words(account: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in account.items())
