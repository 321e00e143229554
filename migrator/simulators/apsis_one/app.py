"""The APSIS One simulator as one WSGI application: size, token, limits, faults, handler, in that order.

`build_app` is the only name that others need; `.state` of what it returns is for tests in the same process.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from migrator.simulators.apsis_one.access import TOKEN_PATH, Access
from migrator.simulators.apsis_one.activities import Activities
from migrator.simulators.apsis_one.addresses import ProfileRouter, misread
from migrator.simulators.apsis_one.consent_writes import ConsentWrites
from migrator.simulators.apsis_one.consents_v1 import ConsentsV1
from migrator.simulators.apsis_one.control import ApsisControl, apsis_control
from migrator.simulators.apsis_one.definitions import Definitions
from migrator.simulators.apsis_one.email_reports import GZIP_TYPE, EmailReports
from migrator.simulators.apsis_one.exports import Exports
from migrator.simulators.apsis_one.faulting import Faulting
from migrator.simulators.apsis_one.imports import LARGEST_UPLOAD, UPLOAD, Imports
from migrator.simulators.apsis_one.lifecycle import LifeCycle
from migrator.simulators.apsis_one.limits import Scope
from migrator.simulators.apsis_one.problems import ApiProblem, problem_response
from migrator.simulators.apsis_one.profile_reads import ProfileReads
from migrator.simulators.apsis_one.profile_writes import ProfileWrites
from migrator.simulators.apsis_one.request_scopes import SIGNED, scopes_of
from migrator.simulators.apsis_one.settings import ApsisSettings
from migrator.simulators.apsis_one.single_exports import SingleExports
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.apsis_one.streaming import FileResponse, send_file
from migrator.simulators.clock import MovableClock, http_date
from migrator.simulators.control import PREFIX
from migrator.simulators.http_wsgi import (
    BadJson,
    DropError,
    Request,
    Response,
    Route,
    read_request,
    send,
)
from migrator.simulators.seeds import Account, build_account

BODY_LIMIT = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """How an application is opened to its surroundings; `build_app` says what each is."""

    control: bool = False
    sleep: Callable[[float], None] = time.sleep
    drop_error: DropError = ConnectionResetError
    reseed: Callable[[str, int, int], Account] = build_account


class ApsisApp:
    """A WSGI callable over one account."""

    def __init__(
        self,
        account: Account,
        settings: ApsisSettings,
        clock: Callable[[], float],
        *,
        db_path: str | None = None,
        opened: Opened | None = None,
    ) -> None:
        self.clock = MovableClock(clock)
        self._settings, self._db_path, self._opened = settings, db_path, opened or Opened()
        self.control = ApsisControl(self, Path(f"{db_path}.snapshots") if db_path else None)
        self._control_handler = apsis_control(self.control) if self._opened.control else None
        self._start(account)

    def _start(self, account: Account) -> None:
        self.state = ApsisState(account, self._settings, self.clock, self._db_path)
        self.faulting = Faulting(
            self.state, self._dispatch, self._refusal, self.control.mutate, self._opened.sleep
        )
        self._router = ProfileRouter()
        self._access = Access(self.state)
        self._imports = Imports(self.state)
        self._access.routes(self._router)
        self._imports.routes(self._router)
        for part in _PARTS:
            part(self.state).routes(self._router)

    def use(self, settings: ApsisSettings) -> None:
        """Tell the parts that keep the settings that they have changed."""
        self.state.jobs.use(settings)
        self._imports.jobs.use(settings)

    def become(self, name: str, seed: int, profiles: int) -> None:
        """Serve another account from now on, as seeded. Raises ValueError for a name that is not known."""
        account = self._opened.reseed(name, seed, profiles)
        self.state.forget_file()
        self._start(account)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = read_request(environ)
        response = self.handle(request)
        if isinstance(response, FileResponse):
            # A file that is gzip already is not packed again.
            packed = response.headers.get("content-type") == GZIP_TYPE
            encodings = "" if packed else request.headers.get("accept-encoding", "")
            return send_file(response, encodings, start_response)
        return send(response, environ, start_response, self._opened.drop_error)

    def handle(self, request: Request) -> Response:
        """Answer one request, as the server would."""
        self.faulting.apply_due()
        if self._control_handler is not None and request.path.startswith(PREFIX):
            response = self._control_handler(request)
            with self.state.lock:
                self.state.save()
            return response
        response, more = self._guarded(request)
        if self.state.clock_offset or self.clock.is_frozen:
            # Servers put the machine's time there, which is not the account's any more.
            response = replace(response, headers={"date": http_date(self.state.now()), **response.headers})
        with self.state.lock:
            self.state.save()
            self.state.statuses[response.status] += 1
            at, name = round(self.state.now(), 3), self._name_of(request)
            self.control.log.add(request, response.status, at, name, more)
        return response

    def _guarded(self, request: Request) -> tuple[Response, dict[str, Any]]:
        """Everything before the handler; a refusal never reaches it."""
        matched = self._router.match(request.path)
        with self.state.lock:
            self.state.requests[f"{request.method} {matched[0].pattern if matched else 'unknown'}"] += 1
        try:
            self._check_size(request, matched)
            if request.path != TOKEN_PATH and not (matched and matched[0].pattern in SIGNED):
                self.state.caller = self._access.check(request)
                self.faulting.check(request)
            self._check_limits(request, matched)
            self._imports.settle()
        except ApiProblem as problem:
            return self._refusal(problem), {}
        return self.faulting.answer(request)

    def _name_of(self, request: Request) -> str:
        matched = self._router.match(request.path)
        return f"{request.method} {matched[0].pattern}" if matched else "unknown"

    def _dispatch(self, request: Request) -> Response:
        """The handler's answer; refusals, unknown addresses and wrong methods are problems too."""
        matched = self._router.match(request.path)
        try:
            if matched is None or misread(matched, request.method):
                raise ApiProblem(404, "There is no such address.")
            methods = matched[0].methods
            if request.method not in methods:
                raise ApiProblem(405, "The address has no such method.", {"allow": ", ".join(methods)})
            return methods[request.method](request, **matched[1])
        except BadJson as error:
            return self._refusal(ApiProblem(400, f"The body is not JSON: {error}"))
        except ApiProblem as problem:
            return self._refusal(problem)

    def _check_size(self, request: Request, matched: tuple[Route, dict[str, str]] | None) -> None:
        upload = matched is not None and matched[0].pattern == UPLOAD
        # A little more than the file, for the fields that come with it.
        if len(request.body) > (LARGEST_UPLOAD + BODY_LIMIT if upload else BODY_LIMIT):
            raise ApiProblem(413, "The body is larger than 100 kB.")

    def _check_limits(self, request: Request, matched: tuple[Route, dict[str, str]] | None) -> None:
        refused = self.state.limiter.judge(scopes_of(request, matched, self.state.settings), self.state.now())
        if refused is not None:
            raise self._too_many(*refused)

    def _too_many(self, scope: Scope, wait: float) -> ApiProblem:
        headers = {"retry-after": str(int(wait) + 1)} if self.state.settings.retry_after else {}
        return ApiProblem(429, f"Too many requests ({scope.value}).", headers)

    def _refusal(self, problem: ApiProblem) -> Response:
        return problem_response(problem, with_detail=self.state.settings.details_in_errors)


_PARTS = (
    Definitions,
    Activities,
    ProfileReads,
    ProfileWrites,
    LifeCycle,
    ConsentWrites,
    ConsentsV1,
    Exports,
    SingleExports,
    EmailReports,
)


def build_app(
    account: Account,
    settings: ApsisSettings | None = None,
    clock: Callable[[], float] = time.time,
    *,
    db_path: str | None = None,
    **opened: Any,
) -> ApsisApp:
    """The simulator of one account; `settings` and `clock` have the defaults of a fresh server.

    With a `db_path` what was changed, asked for and made outlives the process. Raises WrongAccountError for the
    file of another account. `opened` are fields of `Opened`: `control` opens the control address, `sleep` waits
    in faults, `drop_error` is what a dropped connection raises in the process, `reseed` makes other accounts.
    """
    return ApsisApp(account, settings or ApsisSettings(), clock, db_path=db_path, opened=Opened(**opened))
