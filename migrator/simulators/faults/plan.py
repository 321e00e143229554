"""A fault plan as a value: rates and scripts in, one draw per request out. No state, no clock, no chance."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from migrator.simulators.faults.keys import fraction, record_key
from migrator.simulators.faults.kinds import BARRING, FAULTS, STORMS, FaultKind
from migrator.simulators.http_wsgi import Request

Span = tuple[float, float]

# Seconds of a kind for which the plan names none: reference A5 F7 (late), a usual client deadline (timeouts).
DEFAULT_SECONDS: dict[str, Span] = {
    FaultKind.LATE: (1.0, 120.0),
    FaultKind.TIMEOUT_BEFORE: (30.0, 30.0),
    FaultKind.TIMEOUT_AFTER: (30.0, 30.0),
    FaultKind.SLOW: (5.0, 5.0),
    FaultKind.TOKEN_EXPIRED: (60.0, 60.0),
    FaultKind.TOKEN_REVOKED: (math.inf, math.inf),
    FaultKind.SCOPE_LOST: (math.inf, math.inf),
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One fault for one request. `seconds` is the wait, the delay, or how long a token stays refused."""

    kind: FaultKind
    seconds: float
    roll: float = 0.0


@dataclass(frozen=True, slots=True)
class ActorDraw:
    """Somebody else who acts on the record of a request, `seconds` after it; `roll` chooses the details."""

    name: str
    seconds: float
    roll: float


@dataclass(frozen=True, slots=True)
class Script:
    """A fault or an actor for chosen requests: the first `times` that match, after `skip` that went well.

    `path` is a prefix and `holds` a part of the body; empty matches all.
    """

    kind: str
    method: str = ""
    path: str = ""
    holds: str = ""
    times: int = 1
    skip: int = 0
    seconds: float | None = None

    def matches(self, request: Request) -> bool:
        """Whether the script has something left for this request."""
        return (
            self.times > 0
            and self.method in ("", request.method)
            and request.path.startswith(self.path)
            and (not self.holds or self.holds.encode() in request.body)
        )


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Rates by kind for the requests that `methods` and `paths` (prefixes) select; empty selects all.

    `rates` are shares of the attempts 1 to `attempts` of a key, and together at most 1; for the storms they are
    shares of the keys, refused for their first `storm_attempts`. `actors` are shares of the same attempts, each
    drawn by itself. `seconds` holds a span by kind or actor, "" for the rest. Sizes: `megabytes` of padding,
    `bytes_per_second` of a slow body, `skew_seconds` of the Date header, `budget_tokens` of the other app.
    """

    seed: int = 0
    rates: Mapping[FaultKind, float] = field(default_factory=dict)
    actors: Mapping[str, float] = field(default_factory=dict)
    methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    attempts: int = 1
    storm_attempts: int = 3
    seconds: Mapping[str, Span] = field(default_factory=dict)
    scripts: tuple[Script, ...] = ()
    megabytes: float = 100.0
    bytes_per_second: float = 20.0
    skew_seconds: float = 600.0
    budget_tokens: int = 1_000

    @property
    def is_empty(self) -> bool:
        """Whether nothing can go wrong."""
        return not (self.rates or self.actors or self.scripts)

    def selects(self, request: Request) -> bool:
        """Whether rates and actors apply to a request."""
        if self.methods and request.method not in self.methods:
            return False
        return not self.paths or request.path.startswith(self.paths)

    def draw(self, request: Request, attempt: int) -> FaultKind | None:
        """The fault for one attempt at one request, or None."""
        if not self.selects(request):
            return None
        drawn = self.fault(record_key(request), attempt)
        return drawn.kind if drawn else None

    def fault(self, key: str, attempt: int) -> Drawn | None:
        """The fault for one attempt at one record key. Later attempts than the plan's are left alone."""
        if attempt <= self.storm_attempts and (storm := self._storm(key)):
            return Drawn(storm, 0.0)
        if attempt > self.attempts:
            return None
        roll = fraction(f"{self.seed}|{key}|{attempt}")
        for kind in FaultKind:
            roll -= 0.0 if kind in STORMS else self.rates.get(kind, 0.0)
            if roll < 0:
                return Drawn(kind, self.seconds_of(kind, key, attempt), fraction(f"{self.seed}|{key}|how"))
        return None

    def actors_for(self, key: str, attempt: int) -> tuple[ActorDraw, ...]:
        """Who else acts because of one attempt at one record key."""
        if attempt > self.attempts:
            return ()
        return tuple(
            self.actor(name, key, attempt)
            for name, rate in self.actors.items()
            if fraction(f"{self.seed}|{name}|{key}|{attempt}") < rate
        )

    def actor(self, name: str, key: str, attempt: int, seconds: float | None = None) -> ActorDraw:
        """One actor for one attempt at one record key."""
        delay = self.seconds_of(name, key, attempt) if seconds is None else seconds
        return ActorDraw(name, delay, fraction(f"{self.seed}|{name}|{key}|{attempt}|how"))

    def touches(self, key: str) -> bool:
        """Whether any attempt at the key draws anything; the others need not be counted."""
        most = max(self.attempts, self.storm_attempts)
        return any(self.fault(key, n) or self.actors_for(key, n) for n in range(1, most + 1))

    def seconds_of(self, name: str, key: str, attempt: int) -> float:
        """The seconds of a kind or an actor, drawn from its span."""
        rest = self.seconds.get("") if name in FAULTS and name not in BARRING else None
        low, high = self.seconds.get(name) or rest or DEFAULT_SECONDS.get(name, (0.0, 0.0))
        if low == high:
            return low
        return low + (high - low) * fraction(f"{self.seed}|{name}|{key}|{attempt}|seconds")

    def _storm(self, key: str) -> FaultKind | None:
        roll = fraction(f"{self.seed}|storm|{key}") if any(kind in self.rates for kind in STORMS) else 1.0
        for kind in STORMS:
            roll -= self.rates.get(kind, 0.0)
            if roll < 0:
                return kind
        return None


