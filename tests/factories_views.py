"""Standings, plans and runs for tests of gates and screens; each takes only what the test is about."""

from typing import Any

from migrator.choices import PhaseState, Role, RunKind, RunState, Side
from migrator.engine.cases import CaseKind
from migrator.gates import Standing
from migrator.models import Connection, Discovery, Operation, Project, Run, RunPhase
from reconciliation.queries import KindCount, Progress
from tests import factories as made

SOURCE = "https://api.apsis.example"
TARGET = "https://nordlys-sandbox.pipedrive.example"


def queue(left: int = 0, total: int = 0, minutes: int = 0) -> Progress:
    """All open cases are profiles without email."""
    total = max(total, left)
    kinds = (KindCount(CaseKind.NO_EMAIL, left, total), KindCount(CaseKind.DUPLICATE, 0, 0))
    return Progress(total - left, total, minutes, kinds)


def standing(**facts: Any) -> Standing:
    """A project on which everything is done up to the sandbox run; nothing is stored."""
    project = Project(pk=1, slug="nordlys", name="Nordlys Outdoor")
    sides = {
        side: Connection(project=project, side=side, config={"account_name": f"Nordlys {side}"})
        for side in Side
    }
    known: dict[str, Any] = {
        "project": project,
        "role": Role.ENGINEER,
        "sides": sides,
        "discovery": Discovery(
            project=project, inventory={"source": {"profiles": 2400, "sections": [1, 2, 3, 4]}}
        ),
        "runs": (),
        "version": MAP,
        "rows": 46,
        "undecided": 0,
        "signed_checksum": "m" * 64,
        "queue": queue(total=63),
        "written": False,
    }
    return Standing(**(known | facts))


class MapOf:
    """What gates look at of a map version."""

    number = 7
    is_draft = False


MAP: Any = MapOf()


def unsaved_run(kind: RunKind = RunKind.TRIAL, state: RunState = RunState.FINISHED, **values: Any) -> Run:
    return Run(
        **({"pk": 3, "kind": kind, "state": state, "project_id": 1, "map_checksum": "m" * 64} | values)
    )


def connect(project: Project, **config: Any) -> dict[str, Connection]:
    """Both accounts, with limits off so that no budget is asked for."""
    addresses = {Side.SOURCE: SOURCE, Side.TARGET: TARGET}
    values: dict[str, Any] = {
        "account_name": "Nordlys Outdoor Sandbox",
        "limits_off": True,
        "client_id": "id-1",
    } | config
    return {
        side: Connection.objects.create(
            project=project, side=side, base_url=url, config=values, sealed_secret="v1:x", secret_hint="4f2a"
        )
        for side, url in addresses.items()
    }


PERSONS = {
    "kind": "person",
    "source": 2401,
    "create": 2301,
    "update": 0,
    "unchanged": 0,
    "merge": 60,
    "hold": 17,
    "exclude": 23,
}
PLAN: dict[str, Any] = {
    "fidelity": "history",
    "counts": [PERSONS],
    "tokens": {"write": 11505, "verify": 50, "way_back": 6903, "requests": 2301, "days": 1,
               "by_kind": [{"kind": "person", "write": 11505, "verify": 50}]},
    "events": {"source": 900, "migrated": 850, "excluded": 30, "held": 20},
    "reasons": [{"kind": "person", "act": "exclude", "reason": "Nothing is known.", "count": 23}],
    "fields": {"create": 12, "existing": 7, "cap": 100},
    "daily_tokens": 60000,
    "share": 0.8,
    "options": [
        {"fidelity": "each", "title": "Each", "records": 9000, "tokens": 57000, "days": 2},
        {"fidelity": "history", "title": "History", "records": 800, "tokens": 11555, "days": 1},
    ],
    "lost": [{"source": "attribute:shoe_size", "count": 18}],
    "warnings": ["Writing to Pipedrive fires its automations."],
}  # fmt: skip
UNDO: dict[str, Any] = {
    "counts": [{"kind": "person", "delete": 12391, "restore": 4, "keep": 17, "gone": 1}],
    "tokens": 37193,
    "days": 1,
    "kept": [
        {"kind": "person", "key": "p-1", "target_id": "88", "why": "Changed in Pipedrive after the run."}
    ],
    "kept_total": 17,
}
REPORT: dict[str, Any] = {
    "kind": "person", "source": 2401, "planned": 2301, "created": 2301, "updated": 0, "unchanged": 0, "merged": 60,
    "held": 17, "excluded": 23, "rejected": 0, "verified": 2301, "missing": 0, "extra": 0, "mismatched": 0,
    "balanced": True, "reasons": [{"act": "exclude", "state": "accounted", "reason": "Nothing is known.", "count": 23}],
}  # fmt: skip


def planned_run(project: Project, **values: Any) -> Run:
    """A sandbox run whose plan waits for approval."""
    known: dict[str, Any] = {"plan": PLAN, "plan_checksum": "c" * 64, "params": {"fidelity": "history"}}
    return made.run(project, state=RunState.APPROVAL, **(known | values))


def phase(run: Run, name: str = "persons", state: PhaseState = PhaseState.RUNNING, **values: Any) -> RunPhase:
    return RunPhase.objects.create(run=run, number=run.phases.count() + 1, name=name, state=state, **values)


def operation(run: Run, key: str, act: str = "create", state: str = "done", **values: Any) -> Operation:
    known: dict[str, Any] = {"kind": "person", "marker": key, "act": act, "state": state}
    return Operation.objects.create(run=run, key=key, **(known | values))
