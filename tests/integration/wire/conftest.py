"""A simulated Pipedrive account with its schema written, and the target over it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from migrator.engine.operations import Act, ClaimedOperation
from migrator.engine.outcomes import Outcome, Proof
from migrator.engine.ports import Json
from migrator.engine.records import Kind
from migrator.pipedrive.target import PipedriveTarget
from migrator.simulators.faults import FaultKind, plan_from
from migrator.simulators.pipedrive.app import PipedriveApp
from tests.wire_clients import Ids, NoPacer, operation, pipedrive_target, simulated_target

FIELDS: tuple[tuple[str, str, str, list[str]], ...] = (
    ("person", "Crosswalk ID", "varchar", []),
    ("organization", "Crosswalk ID", "varchar", []),
    ("deal", "Crosswalk ID", "varchar", []),
    ("person", "Shoe size", "double", []),
    ("person", "Email consent", "enum", ["Yes", "No"]),
    ("person", "Sections", "set", ["Norway", "Sweden"]),
)


def field_operation(
    name: str,
    kind: str,
    options: list[str],
    *,
    target: str = "person",
    existing: bool = False,
    number: int = 1,
) -> ClaimedOperation:
    body = {"object": target, "name": name, "type": kind, "options": options, "existing": existing}
    return operation(Kind.FIELD, body, number=number, key=f"{target}:{name}:{kind}")


@dataclass
class Account:
    """The simulator, the target over it and the ids that a ledger would know."""

    app: PipedriveApp
    target: PipedriveTarget
    ids: Ids
    pacer: NoPacer

    def send(self, *operations: ClaimedOperation) -> dict[int, Outcome]:
        found = {op.id: (op, outcome) for op, outcome in self.target.send_all(operations)}
        for op, outcome in found.values():
            if outcome.proof == Proof.DONE and op.act == Act.CREATE:
                self.ids.known[op.kind, op.key] = outcome.target_id
        return {number: outcome for number, (_, outcome) in found.items()}

    def sent(self, one: ClaimedOperation) -> Outcome:
        return self.send(one)[one.id]

    def records(self, kind: Kind) -> list[Json]:
        return [record for page in self.target.iter_pages(kind) for record in page]

    def break_with(self, fault: FaultKind, *, path: str = "", method: str = "POST", times: int = 1) -> None:
        script: dict[str, Any] = {"kind": fault.value, "path": path, "method": method, "times": times}
        self.app.faults.use(plan_from({"scripts": [script]}))


def just_now() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=5)


def open_account(**settings: Any) -> Account:
    ids, pacer = Ids(), NoPacer()
    app = simulated_target(**settings)
    return Account(app, pipedrive_target(app, ids, pacer=pacer), ids, pacer)


@pytest.fixture
def bare() -> Iterator[Account]:
    """An account as Pipedrive opens it."""
    account = open_account()
    yield account
    account.app.close()


@pytest.fixture
def account(bare: Account) -> Account:
    """An account whose fields and labels are written."""
    fields = [
        field_operation(name, kind, options, target=target, number=place)
        for place, (target, name, kind, options) in enumerate(FIELDS, start=900)
    ]
    done = bare.send(*fields, operation(Kind.LABEL, {"options": ["VIP"]}, number=990))
    assert {outcome.proof for outcome in done.values()} == {Proof.DONE}
    return bare


def person(number: int = 1, **changes: Any) -> ClaimedOperation:
    body = {
        "name": f"Ann {number}",
        "emails": [{"value": f"ann{number}@example.org", "label": "work", "primary": True}],
        "phones": [],
        "organization": None,
        "owner": None,
        "labels": ["VIP"],
        "custom": {"person:Shoe size:double": 42.5, "person:Sections:set": ["Sweden", "Norway"]},
        **changes,
    }
    return operation(Kind.PERSON, body, number=number, key=f"p{number}")
