"""The client over real sockets on this machine: what is known after a connection fails in each way."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from migrator.http.auth import NoAuth
from migrator.http.client import ClientSettings, HttpClient
from migrator.http.messages import NotSent, Request, Unknown
from tests.wire_clients import NoPacer

Script = Callable[[socket.socket], None]


@contextmanager
def service(script: Script) -> Iterator[str]:
    """A server that takes connections and does with each what the script says."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    script(connection)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stopped.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(2)


def client_for(address: str, *, deadline: float = 1.0, private: bool = True) -> HttpClient:
    settings = ClientSettings(
        deadline=deadline, connect=0.5, attempts=1, private_network=private, sleep=lambda seconds: None
    )
    return HttpClient(address, NoAuth(), NoPacer(), settings=settings)


WRITE = Request("POST", "/things", body={"name": "Ann"}, name="/things")


def reads_then(*parts: bytes, pause: float = 0.0) -> Script:
    def script(connection: socket.socket) -> None:
        connection.recv(65_536)
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)

    return script


def drips(head: bytes, piece: bytes, pause: float) -> Script:
    def script(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(head)
        for _ in range(200):
            connection.sendall(piece)
            time.sleep(pause)

    return script


def test_nothing_was_sent_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NotSent):
        client_for(f"http://127.0.0.1:{port}").send(WRITE)


def test_nothing_was_sent_where_the_other_side_speaks_no_tls() -> None:
    with service(reads_then(b"no such thing")) as address, pytest.raises(NotSent):
        client_for(address.replace("http", "https")).send(WRITE)


def test_nothing_was_sent_to_a_private_address() -> None:
    seen: list[bytes] = []
    with service(lambda connection: seen.append(connection.recv(10))) as address, pytest.raises(NotSent):
        client_for(address.replace("http", "https"), private=False).send(WRITE)
    assert seen == []


def test_a_connection_that_ends_without_an_answer_leaves_a_doubt() -> None:
    with service(reads_then()) as address, pytest.raises(Unknown):
        client_for(address).send(WRITE)


def test_a_silent_service_leaves_a_doubt_at_the_deadline() -> None:
    def silent(connection: socket.socket) -> None:
        connection.recv(65_536)
        time.sleep(3)

    with service(silent) as address:
        started = time.monotonic()
        with pytest.raises(Unknown):
            client_for(address, deadline=0.4).send(WRITE)
        assert time.monotonic() - started < 1.5


def test_a_head_that_drips_ends_at_the_deadline() -> None:
    """Each byte comes in time for a read, so only a deadline over the whole request ends it."""
    with service(drips(b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n", 0.1)) as address:
        started = time.monotonic()
        with pytest.raises(Unknown):
            client_for(address, deadline=0.5).send(WRITE)
        assert time.monotonic() - started < 1.5


def test_a_body_that_drips_is_cut_at_the_deadline() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"
    with service(drips(head, b"x", 0.1)) as address:
        started = time.monotonic()
        answer = client_for(address, deadline=0.5).send(WRITE)
        assert time.monotonic() - started < 1.5
    assert (answer.status, answer.complete) == (200, False)


def test_a_body_that_is_cut_short_is_not_whole() -> None:
    with service(reads_then(b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"data":')) as address:
        answer = client_for(address).send(WRITE)
    assert (answer.status, answer.complete, answer.json) == (200, False, None)


def test_an_answer_that_is_no_http_leaves_a_doubt() -> None:
    with service(reads_then(b"hello\r\n\r\n")) as address, pytest.raises(Unknown):
        client_for(address).send(WRITE)


def test_a_whole_answer_is_read() -> None:
    reply = b'HTTP/1.1 200 OK\r\ncontent-length: 11\r\nconnection: close\r\n\r\n{"data": 1}'
    with service(reads_then(reply)) as address:
        answer = client_for(address).send(WRITE)
    assert (answer.json, answer.complete) == ({"data": 1}, True)


def test_a_head_is_enough_where_the_file_is_endless() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"
    with service(drips(head, b"x" * 1000, 0.05)) as address:
        started = time.monotonic()
        answer = client_for(address, deadline=5).peek(Request("GET", "/file", repeat=False))
        assert time.monotonic() - started < 2
    assert (answer.status, answer.body) == (200, b"")
