"""What this simulator offers at /_control beyond the shared addresses: expired tokens and changed people.

Everything here is free of authentication, limits and faults, and no real service has it.
"""

from collections.abc import Callable
from typing import Any

from migrator.simulators.apsis_one import journal
from migrator.simulators.apsis_one.problems import ApiProblem, problem_response
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.control import PREFIX, RequestLog, control_handler
from migrator.simulators.faults import Faults
from migrator.simulators.http_wsgi import BadJson, Handler, Request, Response, Router, json_response


class ApsisControl:
    """The shared control protocol over one account's state."""

    def __init__(self, state: ApsisState, respond: Handler) -> None:
        self.faults = Faults()
        self.log = RequestLog()
        self._state = state
        self._respond = respond

    def inspect(self) -> dict[str, Any]:
        state = self._state
        return {
            "account": state.account.name,
            "title": state.account.title,
            "seed": state.account.seed,
            "profiles": state.world.total,
            "changed_profiles": len(state.world.journal),
            "requests": sum(state.requests.values()),
            "responses_429": state.statuses[429],
            "by_endpoint": dict(sorted(state.requests.items())),
            "by_status": {str(status): count for status, count in sorted(state.statuses.items())},
            "limits": state.limiter.report(),
            "limits_off": state.limiter.off,
            "exports": state.jobs.report(),
            "faults_made": dict(self.faults.made),
            "now": state.now(),
        }

    def snapshot(self, *, stable: bool) -> dict[str, Any]:
        """Every profile that is there, by export key, with its values; large accounts make this large."""
        world = self._state.world
        found = {}
        for index in world.iter_indexes():
            profile = world.profile(index)
            found[profile.export_key] = {
                "keys": profile.keys,
                "known": profile.known,
                "suppressed": sorted(world.suppressed(index)),
                "events": sum(1 for _ in world.events(index)),
                "sections": {
                    s: {"attributes": d.attributes, "tags": d.tags} for s, d in profile.sections.items()
                },
            }
        return {"profiles": found}

    def reset(self) -> None:
        self._state.reset()

    def advance_clock(self, seconds: float) -> float:
        self._state.clock_offset += seconds
        return self._state.now()

    def revoke_token(self, token: str | None) -> list[str]:
        """Tokens are not remembered one by one, so all of them go."""
        self._state.expire_tokens()
        return []

    def restore_tokens(self) -> list[str]:
        self._state.token_generation = 0
        return []

    def set_limits(self, changes: dict[str, Any]) -> dict[str, Any]:
        """`off`, `time_scale`, and how many of the next exports fail or never end."""
        unknown = changes.keys() - {"off", "time_scale", "failing_exports", "stuck_exports"}
        if unknown:
            raise KeyError(f"unknown limits: {', '.join(sorted(unknown))}")
        limiter, jobs = self._state.limiter, self._state.jobs
        limiter.off = bool(changes.get("off", limiter.off))
        limiter.time_scale = float(changes.get("time_scale", limiter.time_scale))
        jobs.failing = int(changes.get("failing_exports", jobs.failing))
        jobs.stuck = int(changes.get("stuck_exports", jobs.stuck))
        return {"off": limiter.off, "time_scale": limiter.time_scale}

    def act(self, request: Request) -> Response:
        return self._respond(request)


def apsis_control(control: ApsisControl, state: ApsisState) -> Handler:
    """The handler of everything below /_control."""
    shared = control_handler(control)
    own = Router()
    own.add("POST", f"{PREFIX}/expire-tokens", lambda request: _expire(state))
    own.add("POST", f"{PREFIX}/mutate", lambda request: _mutate(state, request))

    def handle(request: Request) -> Response:
        if own.match(request.path) is None:
            return shared(request)
        return _safely(lambda: own.dispatch(request))

    return handle


def _safely(act: Callable[[], Response]) -> Response:
    try:
        return act()
    except ApiProblem as problem:
        return problem_response(problem)
    except (BadJson, KeyError, TypeError, ValueError) as error:
        return problem_response(ApiProblem(400, f"{type(error).__name__}: {error}"))


def _expire(state: ApsisState) -> Response:
    state.expire_tokens()
    return json_response(200, {"generation": state.token_generation})


def _mutate(state: ApsisState, request: Request) -> Response:
    """One act, or several as `{"acts": [...]}`."""
    sent = request.json()
    acts = sent.get("acts", [sent])
    with state.lock:
        done = [journal.apply(state.world, act, state.now()) for act in acts]
    return json_response(200, {"done": done})
