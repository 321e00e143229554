"""OAuth 2's own addresses: consent by redirect, tokens for a code or a refresh token, and whose access token it is.

The user always consents at once (or, by setting, never). Nothing here is charged or limited. What is handed out is
kept in the account's file, so that a restart keeps it; a reset forgets it, as another account would.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from migrator.simulators.http_wsgi import Request, Response, json_response
from migrator.simulators.pipedrive.account import Account
from migrator.simulators.pipedrive.state import Doc

PREFIX = "/oauth/"


class OAuthProblem(Exception):
    """A token request is refused; carries the status and RFC 6749's word for it."""

    def __init__(self, status: int, word: str, message: str) -> None:
        super().__init__(message)
        self.status, self.word, self.message = status, word, message


def handle(account: Account, request: Request) -> Response:
    """Answer one request below /oauth."""
    answers = {
        ("GET", "/oauth/authorize"): _authorize,
        ("POST", "/oauth/token"): _token,
        ("POST", "/oauth/revoke"): _revoke,
    }
    answer = answers.get((request.method, request.path))
    if answer is None:
        known = any(path == request.path for _, path in answers)
        return json_response(405 if known else 404, {"success": False, "error": "Unknown method ."})
    try:
        with account.lock, account.store.transaction():
            return answer(account, request)
    except OAuthProblem as problem:
        body = {"success": False, "error": problem.word, "message": problem.message}
        return json_response(problem.status, body)


def grant_of(account: Account, access_token: str) -> tuple[int, frozenset[str]] | None:
    """The user an access token acts for and its scopes, None when it is unknown or has expired."""
    held = account.oauth.get("access", {}).get(access_token)
    if held is None or account.now() >= held["until"]:
        return None
    return int(held["user"]), frozenset(held["scope"].split())


def forget(account: Account, access_token: str | None) -> None:
    """Make one access token invalid, or all of them. Runs inside a transaction."""
    held = account.oauth.get("access", {})
    kept = {token: entry for token, entry in held.items() if access_token not in (None, token)}
    _keep(account, account.oauth | {"access": kept})


def _authorize(account: Account, request: Request) -> Response:
    settings = account.settings
    target = request.first("redirect_uri") or settings.oauth_redirect_uri
    if request.first("client_id") != settings.oauth_client_id:
        raise OAuthProblem(400, "invalid_client", "The client_id is not an app's.")
    if urlsplit(target).scheme not in ("http", "https") or settings.oauth_redirect_uri not in ("", target):
        raise OAuthProblem(400, "invalid_request", "The redirect_uri is not the app's callback address.")
    if request.first("response_type", "code") != "code":
        raise OAuthProblem(400, "unsupported_response_type", "The response_type must be code.")
    told = {"error": "user_denied"}
    if not settings.oauth_user_says_no:
        code = _secret(account, "code")
        until = account.now() + settings.oauth_code_seconds
        held = {"user": _consenting(account), "redirect_uri": target, "until": until}
        _keep(account, account.oauth | {"codes": _current(account, "codes") | {code: held}})
        told = {"code": code}
    state = request.first("state")
    if state is not None:
        told["state"] = state
    parts = urlsplit(target)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *told.items()])
    return Response(302, b"", {"location": urlunsplit(parts._replace(query=query))})


def _token(account: Account, request: Request) -> Response:
    _check_client(account, request)
    form = {name: values[0] for name, values in request.form().items()}
    kind = form.get("grant_type")
    if kind == "authorization_code":
        refresh, grant = _by_code(account, form)
    elif kind == "refresh_token":
        refresh, grant = _by_refresh_token(account, form)
    else:
        words = "The grant_type must be authorization_code or refresh_token."
        raise OAuthProblem(400, "unsupported_grant_type", words)
    settings, now = account.settings, account.now()
    access = _secret(account, "access")
    held = {"user": grant["user"], "refresh": refresh, "until": now + settings.oauth_access_seconds}
    held["scope"] = settings.oauth_scope
    grants = _current(account, "grants") | {refresh: grant | {"until": now + settings.oauth_refresh_seconds}}
    _keep(account, account.oauth | {"access": _current(account, "access") | {access: held}, "grants": grants})
    host = request.headers.get("host", f"{account.company['domain']}.pipedrive.com")
    return json_response(
        200,
        {
            "access_token": access,
            "token_type": "Bearer",
            "refresh_token": refresh,
            "scope": settings.oauth_scope,
            "expires_in": settings.oauth_access_seconds,
            "api_domain": f"http://{host}",
        },
        {"cache-control": "no-store"},
    )


def _by_code(account: Account, form: dict[str, str]) -> tuple[str, Doc]:
    codes = _current(account, "codes")
    held = codes.pop(form.get("code", ""), None)
    if held is None or form.get("redirect_uri", held["redirect_uri"]) != held["redirect_uri"]:
        raise OAuthProblem(
            400, "invalid_grant", "The code is unknown, used, too old, or of another redirect_uri."
        )
    _keep(account, account.oauth | {"codes": codes})
    return _secret(account, "refresh"), {"user": held["user"]}


def _by_refresh_token(account: Account, form: dict[str, str]) -> tuple[str, Doc]:
    refresh = form.get("refresh_token", "")
    grant = _current(account, "grants").get(refresh)
    if grant is None:
        raise OAuthProblem(
            400, "invalid_grant", "The refresh token is unknown, or was not used for too long."
        )
    return refresh, grant


def _revoke(account: Account, request: Request) -> Response:
    # A refresh token takes its access tokens along; an access token ends alone.
    _check_client(account, request)
    token = (request.form().get("token") or [""])[0]
    access, grants = _current(account, "access"), _current(account, "grants")
    grants.pop(token, None)
    left = {name: held for name, held in access.items() if token not in (name, held["refresh"])}
    _keep(account, account.oauth | {"access": left, "grants": grants})
    return Response(200)


def _check_client(account: Account, request: Request) -> None:
    settings = account.settings
    scheme, _, words = request.headers.get("authorization", "").partition(" ")
    try:
        sent = base64.b64decode(words, validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        sent = b""
    wanted = f"{settings.oauth_client_id}:{settings.oauth_client_secret}".encode()
    if not hmac.compare_digest(sent, wanted):
        raise OAuthProblem(
            401, "invalid_client", "The Authorization header must be Basic client_id:client_secret."
        )


def _consenting(account: Account) -> int:
    wanted = account.settings.oauth_user
    for user in account.users.values():
        if wanted in ("", user["email"]):
            return int(user["id"])
    raise OAuthProblem(400, "invalid_request", f"There is no user {wanted}.")


def _current(account: Account, name: str) -> dict[str, Any]:
    now = account.now()
    return {token: held for token, held in account.oauth.get(name, {}).items() if now < held["until"]}


def _secret(account: Account, kind: str) -> str:
    number = account.store.next_id("oauth")
    return hashlib.sha256(f"{account.store.fact('salt')}:{kind}:{number}".encode()).hexdigest()


def _keep(account: Account, oauth: Doc) -> None:
    account.oauth = oauth
    account.store.set_fact("oauth", oauth)
