"""Clients over simulators in this process: no sockets, no waiting."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from migrator.apsis.client import ApsisClient
from migrator.engine.operations import Act, ClaimedOperation
from migrator.engine.records import Kind
from migrator.http.client import ClientSettings
from migrator.pipedrive.client import PipedriveClient
from migrator.pipedrive.fields import Resolver
from migrator.pipedrive.target import PipedriveTarget
from migrator.simulators.apsis_one import settings as apsis_settings
from migrator.simulators.apsis_one.app import ApsisApp
from migrator.simulators.apsis_one.app import build_app as build_source
from migrator.simulators.pipedrive.app import PipedriveApp
from migrator.simulators.pipedrive.app import build_app as build_target
from migrator.simulators.pipedrive.preload import Preload
from migrator.simulators.pipedrive.settings import PipedriveSettings
from migrator.simulators.seeds import build_account

TOKEN = PipedriveSettings().token
IN_PROCESS = ClientSettings(private_network=True, sleep=lambda seconds: None)


class NoPacer:
    """Lets everything through and remembers what it was asked and told."""

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self.throttled = 0
        self.limits: list[int | None] = []

    def acquire(self, *, requests: int, tokens: int) -> None:
        self.tokens.append(tokens)

    def observe(self, *, limit: int | None, remaining: int | None, throttled: bool) -> None:
        self.limits.append(limit)
        self.throttled += throttled


def simulated_target(preload: Preload | None = None, **settings: Any) -> PipedriveApp:
    """A Pipedrive account in this process; `settings` are those of the simulator."""
    chosen = PipedriveSettings(**{"plan": "ultimate", "limits_off": True, **settings})
    return build_target(
        chosen, preload=preload or Preload(), sleep=lambda seconds: None, drop_error=httpx.ReadError
    )


def pipedrive_client(
    app: PipedriveApp, *, token: str = TOKEN, pacer: NoPacer | None = None, attempts: int = 5
) -> PipedriveClient:
    settings = ClientSettings(private_network=True, sleep=lambda seconds: None, attempts=attempts)
    transport = httpx.WSGITransport(app=app)
    return PipedriveClient("http://target", token, pacer or NoPacer(), settings=settings, transport=transport)


class Ids:
    """Target ids by kind and key, as the ledger would know them."""

    def __init__(self) -> None:
        self.known: dict[tuple[Kind, str], str] = {}
        self.asked = 0

    def __call__(self, kind: Kind, keys: Sequence[str]) -> Mapping[str, str]:
        self.asked += 1
        return {key: self.known[kind, key] for key in keys if (kind, key) in self.known}


def pipedrive_target(
    app: PipedriveApp, ids: Ids | None = None, *, threads: int = 4, **client: Any
) -> PipedriveTarget:
    made = pipedrive_client(app, **client)
    return PipedriveTarget(made, Resolver(made.read_list), ids or Ids(), threads=threads)


def operation(
    kind: Kind = Kind.PERSON,
    body: Mapping[str, Any] | None = None,
    *,
    number: int = 1,
    act: Act = Act.CREATE,
    key: str = "",
    marker: str = "",
    target_id: str = "",
) -> ClaimedOperation:
    key = key or f"{kind.value}-{number}"
    return ClaimedOperation(
        id=number,
        kind=kind,
        key=key,
        marker=marker or f"mark-{kind.value}-{number:04}",
        act=act,
        body=body or {},
        fence=1,
        target_id=target_id,
    )


def simulated_source(profiles: int = 40, **settings: Any) -> ApsisApp:
    """An APSIS One account in this process; `settings` are those of the simulator."""
    chosen = apsis_settings.ApsisSettings(**{"limits_off": True, "export_delay": 0.0, **settings})
    return build_source(build_account(profiles=profiles), chosen)


def apsis_client(
    app: ApsisApp, *, secret: str = apsis_settings.DEFAULT_CLIENT_SECRET, pacer: NoPacer | None = None
) -> ApsisClient:
    return ApsisClient(
        "http://source",
        apsis_settings.DEFAULT_CLIENT_ID,
        secret,
        pacer or NoPacer(),
        settings=IN_PROCESS,
        transport=httpx.WSGITransport(app=app),
    )
