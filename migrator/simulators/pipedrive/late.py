"""Requests that are applied after their caller gave up; kept in the store, so a restart keeps them."""

import json
from collections.abc import Callable

from migrator.simulators.http_wsgi import Request
from migrator.simulators.pipedrive.account import Account
from migrator.simulators.pipedrive.state import Doc


def keep(account: Account, request: Request, user: Doc, seconds: float) -> None:
    """Remember a request that is to be applied in some seconds."""
    text = json.dumps(
        {
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "body": request.body.decode("utf-8", "surrogateescape"),
            "user": user["id"],
        }
    )
    sql = "INSERT INTO late (due, request) VALUES (?,?)"
    with account.store.transaction():
        account.store.write(sql, (account.now() + seconds, text))


def apply_due(account: Account, replay: Callable[[Request, Doc], None]) -> None:
    """Apply what is due, each at its own moment. Nothing can be seen in between, so no thread is needed."""
    due = "SELECT id, due, request FROM late WHERE due<=? ORDER BY due"
    for number, moment, text in account.store.rows(due, (account.now(),)):
        kept = json.loads(text)
        request = Request(
            kept["method"], kept["path"], kept["query"], {}, kept["body"].encode("utf-8", "surrogateescape")
        )
        account.at(moment)
        try:
            replay(request, account.users[kept["user"]])
        finally:
            account.at(None)
            with account.store.transaction():
                account.store.write("DELETE FROM late WHERE id=?", (number,))
