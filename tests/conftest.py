"""What every test has: no network but loopback, and a browser's path where a test asks for one."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

from migrator.embedded import chromium
from tests.company import company, running_company, walk

__all__ = ["company", "running_company", "walk"]

# A machine that has much to do is slow and not wrong.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


def is_loopback(address: Any) -> bool:
    """Whether a socket address stays on this machine. No name is looked up: only localhost is known to."""
    if not isinstance(address, tuple):
        return True
    host = address[0]
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    """Refuse every connection that would leave this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        yield


def _guarded(connect: Any) -> Any:
    def guarded(self: socket.socket, address: Any) -> Any:
        if not is_loopback(address):
            raise AssertionError(f"A test tried to connect to {address!r}. Tests talk to this machine only.")
        return connect(self, address)

    return guarded


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser's program. Without one the test is skipped, or fails where CI is set."""
    found = chromium.find()
    if found is None:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(os.environ.get("CROSSWALK_NO_CHROMIUM") or chromium.MISSING)
    return found
