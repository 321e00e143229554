"""The tests' own fence: nothing leaves this machine."""

import socket

import pytest


def test_a_connection_to_another_machine_is_refused() -> None:
    with socket.socket() as door, pytest.raises(AssertionError, match="this machine only"):
        door.connect(("192.0.2.1", 80))


def test_a_connection_to_loopback_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
