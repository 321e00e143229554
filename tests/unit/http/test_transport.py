"""Which addresses a connection may be opened to."""

import httpcore
import pytest

from migrator.http.transport import Attempt, GuardedBackend, current_attempt, is_public, public_address


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "2002:0a00:0001::",
        "64:ff9b::7f00:1",
    ],
)
def test_it_knows_a_private_address(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "104.16.1.1", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_it_knows_a_public_address(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "2130706433", "0x7f000001", "[::1]"])
def test_it_opens_no_connection_into_a_private_network(host: str) -> None:
    with pytest.raises(httpcore.ConnectError):
        GuardedBackend(private_network=False).connect_tcp(host.strip("[]"), 80, timeout=1.0)


def test_a_name_that_leads_nowhere_is_no_connection() -> None:
    with pytest.raises(httpcore.ConnectError, match="could not be resolved"):
        public_address("a" * 70, 80)


def test_a_public_address_is_connected_to_as_it_was_checked() -> None:
    assert public_address("8.8.8.8", 443) == "8.8.8.8"


def test_nothing_begins_after_the_deadline() -> None:
    token = current_attempt.set(Attempt(ends=0.0))
    try:
        with pytest.raises(httpcore.ConnectTimeout, match="deadline"):
            GuardedBackend(private_network=True).connect_tcp("127.0.0.1", 1)
    finally:
        current_attempt.reset(token)
