"""The plan in force, the attempts seen so far, and the faults made."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from migrator.simulators.faults.bars import Bars
from migrator.simulators.faults.keys import record_key
from migrator.simulators.faults.kinds import FAULTS, FaultKind
from migrator.simulators.faults.plan import ActorDraw, Drawn, FaultPlan, Script, plan_as_json, plan_from
from migrator.simulators.http_wsgi import Request


class Memory(Protocol):
    """Where attempts and the plan are kept; a simulator with a file keeps them over a restart."""

    def count(self, key: bytes) -> int:
        """Count one more attempt at a key and return its number, from 1."""

    def forget(self) -> None:
        """Forget all attempts."""

    def keep(self, plan: dict[str, Any]) -> None:
        """Keep the plan."""

    def kept(self) -> dict[str, Any] | None:
        """The plan that was kept, if any."""


class InProcess:
    """Attempts that end with the process."""

    def __init__(self) -> None:
        self._attempts: Counter[bytes] = Counter()

    def count(self, key: bytes) -> int:
        self._attempts[key] += 1
        return self._attempts[key]

    def forget(self) -> None:
        self._attempts.clear()

    def keep(self, plan: dict[str, Any]) -> None:
        """Nothing outlives the process."""

    def kept(self) -> dict[str, Any] | None:
        return None


@dataclass(frozen=True, slots=True)
class Turn:
    """What one request drew."""

    plan: FaultPlan
    fault: Drawn | None = None
    actors: tuple[ActorDraw, ...] = ()


class Faults:
    """Chooses faults. Its methods are called under the simulator's lock.

    `kinds` and `actors` are the words that this simulator understands in a plan.
    """

    def __init__(
        self,
        *,
        kinds: Iterable[str] = tuple(FaultKind),
        actors: Iterable[str] = (),
        memory: Memory | None = None,
    ) -> None:
        self.kinds, self.actors = tuple(kinds), tuple(actors)
        self.made: Counter[str] = Counter()
        self.bars = Bars()
        self._memory = memory or InProcess()
        kept = self._memory.kept()
        self.plan = self.parse({k: v for k, v in kept.items() if k != "given"}) if kept else FaultPlan()

    def parse(self, sent: Any) -> FaultPlan:
        """A plan in this simulator's words. Raises ValueError with one sentence."""
        return plan_from(sent, kinds=self.kinds, actors=self.actors)

    def use(self, plan: FaultPlan) -> None:
        """Replace the plan, forget earlier attempts and restore barred tokens."""
        self.plan = plan
        self.made.clear()
        self.bars.clear()
        self._memory.forget()
        self._memory.keep(plan_as_json(plan))

    def resume(self, plan: FaultPlan, given: dict[str, Any]) -> None:
        """Use the plan of a start, unless a plan from the same words is already at work since before it."""
        kept = self._memory.kept()
        if kept is None or kept.get("given") != given:
            self.use(plan)
            self._memory.keep({**plan_as_json(plan), "given": given})

    def turn(self, request: Request) -> Turn | None:
        """What this request draws; None, at no cost, while there is no plan."""
        plan = self.plan
        if not (plan.rates or plan.actors or plan.scripts):
            return None
        key = record_key(request)
        found = self._scripted(request, key) or self._drawn(request, key)
        if found is not None:
            self.made.update([found.fault.kind] if found.fault else [])
            self.made.update(actor.name for actor in found.actors)
        return found

    def _drawn(self, request: Request, key: str) -> Turn | None:
        plan = self.plan
        if not plan.selects(request) or not plan.touches(key):
            return None
        attempt = self._memory.count(hashlib.sha256(key.encode()).digest()[:16])
        fault, actors = plan.fault(key, attempt), plan.actors_for(key, attempt)
        return Turn(plan, fault, actors) if fault or actors else None

    def _scripted(self, request: Request, key: str) -> Turn | None:
        for place, script in enumerate(self.plan.scripts):
            if not script.matches(request):
                continue
            waiting = script.skip > 0
            self._rewrite(place, replace(script, skip=script.skip - 1) if waiting else _used(script))
            if not waiting:
                return self._turn_of(script, key)
        return None

    def _turn_of(self, script: Script, key: str) -> Turn:
        plan, nth = self.plan, script.times
        if script.kind not in FAULTS:
            return Turn(plan, None, (plan.actor(script.kind, key, nth, script.seconds),))
        kind = FaultKind(script.kind)
        seconds = plan.seconds_of(kind, key, nth) if script.seconds is None else script.seconds
        return Turn(plan, Drawn(kind, seconds, plan.actor(kind, key, nth).roll))

    def _rewrite(self, place: int, script: Script) -> None:
        scripts = [*self.plan.scripts]
        scripts[place] = script
        self.plan = replace(self.plan, scripts=tuple(scripts))
        kept = self._memory.kept() or {}
        self._memory.keep(kept | plan_as_json(self.plan))


def _used(script: Script) -> Script:
    return replace(script, times=script.times - 1)
