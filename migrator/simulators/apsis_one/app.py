"""The APSIS One simulator as one WSGI application: size, token, limits, faults, handler, in that order.

`build_app` is the only name that others need; `.state` of what it returns is for tests in the same process.
"""

import gzip
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from migrator.simulators.apsis_one.control import ApsisControl, apsis_control
from migrator.simulators.apsis_one.definitions import Definitions
from migrator.simulators.apsis_one.exports import EXPORTS, NEW_POLL, OLD_POLL, PROFILE_REPORTS, Exports
from migrator.simulators.apsis_one.limits import Scope
from migrator.simulators.apsis_one.problems import ApiProblem, problem_response
from migrator.simulators.apsis_one.profile_reads import ProfileReads
from migrator.simulators.apsis_one.settings import ApsisSettings
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.apsis_one.streaming import FileResponse, send, send_file
from migrator.simulators.apsis_one.tokens import ExpiredToken, InvalidToken, check_token, make_token
from migrator.simulators.control import PREFIX
from migrator.simulators.faults import FaultKind, perform
from migrator.simulators.http_wsgi import (
    BadJson,
    Request,
    Response,
    Route,
    Router,
    json_response,
    read_request,
)
from migrator.simulators.seeds import Account

TOKEN_PATH = "/oauth/token"  # noqa: S105 (an address)
BODY_LIMIT = 100_000


