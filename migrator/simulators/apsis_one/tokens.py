"""Access tokens: JSON Web Tokens with a real `exp`, checked without remembering any of them."""

import base64
import hashlib
import hmac
import json
from typing import Any


class InvalidToken(Exception):
    """Not a token of this account."""


class ExpiredToken(Exception):
    """A token of this account that is over."""


def make_token(secret: str, *, client_id: str, now: float, lifetime: float, generation: int) -> str:
    """A signed token; one of an older generation counts as expired."""
    claims = {
        "iss": "apsis-one-simulator",
        "sub": client_id,
        "iat": int(now),
        "exp": int(now + lifetime),
        "gen": generation,
    }
    head = _encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = _encode(json.dumps(claims).encode())
    return f"{head}.{body}.{_signature(secret, f'{head}.{body}')}"


def check_token(secret: str, token: str, *, now: float, generation: int) -> None:
    """Raises InvalidToken or ExpiredToken."""
    head, _, rest = token.partition(".")
    body, _, signature = rest.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(secret, f"{head}.{body}").encode()):
        raise InvalidToken
    claims: dict[str, Any] = _claims(token)
    if claims["exp"] <= now or claims["gen"] < generation:
        raise ExpiredToken


def client_of(token: str) -> str:
    """The client id that a token names, not yet to be trusted. Raises InvalidToken."""
    try:
        claims = _claims(token)
    except ValueError as error:
        raise InvalidToken from error
    if not isinstance(claims, dict) or not isinstance(claims.get("sub"), str):
        raise InvalidToken
    client: str = claims["sub"]
    return client


def _claims(token: str) -> Any:
    body = token.partition(".")[2].partition(".")[0]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def _signature(secret: str, text: str) -> str:
    return _encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
