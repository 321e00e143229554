"""Raw keep-alive connections that ask as fast as answers come, so that a measurement is of the server.

It parses no more of an answer than its status and its length, and knows no vendor.
"""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

_BUFFER = 1 << 20
_PATIENCE = 60.0


class Unanswered(Exception):
    """The server closed the connection or answered something that is not HTTP with a length."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its status, and the body with its end where the length said."""

    status: int
    body: bytes


class Connection:
    """One keep-alive connection; `send` and `receive` alternate."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._socket = socket.create_connection((host, port), timeout=_PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(_BUFFER)

    def send(self, request: bytes) -> None:
        """One whole request."""
        self._socket.sendall(request)

    def receive(self) -> Answer:
        """The answer to it. Raises Unanswered."""
        held = 0
        while (end := self._buffer.find(b"\r\n\r\n", 0, held)) < 0:
            held += self._more(held)
        head = bytes(self._buffer[:end])
        start, whole = end + 4, end + 4 + _length(head)
        if whole > len(self._buffer):
            self._buffer.extend(bytes(whole - len(self._buffer)))
        while held < whole:
            held += self._more(held)
        return Answer(int(head[9:12]), bytes(self._buffer[start:whole]))

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def ask(self, request: bytes) -> Answer:
        """Send and receive."""
        self.send(request)
        return self.receive()

    def _more(self, held: int) -> int:
        with memoryview(self._buffer) as view:
            got = self._socket.recv_into(view[held:])
        if not got:
            raise Unanswered("the server closed the connection")
        return got


@dataclass(frozen=True, slots=True)
class Rate:
    """How many requests were answered with 200 in how many seconds."""

    requests: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Requests by second; 0 when nothing was asked."""
        return self.requests / self.seconds if self.seconds else 0.0


def hammer(port: int, requests: Callable[[], bytes], *, seconds: float, connections: int = 8) -> Rate:
    """Ask on some connections for some seconds. Raises Unanswered for any other answer than a 200.

    One thread serves all connections in turn: each has a request under way all the time, and the client
    spends no time on changing threads.
    """
    done, begun = 0, time.perf_counter()
    with ExitStack() as stack:
        opened = [stack.enter_context(closing(Connection(port))) for _ in range(connections)]
        for connection in opened:
            connection.send(requests())
        while time.perf_counter() - begun < seconds:
            for connection in opened:
                done += _is_good(connection.receive())
                connection.send(requests())
        lasted = time.perf_counter() - begun
        for connection in opened:
            _is_good(connection.receive())
    return Rate(done, lasted)


def walk(
    port: int,
    request: Callable[[str | None], bytes],
    follow: Callable[[bytes], str | None],
    *,
    seconds: float,
) -> Iterator[tuple[float, Answer]]:
    """Follow cursors on one connection until the last page or the end of the time: seconds taken and page."""
    cursor: str | None = None
    until = time.perf_counter() + seconds
    with closing(Connection(port)) as connection:
        while time.perf_counter() < until:
            begun = time.perf_counter()
            answer = connection.ask(request(cursor))
            _is_good(answer)
            yield time.perf_counter() - begun, answer
            cursor = follow(answer.body)
            if cursor is None:
                return


def request_bytes(method: str, path: str, token: str, body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-token: {token}\r\n"
    if body:
        head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + body


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    raise Unanswered("an answer came without its length")


def _is_good(answer: Answer) -> int:
    if answer.status != 200:
        raise Unanswered(f"an answer was {answer.status}: {answer.body[:300].decode('utf-8', 'replace')}")
    return 1
