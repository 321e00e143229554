"""Fields, options and labels: created once, found by name, undone exactly."""

from collections.abc import Sequence

import pytest

from migrator.engine.operations import Act, ClaimedOperation
from migrator.engine.outcomes import Proof, Stop
from migrator.engine.records import Kind
from migrator.pipedrive.schema import SchemaId
from migrator.simulators.pipedrive.preload import Preload
from tests.integration.wire.conftest import Account, field_operation, just_now, open_account
from tests.wire_clients import operation, pipedrive_target, simulated_target


def labels(*names: str, number: int = 1) -> ClaimedOperation:
    return operation(Kind.LABEL, {"options": list(names)}, number=number, key="labels")


def undone(op: ClaimedOperation, target_id: str) -> ClaimedOperation:
    return operation(op.kind, dict(op.body), number=op.id + 500, act=Act.DELETE, target_id=target_id)


def label_names(account: Account) -> list[str]:
    account.target.resolver.forget()
    return [label for _, label in account.target.resolver.label_field().options]


def option_names(account: Account, ref: str) -> list[str]:
    account.target.resolver.forget()
    return [label for _, label in account.target.resolver.field(ref).options]


def custom_names(account: Account) -> list[str]:
    return [str(r["field_name"]) for r in account.records(Kind.FIELD) if r["is_custom_field"]]


def test_a_created_field_is_known_to_the_next_write(bare: Account) -> None:
    outcome = bare.sent(field_operation("Size", "double", []))
    made = SchemaId.parse(outcome.target_id)
    assert bare.target.resolver.field("person:Size:double").code == made.code
    assert made.options is None


def test_a_field_that_is_there_already_is_not_made_twice(bare: Account) -> None:
    bare.sent(field_operation("Size", "double", []))
    again = bare.sent(field_operation("Size", "double", [], number=2))
    assert again.proof == Proof.DONE
    assert custom_names(bare) == ["Size"]
    assert SchemaId.parse(again.target_id).options == ()


def test_a_field_of_another_type_with_the_same_name_is_another_field(bare: Account) -> None:
    bare.send(field_operation("Size", "double", []), field_operation("Size", "varchar", [], number=2))
    assert custom_names(bare) == ["Size", "Size"]


def test_missing_options_are_added_to_a_field_that_exists(bare: Account) -> None:
    bare.sent(field_operation("Topic", "set", ["Ski"]))
    outcome = bare.sent(field_operation("Topic", "set", ["Ski", "Bike"], existing=True, number=2))
    assert option_names(bare, "person:Topic:set") == ["Ski", "Bike"]
    assert len(SchemaId.parse(outcome.target_id).options or ()) == 1


def test_options_for_a_field_that_is_gone_stop_the_run(bare: Account) -> None:
    outcome = bare.sent(field_operation("Topic", "set", ["Ski"], existing=True))
    assert (outcome.proof, outcome.stop) == (Proof.NOT_DONE, Stop.DRIFT)


def test_undoing_a_field_takes_it_away(bare: Account) -> None:
    op = field_operation("Size", "double", [])
    target_id = bare.sent(op).target_id
    for _ in range(2):
        assert bare.sent(undone(op, target_id)).proof == Proof.DONE
    assert custom_names(bare) == []


def test_undoing_added_options_leaves_the_others(bare: Account) -> None:
    bare.sent(field_operation("Topic", "set", ["Ski"]))
    op = field_operation("Topic", "set", ["Bike"], existing=True, number=2)
    target_id = bare.sent(op).target_id
    for _ in range(2):
        assert bare.sent(undone(op, target_id)).proof == Proof.DONE
    assert option_names(bare, "person:Topic:set") == ["Ski"]


def test_undoing_a_field_that_was_there_before_leaves_it(bare: Account) -> None:
    bare.sent(field_operation("Size", "double", []))
    op = field_operation("Size", "double", [], number=2)
    assert bare.sent(undone(op, bare.sent(op).target_id)).proof == Proof.DONE
    assert custom_names(bare) == ["Size"]


@pytest.mark.parametrize("v2", [True, False], ids=["v2 takes labels", "only v1 takes labels"])
def test_labels_are_added_to_those_that_are_there(v2: bool) -> None:
    account = open_account(label_options_v2=v2)
    before = label_names(account)
    op = labels("VIP", "Partner", before[0])
    outcome = account.sent(op)
    assert outcome.proof == Proof.DONE
    assert label_names(account) == [*before, "VIP", "Partner"]
    assert len(SchemaId.parse(outcome.target_id).options or ()) == 2
    assert account.sent(undone(op, outcome.target_id)).proof == Proof.DONE
    assert label_names(account) == before


def test_labels_that_are_all_there_cost_no_write(bare: Account) -> None:
    present = label_names(bare)
    bare.pacer.tokens.clear()
    assert bare.sent(labels(*present)).proof == Proof.DONE
    assert bare.pacer.tokens == []


def found(account: Account, operations: Sequence[ClaimedOperation]) -> set[int]:
    return set(account.target.find_written(operations, just_now()))


def test_schema_writes_are_found_by_name(bare: Account) -> None:
    operations = [
        field_operation("Size", "double", [], number=1),
        field_operation("Topic", "set", ["Ski"], number=2),
        labels("VIP", number=3),
    ]
    assert found(bare, operations) == set()
    bare.send(*operations)
    assert found(bare, operations) == {1, 2, 3}


def test_a_removal_is_found_where_nothing_of_it_is_left(bare: Account) -> None:
    op = field_operation("Size", "double", [])
    gone = undone(op, bare.sent(op).target_id)
    assert found(bare, [gone]) == set()
    bare.sent(gone)
    assert found(bare, [gone]) == {gone.id}


def test_the_cap_of_the_plan_refuses_a_field_with_its_reason() -> None:
    account = open_account(plan="lite")
    fields = [field_operation(f"Field {n}", "varchar", [], number=n) for n in range(1, 32)]
    outcomes = account.send(*fields)
    refused = [o for o in outcomes.values() if o.proof == Proof.REJECTED]
    assert len(refused) == 1
    assert "feature_capping_custom_fields_limit" in refused[0].reason


def test_a_user_who_is_no_admin_cannot_write_the_schema() -> None:
    users = [
        {"name": "Owner", "email": "o@x.se"},
        {"name": "Rep", "email": "r@x.se", "is_admin": False, "token": "7" * 40},
    ]
    app = simulated_target(Preload(users=users))
    target = pipedrive_target(app, token="7" * 40)
    (outcome,) = [o for _, o in target.send_all([field_operation("Size", "double", [])])]
    assert outcome.proof == Proof.REJECTED


def test_a_listed_field_is_compared_with_what_was_meant(bare: Account) -> None:
    op = field_operation("Topic", "set", ["Ski"])
    bare.sent(op)
    (record,) = [r for r in bare.records(Kind.FIELD) if r["field_name"] == "Topic"]
    assert bare.target.differences(op, record) == ()
    assert bare.target.differences(field_operation("Topics", "enum", ["Bike"]), record) == (
        "name",
        "type",
        "option Bike",
    )


@pytest.mark.parametrize("text", ["", "person", "robot:abc", "person::1", "a:b:c:d"])
def test_a_target_id_of_another_kind_is_left_alone(bare: Account, text: str) -> None:
    op = operation(Kind.FIELD, act=Act.DELETE, target_id=text)
    assert bare.sent(op).proof == Proof.REJECTED


def test_a_field_cannot_be_updated(bare: Account) -> None:
    assert bare.sent(operation(Kind.FIELD, act=Act.UPDATE, target_id="person:x")).proof == Proof.REJECTED
