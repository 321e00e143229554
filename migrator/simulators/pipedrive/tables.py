"""The tables of an account's file: which columns lists filter and sort by, their indexes, and what plans rest on.

A value that has a column is not in the stored document, so that ten million records stay small.
"""

# ruff: noqa: S608  (table and column names come from this module alone)

COLUMNS: dict[str, tuple[str, ...]] = {
    "persons": ("owner_id", "org_id", "visible_to"),
    "organizations": ("owner_id", "visible_to"),
    "deals": (
        *(
            "owner_id",
            "person_id",
            "org_id",
            "pipeline_id",
            "stage_id",
            "status",
            "is_archived",
            "visible_to",
        ),
    ),
    "activities": ("owner_id", "person_id", "org_id", "deal_id", "done", "due_date"),
    "notes": ("user_id", "person_id", "org_id", "deal_id"),
    "files": ("user_id", "person_id", "org_id", "deal_id", "activity_id"),
}
COMMON = ("id", "is_deleted", "add_time", "update_time")
SEARCHED = ("persons", "organizations", "deals", "notes")

# Columns that a document holds as true and false; SQLite knows 1 and 0.
FLAGS = frozenset(("is_deleted", "done", "is_archived"))
# NULL would fall out of keyset comparisons, so what may be missing and sorted by is stored as an empty text.
SORTED_WHEN_EMPTY = frozenset(("due_date",))
# Most records have no such link, and only those that have one need a place in its index.
LINKS = frozenset(("person_id", "org_id", "deal_id", "activity_id"))

# The file's own format; a file of another one is refused.
FORMAT = 3
_ROWS = 10_000_000
# Rows that share one value, out of ten million. Fixed, so that an account is read by the same indexes on every
# machine and at every size: links first, moments next, owners and states only where there is nothing better.
_SHARING = {
    "person_id": 20,
    "org_id": 50,
    "deal_id": 20,
    "activity_id": 20,
    "update_time": 100,
    "add_time": 100,
    "due_date": 10_000,
    "stage_id": 500_000,
    "pipeline_id": 1_000_000,
    "owner_id": 1_000_000,
    "user_id": 1_000_000,
    "status": 3_000_000,
    "is_archived": 5_000_000,
    "done": 5_000_000,
}

_SMALL = (
    "CREATE TABLE IF NOT EXISTS documents"
    " (kind TEXT, id INTEGER, doc TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID",
    # One row for each day and operation, so that a request touches one page of the file and not two.
    "CREATE TABLE IF NOT EXISTS meter (day INTEGER, name TEXT, requests INTEGER, tokens INTEGER,"
    " refused INTEGER, limited INTEGER, PRIMARY KEY (day, name)) WITHOUT ROWID",
    "CREATE VIEW IF NOT EXISTS days AS"
    " SELECT day, sum(tokens) AS tokens, sum(requests) AS requests FROM meter GROUP BY day",
    "CREATE VIEW IF NOT EXISTS operations AS SELECT name, sum(requests) AS requests, sum(tokens) AS tokens,"
    " sum(refused) AS refused, sum(limited) AS limited FROM meter GROUP BY name",
    "CREATE TABLE IF NOT EXISTS followers (kind TEXT, record INTEGER, user INTEGER, add_time TEXT,"
    " PRIMARY KEY (kind, record, user)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS late (id INTEGER PRIMARY KEY, due REAL, request TEXT)",
)


def indexed(kind: str) -> tuple[str, ...]:
    """The columns of a kind that have an index of their own."""
    return ("update_time", "add_time", *(name for name in COLUMNS[kind] if name in _SHARING))


def value_sql(kind: str, name: str) -> str:
    """SQL for one plain value of a record, NULL when it has none: its column, or its place in the document."""
    if name in COMMON or name in COLUMNS[kind]:
        return f"nullif({name},'')"
    return f"json_extract(doc,'$.{name}')"


def statements() -> list[str]:
    """What makes an empty file an account's file; harmless on one that is."""
    made = list(_SMALL)
    for kind in COLUMNS:
        made += [_table(kind), *indexes(kind), _deletion_counter(kind)]
    # Every new deal asks how many are open.
    made.append(
        "CREATE INDEX IF NOT EXISTS deals_open ON deals (is_deleted, status)"
        " WHERE is_deleted=0 AND status='open'"
    )
    made += [f"CREATE TABLE IF NOT EXISTS {kind}_texts {_TEXTS}" for kind in SEARCHED]
    made += [
        f"CREATE TABLE IF NOT EXISTS {kind}_stale (id INTEGER PRIMARY KEY, old TEXT)" for kind in SEARCHED
    ]
    return made


def indexes(kind: str) -> list[str]:
    """What makes the indexes of a kind."""
    return [_index(kind, name) for name in indexed(kind)]


def statistics() -> list[tuple[str, str, str]]:
    """Rows of sqlite_stat1: what the planner is to believe of every index."""
    return [
        (kind, f"{kind}_{name}", f"{_ROWS} {_SHARING[name]}") for kind in COLUMNS for name in indexed(kind)
    ]


def _table(kind: str) -> str:
    columns = ", ".join(COLUMNS[kind])
    return (
        f"CREATE TABLE IF NOT EXISTS {kind}"
        f" (id INTEGER PRIMARY KEY, is_deleted, add_time, update_time, {columns}, doc TEXT)"
    )


def _index(kind: str, name: str) -> str:
    # The id is the table's own number, which every index ends with anyway.
    held = f" WHERE {name} IS NOT NULL" if name in LINKS else ""
    return f"CREATE INDEX IF NOT EXISTS {kind}_{name} ON {kind} ({name}){held}"


def _deletion_counter(kind: str) -> str:
    # Counting ten million rows takes seconds, and figures are asked for at every start.
    return (
        f"CREATE TRIGGER IF NOT EXISTS {kind}_deletion AFTER UPDATE OF is_deleted ON {kind}"
        " WHEN old.is_deleted <> new.is_deleted BEGIN"
        f" INSERT INTO counters VALUES ('{kind} deleted', new.is_deleted - old.is_deleted)"
        " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value; END"
    )


_TEXTS = "(id INTEGER PRIMARY KEY, written REAL, search TEXT)"
