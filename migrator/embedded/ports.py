"""Free ports on loopback that stay the same from start to start, so that bookmarks and connections hold."""

import json
import socket
from pathlib import Path

from migrator.embedded.problems import EmbeddedProblem

HOST = "127.0.0.1"
TRIED = 200


def is_free(port: int) -> bool:
    with socket.socket() as door:
        # As servers do it: a port that only waits out old connections counts as free.
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((HOST, port))
        except OSError:
            return False
    return True


def asked_for(port: int, option: str = "--port") -> int:
    """The very port that a person named with the option."""
    if not 1 <= port <= 65535:
        raise EmbeddedProblem(f"{port} is no port. Name one from 1 to 65535 with {option}.")
    if not is_free(port):
        raise EmbeddedProblem(
            f"Port {port} is taken, or not ours to use. Nothing was started: name another with {option}."
        )
    return port


def any_free(*, besides: int | None = None) -> int:
    """A port that the system picks."""
    with socket.socket() as door:
        door.bind((HOST, 0))
        found = int(door.getsockname()[1])
    return found if found != besides else any_free(besides=besides)


def remembered(memory: Path, name: str, first: int, *, taken: frozenset[int] = frozenset()) -> int:
    """The port of the last start, or the first free one from `first`; either way noted for the next start."""
    known = _known(memory)
    candidates = [known[name]] if name in known else []
    candidates += range(first, first + TRIED)
    port = next((port for port in candidates if port not in taken and is_free(port)), None)
    if port is None:
        raise EmbeddedProblem(f"No free port from {first} to {first + TRIED - 1}. End another program first.")
    memory.write_text(json.dumps(known | {name: port}))
    return port


def accepts(port: int) -> bool:
    """Whether something listens."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


def _known(memory: Path) -> dict[str, int]:
    try:
        return {str(name): int(port) for name, port in json.loads(memory.read_text()).items()}
    except (OSError, ValueError, AttributeError):
        return {}
