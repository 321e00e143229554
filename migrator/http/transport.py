"""The sockets under the client: a deadline over the whole request, and no connection to a private network.

Both are checked where bytes move, because a deadline on each read lets a slow server hold a worker for ever,
and an address checked before the connection can be another one at the connection.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx


@dataclass(slots=True)
class Attempt:
    """One request on its way: until when it may take, and whether any of it has left this machine."""

    ends: float
    wrote: bool = False

    def left(self, timeout: float | None) -> float:
        """Seconds that the next socket call may take; zero or less means that time is up."""
        left = self.ends - time.monotonic()
        return left if timeout is None else min(left, timeout)


NAT64 = ipaddress.ip_network("64:ff9b::/96")

current_attempt: ContextVar[Attempt | None] = ContextVar("current_attempt", default=None)


class ForbiddenAddress(httpcore.ConnectError):
    """The name leads to an address inside a private network."""


class TimedStream(httpcore.NetworkStream):
    """A socket whose every call ends at the deadline of the request in progress."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _allowed(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        allowed = _allowed(timeout, httpcore.WriteTimeout)
        attempt = current_attempt.get()
        if attempt is not None and buffer:
            attempt.wrote = True
        self._stream.write(buffer, allowed)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        allowed = _allowed(timeout, httpcore.ConnectTimeout)
        return TimedStream(self._stream.start_tls(ssl_context, server_hostname, allowed))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class GuardedBackend(httpcore.NetworkBackend):
    """Opens sockets to public addresses only, unless private ones are allowed for a stand-in service."""

    def __init__(self, *, private_network: bool) -> None:
        self._private_network = private_network
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        allowed = _allowed(timeout, httpcore.ConnectTimeout)
        address = host if self._private_network else public_address(host, port)
        return TimedStream(self._sockets.connect_tcp(address, port, allowed, local_address, socket_options))


class GuardedTransport(httpx.HTTPTransport):
    """httpx's own transport over a pool with guarded sockets. It keeps idle connections for a short while
    only: one that the service closes under a write leaves an ambiguous operation behind."""

    def __init__(self, *, private_network: bool, connections: int) -> None:
        context = httpx.create_ssl_context(trust_env=False)
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=4.0,
            network_backend=GuardedBackend(private_network=private_network),
        )


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, also when IPv6 wraps an IPv4 address."""
    found = ipaddress.ip_address(address.partition("%")[0])
    wrapped = None
    if isinstance(found, ipaddress.IPv6Address):
        wrapped = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if found in NAT64:
            wrapped = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    shown = wrapped or found
    return shown.is_global and not shown.is_multicast


def _allowed(timeout: float | None, error: type[Exception]) -> float | None:
    attempt = current_attempt.get()
    if attempt is None:
        return timeout
    left = attempt.left(timeout)
    if left <= 0:
        raise error("the deadline of the whole request has passed")
    return left


def public_address(host: str, port: int) -> str:
    """An address of a host on the public internet. Raises httpcore's ConnectError for any other host."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError("the name could not be resolved") from error
    addresses = [str(entry[4][0]) for entry in found]
    # One private address among several is refused too: the next look-up could order them otherwise.
    if not addresses or not all(is_public(address) for address in addresses):
        raise ForbiddenAddress("the name leads to a private network")
    return addresses[0]