def plan_from(sent: Any, *, kinds: Iterable[str] = tuple(FaultKind), actors: Iterable[str] = ()) -> FaultPlan:
    """A plan from JSON. Raises ValueError with one sentence that names what is wrong and what is known."""
    if not isinstance(sent, dict):
        raise ValueError("A fault plan must be a JSON object.")
    faults, others = [str(kind) for kind in kinds], list(actors)
    known = [item.name for item in fields(FaultPlan)]
    _check_words("member of a fault plan", sent, known)
    rates = _rates(sent.get("rates", {}), "fault", faults)
    if sum(rates.values()) > 1:
        raise ValueError(f"The rates add up to {sum(rates.values()):g}: together they may be at most 1.")
    return FaultPlan(
        seed=_whole(sent, "seed", 0, least=None),
        rates={FaultKind(name): rate for name, rate in rates.items()},
        actors=_rates(sent.get("actors", {}), "actor", others),
        methods=tuple(word.upper() for word in _words(sent, "methods")),
        paths=_words(sent, "paths"),
        attempts=_whole(sent, "attempts", 1),
        storm_attempts=_whole(sent, "storm_attempts", 3),
        seconds=_spans(sent.get("seconds"), [*faults, *others]),
        scripts=tuple(_script(item, [*faults, *others]) for item in _list(sent, "scripts")),
        megabytes=_number(sent, "megabytes", 100.0),
        bytes_per_second=_number(sent, "bytes_per_second", 20.0, least=0.01),
        skew_seconds=_number(sent, "skew_seconds", 600.0, least=-1e9),
        budget_tokens=_whole(sent, "budget_tokens", 1_000),
    )


def plan_as_json(plan: FaultPlan) -> dict[str, Any]:
    """The plan in the form that `plan_from` reads."""
    shown = {item.name: getattr(plan, item.name) for item in fields(plan)}
    seconds = {name or "rest": _span_as_json(span) for name, span in plan.seconds.items()}
    scripts = [{name: v for name, v in asdict(script).items() if v is not None} for script in plan.scripts]
    return shown | {
        "rates": {str(kind): rate for kind, rate in plan.rates.items()},
        "actors": dict(plan.actors),
        "methods": list(plan.methods),
        "paths": list(plan.paths),
        "seconds": seconds,
        "scripts": scripts,
    }


def _span_as_json(span: Span) -> Any:
    return None if math.isinf(span[0]) else list(span)


def _check_words(what: str, sent: Iterable[str], known: list[str]) -> None:
    unknown = sorted(set(sent) - set(known))
    if unknown:
        raise ValueError(f"There is no {what} {unknown[0]!r}; known are: {', '.join(known)}.")


def _rates(sent: Any, what: str, known: list[str]) -> dict[str, float]:
    if not isinstance(sent, dict):
        raise ValueError(f"The rates of every {what} must be a JSON object of names and shares.")
    _check_words(what, sent, known)
    for name, rate in sent.items():
        if not _is_number(rate) or not 0 <= rate <= 1:
            raise ValueError(f"The rate of {name} must be a number from 0 to 1, not {rate!r}.")
    return {name: float(rate) for name, rate in sent.items()}


def _spans(sent: Any, known: list[str]) -> dict[str, Span]:
    if sent is None:
        return {}
    if not isinstance(sent, dict):
        return {"": _span("seconds", sent)}
    _check_words("fault or actor with seconds", sent, [*known, "rest"])
    return {"" if name == "rest" else name: _span(name, value) for name, value in sent.items()}


def _span(name: str, value: Any) -> Span:
    if value is None:
        return math.inf, math.inf
    pair = value if isinstance(value, list) else [value, value]
    if len(pair) != 2 or not all(_is_number(part) and part >= 0 for part in pair) or pair[0] > pair[1]:
        raise ValueError(f"The seconds of {name} must be a number, two numbers in order, or null for ever.")
    return float(pair[0]), float(pair[1])


def _script(sent: Any, known: list[str]) -> Script:
    if not isinstance(sent, dict) or not isinstance(sent.get("kind"), str):
        raise ValueError("A script must be a JSON object with a kind.")
    _check_words("member of a script", sent, [item.name for item in fields(Script)])
    _check_words("fault or actor", [sent["kind"]], known)
    seconds = _number(sent, "seconds", 0.0) if sent.get("seconds") is not None else None
    texts = {name: str(sent.get(name, "")) for name in ("path", "holds")}
    return Script(
        sent["kind"],
        str(sent.get("method", "")).upper(),
        **texts,
        times=_whole(sent, "times", 1),
        skip=_whole(sent, "skip", 0),
        seconds=seconds,
    )


def _list(sent: dict[str, Any], name: str) -> list[Any]:
    value = sent.get(name, [])
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a JSON list.")
    return value


def _words(sent: dict[str, Any], name: str) -> tuple[str, ...]:
    value = _list(sent, name)
    if not all(isinstance(word, str) for word in value):
        raise ValueError(f"{name} must be a list of texts.")
    return tuple(value)


def _whole(sent: dict[str, Any], name: str, default: int, *, least: int | None = 0) -> int:
    value = sent.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or (least is not None and value < least):
        raise ValueError(f"{name} must be a whole number{'' if least is None else f' from {least}'}.")
    return value


def _number(sent: dict[str, Any], name: str, default: float, *, least: float = 0.0) -> float:
    value = sent.get(name, default)
    if not _is_number(value) or value < least:
        raise ValueError(f"{name} must be a number from {least:g}.")
    return float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
