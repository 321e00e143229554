"""What the control address does with the simulated Pipedrive (control.Controlled)."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator.simulators import switches
from migrator.simulators.access_log import AccessLog
from migrator.simulators.faults import FaultKind, Faults
from migrator.simulators.http_wsgi import Request, Response
from migrator.simulators.pipedrive import oauth, snapshots
from migrator.simulators.pipedrive.state import Doc
from migrator.simulators.snapshots import Record, Shelf

if TYPE_CHECKING:
    from migrator.simulators.pipedrive.app import PipedriveApp

# Read once when the account is made; the figures among them are limits and change as such.
FIXED = frozenset(
    (
        *("account", "seed", "token", "plan", "seats", "limits_off", "daily_budget", "reset_hour_utc"),
        *("clerk_token", "budget", "webhook_retry_seconds", "webhook_queue", "webhooks_anywhere"),
        *("tokens_per_minute", "block_after_429s", "block_window_seconds", "block_seconds"),
    )
)


class PipedriveControl:
    """One running simulator in the hands of its control address."""

    volatile = snapshots.VOLATILE

    def __init__(self, app: "PipedriveApp", folder: Path | None) -> None:
        self._app, self._state = app, app.state
        self.lock = app.state.lock
        self.faults: Faults = app.faults
        self.log: AccessLog = app.log
        self.shelf = Shelf(folder)

    # Looking

    def inspect(self) -> dict[str, Any]:
        """Counts, meter and settings in force."""
        return snapshots.figures(self._state) | {"faults": dict(self.faults.made)}

    def meter(self) -> dict[str, Any]:
        """Tokens and requests by operation and by budget day."""
        return snapshots.meter(self._state)

    def records(self, *, stable: bool, deleted: bool) -> Iterator[Record]:
        """Records and definitions as the API shows them."""
        return snapshots.records(self._state, stable=stable, deleted=deleted)

    def snapshot(self, *, stable: bool) -> dict[str, list[Doc]]:
        """Everything live by kind, for tests in the same process."""
        found: dict[str, list[Doc]] = {}
        for record in self.records(stable=stable, deleted=False):
            found.setdefault(record.kind, []).append(record.record)
        return found

    # Contents

    def reset(self) -> None:
        """Back to the first contents, with new field codes."""
        self._app.fill(self._state.store.fact("generation", 0) + 1)

    def seed(self, account: str, seed: int, profiles: int) -> None:
        """Another account's first contents. Raises ValueError where the simulator was started without seeds."""
        self._app.become(account, seed, profiles)

    def act(self, request: Request, user: Any) -> Response:
        """Do something in the web screens, as the account's owner or as the user with this id or e-mail."""
        users = self._state.users.values()
        found = [one for one in users if user in (None, one["id"], one["email"])]
        if not found:
            raise ValueError(f"There is no user {user!r}.")
        return self._app.replay_checked(request, found[0])

    # Behaviour

    def now(self) -> float:
        """The account's time."""
        return self._state.now()

    def is_frozen(self) -> bool:
        """Whether it stands still; that ends with the process."""
        return self._app.clock.is_frozen

    def move_clock(self, seconds: float) -> None:
        """Move it; what was to be applied late by then is applied."""
        with self._state.store.transaction():
            self._state.advance(seconds)
        self._app.late.apply_due()

    def freeze_clock(self, frozen: bool) -> None:
        """Stop the clock, or let it run on from where it stood."""
        if frozen:
            self._app.clock.freeze()
        elif self._app.clock.is_frozen:
            self.move_clock(-self._app.clock.unfreeze())

    def limits(self) -> dict[str, Any]:
        """The limits in force."""
        return snapshots.limits_in_force(self._state)

    def set_limits(self, changes: dict[str, Any]) -> None:
        """Change limits; they last as long as the process, and all windows start afresh."""
        self._state.limiter.limits = switches.changed(self._state.limiter.limits, changes)
        self._state.limiter.clear()

    def settings(self) -> dict[str, Any]:
        """Every switch."""
        return switches.shown(self._state.settings)

    def change_settings(self, changes: dict[str, Any]) -> None:
        """Move switches; they last as long as the process."""
        self._state.settings = switches.changed(self._state.settings, changes, fixed=FIXED)

    # Tokens

    def tokens(self) -> list[str]:
        """Tokens that are taken now."""
        now, bars = self.now(), self.faults.bars
        return sorted(token for token in self._state.tokens if not bars.find(token, now))

    def revoke_token(self, token: str | None) -> None:
        """Revoke one token or all, until they are restored or the account is reset."""
        left = {name: user for name, user in self._state.tokens.items() if token not in (None, name)}
        with self._state.store.transaction():
            self._state.set_tokens(left)
            oauth.forget(self._state, token)

    def expire_token(self, token: str | None) -> None:
        """Refuse one token, or each there is now, until they are restored; new ones are taken."""
        known = [*self._state.tokens, *self._state.oauth.get("access", ())]
        for name in known if token is None else [token]:
            self.faults.bars.put(name, FaultKind.TOKEN_EXPIRED, self.now(), math.inf)

    def restore_tokens(self) -> None:
        """The tokens of the first start."""
        with self._state.store.transaction():
            self._state.set_tokens(self._state.store.fact("first_tokens"))
