"""The texts that search looks into, with an index of their trigrams where SQLite has one.

The index is brought up to date by searches, not by writes: what is not in it yet is read row by row.
"""

# ruff: noqa: S608  (table and column names come from this package's own tables, values are bound)

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from migrator.simulators.pipedrive.tables import SEARCHED

# What one search indexes at most (a fifth of a second), so that none takes long after very many writes.
INDEXED_AT_ONCE = 40_000
_TRIGRAM = 3
_MOST_TRIGRAMS = 24


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for: `needle` in lower case, a whole value or a part of one, in live records after an id.

    `until` leaves out what was written later; `where` and `values` are more conditions on the record's row.
    """

    needle: str
    whole: bool = False
    after: int = 0
    until: float = float("inf")
    where: Sequence[str] = ()
    values: Sequence[Any] = field(default=())


class Texts:
    """The texts of an account's records. Every method runs inside the caller's transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._has_trigrams = self._install()

    def add(self, kind: str, rows: Iterable[tuple[int, float, str]]) -> None:
        """Keep the texts of new records: id, moment of writing, text."""
        if kind in SEARCHED:
            self._db.executemany(f"INSERT INTO {kind}_texts VALUES (?,?,?)", rows)

    def change(self, kind: str, number: int, written: float, text: str) -> None:
        """Keep the text of a changed record. What the index holds of it is remembered, to be taken out again."""
        if kind not in SEARCHED:
            return
        self._db.execute(
            f"INSERT OR IGNORE INTO {kind}_stale SELECT id, search FROM {kind}_texts"
            " WHERE id=? AND search<>? AND id<=(SELECT value FROM counters WHERE name=?)",
            (number, text, _mark(kind)),
        )
        self._db.execute(f"UPDATE {kind}_texts SET written=?, search=? WHERE id=?", (written, text, number))

    def find(self, kind: str, wanted: Wanted, limit: int) -> list[int]:
        """Ids of records whose text holds the needle, in order."""
        if not self._has_trigrams or len(wanted.needle) < _TRIGRAM or "\0" in wanted.needle:
            return self._matching(f"{kind}_texts t", kind, wanted, limit)
        self.catch_up(kind, INDEXED_AT_ONCE)
        indexed = self._counter(kind)
        index = f"{kind}_trigrams g CROSS JOIN {kind}_texts t ON t.id=g.rowid AND g.{kind}_trigrams MATCH ?"
        found = self._matching(index, kind, wanted, limit, [_trigrams(wanted.needle)], "g.rowid")
        found += self._matching(f"{kind}_stale s CROSS JOIN {kind}_texts t ON t.id=s.id", kind, wanted, limit)
        found += self._matching(f"{kind}_texts t", kind, wanted, limit, above=indexed)
        return sorted(set(found))[:limit]

    def catch_up(self, kind: str, most: int) -> None:
        """Bring up to `most` changed and up to `most` new texts into the index."""
        if kind not in SEARCHED or not self._has_trigrams:
            return
        stale = self._db.execute(f"SELECT id, old FROM {kind}_stale LIMIT ?", (most,)).fetchall()
        for number, old in stale:
            self._db.execute(
                f"INSERT INTO {kind}_trigrams({kind}_trigrams, rowid, search) VALUES ('delete',?,?)",
                (number, old),
            )
            self._index(kind, "id=?", number, 1)
            self._db.execute(f"DELETE FROM {kind}_stale WHERE id=?", (number,))
        indexed = self._counter(kind)
        last = self._db.execute(
            f"SELECT max(id) FROM (SELECT id FROM {kind}_texts WHERE id>? ORDER BY id LIMIT ?)",
            (indexed, most),
        ).fetchone()[0]
        if last is not None:
            self._index(kind, "id>?", indexed, most)
            self._db.execute("INSERT OR REPLACE INTO counters VALUES (?,?)", (_mark(kind), last))

    def erase(self) -> None:
        """Empty the index; the texts themselves are rows like others."""
        for kind in SEARCHED if self._has_trigrams else ():
            self._db.execute(f"INSERT INTO {kind}_trigrams({kind}_trigrams) VALUES ('delete-all')")

    def _install(self) -> bool:
        try:
            for kind in SEARCHED:
                self._db.execute(
                    f"CREATE VIRTUAL TABLE IF NOT EXISTS {kind}_trigrams USING fts5(search, content='{kind}_texts',"
                    " content_rowid='id', tokenize='trigram case_sensitive 1', detail=none, columnsize=0)"
                )
        except sqlite3.OperationalError:  # an SQLite without FTS5, or older than its trigrams (3.34)
            return False
        return True

    def _index(self, kind: str, condition: str, number: int, most: int) -> None:
        self._db.execute(
            f"INSERT INTO {kind}_trigrams(rowid, search) SELECT id, search FROM {kind}_texts"
            f" WHERE {condition} ORDER BY id LIMIT ?",
            (number, most),
        )

    def _matching(
        self,
        source: str,
        kind: str,
        wanted: Wanted,
        limit: int,
        first: Sequence[Any] = (),
        number: str = "t.id",
        *,
        above: int = 0,
    ) -> list[int]:
        held = "char(10)||t.search||char(10)" if wanted.whole else "t.search"
        needle = f"\n{wanted.needle}\n" if wanted.whole else wanted.needle
        live = " AND ".join(("id=t.id", "is_deleted=0", *wanted.where))
        sql = (
            f"SELECT t.id FROM {source} WHERE {number}>? AND t.written<=? AND instr({held},?)>0"
            f" AND EXISTS (SELECT 1 FROM {kind} WHERE {live}) ORDER BY {number} LIMIT ?"
        )
        values = (*first, max(wanted.after, above), wanted.until, needle, *wanted.values, limit)
        return [row[0] for row in self._db.execute(sql, values)]

    def _counter(self, kind: str) -> int:
        row = self._db.execute("SELECT value FROM counters WHERE name=?", (_mark(kind),)).fetchone()
        return int(row[0]) if row else 0


def _mark(kind: str) -> str:
    return f"indexed {kind}"


def _trigrams(needle: str) -> str:
    """Every three letters of the needle, or enough of them: the text itself is looked at afterwards."""
    places = range(len(needle) - _TRIGRAM + 1)
    parts = dict.fromkeys(needle[place : place + _TRIGRAM] for place in places[:_MOST_TRIGRAMS])
    return " AND ".join('"' + part.replace('"', '""') + '"' for part in parts)
