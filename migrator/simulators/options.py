"""The command line of the simulators: every option in one place, checked before anything is built.

Both commands that serve them read their options here, so they know the same words and the same defaults.
"""

import argparse
import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from migrator.simulators import switches
from migrator.simulators.apsis_one.settings import ApsisSettings
from migrator.simulators.pipedrive.limits import PLANS
from migrator.simulators.pipedrive.settings import PipedriveSettings
from migrator.simulators.seeds.account import DEMO, DEMO_PROFILES, DEMO_SEED, NAMES

HOST = "127.0.0.1"
SIDES = ("source", "target")
BAD_INPUT = 2
_BUDGETS = ("daily", "per-minute")


class BadOption(Exception):
    """An option that can not be; the text is one sentence for a person."""


class Parser(argparse.ArgumentParser):
    """A parser whose refusal is one sentence and no page of usage."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end with 2."""
        self.exit(BAD_INPUT, f"{message[:1].upper()}{message[1:]}: --help lists every option.\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to simulate, and how. `words` are the options as they were written, for a child process."""

    account: str = DEMO
    seed: int = DEMO_SEED
    profiles: int = DEMO_PROFILES
    events: float | None = None
    empty: bool = False
    control: bool = False
    limits: bool = True
    faults: Mapping[str, Any] = field(default_factory=dict)
    source: ApsisSettings = field(default_factory=ApsisSettings)
    target: PipedriveSettings = field(default_factory=PipedriveSettings)
    words: tuple[str, ...] = ()


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that both commands share. All are read as text, so that `read_options` can word refusals."""
    parser.add_argument("--account", default=DEMO, help=f"the made-up company: {', '.join(NAMES)}")
    parser.add_argument("--seed", default=str(DEMO_SEED), help="which of its accounts, from 0")
    parser.add_argument("--profiles", default=str(DEMO_PROFILES), help="profiles in the source, from 1")
    parser.add_argument("--events-per-profile", help="events of a profile on average (default: about eight)")
    parser.add_argument("--empty", action="store_true", help="start the target as a new account")
    parser.add_argument("--plan", help=f"the target's plan: {', '.join(PLANS)} (default: ultimate)")
    parser.add_argument("--seats", help="the target's seats, which multiply its daily tokens (default: 5)")
    parser.add_argument("--budget", help="the target's token budget: daily or per-minute (default: daily)")
    parser.add_argument(
        "--reset-hour", help="hour (UTC) at which the daily budget starts afresh (default: 0)"
    )
    parser.add_argument("--token", help="API token of the target's owner")
    parser.add_argument("--limits-off", action="store_true", help="answer without rate and token limits")
    parser.add_argument("--time-scale", help="factor for the source's waits and windows (default: 1)")
    parser.add_argument("--export-delay", help="seconds until an export of the source is ready (default: 2)")
    parser.add_argument(
        "--faults", metavar="FILE", help="fault plan: an object, or one each for source and target"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SIDE.SWITCH=VALUE",
        help="any switch, as in target.search_lag_seconds=5 or source.retry_after=true",
    )


def read_options(values: Mapping[str, Any], *, control: bool) -> Options:
    """The options as values. Raises BadOption for the first one that can not be."""
    try:
        if values.get("threads") is not None:
            whole(values["threads"], "--threads", 1, most=512)
        return _read(values, control=control)
    except ValueError as error:
        raise BadOption(str(error)) from error


def free_port(text: Any, option: str) -> int:
    """The port, which nobody listens on. Raises BadOption."""
    try:
        port = whole(text, option, 1, most=65_535)
    except ValueError as error:
        raise BadOption(str(error)) from error
    with socket.socket() as probe:
        # As servers do it: a port that only waits out old connections counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise BadOption(
                f"Port {port} is in use by another program, or not ours to use: choose another with {option}."
            ) from None
    return port


def whole(text: Any, option: str, least: int, *, most: int | None = None) -> int:
    """A whole number from a command line. Raises ValueError with a sentence."""
    shown = str(text).strip()
    number = int(shown) if shown.removeprefix("-").isdecimal() and shown.isascii() else None
    if number is None or number < least or (most is not None and number > most):
        bounds = f"from {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{option} must be a whole number {bounds}, not {shown}.")
    return number


def kept_in(folder: Path, options: Options) -> tuple[Path, Path]:
    """The files of source and target in a folder that keeps them. Raises BadOption for a folder of another account."""
    mark = folder / "account.json"
    mine = {
        "account": options.account,
        "seed": options.seed,
        "profiles": options.profiles,
        "empty": options.empty,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = json.loads(mark.read_text()) if mark.exists() else None
        if held is None:
            mark.write_text(json.dumps(mine))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "account.json in it can not be read"
        raise BadOption(f"--keep {folder} can not be used ({reason}): name another folder.") from error
    if held is not None and held != mine:
        words = ", ".join(f"{name} {value}" for name, value in held.items())
        raise BadOption(f"--keep {folder} holds another account ({words}): name another folder.")
    return folder / "source.sqlite3", folder / "target.sqlite3"


def _read(values: Mapping[str, Any], *, control: bool) -> Options:
    account, seed = values["account"], whole(values["seed"], "--seed", 0)
    if account not in NAMES:
        raise ValueError(f"There is no account {account!r}: --account takes {', '.join(NAMES)}.")
    profiles = _profiles(values["profiles"])
    switched = _switched(values["set"])
    return Options(
        account=account,
        seed=seed,
        profiles=profiles,
        events=_number(values, "events_per_profile", 0.0),
        empty=bool(values["empty"]),
        control=control,
        limits=not values["limits_off"],
        faults=_faults(values["faults"]),
        source=switches.parsed(_source(values), switched["source"]),
        target=switches.parsed(_target(values, account, seed), switched["target"]),
        words=_words(values),
    )


# Ten times what was measured; beyond it a start would take hours without a word.
MOST_PROFILES = 5_000_000


def _profiles(text: Any) -> int:
    try:
        return whole(text, "--profiles", 1, most=MOST_PROFILES)
    except ValueError as error:
        raise ValueError(f"{error} A target without contents is --empty.") from error


def _source(values: Mapping[str, Any]) -> ApsisSettings:
    given = {
        "time_scale": _number(values, "time_scale", 0.0),
        "export_delay": _number(values, "export_delay", 0.0),
    }
    if given["time_scale"] == 0:
        raise ValueError("--time-scale must be more than 0: 0.1 makes every wait ten times shorter.")
    known: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    return ApsisSettings(limits_off=bool(values["limits_off"]), **known)


def _target(values: Mapping[str, Any], account: str, seed: int) -> PipedriveSettings:
    given: dict[str, Any] = {"account": account, "seed": seed, "limits_off": bool(values["limits_off"])}
    for name, known in (("plan", tuple(PLANS)), ("budget", _BUDGETS)):
        if values[name] is not None:
            if values[name] not in known:
                raise ValueError(f"There is no {name} {values[name]!r}: --{name} takes {', '.join(known)}.")
            given[name] = values[name]
    if values["seats"] is not None:
        given["seats"] = whole(values["seats"], "--seats", 1)
    if values["reset_hour"] is not None:
        given["reset_hour_utc"] = whole(values["reset_hour"], "--reset-hour", 0, most=23)
    if values["token"] is not None:
        if not values["token"].strip():
            raise ValueError("--token must not be empty: leave it out for the usual one.")
        given["token"] = values["token"]
    return PipedriveSettings(**given)


def _number(values: Mapping[str, Any], name: str, least: float) -> float | None:
    text = values[name]
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not least <= number < float("inf"):
        raise ValueError(f"--{name.replace('_', '-')} must be a number from {least:g}, not {text}.")
    return number


def _switched(items: Sequence[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {side: {} for side in SIDES}
    for item in items:
        place, equals, value = item.partition("=")
        side, dot, name = place.partition(".")
        if not (equals and dot and side in SIDES):
            raise ValueError(f"--set takes source.SWITCH=VALUE or target.SWITCH=VALUE, not {item}.")
        found[side][name] = value
    return found


def _faults(name: str | None) -> dict[str, Any]:
    """A plan by side. Raises ValueError with a sentence."""
    if name is None:
        return {}
    try:
        sent = json.loads(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"--faults {name} can not be read ({error.strerror}): name a JSON file.") from error
    except ValueError as error:
        raise ValueError(f"--faults {name} is not JSON ({error}): correct the file.") from error
    if not isinstance(sent, dict):
        raise ValueError(f"--faults {name} must hold a JSON object.")
    if sent and sent.keys() <= set(SIDES):
        for side, plan in sent.items():
            _check_plan(side, plan)
        return dict(sent)
    return _for_whom_it_is(sent)


def _for_whom_it_is(plan: Any) -> dict[str, Any]:
    """A plan without sides goes to each side that knows all its words."""
    found, problem = {}, ""
    for side in SIDES:
        try:
            _check_plan(side, plan)
            found[side] = plan
        except ValueError as error:
            problem = str(error)
    if not found:
        raise ValueError(problem)
    return found


def _check_plan(side: str, plan: Any) -> None:
    from migrator.simulators.apsis_one import faulting as apsis_one
    from migrator.simulators.apsis_one.others import ACTORS as SOURCE_ACTORS
    from migrator.simulators.faults import FaultKind, plan_from
    from migrator.simulators.pipedrive.actors import ACTORS as TARGET_ACTORS

    kinds, actors = (
        (apsis_one.KINDS, SOURCE_ACTORS) if side == "source" else (tuple(FaultKind), TARGET_ACTORS)
    )
    try:
        plan_from(plan, kinds=kinds, actors=actors)
    except ValueError as error:
        raise ValueError(f"--faults, {side}: {error}") from error


def _words(values: Mapping[str, Any]) -> tuple[str, ...]:
    words: list[str] = []
    for name in _PASSED_ON:
        if values[name] is not None:
            value = str(Path(values[name]).resolve()) if name == "faults" else str(values[name])
            words.append(f"--{name.replace('_', '-')}={value}")
    words += [f"--{name.replace('_', '-')}" for name in ("empty", "limits_off") if values[name]]
    return (*words, *(f"--set={item}" for item in values["set"]))


_PASSED_ON = (
    *("account", "seed", "profiles", "events_per_profile", "plan", "seats", "budget", "reset_hour", "token"),
    *("time_scale", "export_delay", "faults"),
)


def simple_options(account: str, seed: int, profiles: int, *, limits: bool) -> Options:
    """The options of a company and its size alone, for those who start simulators from a program."""
    values = vars(_defaults()) | {
        "account": account,
        "seed": seed,
        "profiles": profiles,
        "limits_off": not limits,
    }
    return read_options(values, control=True)


def _defaults() -> argparse.Namespace:
    parser = Parser()
    add_options(parser)
    return parser.parse_args([])
