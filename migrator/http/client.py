"""One service at one fixed address: pacing, credentials, a deadline over the whole request, reads repeated.

It never repeats a write and never follows a redirect; what an answer means is for the vendor packages to say.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from migrator.engine.canonical import JsonValue
from migrator.engine.errors import ConfigurationError, PermanentError
from migrator.engine.ports import Pacer
from migrator.engine.sound import sound
from migrator.http import redaction
from migrator.http.auth import Auth
from migrator.http.bodies import BodyCut, iter_decoded
from migrator.http.messages import Answer, NotSent, Request, Unknown
from migrator.http.transport import Attempt, GuardedTransport, current_attempt

MEGABYTE = 1024 * 1024
READ_AGAIN = frozenset({408, 429, 500, 501, 502, 503, 504})
LONGEST_WAIT = 20.0
# An escaped NUL, or half a surrogate pair, escaped or raw.
_UNSOUND = re.compile(rb"\\u0000|\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
NEVER_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Sink(Protocol):
    """Where a download goes."""

    def write(self, data: bytes, /) -> object: ...


class _Unread:
    """The sink of a body that nobody wants; nothing is ever written to it."""

    def write(self, data: bytes, /) -> object: ...


@dataclass(frozen=True, slots=True)
class RateHeaders:
    """The names of the headers in which a service tells its burst limit; empty where it tells none."""

    limit: str = ""
    remaining: str = ""
    reset: str = ""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How a client behaves. `deadline` covers a whole request, `connect` its connection, `max_body` an
    unpacked body in memory, `attempts` a read, which is not begun again after `patience` seconds: a slice of
    work ends soon after. `private_network` allows plain http and private addresses: for stand-ins only."""

    deadline: float = 30.0
    connect: float = 5.0
    max_body: int = 100 * MEGABYTE
    attempts: int = 5
    patience: float = 25.0
    connections: int = 8
    private_network: bool = False
    rate_headers: RateHeaders = RateHeaders()
    user_agent: str = "Crosswalk"
    sleep: Callable[[float], None] = time.sleep


