"""Builds a project's two accounts from its stored credentials, and tests them line by line.

The only place that turns a row of Connection into a client; slices and tests get the accounts from here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from migrator import budget, ledger, sealing
from migrator.apsis.checks import check_connection as check_source
from migrator.apsis.client import ApsisClient
from migrator.apsis.parsing import profile_of
from migrator.choices import Side
from migrator.engine.canonical import JsonValue
from migrator.engine.errors import ConfigurationError, CrosswalkError
from migrator.engine.forecast import Costs
from migrator.engine.operations import ClaimedOperation
from migrator.engine.ports import Json
from migrator.engine.records import Kind, Profile
from migrator.http.checks import CheckLine, Level
from migrator.http.client import ClientSettings
from migrator.models import Connection, Project, Run, StagedProfile
from migrator.pipedrive import costs as prices
from migrator.pipedrive.checks import check_connection as check_target
from migrator.pipedrive.client import PipedriveClient
from migrator.pipedrive.fields import Resolver
from migrator.pipedrive.neutral import neutral_of
from migrator.pipedrive.payloads import keys_of
from migrator.pipedrive.restoring import before_image, restore_body
from migrator.pipedrive.target import PipedriveTarget

COSTS = Costs(
    create={kind: prices.WRITE_COSTS[kind] for kind in Kind},
    update={kind: prices.WRITE_COSTS[kind] for kind in Kind},
    delete={kind: prices.DELETE_COSTS[kind] for kind in Kind},
    list={kind: prices.LIST_COSTS[kind] for kind in Kind},
)
LONGEST_REQUEST_S = 40.0
# What a connection's form offers.
PLANS = prices.PLANS
LISTS = (
    "person_fields",
    "organization_fields",
    "deal_fields",
    "users",
    "activity_types",
    "pipelines",
    "stages",
)
# What a whole account may be asked per second, kept a tenth below the documented limit (reference 2.1).
SOURCE_PER_SECOND = 100.0


def connection_for(project: Project, side: Side) -> Connection:
    found = project.connections.filter(side=side).first()
    if found is None:
        raise ConfigurationError(f"{side.label} is not connected yet. Add it under Connections.")
    return found


def store_secret(connection: Connection, secret: str) -> None:
    """Seal a new secret into the row; only its last four characters are ever shown again."""
    connection.sealed_secret = sealing.seal(secret, bound_to=_bound_to(connection))
    connection.secret_hint, connection.saved_at = secret[-4:], timezone.now()
    connection.save()


def _bound_to(connection: Connection) -> str:
    return f"connection/{connection.project_id}/{connection.side}"


def _secret(connection: Connection) -> str:
    return sealing.unseal(connection.sealed_secret, bound_to=_bound_to(connection))


def client_settings(connection: Connection) -> ClientSettings:
    """Stand-in services are let through only where the operator allows them."""
    simulator = bool(connection.config.get("simulator"))
    if simulator and not settings.CROSSWALK_ALLOW_SIMULATORS:
        raise ConfigurationError(
            "This project is connected to a simulator, which CROSSWALK_ALLOW_SIMULATORS does not allow here. "
            "Enter the address of the real account under Connections."
        )
    return ClientSettings(private_network=simulator)


@dataclass(frozen=True)
class SourceAccount:
    connection: Connection

    @cached_property
    def pacer(self) -> budget.SharedPacer:
        scope = f"apsis:{self.connection.config.get('client_id', '')}@{_host(self.connection)}"
        limit = 0.0 if self.connection.config.get("limits_off") else SOURCE_PER_SECOND
        budget.ensure(scope, limit=limit, window_s=1.0)
        return budget.SharedPacer(scope)

    @cached_property
    def client(self) -> ApsisClient:
        return ApsisClient(
            self.connection.base_url,
            str(self.connection.config.get("client_id", "")),
            _secret(self.connection),
            self.pacer,
            settings=client_settings(self.connection),
        )

    def close(self) -> None:
        """Close the client's connections, if one was ever built."""
        if "client" in self.__dict__:
            self.client.close()

    def profile_of(self, row: StagedProfile) -> Profile:
        return profile_of(row.source_key, row.raw)


