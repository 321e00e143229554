"""What the control address does with the simulated APSIS One (control.Controlled), and its own `mutate`.

Everything here is free of authentication, limits and faults, and no real service has it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator.simulators import switches
from migrator.simulators.access_log import AccessLog
from migrator.simulators.apsis_one import journal
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.apsis_one.world import World
from migrator.simulators.control import control_handler
from migrator.simulators.faults import Faults
from migrator.simulators.http_wsgi import Handler, Request, Response, json_response
from migrator.simulators.snapshots import Record, Shelf

if TYPE_CHECKING:
    from migrator.simulators.apsis_one.app import ApsisApp

# Read when the application is built, or limits, which change as such.
FIXED = frozenset(
    (
        *("client_id", "client_secret", "more_api_keys", "section_scope", "limits_off", "time_scale"),
        *("failing_exports", "stuck_exports"),
    )
)
_LIMITS = ("off", "time_scale", "failing_exports", "stuck_exports")


class ApsisControl:
    """One running simulator in the hands of its control address."""

    volatile: frozenset[str] = frozenset()

    def __init__(self, app: "ApsisApp", folder: Path | None) -> None:
        self._app = app
        self.log = AccessLog()
        self.shelf = Shelf(folder)

    @property
    def lock(self) -> Any:
        """The lock of the account that is served now."""
        return self._state.lock

    @property
    def faults(self) -> Faults:
        """The faults of the account that is served now."""
        return self._app.faulting.faults

    @property
    def _state(self) -> ApsisState:
        return self._app.state

    # Looking

    def inspect(self) -> dict[str, Any]:
        """Counts, limits in force with requests and refusals, exports."""
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
            "late": self._app.faulting.late(),
            "now": state.now(),
        }

    def meter(self) -> dict[str, Any]:
        """Requests by endpoint and by limit; this service has no tokens to spend."""
        state = self._state
        operations = {name: {"requests": count} for name, count in sorted(state.requests.items())}
        return {
            "requests": sum(state.requests.values()),
            "operations": operations,
            "limits": state.limiter.report(),
        }

    def records(self, *, stable: bool, deleted: bool) -> Iterator[Record]:
        """Every profile by its number, with what it is worth; profiles that are gone where `deleted`."""
        state = self._state
        for place, kind in sorted(state.address_consents.items()):
            yield Record("address_consents", "|".join(place), kind)
        world = state.world
        everyone = [*range(world.total), *world.created] if deleted else world.iter_indexes()
        for index in everyone:
            yield Record("profiles", index, _shown(world, index))

    def snapshot(self, *, stable: bool) -> dict[str, Any]:
        """Every profile that is there, by export key, for tests in the same process."""
        rows = (row.record for row in self.records(stable=stable, deleted=False) if row.kind == "profiles")
        return {"profiles": {row["export_key"]: row for row in rows}}

    # Contents

    def reset(self) -> None:
        """Back to the seeded account."""
        self._state.reset()
        self._app.faulting.forget()

    def seed(self, account: str, seed: int, profiles: int) -> None:
        """Become another account."""
        self._app.become(account, seed, profiles)

    def act(self, request: Request, user: Any) -> Response:
        """Ask without a token or limits."""
        if user is not None:
            raise ValueError("Only the simulated Pipedrive has users to act as.")
        return self._app.faulting.dispatch(request)

    # Behaviour

    def now(self) -> float:
        """The account's time."""
        return self._state.now()

    def is_frozen(self) -> bool:
        """Whether it stands still; that ends with the process."""
        return self._app.clock.is_frozen

    def move_clock(self, seconds: float) -> None:
        """Move it; what was to be applied late by then is applied."""
        self._state.clock_offset += seconds
        self._app.faulting.apply_due()

    def advance_clock(self, seconds: float) -> float:
        """Move it, and say what it shows then."""
        self.move_clock(seconds)
        return self.now()

    def freeze_clock(self, frozen: bool) -> None:
        """Stop the clock, or let it run on from where it stood."""
        if frozen:
            self._app.clock.freeze()
        elif self._app.clock.is_frozen:
            self.move_clock(-self._app.clock.unfreeze())

    def limits(self) -> dict[str, Any]:
        """Switches of the limits, what happens to the next exports, and each limit with its counts."""
        limiter, jobs = self._state.limiter, self._state.jobs
        return {
            "off": limiter.off,
            "time_scale": limiter.time_scale,
            "failing_exports": jobs.failing,
            "stuck_exports": jobs.stuck,
            "by_scope": limiter.report(),
        }

    def set_limits(self, changes: dict[str, Any]) -> None:
        """`off`, `time_scale`, and how many of the next exports fail or never end."""
        unknown = sorted(changes.keys() - set(_LIMITS))
        if unknown:
            raise ValueError(f"There is no limit {unknown[0]!r}; known are: {', '.join(_LIMITS)}.")
        limiter, jobs = self._state.limiter, self._state.jobs
        for name, value in changes.items():
            wanted = (bool,) if name == "off" else (int, float) if name == "time_scale" else (int,)
            if type(value) not in wanted or (value is not False and value < 0):
                raise ValueError(f"{name} must be {'true or false' if name == 'off' else 'a number from 0'}.")
        limiter.off = changes.get("off", limiter.off)
        limiter.time_scale = float(changes.get("time_scale", limiter.time_scale))
        jobs.failing = changes.get("failing_exports", jobs.failing)
        jobs.stuck = changes.get("stuck_exports", jobs.stuck)

    def settings(self) -> dict[str, Any]:
        """Every switch."""
        return switches.shown(self._state.settings)

    def change_settings(self, changes: dict[str, Any]) -> None:
        """Move switches; they last as long as the process."""
        settings = switches.changed(self._state.settings, changes, fixed=FIXED)
        self._state.settings = settings
        self._app.use(settings)

    # Tokens

    def tokens(self) -> list[str]:
        """Tokens are not remembered one by one."""
        return []

    def revoke_token(self, token: str | None) -> None:
        """Every token handed out so far is over; the client may ask for a new one."""
        self._state.expire_tokens()

    def expire_token(self, token: str | None) -> None:
        """The same: a token can not be told from its neighbours."""
        self._state.expire_tokens()

    def restore_tokens(self) -> None:
        """Take tokens of every generation again."""
        self._state.token_generation = 0

    # What only this service has

    def mutate(self, sent: dict[str, Any]) -> list[dict[str, Any]]:
        """One act, or several as `{"acts": [...]}`. Raises ValueError for an unknown act or thing."""
        acts = sent.get("acts", [sent])
        if not isinstance(acts, list) or not all(isinstance(act, dict) for act in acts):
            raise ValueError("acts must be a list of JSON objects.")
        with self.lock:
            try:
                return [journal.apply(self._state.world, act, self._state.now()) for act in acts]
            except ApiProblem as problem:
                raise ValueError(problem.detail) from problem
            except KeyError as error:
                raise ValueError(f"The act lacks {error}.") from error


def apsis_control(control: ApsisControl) -> Handler:
    """The handler of everything below /_control."""

    def mutate(request: Request) -> Response:
        sent = request.json()
        if not isinstance(sent, dict):
            raise ValueError("The body must be a JSON object.")
        return json_response(200, {"done": control.mutate(sent)})

    return control_handler(control, {("POST", "mutate"): mutate})


def _shown(world: World, index: int) -> dict[str, Any]:
    profile = world.profile(index)
    return {
        "export_key": profile.export_key,
        "gone": world.gone(index),
        "keys": dict(profile.keys),
        "known": profile.known,
        "suppressed": sorted(world.suppressed(index)),
        "consents": [
            [c.section, c.topic, c.channel, c.type, c.reason, c.source, c.modified_at]
            for c in world.consents(index)
        ],
        "events": [
            [event.time, event.section, event.discriminator, dict(event.data)]
            for event in world.events(index)
        ],
        "sections": {
            name: {"attributes": dict(data.attributes), "tags": list(data.tags)}
            for name, data in profile.sections.items()
        },
    }