class ApsisApp:
    """A WSGI callable over one account."""

    def __init__(self, account: Account, settings: ApsisSettings, clock: Callable[[], float]) -> None:
        self.state = ApsisState(account, settings, clock)
        self.control = ApsisControl(self.state, self._dispatch)
        self._control_handler = apsis_control(self.control, self.state)
        self._router = Router()
        self._router.add("POST", TOKEN_PATH, self._token)
        for part in (Definitions(self.state), ProfileReads(self.state), Exports(self.state)):
            part.routes(self._router)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = read_request(environ)
        response = self.handle(request)
        if isinstance(response, FileResponse):
            return send_file(response, request.headers.get("accept-encoding", ""), start_response)
        return send(response, start_response)

    def handle(self, request: Request) -> Response:
        """Answer one request, as the server would."""
        if request.path.startswith(PREFIX):
            return self._control_handler(request)
        response = self._guarded(request)
        with self.state.lock:
            self.state.statuses[response.status] += 1
            self.control.log.add(_without_secrets(request), response.status)
        return response

    def _guarded(self, request: Request) -> Response:
        """Everything before the handler; a refusal never reaches it."""
        matched = self._router.match(request.path)
        with self.state.lock:
            self.state.requests[f"{request.method} {matched[0].pattern if matched else 'unknown'}"] += 1
        try:
            if len(request.body) > BODY_LIMIT:
                raise ApiProblem(413, "The body is larger than 100 kB.")
            if request.path != TOKEN_PATH:
                self._check_token(request)
            self._check_limits(request, matched)
        except ApiProblem as problem:
            return self._refusal(problem)
        with self.state.lock:
            fault = self.control.faults.choose(request)
        response = perform(
            fault,
            respond=lambda: self._tangible(request, fault),
            defer=lambda seconds: None,
            refuse=lambda: self._refusal(self._too_many(Scope.ACCOUNT, 1.0)),
        )
        if fault is not None and fault[0] in _SERVER_ERRORS:
            return self._refusal(ApiProblem(500, "Something went wrong."))
        return response

    def _dispatch(self, request: Request) -> Response:
        try:
            return self._router.dispatch(request)
        except BadJson as error:
            return self._refusal(ApiProblem(400, f"The body is not JSON: {error}"))
        except ApiProblem as problem:
            return self._refusal(problem)

    def _tangible(self, request: Request, fault: tuple[FaultKind, float] | None) -> Response:
        """The handler's answer; a file that is about to be spoiled becomes plain bytes first."""
        response = self._dispatch(request)
        if fault is None or not isinstance(response, FileResponse) or response.path is None:
            return response
        body, headers = response.path.read_bytes(), dict(response.headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            body, headers["content-encoding"] = gzip.compress(body, 1), "gzip"
        return Response(response.status, body, headers)

    def _token(self, request: Request) -> Response:
        settings, state = self.state.settings, self.state
        sent = self._credentials(request)
        if sent.get("grant_type") != "client_credentials":
            raise ApiProblem(400, "grant_type must be client_credentials.")
        if (sent.get("client_id"), sent.get("client_secret")) != (settings.client_id, settings.client_secret):
            raise ApiProblem(401, "The client id or the client secret is wrong.")
        token = make_token(
            settings.client_secret,
            client_id=settings.client_id,
            now=state.now(),
            lifetime=settings.token_lifetime,
            generation=state.token_generation,
        )
        body = {"access_token": token, "expires_in": int(settings.token_lifetime), "token_type": "Bearer"}
        return json_response(200, body)

    def _credentials(self, request: Request) -> dict[str, Any]:
        if (
            "form-urlencoded" in request.headers.get("content-type", "")
            and self.state.settings.form_encoded_tokens
        ):
            return {name: values[0] for name, values in request.form().items()}
        sent = request.json()
        return sent if isinstance(sent, dict) else {}

    def _check_token(self, request: Request) -> None:
        settings, state = self.state.settings, self.state
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise InvalidToken
            check_token(
                settings.client_secret, token.strip(), now=state.now(), generation=state.token_generation
            )
        except ExpiredToken as error:
            raise ApiProblem(settings.expired_token_status, "The access token has expired.") from error
        except InvalidToken as error:
            raise ApiProblem(401, "The access token is missing or wrong.") from error

    def _check_limits(self, request: Request, matched: tuple[Route, dict[str, str]] | None) -> None:
        refused = self.state.limiter.judge(self._scopes(request, matched), self.state.now())
        if refused is not None:
            raise self._too_many(*refused)

    def _scopes(
        self, request: Request, matched: tuple[Route, dict[str, str]] | None
    ) -> list[tuple[Scope, str]]:
        """The limits that a request falls under; the token endpoint has only its own (assumed)."""
        if request.path == TOKEN_PATH:
            return [(Scope.TOKEN, "")]
        scopes = [(Scope.ACCOUNT, "")]
        if matched is None:
            return scopes
        pattern, segments = matched[0].pattern, matched[1]
        if "profile" in segments and "keyspace" in segments:
            scopes.append((Scope.PROFILE, f"{segments['keyspace']}/{segments['profile']}"))
        elif pattern in (OLD_POLL, NEW_POLL):
            scopes.append((Scope.DOWNLOAD, ""))
        elif pattern == EXPORTS:
            scopes.append((self._export_scope(request), ""))
        elif pattern == PROFILE_REPORTS:
            scopes.append((Scope.PROFILE_EXPORT, ""))
        return scopes

    def _export_scope(self, request: Request) -> Scope:
        """Which limit an export D counts against (reference 2.1: not spelled out, so assumed)."""
        try:
            body = request.json()
        except BadJson:
            body = None
        plain = isinstance(body, dict) and not body.get("events")
        lenient = self.state.settings.exports_without_events_are_profile_exports
        return Scope.PROFILE_EXPORT if plain and lenient else Scope.EVENT_EXPORT

    def _too_many(self, scope: Scope, wait: float) -> ApiProblem:
        headers = {"retry-after": str(int(wait) + 1)} if self.state.settings.retry_after else {}
        return ApiProblem(429, f"Too many requests ({scope.value}).", headers)

    def _refusal(self, problem: ApiProblem) -> Response:
        return problem_response(problem, with_detail=self.state.settings.details_in_errors)


_SERVER_ERRORS = (FaultKind.BEFORE_500, FaultKind.AFTER_500)


def _without_secrets(request: Request) -> Request:
    return replace(request, body=b"") if request.path == TOKEN_PATH else request


def build_app(
    account: Account, settings: ApsisSettings | None = None, clock: Callable[[], float] = time.time
) -> ApsisApp:
    """The simulator of one account; `settings` and `clock` have the defaults of a fresh server."""
    return ApsisApp(account, settings or ApsisSettings(), clock)