@dataclass(frozen=True)
class TargetAccount:
    """The destination with its price list. `lists` are field and user lists kept from an earlier slice."""

    connection: Connection
    ids: Callable[[Kind, Sequence[str]], Mapping[str, str]]
    lists: Mapping[str, Any]
    known: Mapping[str, str]

    @property
    def scope(self) -> str:
        return f"pipedrive:{_host(self.connection)}"

    @property
    def plan(self) -> prices.Plan:
        key = str(self.connection.config.get("plan", "lite"))
        return prices.PLANS.get(key, prices.PLANS["lite"])

    @property
    def daily_tokens(self) -> int:
        return self.plan.daily_tokens(int(self.connection.config.get("seats", 1)))

    @property
    def field_cap(self) -> int:
        return self.plan.custom_fields or 0

    @property
    def costs(self) -> Costs:
        return COSTS

    @cached_property
    def pacer(self) -> budget.SharedPacer:
        off = bool(self.connection.config.get("limits_off"))
        share = self.connection.project.setting("budget_share") / 100
        budget.ensure(
            self.scope,
            limit=0.0 if off else float(self._burst),
            window_s=prices.BURST_SECONDS,
            token_limit=0 if off else int(self.daily_tokens * share),
        )
        return budget.SharedPacer(self.scope, 0 if off else int(self.daily_tokens * share * self._kept))

    @property
    def _kept(self) -> float:
        return float(self.connection.project.setting("rollback_reserve")) / 100

    @property
    def _burst(self) -> int:
        oauth = self.connection.config.get("credential") == "oauth"
        return self.plan.oauth_burst if oauth else self.plan.token_burst

    @cached_property
    def client(self) -> PipedriveClient:
        return PipedriveClient(
            self.connection.base_url,
            _secret(self.connection),
            self.pacer,
            settings=client_settings(self.connection),
        )

    @cached_property
    def resolver(self) -> Resolver:
        return Resolver(self.client.read_list, snapshot=dict(self.lists), known=self.known)

    def read_lists(self) -> None:
        """Make the resolver hold every list that writing may need."""
        for name in LISTS:
            self.resolver.read(name)

    @cached_property
    def port(self) -> PipedriveTarget:
        # A batch ends well before its claims do: nothing may leave under a lease that somebody else took over.
        lease_s = self.connection.project.setting("lease_s")
        return PipedriveTarget(
            self.client, self.resolver, self.ids, batch_seconds=max(5.0, lease_s - LONGEST_REQUEST_S)
        )

    def close(self) -> None:
        """Close the client's connections, if one was ever built."""
        if "client" in self.__dict__:
            self.client.close()

    def cost_of(self, operations: Sequence[ClaimedOperation]) -> int:
        return sum(prices.cost_of(operation.kind, operation.act) for operation in operations)

    def neutral(self, kind: Kind, record: Json) -> Json:
        return neutral_of(kind, record, self.resolver)

    def before(self, kind: Kind, record: Json, changes: Mapping[str, JsonValue]) -> Json:
        """What an update replaces, for the way back (see restoring.before_image)."""
        return before_image(kind, record, keys_of(changes), self.resolver)

    def restore_body(self, before: Mapping[str, JsonValue]) -> Json:
        return restore_body(before, self.resolver)


def read_profile(row: StagedProfile) -> Profile:
    """A staged profile as the engine reads it; asks nobody."""
    return profile_of(row.source_key, row.raw)


def source_account(project: Project) -> SourceAccount:
    return SourceAccount(connection_for(project, Side.SOURCE))


def target_account(run: Run) -> TargetAccount:
    """The target as one run sees it: with the ids that the run wrote, and the lists that it read before."""
    return TargetAccount(
        connection_for(run.project, Side.TARGET),
        ids=lambda kind, keys: ledger.target_ids(run, kind, keys),
        lists=run.target_lists,
        known=ledger.field_codes(run),
    )


def check(connection: Connection) -> list[CheckLine]:
    """Test a connection with reads only, and keep the lines beside it. Never raises for what it finds."""
    try:
        lines = list(_check(connection))
    except CrosswalkError as problem:
        lines = [
            CheckLine(Level.FAIL, f"{connection.get_side_display()} cannot be reached.", problem.sentence)
        ]
    connection.check_lines = [[line.level.value, line.sentence, line.next_step] for line in lines]
    connection.checked_at = timezone.now()
    connection.save(update_fields=["check_lines", "checked_at"])
    return lines


def _check(connection: Connection) -> Iterator[CheckLine]:
    if connection.side == Side.SOURCE:
        source = SourceAccount(connection)
        with closing(source):
            yield from check_source(source.client)
        return
    target = TargetAccount(connection, ids=lambda kind, keys: {}, lists={}, known={})
    with closing(target):
        yield from check_target(target.client, target.plan)


def _host(connection: Connection) -> str:
    return urlsplit(connection.base_url).netloc or connection.base_url
