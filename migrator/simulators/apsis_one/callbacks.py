"""Calling back whoever asked for an export: a small POST to an address on this machine.

The real service calls any public address. The simulator calls only loopback, unless a switch allows more: a test
machine must not knock on strangers' doors.
"""

import json
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, urlsplit

from migrator.simulators.apsis_one.problems import ApiProblem

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SECONDS = 10.0


def check_address(url: str, *, foreign: bool) -> SplitResult:
    """The parts of a callback address, or 400 for one that cannot or may not be called."""
    parts = urlsplit(url)
    try:
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        port_is_right = False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_right:
        raise ApiProblem(400, "callback_url must be an address that takes a POST.")
    if not foreign and parts.hostname not in _LOOPBACK:
        raise ApiProblem(400, "The simulator calls back only addresses on its own machine.")
    return parts


def post(parts: SplitResult, body: dict[str, Any]) -> bool:
    """Whether the address took the message; nobody is told of a failure."""
    connection_type = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = connection_type(str(parts.hostname), parts.port, timeout=_SECONDS)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        connection.request("POST", target, json.dumps(body), {"content-type": "application/json"})
        return 200 <= connection.getresponse().status < 300
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
