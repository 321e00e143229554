"""A listed record in neutral form is what was meant: a second plan over it changes nothing."""

from migrator.engine.field_map import UpdateMode
from migrator.engine.operations import Act
from migrator.engine.phases.match import Existing, match
from migrator.engine.records import Kind, TargetRecord
from migrator.pipedrive.neutral import neutral_of
from tests.integration.wire.conftest import Account, person
from tests.wire_clients import operation

OVERWRITE = {
    ref: UpdateMode.OVERWRITE
    for ref in (
        "person.name",
        "organization.name",
        "organization.address",
        "deal.title",
        "deal.value",
        "deal.status",
        "deal.stage",
        "deal.pipeline",
        "person:Shoe size:double",
        "person:Email consent:enum",
        "person:Sections:set",
    )
}


def test_a_second_plan_over_what_was_written_plans_nothing(account: Account) -> None:
    organization = operation(
        Kind.ORGANIZATION, {"name": "Acme", "address": "Road 1", "custom": {}}, number=5, key="acme"
    )
    account.sent(organization)
    first = person(
        1, organization="acme", custom={"person:Shoe size:double": 42, "person:Email consent:enum": "Yes"}
    )
    account.sent(first)
    body = {
        "title": "Offer",
        "person": "p1",
        "value": 7,
        "status": "open",
        "pipeline": "Pipeline",
        "stage": "Qualified",
    }
    deal = operation(Kind.DEAL, body, number=6)
    account.sent(deal)
    for op in (organization, first, deal):
        (record,) = account.records(op.kind)
        there = Existing(str(record["id"]), op.marker, neutral_of(op.kind, record, account.target.resolver))
        assert match(TargetRecord(op.kind, op.key, op.body), there, OVERWRITE).act == Act.UNCHANGED
