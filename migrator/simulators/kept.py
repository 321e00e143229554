"""Whose account a simulator's file holds, written beside it: what it was started with, and what it became since.

`POST /_control/seed` puts another account into a file. The same command line must find that account again after
a restart, and a command line that asks for a third one must be told so.
"""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from migrator.simulators.options import BadOption, Options

Make = Callable[[str, int, int], Any]
_MEMORY = (None, ":memory:")


def check(db: str | None, side: str, options: Options) -> None:
    """Take a file for these options. Raises BadOption for one that is no account's, or another's."""
    if db in _MEMORY:
        return
    mark = _mark(str(db))
    if not Path(str(db)).is_file():
        mark.unlink(missing_ok=True)
    else:
        _check_readable(str(db), side)
    if not mark.exists():
        _write(mark, _identity(options), _identity(options))
    held = json.loads(mark.read_text())
    if _identity(options) not in (held["started"], held["became"]):
        words = "account {}, seed {}, profiles {}".format(*held["became"])
        raise BadOption(f"--db {db} holds another account ({words}): name another file.")


def held(options: Options, db: str | None) -> Options:
    """The options with the account that is in their file now."""
    if db in _MEMORY or not _mark(str(db)).exists():
        return options
    became = json.loads(_mark(str(db)).read_text())["became"]
    if became == _identity(options):
        return options
    account, seed, profiles, empty = became
    target = replace(options.target, account=account, seed=seed)
    return replace(options, account=account, seed=seed, profiles=profiles, empty=empty, target=target)


def remembering(make: Make, db: str | None) -> Make:
    """`make`, which also writes down what account the file holds from now on."""

    def become(account: str, seed: int, profiles: int) -> Any:
        made = make(account, seed, profiles)
        if db not in _MEMORY and _mark(str(db)).exists():
            mark = _mark(str(db))
            _write(mark, json.loads(mark.read_text())["started"], [account, seed, profiles, False])
        return made

    return become


def _identity(options: Options) -> list[Any]:
    return [options.account, options.seed, options.profiles, options.empty]


def _mark(db: str) -> Path:
    return Path(f"{db}.account.json")


def _write(mark: Path, started: list[Any], became: list[Any]) -> None:
    new = mark.with_suffix(".new")
    new.write_text(json.dumps({"started": started, "became": became}))
    new.replace(mark)


def _check_readable(db: str, side: str) -> None:
    from migrator.simulators.pipedrive.state import UnreadableFile, check_file

    try:
        if side == "target":
            check_file(db)
            return
        database = sqlite3.connect(db)
        try:
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        finally:
            database.close()
    except UnreadableFile as problem:
        raise BadOption(f"--db {problem}") from problem
    except sqlite3.Error as problem:
        raise BadOption(f"--db {db} cannot be opened as an account's file: {problem}.") from problem