class HttpClient:
    """Sends requests to one service. Safe to share between threads."""

    def __init__(
        self,
        base_url: str,
        auth: Auth,
        pacer: Pacer,
        *,
        settings: ClientSettings = ClientSettings(),
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._base = checked_base(base_url, private_network=settings.private_network)
        self._auth = auth
        self._pacer = pacer
        self._settings = settings
        redaction.silence_libraries()
        self._client = httpx.Client(
            transport=transport or _guarded(settings),
            timeout=httpx.Timeout(settings.deadline, connect=settings.connect),
            headers={"user-agent": settings.user_agent, "accept-encoding": "gzip"},
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        self._client.close()

    def send(self, request: Request) -> Answer:
        """The answer, whatever its status; reads are repeated, writes never. Raises NotSent or Unknown."""
        return self._read(request) if request.repeatable else self._signed(request)

    def download(self, request: Request, sink: BinaryIO | Sink, *, deadline: float = 3600.0) -> Answer:
        """Stream the body of a 200 into `sink`, unpacked; the answer then carries none. Any other answer
        leaves the sink alone. Not repeated: the sink may hold a part already."""

        def attempt(part: Request, headers: Mapping[str, str]) -> Answer:
            return self._once(part, headers, sink=sink, deadline=deadline)

        return self._signed(request, attempt)

    def peek(self, request: Request) -> Answer:
        """The answer's head alone: its body is not read, and not waited for where it is a file."""

        def attempt(part: Request, headers: Mapping[str, str]) -> Answer:
            return self._once(part, headers, sink=_Unread())

        return self._signed(request, attempt)

    def local_path(self, url: str) -> str:
        """Path and query of an address that the service gave. Raises ConfigurationError for another host."""
        if url.startswith("/") and not url.startswith("//"):
            return url
        parts, own = urlsplit(url), urlsplit(self._base)
        if (parts.scheme, parts.netloc.lower()) != (own.scheme, own.netloc.lower()):
            raise ConfigurationError(
                "The service pointed to another host, which is not followed. Check the base address."
            )
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def _read(self, request: Request) -> Answer:
        repeating = Retrying(
            stop=stop_after_attempt(self._settings.attempts) | stop_before_delay(self._settings.patience),
            wait=self._pause,
            sleep=self._settings.sleep,
            retry=retry_if_exception_type((NotSent, Unknown)) | retry_if_result(_read_again),
            retry_error_callback=_last_word,
        )
        answer: Answer = repeating(self._signed, request)
        return answer

    def _pause(self, state: RetryCallState) -> float:
        jitter: float = wait_random_exponential(multiplier=0.5, max=15)(state)
        answer = state.outcome.result() if state.outcome and not state.outcome.failed else None
        if answer is None or answer.status != 429:
            return jitter
        told = answer.retry_after or answer.number(self._settings.rate_headers.reset) or 0.0
        return min(float(told), LONGEST_WAIT) + jitter

    def _signed(
        self, request: Request, attempt: Callable[[Request, Mapping[str, str]], Answer] | None = None
    ) -> Answer:
        send = attempt or self._once
        headers = self._auth.headers(self._once)
        answer = send(request, headers)
        if self._auth.renew(self._once, headers, answer):
            answer = send(request, self._auth.headers(self._once))
        return answer

    def _once(
        self,
        request: Request,
        headers: Mapping[str, str],
        *,
        sink: Sink | None = None,
        deadline: float | None = None,
    ) -> Answer:
        self._pacer.acquire(requests=1, tokens=request.cost)
        started = time.monotonic()
        attempt = Attempt(ends=started + (deadline or self._settings.deadline))
        token = current_attempt.set(attempt)
        try:
            answer = self._exchange(request, headers, attempt, sink)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise _failure(request, error, attempt, time.monotonic() - started) from None
        finally:
            current_attempt.reset(token)
        redaction.log_answer(request, answer, time.monotonic() - started)
        self._observe(answer)
        return answer

    def _exchange(
        self, request: Request, headers: Mapping[str, str], attempt: Attempt, sink: Sink | None
    ) -> Answer:
        with self._client.stream(
            request.method,
            self._base + request.target,
            content=None if request.body is None else _encoded(request.body),
            headers=_headers(request, headers),
        ) as response:
            told = {name.lower(): value for name, value in response.headers.items()}
            into = sink if response.status_code == httpx.codes.OK else None
            body, complete = self._collected(response, told, attempt, into)
        return Answer(response.status_code, told, body, _parsed(body) if complete else None, complete)

    def _collected(
        self, response: httpx.Response, headers: Mapping[str, str], attempt: Attempt, sink: Sink | None
    ) -> tuple[bytes, bool]:
        parts: list[bytes] = []
        write = parts.append if sink is None else sink.write
        cap = self._settings.max_body if sink is None else None
        if isinstance(sink, _Unread):
            return b"", True
        try:
            for part in iter_decoded(response.iter_raw(), headers, cap=cap, ends=attempt.ends):
                _put(part, write)
        except (httpx.HTTPError, BodyCut, OSError):
            return b"".join(parts), False
        return b"".join(parts), True

    def _observe(self, answer: Answer) -> None:
        rate = self._settings.rate_headers
        self._pacer.observe(
            limit=answer.number(rate.limit),
            remaining=answer.number(rate.remaining),
            throttled=answer.status == 429,
        )


def _guarded(settings: ClientSettings) -> GuardedTransport:
    return GuardedTransport(private_network=settings.private_network, connections=settings.connections)


def checked_base(base_url: str, *, private_network: bool) -> str:
    """The address without a trailing slash. Raises ConfigurationError for anything but a plain https address;
    plain http is for a stand-in service on a private network only."""
    parts = urlsplit(base_url.strip())
    schemes = ("https", "http") if private_network else ("https",)
    plain = not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in schemes or not parts.hostname or not plain:
        raise ConfigurationError(
            "The address must begin with https:// and hold nothing but a host and a path."
        )
    return base_url.strip().rstrip("/")


def _read_again(answer: Answer) -> bool:
    if answer.status == 429 and (answer.retry_after or 0.0) > LONGEST_WAIT:
        return False
    # A page or half a document under 200 comes from something between us and the service.
    spoiled = answer.status == 200 and not answer.is_json
    return spoiled or answer.status in READ_AGAIN or not answer.complete


def _last_word(state: RetryCallState) -> Answer:
    assert state.outcome is not None
    answer: Answer = state.outcome.result()
    return answer


def _encoded(body: JsonValue | bytes) -> bytes:
    if isinstance(body, bytes):
        return body
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except ValueError:
        raise PermanentError(
            "A value of this record is no text or number that can be sent. Correct it at its source."
        ) from None


def _headers(request: Request, credentials: Mapping[str, str]) -> dict[str, str]:
    headers = {"accept": "application/json", **request.headers, **credentials}
    if request.body is not None:
        headers.setdefault("content-type", "application/json")
    return headers


def _parsed(body: bytes) -> JsonValue:
    if body.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        parsed: JsonValue = json.loads(body)
    except ValueError:
        return None
    # Names that strangers gave come through here too; no database takes such a text.
    return sound(parsed) if _UNSOUND.search(body) else parsed


def _failure(request: Request, error: Exception, attempt: Attempt, seconds: float) -> NotSent | Unknown:
    cause = type(error).__name__
    never_left = isinstance(error, httpx.LocalProtocolError | httpx.InvalidURL) and not attempt.wrote
    not_sent = never_left or (isinstance(error, NEVER_CONNECTED) and not attempt.wrote)
    redaction.log_failure(request, "not sent" if not_sent else "unknown", cause, seconds)
    if not_sent:
        return NotSent(
            "The service could not be reached; nothing was sent. Check the connection.", cause=cause
        )
    return Unknown("The service did not answer in time or broke off. What it did is not known.", cause=cause)


def _put(part: bytes, write: Callable[[bytes], object]) -> None:
    try:
        write(part)
    except OSError as error:
        raise ConfigurationError("The file could not be written. Free disk space and start again.") from error
