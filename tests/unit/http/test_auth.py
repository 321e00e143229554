"""Access tokens: bought once, kept, renewed once for all threads, and never for a missing permission."""

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from migrator.engine.errors import ConfigurationError, TransientError
from migrator.http.auth import ApiToken, ClientCredentials, CredentialsRefused, jwt_claims
from migrator.http.messages import Answer, Request


def token(number: int = 1, **claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps({"n": number, **claims}).encode()).rstrip(b"=").decode()
    return f"head.{body}.signature"


class TokenService:
    """Sells tokens that live for `life` seconds."""

    def __init__(self, life: float = 1_000.0, answer: Answer | None = None) -> None:
        self.life = life
        self.sold = 0
        self.answer = answer
        self.asked: list[Request] = []

    def __call__(self, request: Request, headers: Any) -> Answer:
        self.asked.append(request)
        if self.answer is not None:
            return self.answer
        self.sold += 1
        raw = {"access_token": token(self.sold, iat=0, exp=self.life), "token_type": "Bearer"}
        return Answer(200, {}, json=raw)


class Watch:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def credentials(watch: Watch | None = None) -> ClientCredentials:
    return ClientCredentials("/oauth/token", "an id", "a secret", early=300, monotonic=watch or Watch())


def refusal(status: int, text: str = "") -> Answer:
    return Answer(status, {}, text.encode())


def test_it_buys_a_token_once_and_keeps_it() -> None:
    auth, service = credentials(), TokenService()
    assert auth.headers(service) == auth.headers(service)
    assert service.sold == 1
    assert service.asked[0].body == {
        "grant_type": "client_credentials",
        "client_id": "an id",
        "client_secret": "a secret",
    }


def test_it_buys_a_new_one_shortly_before_the_end() -> None:
    watch, service = Watch(), TokenService(life=1_000)
    auth = credentials(watch)
    auth.headers(service)
    watch.now = 699
    auth.headers(service)
    assert service.sold == 1
    watch.now = 701
    auth.headers(service)
    assert service.sold == 2


def test_it_needs_no_agreement_between_clocks() -> None:
    """The token's own two times give its life, though its end lies long past on our clock."""
    auth, service = credentials(), TokenService(life=1_000)
    auth.headers(service)
    auth.headers(service)
    assert service.sold == 1


def test_it_renews_once_for_all_threads() -> None:
    auth, service = credentials(), TokenService()
    used = auth.headers(service)
    gate = threading.Barrier(8)

    def one_thread(_: int) -> bool:
        gate.wait()
        return auth.renew(service, used, refusal(401))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one_thread, range(8)))
    assert service.sold == 2


@pytest.mark.parametrize(
    ("answer", "renewed"),
    [
        (refusal(401), True),
        (refusal(403, '{"detail": "The access token has expired."}'), True),
        (refusal(403, '{"detail": "No permission to read this keyspace."}'), False),
        (refusal(404), False),
        (refusal(500), False),
    ],
    ids=["401", "403 expired", "403 permission", "404", "500"],
)
def test_it_renews_only_for_a_token_that_is_over(answer: Answer, renewed: bool) -> None:
    auth, service = credentials(), TokenService()
    assert auth.renew(service, auth.headers(service), answer) is renewed
    assert service.sold == 1 + renewed


@pytest.mark.parametrize("status", [400, 401, 403])
def test_it_asks_a_person_where_the_secret_is_wrong(status: int) -> None:
    with pytest.raises(CredentialsRefused) as caught:
        credentials().headers(TokenService(answer=refusal(status)))
    assert isinstance(caught.value, ConfigurationError)
    assert "Create a new API key" in caught.value.sentence


def test_it_waits_where_too_many_tokens_were_asked_for() -> None:
    answer = Answer(429, {"retry-after": "30"})
    with pytest.raises(TransientError) as caught:
        credentials().headers(TokenService(answer=answer))
    assert caught.value.retry_after == 30


@pytest.mark.parametrize("answer", [Answer(200, {}, json={}), Answer(200, {}, json=None), refusal(503)])
def test_it_tries_later_where_no_token_came(answer: Answer) -> None:
    with pytest.raises(TransientError):
        credentials().headers(TokenService(answer=answer))


def test_it_takes_a_token_that_says_nothing_about_its_life() -> None:
    raw: dict[str, Any] = {"access_token": "opaque", "expires_in": 600}
    watch, service = Watch(), TokenService(answer=Answer(200, {}, json=raw))
    auth = credentials(watch)
    auth.headers(service)
    watch.now = 299
    auth.headers(service)
    assert len(service.asked) == 1
    watch.now = 301
    auth.headers(service)
    assert len(service.asked) == 2


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "a.!!!.c", "a.W10.c"])
def test_it_reads_no_claims_from_what_is_no_token(text: str) -> None:
    assert jwt_claims(text) == {}


@pytest.mark.parametrize("text", ["", " abc", "abc\n", "a\r\nb", "ab\u00e9"])
def test_it_refuses_a_token_that_no_header_can_carry(text: str) -> None:
    with pytest.raises(ConfigurationError, match="Copy it again"):
        ApiToken(text)


def test_it_shows_no_secret_in_its_own_description() -> None:
    assert "secret" not in repr(ApiToken("secret"))
    assert "secret" not in repr(credentials())
