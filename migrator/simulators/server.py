"""Serve one simulator on a local port, in its own process: `python -m migrator.simulators.server target`.

One granian worker with threads. It decides nothing about behaviour; the vendors' packages do.
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
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, cast
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from migrator.simulators import kept
from migrator.simulators.options import (
    BAD_INPUT,
    HOST,
    BadOption,
    Options,
    Parser,
    add_options,
    free_port,
    read_options,
)

CONFIG_VARIABLE = "CROSSWALK_SIMULATOR"
# Requests that hang or drip in a fault hold a thread each; the threads beyond the first few wait for those.
THREADS = 64
_POLL_SECONDS = 0.3
_START_SECONDS = 3_600.0
_SET_PARENT_DEATH_SIGNAL = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal; 2, after one sentence, for options that can not be."""
    config = vars(_parser().parse_args(arguments))
    try:
        config["port"] = free_port(config["port"], "--port")
        options = read_options(config, control=config["control"])
        _check_file(config["db"])
        kept.check(config["db"], config["side"], options)
    except BadOption as problem:
        print(problem, file=sys.stderr)
        return BAD_INPUT
    options = kept.held(options, config["db"])
    os.environ[CONFIG_VARIABLE] = json.dumps(config)
    if config["die_with_parent"]:
        _watch_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    threading.Thread(target=_announce, args=(config, options), daemon=True).start()
    _serve(config)
    return 0


def application() -> WSGIApplication:
    """The application of one worker process, from the options the main process left in the environment."""
    config = json.loads(os.environ[CONFIG_VARIABLE])
    _die_with_main_process()
    options = kept.held(read_options(config, control=config["control"]), config["db"])
    make = _target if config["side"] == "target" else _source
    app = make(options, config["db"])
    plan = options.faults.get(config["side"])
    if plan is not None:
        app.control.faults.resume(app.control.faults.parse(plan), plan)
    return telling(app)


def telling(app: WSGIApplication) -> WSGIApplication:
    """The application, with its own defects on standard error; connections dropped on purpose leave no word."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            raise

    return application


def ready_line(config: dict[str, Any], options: Options) -> dict[str, Any]:
    """What is printed when the simulator answers: where it is, whose it is, and how to sign in."""
    url = f"http://{HOST}:{config['port']}"
    line: dict[str, Any] = {"ready": True, "side": config["side"], "url": url, "pid": os.getpid()}
    line |= {"account": options.account, "seed": options.seed, "profiles": options.profiles}
    line |= {"control": f"{url}/_control" if options.control else None}
    return line | (target_credentials(options) if config["side"] == "target" else source_credentials(options))


def source_credentials(options: Options) -> dict[str, str]:
    """What opens the source."""
    return {"client_id": options.source.client_id, "client_secret": options.source.client_secret}


def target_credentials(options: Options) -> dict[str, str]:
    """What opens the target: the owner's API token, and the app that may ask for OAuth tokens."""
    target = options.target
    return {
        "api_token": target.token,
        "oauth_client_id": target.oauth_client_id,
        "oauth_client_secret": target.oauth_client_secret,
    }


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m migrator.simulators.server", description=__doc__)
    parser.add_argument("side", choices=("target", "source"), help="target is Pipedrive, source is APSIS One")
    parser.add_argument("--port", required=True, help="port on 127.0.0.1, from 1 to 65535")
    parser.add_argument(
        "--db", metavar="FILE", help="file that keeps the account over a restart (default: memory)"
    )
    add_options(parser)
    parser.add_argument("--control", action="store_true", help="open the control address /_control")
    parser.add_argument("--threads", default=str(THREADS), help="requests that are worked on at once")
    parser.add_argument("--die-with-parent", action="store_true", help="end with the process that started it")
    return parser


def _check_file(name: str | None) -> None:
    if name is None or name == ":memory:":
        return
    folder = Path(name).resolve().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK) or Path(name).is_dir():
        raise BadOption(f"--db {name} can not be a file there: name one in a folder that can be written to.")


def _target(options: Options, db: str | None) -> Any:
    from migrator.simulators.pipedrive.app import build_app
    from migrator.simulators.pipedrive.preload import Preload

    def made(account: str, seed: int, profiles: int) -> Preload:
        return cast(Preload, _account(account, seed, profiles, options.events).target_preload())

    def preload() -> Preload:
        return made(options.account, options.seed, options.profiles)

    return build_app(
        options.target,
        db or ":memory:",
        preload=Preload if options.empty else preload,
        control=options.control,
        reseed=kept.remembering(made, db),
    )


def _source(options: Options, db: str | None) -> Any:
    from migrator.simulators.apsis_one.app import build_app

    shape = {"lead_separator": options.source.lead_separator, "crm_ids": options.source.crm_ids}

    def made(name: str, seed: int, profiles: int) -> Any:
        return _account(name, seed, profiles, options.events, **shape)

    account = made(options.account, options.seed, options.profiles)
    path = None if db in (None, ":memory:") else db
    reseed = kept.remembering(made, db)
    return build_app(account, options.source, db_path=path, control=options.control, reseed=reseed)


def _account(name: str, seed: int, profiles: int, events: float | None, **shape: Any) -> Any:
    from migrator.simulators.seeds.account import NAMES, build_account

    if name not in NAMES:
        raise ValueError(f"There is no account {name!r}; known are: {', '.join(NAMES)}.")
    return build_account(name, seed, profiles, events_per_profile=events, **shape)


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
        blocking_threads=int(config["threads"]),
        factory=True,
        log_level=LogLevels.critical,
        workers_kill_timeout=3,
    ).serve()


def _announce(config: dict[str, Any], options: Options) -> None:
    # The worker listens only once its application is built, so a connection means ready.
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if _accepts(config["port"]):
            print(json.dumps(ready_line(config, options)), flush=True)
            return
        time.sleep(0.05)


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=2):
            return True
    except OSError:
        return False


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
