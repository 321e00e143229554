"""How a fault is answered in Pipedrive's words, and where its attempts are kept."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from migrator.simulators.faults import FaultKind, server_error
from migrator.simulators.faults.kinds import CHARGED_AS_REFUSED
from migrator.simulators.http_wsgi import Request, Response, json_response
from migrator.simulators.pipedrive.errors import INFO, unauthorized
from migrator.simulators.pipedrive.gate import Caller, Operation
from migrator.simulators.pipedrive.limits import Decision, Verdict
from migrator.simulators.pipedrive.state import Store

if TYPE_CHECKING:
    from migrator.simulators.pipedrive.app import PipedriveApp

_TABLE = "CREATE TABLE IF NOT EXISTS attempts (key BLOB PRIMARY KEY, number INTEGER) WITHOUT ROWID"
_COUNT = "INSERT INTO attempts VALUES (?,1) ON CONFLICT (key) DO UPDATE SET number=number+1 RETURNING number"


class OneRequest:
    """One request that drew something (faults.Answering); `truth` is what the handler answered, if it did."""

    def __init__(
        self,
        app: "PipedriveApp",
        request: Request,
        operation: Operation,
        caller: Caller,
        decision: Decision,
        headers: dict[str, str],
    ) -> None:
        self.truth: Response | None = None
        self._app, self._request, self._operation = app, request, operation
        self._caller, self._decision, self._headers = caller, decision, headers

    def respond(self) -> Response:
        """Apply the request."""
        self.truth = self._app.run(self._request, self._operation, self._caller.user, charged=True)
        return self.truth

    def defer(self, seconds: float) -> None:
        """Keep the request for later; it is charged now."""
        with self._app.state.lock:
            self._app.late.keep(self._request, self._caller.user, seconds)
        self._app.charge(self._operation)

    def refuse(self, *, bare: bool) -> Response:
        """The 429 of a full burst window."""
        decision = replace(self._decision, verdict=Verdict.BURST)
        return self._app.refused(self._operation, decision, {} if bare else self._headers)

    def fail(self, status: int) -> Response:
        """The service's own server error."""
        return server_error(status)

    def bar(self, kind: FaultKind, seconds: float) -> Response:
        """Refuse the caller's token from now on."""
        with self._app.state.lock:
            self._app.faults.bars.put(self._caller.token, kind, self._app.state.now(), seconds)
        return barred(kind)

    def now(self) -> float:
        """The account's time."""
        return self._app.state.now()

    def sleep(self, seconds: float) -> None:
        """Wait, in the time that the application was built with."""
        self._app.sleep(seconds)


class StoredMemory:
    """Attempts and the plan in the account's store, so that a killed simulator goes on counting."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.write(_TABLE)

    def count(self, key: bytes) -> int:
        """One more attempt."""
        with self._store.transaction():
            return int(self._store.rows(_COUNT, (key,))[0][0])

    def forget(self) -> None:
        """No attempts yet."""
        with self._store.transaction():
            self._store.write("DELETE FROM attempts")

    def keep(self, plan: dict[str, Any]) -> None:
        """Keep the plan."""
        with self._store.transaction():
            self._store.set_fact("faults", plan)

    def kept(self) -> dict[str, Any] | None:
        """The plan that was kept."""
        plan: dict[str, Any] | None = self._store.fact("faults")
        return plan


def barred(kind: FaultKind) -> Response:
    """401 for a token that is over or revoked, 403 for one that lost its scope."""
    if kind is not FaultKind.SCOPE_LOST:
        return unauthorized()
    words = "Scope and URL mismatch"
    return json_response(403, {"success": False, "error": words, "errorCode": 403, "error_info": INFO})


def charges_as_refused(kind: FaultKind) -> bool:
    """Whether a request that was not applied is metered like a refused one."""
    return kind in CHARGED_AS_REFUSED
