"""Credentials on requests: a fixed token, or an access token that is fetched, kept and renewed.

It decides when a refused request deserves new credentials, and about no other repetition.
"""

import base64
import binascii
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from migrator.engine.errors import ConfigurationError, TransientError
from migrator.http.messages import Answer, Exchange, Request

FALLBACK_LIFETIME = 3600.0
SHORTEST_LIFETIME = 5.0


class CredentialsRefused(ConfigurationError):
    """The service does not accept the credentials; a person must enter other ones."""


class Auth(Protocol):
    """What the client asks of credentials. `exchange` sends one request without any of them."""

    def headers(self, exchange: Exchange) -> Mapping[str, str]: ...

    def renew(self, exchange: Exchange, used: Mapping[str, str], answer: Answer) -> bool:
        """Whether the request that got `answer` deserves one more attempt with other credentials."""
        ...


class NoAuth:
    """No credentials at all."""

    def headers(self, exchange: Exchange) -> Mapping[str, str]:
        return {}

    def renew(self, exchange: Exchange, used: Mapping[str, str], answer: Answer) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token that never changes, in a header and never in an address."""

    token: str = field(repr=False)
    header: str = "x-api-token"

    def __post_init__(self) -> None:
        check_header_value(self.token)

    def headers(self, exchange: Exchange) -> Mapping[str, str]:
        return {self.header: self.token}

    def renew(self, exchange: Exchange, used: Mapping[str, str], answer: Answer) -> bool:
        return False


class ClientCredentials:
    """An access token bought with an id and a secret. One request at a time buys it, all threads share it."""

    def __init__(
        self,
        path: str,
        client_id: str,
        client_secret: str,
        *,
        early: float = 300.0,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._body = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
        }
        self._early = early
        self._now = now
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._token = ""
        self._good_until = 0.0

    def __repr__(self) -> str:
        return "ClientCredentials(...)"

    def headers(self, exchange: Exchange) -> Mapping[str, str]:
        """The bearer header, with a token that is good for a while yet."""
        with self._lock:
            if not self._token or self._monotonic() >= self._good_until:
                self._buy(exchange)
            return {"authorization": f"Bearer {self._token}"}

    def renew(self, exchange: Exchange, used: Mapping[str, str], answer: Answer) -> bool:
        """True after a 401, or a 403 that speaks of expiry, once another token is at hand."""
        if answer.status != 401 and not (answer.status == 403 and says_expired(answer)):
            return False
        with self._lock:
            # Another thread may have bought a new one while this request was on its way.
            if used.get("authorization") == f"Bearer {self._token}":
                self._buy(exchange)
        return True

    def _buy(self, exchange: Exchange) -> None:
        answer = exchange(Request("POST", self._path, body=dict(self._body), name=self._path), {})
        self._token, lifetime = self._read(answer)
        self._good_until = self._monotonic() + max(lifetime - min(self._early, lifetime / 2), 1.0)

    def _read(self, answer: Answer) -> tuple[str, float]:
        check_token_answer(answer)
        raw = answer.json if isinstance(answer.json, dict) else {}
        token = raw.get("access_token")
        if not answer.ok or not isinstance(token, str) or not token:
            raise TransientError("The sign-in answer held no access token. Try again in a minute.")
        check_header_value(token)
        stated = raw.get("expires_in")
        return token, self._lifetime(token, stated if isinstance(stated, int | float) else FALLBACK_LIFETIME)

    def _lifetime(self, token: str, stated: float) -> float:
        # The difference of the token's own two times needs no agreement between two machines' clocks.
        claims = jwt_claims(token)
        expires, issued = claims.get("exp"), claims.get("iat")
        if not isinstance(expires, int | float):
            return max(stated, SHORTEST_LIFETIME)
        start = issued if isinstance(issued, int | float) else self._now()
        return max(float(expires) - start, SHORTEST_LIFETIME)


def check_token_answer(answer: Answer) -> None:
    """Raise CredentialsRefused or TransientError unless the sign-in was accepted."""
    if answer.status in (400, 401, 403):
        raise CredentialsRefused(
            "The service refused the client id and secret. Create a new API key there and enter it here."
        )
    if answer.status >= 400:
        raise TransientError(
            "The service could not sign us in just now. Try again in a minute.",
            retry_after=answer.retry_after,
        )


def says_expired(answer: Answer) -> bool:
    """Whether a refusal speaks of an expired or invalid token; a plain missing permission does not."""
    text = answer.body[:2000].decode("utf-8", "replace").lower()
    return "expired" in text or "invalid token" in text or "invalid_token" in text


def jwt_claims(token: str) -> dict[str, object]:
    """The claims inside a token, unverified: the service verifies them. Empty where it holds none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def check_header_value(value: str) -> None:
    """Raise ConfigurationError for what cannot stand in a header, such as a pasted line break."""
    if not value or not value.isascii() or not value.isprintable() or value != value.strip():
        raise ConfigurationError(
            "The token holds characters that no token has. Copy it again, without spaces or line breaks."
        )
