"""What happens after its caller gave up: late requests and the acts of others. In the store, so a restart keeps it."""

import json
import math
from collections.abc import Callable
from typing import Any

from migrator.simulators.http_wsgi import Request
from migrator.simulators.pipedrive.account import Account
from migrator.simulators.pipedrive.state import Doc

Apply = Callable[[Request, Doc], Any]


class Late:
    """The queue of one account. Nothing can be seen in between, so no thread is needed."""

    def __init__(self, account: Account, apply: Apply) -> None:
        self._account, self._apply = account, apply
        self._next = -math.inf

    def keep(self, request: Request, user: Doc, seconds: float) -> None:
        """Remember a request that is to be applied in some seconds."""
        text = json.dumps(
            {
                "method": request.method,
                "path": request.path,
                "query": request.query,
                "type": request.headers.get("content-type", ""),
                "body": request.body.decode("utf-8", "surrogateescape"),
                "user": user["id"],
            }
        )
        sql = "INSERT INTO late (due, request) VALUES (?,?)"
        account = self._account
        with account.store.transaction():
            account.store.write(sql, (account.now() + seconds, text))
        self._next = -math.inf

    def apply_due(self) -> None:
        """Apply what is due, each at its own moment. Call under the account's lock."""
        account = self._account
        if account.now() < self._next:
            return
        due = "SELECT id, due, request FROM late WHERE due<=? ORDER BY due, id"
        for number, moment, text in account.store.rows(due, (account.now(),)):
            kept = json.loads(text)
            body = kept["body"].encode("utf-8", "surrogateescape")
            account.at(moment)
            try:
                user = account.users.get(kept["user"])
                if user is not None:
                    headers = {"content-type": kept.get("type", "")}
                    self._apply(Request(kept["method"], kept["path"], kept["query"], headers, body), user)
            finally:
                account.at(None)
                with account.store.transaction():
                    account.store.write("DELETE FROM late WHERE id=?", (number,))
        self._next = account.store.rows("SELECT coalesce(min(due), 9e999) FROM late")[0][0]

    def forget(self) -> None:
        """The queue was emptied from outside, as by a reset."""
        self._next = -math.inf
