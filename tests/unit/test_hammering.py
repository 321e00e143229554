"""Raw connections ask, count and follow cursors; they take nothing but a 200 for an answer."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from migrator.management.hammering import Connection, Rate, Unanswered, hammer, request_bytes, walk

Serve = Callable[[Callable[[bytes], bytes]], int]
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answered(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nx: y\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


def _talk(connection: socket.socket, answer: Callable[[bytes], bytes]) -> None:
    with connection:
        while asked := connection.recv(65_536):
            sent = answer(asked)
            if not sent:
                return
            # In two parts, as a network does it.
            connection.sendall(sent[:10])
            connection.sendall(sent[10:])


@pytest.fixture
def serve() -> Iterator[Serve]:
    doors: list[socket.socket] = []

    def start(answer: Callable[[bytes], bytes]) -> int:
        door = socket.create_server(("127.0.0.1", 0))
        doors.append(door)

        def accept() -> None:
            while True:
                try:
                    connection, _ = door.accept()
                except OSError:
                    return
                threading.Thread(target=_talk, args=(connection, answer), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return int(door.getsockname()[1])

    yield start
    for door in doors:
        door.shutdown(socket.SHUT_RDWR)
        door.close()


def test_it_counts_what_was_answered(serve: Serve) -> None:
    asked: list[bytes] = []
    port = serve(lambda request: asked.append(request) or GOOD)  # type: ignore[func-returns-value]
    rate = hammer(port, lambda: request_bytes("GET", "/x", "token"), seconds=0.05, connections=3)
    assert rate.requests == len(asked) - 3  # the last of each connection falls outside the time
    assert rate.per_second == pytest.approx(rate.requests / rate.seconds)
    assert Rate(0, 0.0).per_second == 0.0


def test_a_body_longer_than_the_buffer_is_read_whole(serve: Serve) -> None:
    body = b"x" * 3_000_000
    with closing(Connection(serve(lambda request: answered(body)))) as connection:
        assert connection.ask(b"GET / HTTP/1.1\r\n\r\n").body == body
        assert connection.ask(b"GET / HTTP/1.1\r\n\r\n").body == body


@pytest.mark.parametrize("sent", [answered(b"no", "429 Too Many"), b"HTTP/1.1 200 OK\r\n\r\n", b""])
def test_another_answer_ends_it(sent: bytes, serve: Serve) -> None:
    port = serve(lambda request: sent)
    with pytest.raises(Unanswered):
        hammer(port, lambda: b"GET / HTTP/1.1\r\n\r\n", seconds=5, connections=1)


def test_cursors_are_followed_to_the_end(serve: Serve) -> None:
    following = {b"/start": b"1", b"/1": b"2", b"/2": b""}
    port = serve(lambda request: answered(following[request.split(b" ")[1]]))

    def request(cursor: str | None) -> bytes:
        return request_bytes("GET", f"/{cursor or 'start'}", "token")

    taken = list(walk(port, request, lambda body: body.decode() or None, seconds=5))
    assert [answer.body for _, answer in taken] == [b"1", b"2", b""]


def test_a_request_has_its_token_and_its_length() -> None:
    assert request_bytes("POST", "/x", "t", b"{}") == (
        b"POST /x HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-token: t\r\n"
        b"content-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
    )
