"""Valkey as Celery's broker, as a child process on a Unix socket. It holds wake-ups only, never a fact."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from migrator.embedded import binaries, places
from migrator.embedded.places import Places
from migrator.embedded.supervisor import Child

ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8"}
GREETING, ANSWER = b"PING\r\n", b"+PONG"


@dataclass(frozen=True, slots=True)
class Valkey:
    """One server: its program, its data folder and its socket."""

    program: Path
    folder: Path
    socket: Path
    places: Places

    def child(self) -> Child:
        return Child(
            name="valkey",
            command=(str(self.program), *self._options()),
            is_ready=self.answers,
            environment=ENVIRONMENT,
            identity=self.places.identity,
            before_start=lambda: self.socket.unlink(missing_ok=True),
        )

    def url(self) -> str:
        return f"redis+socket://{self.socket}"

    def answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
                door.settimeout(2)
                door.connect(str(self.socket))
                door.sendall(GREETING)
                return door.recv(16).startswith(ANSWER)
        except OSError:
            return False

    def _options(self) -> list[str]:
        chosen = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes",
            # Each message is handed to the kernel before it is confirmed, so a killed broker loses none. "everysec"
            # holds writes back while the disk is busy with the last second's.
            "appendfsync": "no",
            # Evicting a message to make room would lose it silently.
            "maxmemory-policy": "noeviction",
            "save": "",
            "daemonize": "no",
        }
        return [part for name, value in chosen.items() for part in (f"--{name}", value)]


def prepare(where: Places) -> Valkey:
    program = binaries.valkey_program(where.identity, where.service)
    folder = places.owned_folder(where.service / "valkey-data", where.identity)
    return Valkey(program, folder, where.sockets / "valkey.sock", where)
