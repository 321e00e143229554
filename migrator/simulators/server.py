"""Serve one simulator on a local port, in its own process: `python -m migrator.simulators.server target`.

One granian worker with a few threads. It decides nothing about behaviour; the vendors' packages do.
"""

import argparse
import ctypes
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, cast
from wsgiref.types import WSGIApplication

CONFIG_VARIABLE = "CROSSWALK_SIMULATOR"
HOST = "127.0.0.1"
PORT_TAKEN = 2
_POLL_SECONDS = 0.3
_START_SECONDS = 300.0
_SET_PARENT_DEATH_SIGNAL = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal; 2 when the port is taken."""
    config = vars(_parser().parse_args(arguments))
    if not _port_is_free(config["port"]):
        print(
            f"Port {config['port']} is in use by another program: choose another with --port.",
            file=sys.stderr,
        )
        return PORT_TAKEN
    os.environ[CONFIG_VARIABLE] = json.dumps(config)
    if config["die_with_parent"]:
        _watch_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    threading.Thread(target=_announce, args=(config,), daemon=True).start()
    _serve(config)
    return 0


def application() -> WSGIApplication:
    """The application of one worker process, from the settings the main process left in the environment."""
    config = json.loads(os.environ[CONFIG_VARIABLE])
    _die_with_main_process()
    return _target(config) if config["side"] == "target" else _source(config)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m migrator.simulators.server", description=__doc__)
    parser.add_argument("side", choices=("target", "source"), help="target is Pipedrive, source is APSIS One")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--db", default=":memory:", help="file that keeps the target's records over a restart"
    )
    parser.add_argument("--account", default="nordlys", help="name of the made-up account")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--profiles", type=int, default=2_000, help="size of the made-up account")
    parser.add_argument("--empty", action="store_true", help="start the target as a new account")
    parser.add_argument("--limits-off", action="store_true")
    parser.add_argument("--plan", default="ultimate")
    parser.add_argument("--seats", type=int, default=5)
    parser.add_argument("--token", help="the target's API token")
    parser.add_argument("--threads", type=int, default=6)
    parser.add_argument("--die-with-parent", action="store_true")
    return parser


def _target(config: dict[str, Any]) -> WSGIApplication:
    from migrator.simulators.pipedrive.app import build_app
    from migrator.simulators.pipedrive.preload import Preload
    from migrator.simulators.pipedrive.settings import DEFAULT_TOKEN, PipedriveSettings

    settings = PipedriveSettings(
        account=config["account"],
        seed=config["seed"],
        token=config["token"] or DEFAULT_TOKEN,
        plan=config["plan"],
        seats=config["seats"],
        limits_off=config["limits_off"],
    )
    preload = Preload if config["empty"] else lambda: _account(config).target_preload()
    return build_app(settings, config["db"], preload=preload)


def _source(config: dict[str, Any]) -> WSGIApplication:
    from migrator.simulators.apsis_one.app import build_app
    from migrator.simulators.apsis_one.settings import ApsisSettings

    return cast(WSGIApplication, build_app(_account(config), ApsisSettings(limits_off=config["limits_off"])))


def _account(config: dict[str, Any]) -> Any:
    from migrator.simulators.seeds.account import build_account

    return build_account(config["account"], config["seed"], config["profiles"])


def _serve(config: dict[str, Any]) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    Granian(
        "migrator.simulators.server:application",
        address=HOST,
        port=config["port"],
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=config["threads"],
        factory=True,
        log_level=LogLevels.error,
        workers_kill_timeout=3,
    ).serve()


def _announce(config: dict[str, Any]) -> None:
    # The worker listens only once its application is built, so the first answer means ready.
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if _answers(config["port"]):
            print(json.dumps(_ready(config)), flush=True)
            return
        time.sleep(0.05)


def _ready(config: dict[str, Any]) -> dict[str, Any]:
    url = f"http://{HOST}:{config['port']}"
    ready = {
        "ready": True,
        "side": config["side"],
        "url": url,
        "control": f"{url}/_control",
        "pid": os.getpid(),
    }
    return ready | {key: config[key] for key in ("account", "seed", "profiles")}


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=2) as connection:
            connection.sendall(
                b"GET /_control/inspect HTTP/1.1\r\nHost: simulator\r\nConnection: close\r\n\r\n"
            )
            return connection.recv(12).startswith(b"HTTP/1.1")
    except OSError:
        return False


def _port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _die_with_main_process() -> None:
    # A worker must not outlive a killed main process, or the port stays taken.
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    _watch_parent(lambda: os._exit(1))


def _watch_parent(act: Callable[[], None]) -> None:
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_POLL_SECONDS)
        act()

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
