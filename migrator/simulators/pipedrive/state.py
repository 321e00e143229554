"""The account's memory in SQLite: records with the columns that lists filter by, small documents, counters.

It survives a killed process because every request commits. It knows no rule of Pipedrive.
"""

# ruff: noqa: S608  (table, column and path names come from this package's own tables, values are bound)

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any

Doc = dict[str, Any]

COLUMNS: dict[str, tuple[str, ...]] = {
    "persons": ("owner_id", "org_id"),
    "organizations": ("owner_id",),
    "deals": ("owner_id", "person_id", "org_id", "pipeline_id", "stage_id", "status", "is_archived"),
    "activities": ("owner_id", "person_id", "org_id", "deal_id", "done", "due_date"),
    "notes": ("user_id", "person_id", "org_id", "deal_id"),
}
_INDEXED = frozenset(("person_id", "org_id", "deal_id"))
_COMMON = ("id", "is_deleted", "add_time", "update_time")

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS documents (kind TEXT, id INTEGER, doc TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS days (day INTEGER PRIMARY KEY, tokens INTEGER, requests INTEGER);
CREATE TABLE IF NOT EXISTS operations (
  name TEXT PRIMARY KEY, requests INTEGER, tokens INTEGER, refused INTEGER, limited INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS late (id INTEGER PRIMARY KEY, due REAL, request TEXT);
"""


def _table_sql(kind: str) -> str:
    columns = "".join(f", {name}" for name in COLUMNS[kind])
    indexes = "".join(
        f"CREATE INDEX IF NOT EXISTS {kind}_{name} ON {kind} ({name}, id);"
        for name in ("update_time", "add_time", *sorted(_INDEXED & set(COLUMNS[kind])))
    )
    return (
        f"CREATE TABLE IF NOT EXISTS {kind} (id INTEGER PRIMARY KEY, is_deleted, add_time, update_time"
        f"{columns}, written REAL, search TEXT, doc TEXT);{indexes}"
    )


def _values(kind: str, doc: Doc) -> list[Any]:
    # NULL would fall out of keyset comparisons, so a missing value is stored as an empty text.
    return ["" if doc.get(name) is None else doc[name] for name in (*_COMMON, *COLUMNS[kind])]


class Store:
    """One SQLite file (or memory) behind one lock. Every change happens inside `transaction()`."""

    def __init__(self, path: str) -> None:
        self.lock = RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, cached_statements=512)
        self._db.executescript(_SCHEMA + "".join(_table_sql(kind) for kind in COLUMNS))

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
        for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            self._db.execute(f"DELETE FROM {name}")

    # Records

    def insert(self, kind: str, doc: Doc, *, written: float, search: str) -> None:
        """Store a new record; its id is in the document."""
        self.insert_many(kind, [(doc, written, search)])

    def insert_many(self, kind: str, rows: Iterable[tuple[Doc, float, str]]) -> None:
        """Store new records."""
        marks = ",".join("?" * (len(_COMMON) + len(COLUMNS[kind]) + 3))
        names = ",".join((*_COMMON, *COLUMNS[kind], "written", "search", "doc"))
        self._db.executemany(
            f"INSERT INTO {kind} ({names}) VALUES ({marks})",
            ([*_values(kind, doc), written, search, _dump(doc)] for doc, written, search in rows),
        )

    def replace(self, kind: str, doc: Doc, *, written: float, search: str) -> None:
        """Store a changed record."""
        names = ",".join(f"{name}=?" for name in (*_COMMON, *COLUMNS[kind], "written", "search", "doc"))
        values = [*_values(kind, doc), written, search, _dump(doc), doc["id"]]
        self._db.execute(f"UPDATE {kind} SET {names} WHERE id=?", values)

    def get(self, kind: str, number: int) -> Doc | None:
        """One record, deleted or not."""
        row = self._db.execute(f"SELECT doc FROM {kind} WHERE id=?", (number,)).fetchone()
        return json.loads(row[0]) if row else None

    def select(
        self,
        kind: str,
        where: Sequence[str] = (),
        values: Sequence[Any] = (),
        *,
        order: str = "id",
        limit: int = -1,
        offset: int = 0,
    ) -> list[Doc]:
        """Records that meet every condition."""
        condition = f" WHERE {' AND '.join(where)}" if where else ""
        sql = f"SELECT doc FROM {kind}{condition} ORDER BY {order} LIMIT ? OFFSET ?"
        rows = self._db.execute(sql, (*values, limit, offset)).fetchall()
        # One parse of a whole page is several times cheaper than one per row.
        loaded: list[Doc] = json.loads(f"[{','.join(row[0] for row in rows)}]")
        return loaded

    def count(self, kind: str, where: Sequence[str] = (), values: Sequence[Any] = ()) -> int:
        """How many records meet every condition."""
        condition = f" WHERE {' AND '.join(where)}" if where else ""
        return int(self._db.execute(f"SELECT count(*) FROM {kind}{condition}", tuple(values)).fetchone()[0])

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
        return [json.loads(row[0]) for row in rows]

    def fact(self, name: str, default: Any = None) -> Any:
        """A named value."""
        row = self._db.execute("SELECT value FROM facts WHERE name=?", (name,)).fetchone()
        return json.loads(row[0]) if row else default

    def set_fact(self, name: str, value: Any) -> None:
        """Store a named value."""
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?,?)", (name, json.dumps(value)))

    def next_id(self, name: str) -> int:
        """The next number of a sequence; never given twice."""
        sql = "UPDATE counters SET value=value+1 WHERE name=? RETURNING value"
        row = self._db.execute(sql, (name,)).fetchone()
        if row is None:
            self.set_counter(name, 1)
            return 1
        return int(row[0])

    def set_counter(self, name: str, value: int) -> None:
        """Make a sequence continue after `value`."""
        self._db.execute("INSERT OR REPLACE INTO counters VALUES (?,?)", (name, value))

    # Meter and late requests

    def meter(self, operation: str, *, day: int, tokens: int, refused: bool, limited: bool) -> None:
        """Add one request to the day's and the operation's figures."""
        self._db.execute(
            "INSERT INTO days VALUES (?,?,1) ON CONFLICT (day) DO UPDATE SET tokens=tokens+excluded.tokens,"
            " requests=requests+1",
            (day, tokens),
        )
        self._db.execute(
            "INSERT INTO operations VALUES (?,1,?,?,?) ON CONFLICT (name) DO UPDATE SET requests=requests+1,"
            " tokens=tokens+excluded.tokens, refused=refused+excluded.refused,"
            " limited=limited+excluded.limited",
            (operation, tokens, refused, limited),
        )

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Plain rows, for figures and odd look-ups."""
        return self._db.execute(sql, tuple(values)).fetchall()

    def write(self, sql: str, values: Sequence[Any] = ()) -> None:
        """One odd statement."""
        self._db.execute(sql, tuple(values))


def _dump(doc: Doc) -> str:
    return json.dumps(doc, ensure_ascii=False, separators=(",", ":"))
