"""The account's memory in SQLite: records with the columns that lists filter by, small documents, counters.

It survives a killed process because every request commits. It knows no rule of Pipedrive.
"""

# ruff: noqa: S608  (table, column and path names come from this package's own tables, values are bound)

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from threading import RLock
from typing import Any

import orjson

from migrator.simulators.pipedrive import tables
from migrator.simulators.pipedrive.documents import Doc, Shape
from migrator.simulators.pipedrive.tables import COLUMNS
from migrator.simulators.pipedrive.texts import Texts

__all__ = ["COLUMNS", "Doc", "Store", "UnreadableFile"]

LARGEST_NUMBER = 2**63 - 1
_CACHE_KIB = 65_536
_CHECKPOINT_PAGES = 8_000
_BATCH = 2_000


class UnreadableFile(Exception):
    """The file is not an account's, or another version of the simulator wrote it."""


def check_file(path: str) -> None:
    """Raise UnreadableFile, with a sentence, unless there is an account in the file or nothing at all."""
    Store(path).close()


class Store:
    """One SQLite file (or memory) behind one lock. Every change happens inside `transaction()`.

    `templates` gives for each kind what a record has when nothing is known of it (documents.Shape). Raises
    UnreadableFile.
    """

    def __init__(self, path: str, templates: Mapping[str, Doc] | None = None) -> None:
        self.lock = RLock()
        self._shapes = {kind: Shape(kind, (templates or {}).get(kind, {})) for kind in COLUMNS}
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, cached_statements=512)
        self._open(path)
        self.texts = Texts(self._db)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed together, or nothing when an exception leaves it."""
        with self.lock:
            self._db.execute("BEGIN")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._db.close()

    def erase(self) -> None:
        """Forget everything."""
        self.texts.erase()
        every = "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
        for (name,) in self._db.execute(every).fetchall():
            if "_trigrams" not in name:
                self._db.execute(f"DELETE FROM {name}")

    # Records

    def insert(self, kind: str, doc: Doc, *, written: float, search: str) -> None:
        """Store a new record; its id is in the document."""
        shape = self._shapes[kind]
        self._db.execute(f"INSERT INTO {kind} ({shape.columns}) VALUES ({shape.marks})", shape.row(doc))
        self.texts.add(kind, [(doc["id"], written, search)])
        self._grow(f"{kind} held", 1)
        if doc.get("is_deleted"):
            self._grow(f"{kind} deleted", 1)

    def insert_many(self, kind: str, rows: Iterable[tuple[Doc, float, str]]) -> None:
        """Store new records, some thousands at a time."""
        shape, waiting = self._shapes[kind], iter(rows)
        sql = f"INSERT INTO {kind} ({shape.columns}) VALUES ({shape.marks})"
        while batch := list(islice(waiting, _BATCH)):
            self._db.executemany(sql, [shape.row(doc) for doc, _, _ in batch])
            self.texts.add(kind, [(doc["id"], written, search) for doc, written, search in batch])
            self._grow(f"{kind} held", len(batch))
            deleted = sum(1 for doc, _, _ in batch if doc.get("is_deleted"))
            if deleted:
                self._grow(f"{kind} deleted", deleted)

    @contextmanager
    def unindexed(self, kind: str) -> Iterator[None]:
        """For very many inserts: the kind has no indexes inside, and all of them again afterwards."""
        with self.transaction():
            for name in tables.indexed(kind):
                self._db.execute(f"DROP INDEX {kind}_{name}")
        try:
            yield
        finally:
            for sql in tables.indexes(kind):
                with self.transaction():
                    self._db.execute(sql)
            with self.transaction():
                self._believe()

    def replace(self, kind: str, doc: Doc, *, written: float, search: str) -> None:
        """Store a changed record."""
        self.rewrite(kind, doc)
        self.texts.change(kind, doc["id"], written, search)

    def rewrite(self, kind: str, doc: Doc) -> None:
        """Store a changed record whose searchable text stays as it is, without the moment of the change."""
        shape = self._shapes[kind]
        sql = f"UPDATE {kind} SET ({shape.columns}) = ({shape.marks}) WHERE id=?"
        self._db.execute(sql, [*shape.row(doc), doc["id"]])

    def get(self, kind: str, number: int) -> Doc | None:
        """One record, deleted or not."""
        if number > LARGEST_NUMBER:
            return None
        shape = self._shapes[kind]
        rows = self._db.execute(f"SELECT {shape.selected} FROM {kind} WHERE id=?", (number,)).fetchall()
        return shape.docs(rows)[0] if rows else None

    def select(
        self,
        kind: str,
        where: Sequence[str] = (),
        values: Sequence[Any] = (),
        *,
        order: str = "id",
        limit: int = -1,
        offset: int = 0,
        index: str = "",
    ) -> list[Doc]:
        """Records that meet every condition; `index` is SQLite's INDEXED BY or NOT INDEXED."""
        condition = f" WHERE {' AND '.join(where)}" if where else ""
        shape = self._shapes[kind]
        sql = f"SELECT {shape.selected} FROM {kind} {index}{condition} ORDER BY {order} LIMIT ? OFFSET ?"
        return shape.docs(self._db.execute(sql, (*values, limit, offset)).fetchall())

    def iterate(self, kind: str, where: Sequence[str] = (), values: Sequence[Any] = ()) -> Iterator[Doc]:
        """Records that meet every condition by id, some at a time, for more than memory holds.

        The lock is taken for each batch alone: what changes meanwhile shows where the reader has not been.
        """
        after = 0
        while True:
            with self.lock:
                batch = self.select(kind, [*where, "id>?"], [*values, after], limit=_BATCH)
            yield from batch
            if len(batch) < _BATCH:
                return
            after = batch[-1]["id"]

    def count(self, kind: str, where: Sequence[str] = (), values: Sequence[Any] = ()) -> int:
        """How many records meet every condition; the live, the deleted and all of them without counting."""
        held, deleted = self._counter(f"{kind} held"), self._counter(f"{kind} deleted")
        known = {(): held, ("is_deleted=0",): held - deleted, ("is_deleted=1",): deleted}.get(tuple(where))
        if known is not None:
            return known
        sql = f"SELECT count(*) FROM {kind} WHERE {' AND '.join(where)}"
        return int(self._db.execute(sql, tuple(values)).fetchone()[0])

    def count_up_to(self, most: int, kind: str, where: Sequence[str], values: Sequence[Any]) -> int:
        """The same count, which stops at `most`."""
        sql = f"SELECT count(*) FROM (SELECT 1 FROM {kind} WHERE {' AND '.join(where)} LIMIT ?)"
        return int(self._db.execute(sql, (*values, most)).fetchone()[0])

    # Small documents, facts and counters

    def put(self, kind: str, number: int, doc: Doc) -> None:
        """Store a small document."""
        self._db.execute("INSERT OR REPLACE INTO documents VALUES (?,?,?)", (kind, number, _dump(doc)))

    def drop(self, kind: str, number: int) -> None:
        """Remove a small document."""
        self._db.execute("DELETE FROM documents WHERE kind=? AND id=?", (kind, number))

    def documents(self, kind: str) -> list[Doc]:
        """All small documents of a kind, by id."""
        rows = self._db.execute("SELECT doc FROM documents WHERE kind=? ORDER BY id", (kind,)).fetchall()
        return [orjson.loads(row[0]) for row in rows]

    def fact(self, name: str, default: Any = None) -> Any:
        """A named value."""
        row = self._db.execute("SELECT value FROM facts WHERE name=?", (name,)).fetchone()
        return orjson.loads(row[0]) if row else default

    def set_fact(self, name: str, value: Any) -> None:
        """Store a named value."""
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?,?)", (name, _dump(value)))

    def next_id(self, name: str) -> int:
        """The next number of a sequence; never given twice."""
        return self.next_ids(name, 1)

    def next_ids(self, name: str, count: int) -> int:
        """The first of the next `count` numbers of a sequence, all of them taken."""
        sql = "UPDATE counters SET value=value+? WHERE name=? RETURNING value"
        row = self._db.execute(sql, (count, name)).fetchone()
        if row is None:
            self.set_counter(name, count)
            return 1
        return int(row[0]) - count + 1

    def set_counter(self, name: str, value: int) -> None:
        """Make a sequence continue after `value`."""
        self._db.execute("INSERT OR REPLACE INTO counters VALUES (?,?)", (name, value))

    # Meter and late requests

    def meter(self, operation: str, *, day: int, tokens: int, refused: bool, limited: bool) -> None:
        """Add one request to the day's and the operation's figures."""
        self._db.execute(
            "INSERT INTO meter VALUES (?,?,1,?,?,?) ON CONFLICT (day, name) DO UPDATE SET requests=requests+1,"
            " tokens=tokens+excluded.tokens, refused=refused+excluded.refused,"
            " limited=limited+excluded.limited",
            (day, operation, tokens, refused, limited),
        )

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Plain rows, for figures and odd look-ups."""
        return self._db.execute(sql, tuple(values)).fetchall()

    def write(self, sql: str, values: Sequence[Any] = ()) -> None:
        """One odd statement."""
        self._db.execute(sql, tuple(values))

    # The file

    def _open(self, path: str) -> None:
        # Without syncing, a file survives a killed process but not a fallen machine: enough for a simulator.
        for name, value in (
            ("journal_mode", "WAL"),
            ("synchronous", "OFF"),
            ("cache_size", -_CACHE_KIB),
            ("wal_autocheckpoint", _CHECKPOINT_PAGES),
        ):
            self._pragma(path, f"{name} = {value}")
        held = self._pragma(path, "user_version")
        if held not in (0, tables.FORMAT) or (held == 0 and self.rows("SELECT 1 FROM sqlite_master LIMIT 1")):
            self._db.close()
            raise UnreadableFile(f"{path} was written by another version. Name another file, or remove it.")
        if held == 0:
            self._create()

    def _pragma(self, path: str, words: str) -> Any:
        try:
            row = self._db.execute(f"PRAGMA {words}").fetchone()
        except sqlite3.DatabaseError as error:
            raise UnreadableFile(f"{path} cannot be opened as an account's file: {error}.") from error
        return row[0] if row else None

    def _create(self) -> None:
        with self.transaction():
            for sql in tables.statements():
                self._db.execute(sql)
            self._db.execute("ANALYZE")
            self._believe()
            self._db.execute(f"PRAGMA user_version = {tables.FORMAT}")

    def _believe(self) -> None:
        """Tell SQLite's planner what it is to think of every index."""
        self._db.execute("DELETE FROM sqlite_stat1")
        self._db.executemany("INSERT INTO sqlite_stat1 VALUES (?,?,?)", tables.statistics())
        self._db.execute("ANALYZE sqlite_schema")

    def _grow(self, name: str, by: int) -> None:
        row = self._db.execute(
            "UPDATE counters SET value=value+? WHERE name=? RETURNING 1", (by, name)
        ).fetchone()
        if row is None:
            self.set_counter(name, by)

    def _counter(self, name: str) -> int:
        rows = self.rows("SELECT value FROM counters WHERE name=?", (name,))
        return int(rows[0][0]) if rows else 0


def _dump(value: Any) -> str:
    return orjson.dumps(value).decode()
