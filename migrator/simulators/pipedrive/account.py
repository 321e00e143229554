"""One simulated account: store, catalogue, people, clock and limits, and the context a request runs in."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from threading import RLock
from typing import Any

from migrator.simulators.http_wsgi import BadJson, Request, Response
from migrator.simulators.pipedrive import loose
from migrator.simulators.pipedrive.attachments import Attachments
from migrator.simulators.pipedrive.catalogue import Catalogue
from migrator.simulators.pipedrive.changes import Change, change_of
from migrator.simulators.pipedrive.deliveries import Deliveries
from migrator.simulators.pipedrive.errors import ApiError, invalid
from migrator.simulators.pipedrive.limits import PLANS, TOKENS_PER_SEAT, Limiter, Limits, Plan
from migrator.simulators.pipedrive.settings import PipedriveSettings
from migrator.simulators.pipedrive.sight import SEEN_KINDS, Groups, condition
from migrator.simulators.pipedrive.state import Doc, Store
from migrator.simulators.pipedrive.times import rfc3339

Clock = Callable[[], float]
Handlers = dict[tuple[str, str], Callable[..., Response]]
SMALL_KINDS = (
    *("activity_types", "pipelines", "stages", "filters", "webhooks", "lead_labels", "roles", "pictures"),
)


def first_limits(settings: PipedriveSettings) -> Limits:
    """The limits the plan and the settings give."""
    plan = PLANS[settings.plan]
    daily, minute = settings.daily_budget, settings.tokens_per_minute
    if settings.budget == "daily":
        daily = TOKENS_PER_SEAT * plan.multiplier * settings.seats if daily is None else daily
    else:
        minute = plan.tokens_per_minute if minute is None else minute
    return Limits(
        daily_budget=daily,
        token_burst=plan.token_burst,
        oauth_burst=plan.oauth_burst,
        tokens_per_minute=minute,
        reset_hour_utc=settings.reset_hour_utc,
        block_after_429s=settings.block_after_429s,
        block_window_seconds=settings.block_window_seconds,
        block_seconds=settings.block_seconds,
        off=settings.limits_off,
    )


class Account:
    """Everything one account knows. Requests are served one at a time under `lock`."""

    def __init__(self, settings: PipedriveSettings, store: Store, clock: Clock) -> None:
        self.settings = settings
        self.store = store
        self.plan: Plan = PLANS[settings.plan]
        self.lock: RLock = store.lock
        self.limiter = Limiter(first_limits(settings))
        self.catalogue = Catalogue(store)
        self.attachments = Attachments(store)
        self.deliveries = Deliveries(
            retries=settings.webhook_retry_seconds,
            most=settings.webhook_queue,
            anywhere=settings.webhooks_anywhere,
        )
        self._clock = clock
        self._at: float | None = None
        self.reload()

    def reload(self) -> None:
        """Read what is kept in memory from the store again."""
        self.catalogue.reload()
        self.offset: float = self.store.fact("clock_offset", 0.0)
        self.company: Doc = self.store.fact("company", {})
        self.users: dict[int, Doc] = {doc["id"]: doc for doc in self.store.documents("users")}
        self.tokens: dict[str, int] = self.store.fact("tokens", {})
        self.small: dict[str, dict[int, Doc]] = {
            kind: {doc["id"]: doc for doc in self.store.documents(kind)} for kind in SMALL_KINDS
        }
        self.oauth: Doc = self.store.fact("oauth", {"codes": {}, "grants": {}})
        self.outbox: list[Change] = []
        self._spent = self._spent_on(self.limiter.limits.day_of(self.now()))

    def now(self) -> float:
        """The account's time, which the control address may move."""
        return self._at if self._at is not None else self._clock() + self.offset

    def at(self, moment: float | None) -> None:
        """Fix the time (for a request that is applied late), or let it run again with None."""
        self._at = moment

    def advance(self, seconds: float) -> None:
        """Move the account's clock."""
        self.offset += seconds
        self.store.set_fact("clock_offset", self.offset)

    def spent_today(self) -> int:
        """Tokens spent on the current budget day."""
        day = self.limiter.limits.day_of(self.now())
        if day != self._spent[0]:
            self._spent = self._spent_on(day)
        return self._spent[1]

    def meter(self, operation: str, tokens: int, *, refused: bool = False, limited: bool = False) -> None:
        """Count one request. Runs in the transaction of the request."""
        spent = self.spent_today()
        day = self._spent[0]
        self.store.meter(operation, day=day, tokens=tokens, refused=refused, limited=limited)
        self._spent = (day, spent + tokens)

    def save_small(self, kind: str, doc: Doc) -> None:
        """Store a pipeline, stage, activity type or filter."""
        self.small[kind][doc["id"]] = doc
        self.store.put(kind, doc["id"], doc)

    def set_tokens(self, tokens: dict[str, int]) -> None:
        """Replace the valid tokens (token to user id)."""
        self.tokens = tokens
        self.store.set_fact("tokens", tokens)

    def set_limits(self, changes: dict[str, Any]) -> Limits:
        """Change limits while running. Raises KeyError for an unknown name."""
        known = {item.name for item in fields(Limits)}
        unknown = sorted(set(changes) - known)
        if unknown:
            raise KeyError(", ".join(unknown))
        self.limiter.limits = replace(self.limiter.limits, **changes)
        return self.limiter.limits

    def _spent_on(self, day: int) -> tuple[int, int]:
        rows = self.store.rows("SELECT tokens FROM days WHERE day=?", (day,))
        return day, int(rows[0][0]) if rows else 0


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request on its way through a handler."""

    account: Account
    request: Request
    user: Doc
    now: float = field(default=0.0)

    @property
    def stamp(self) -> str:
        """The moment of the request as v2 writes it."""
        return rfc3339(self.now)

    @property
    def store(self) -> Store:
        """The account's store."""
        return self.account.store

    @property
    def settings(self) -> PipedriveSettings:
        """The account's settings."""
        return self.account.settings

    def json(self) -> Any:
        """The parsed body. Raises ApiError 400 for anything that is not JSON; v1 takes forms as well."""
        if self.settings.v1_takes_text and loose.is_v1(self.request) and loose.is_form(self.request):
            return loose.form(self.request)
        try:
            return self.request.json()
        except BadJson as error:
            raise ApiError(400, "Invalid JSON in request body") from error

    def require_admin(self) -> None:
        """Raise 403 unless the token's user is an admin."""
        if not self.user["is_admin"]:
            raise ApiError(403, "You do not have permission to perform this action")

    def require_user(self, number: int, name: str) -> None:
        """Raise 400 unless this is an active user."""
        user = self.account.users.get(number)
        if user is None or not user["active_flag"]:
            raise invalid(f"{name}: user {number} does not exist or is not active")

    def require_record(self, kind: str, number: int, name: str) -> Doc:
        """The live record that is referred to. Raises 400 when it is not there or not visible to the user."""
        doc = self.store.get(kind, number)
        if doc is None or doc["is_deleted"] or not self.sees(kind, doc):
            raise invalid(f"{name}: {number} does not exist")
        return doc

    def sight(self, kind: str) -> tuple[list[str], list[Any]]:
        """SQL conditions that keep what the user may see of a kind; admins see everything."""
        if self.user["is_admin"] or kind not in SEEN_KINDS:
            return [], []
        account = self.account
        owners = Groups(account.users, account.small["roles"]).owners_seen_by(
            self.user, wide=account.plan.wide_visibility
        )
        sql, values = condition(self.user, owners, account.plan.default_visibility, kind)
        return [sql], values

    def sees(self, kind: str, doc: Doc) -> bool:
        """Whether the user may see one record."""
        where, values = self.sight(kind)
        if not where or doc.get("owner_id") == self.user["id"]:
            return True
        return self.store.count(kind, ["id=?", *where], [doc["id"], *values]) == 1

    def tell(
        self, entity: str, before: Doc | None, after: Doc, *, merged: tuple[str, int] | None = None
    ) -> None:
        """Keep a write for the webhooks; nothing is kept while there are none."""
        if self.account.small["webhooks"]:
            self.account.outbox.append(replace(change_of(entity, before, after), merged=merged))


def first_numbers(seed: int) -> dict[str, int]:
    """Where the sequences of an account start; apart, so that a mixed-up id shows."""
    names = (
        "persons",
        "organizations",
        "deals",
        "activities",
        "notes",
        "fields",
        "options",
        "users",
        "filters",
        "files",
        "webhooks",
        "pictures",
    )
    bases = (0, 40_000_000, 3_000, 70_000_000, 500_000, 9_000, 20, 20_000_000, 600, 80_000, 300, 60_000)
    digest = hashlib.sha256(f"numbers:{seed}".encode()).digest()
    return {name: base + digest[place] for place, (name, base) in enumerate(zip(names, bases, strict=True))}
