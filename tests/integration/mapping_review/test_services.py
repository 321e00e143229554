"""The writers of the field map: every act once, twice, late, by the wrong person, and taken back."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from mapping_review import queries, services, signing
from mapping_review.choices import Act, RowState, VersionState
from mapping_review.models import DecisionEvent, MapVersion
from migrator import approvals, staging
from migrator.choices import Role
from migrator.engine.errors import RefusedError
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceKind, TargetField, TargetObject
from migrator.models import Project, TrailEntry
from tests import factories_mapping_review as made

SHOES = "attribute:shoe_size"


@pytest.fixture
def version(project: Project) -> MapVersion:
    return made.make_map(project)


# Drafts


def test_a_draft_has_one_proposed_row_for_each_source_field(version: MapVersion) -> None:
    assert version.is_draft
    assert set(version.decisions.values_list("source_key", "state")) == {
        (field.key, RowState.PROPOSED) for field in made.FIELDS
    }


def test_proposing_again_changes_nothing(version: MapVersion, project: Project) -> None:
    before = list(version.decisions.order_by("pk").values())
    entries = TrailEntry.objects.count()
    assert services.propose_map(project) == version
    assert list(version.decisions.order_by("pk").values()) == before
    assert TrailEntry.objects.count() == entries


def test_an_approval_survives_a_discovery_that_found_the_same(
    version: MapVersion, project: Project, erik: Any
) -> None:
    row = made.row(version, SHOES)
    services.approve(row.pk, **made.act(row, erik))
    made.make_map(project, [*made.FIELDS, made.attribute("Club", "a", "b")])
    assert made.row(version, SHOES).state == RowState.APPROVED
    assert made.row(version, "attribute:club").state == RowState.PROPOSED


def test_an_approval_lapses_when_its_values_changed(version: MapVersion, project: Project, erik: Any) -> None:
    row = made.row(version, SHOES)
    services.approve(row.pk, **made.act(row, erik))
    fields = [f if f.key != SHOES else made.attribute("Shoe size", "L", "M", "XL") for f in made.FIELDS]
    made.make_map(project, fields)
    row = made.row(version, SHOES)
    assert (row.state, row.decided_by, row.rule) == (RowState.PROPOSED, None, None)
    assert row.lapsed == "Values were Number and are One option now"
    assert row.events.get(act=Act.LAPSE).actor is None


def test_an_approval_lapses_when_its_target_is_gone(project: Project, erik: Any) -> None:
    there = TargetField(TargetObject.PERSON, "Shoe size", FieldType.DOUBLE, True)
    version = made.make_map(project, catalogue=[there])
    row = made.row(version, SHOES)
    services.approve(row.pk, **made.act(row, erik))
    made.make_map(project)
    assert made.row(version, SHOES).lapsed == "The field Shoe size is no longer in Pipedrive"


def test_a_field_that_is_gone_from_the_source_leaves_the_draft(version: MapVersion, project: Project) -> None:
    made.make_map(project, made.FIELDS[:2])
    assert version.decisions.count() == 2


def test_a_signed_version_is_left_alone_while_nothing_changed(
    version: MapVersion, project: Project, erik: Any
) -> None:
    services.approve_all(project, erik)
    signed = services.sign_current(project, erik)
    assert made.make_map(project) == signed
    assert queries.approved_field_map(project) is not None


def test_a_change_after_signing_opens_a_draft_with_the_other_approvals(
    version: MapVersion, project: Project, erik: Any
) -> None:
    services.approve_all(project, erik)
    services.sign_current(project, erik)
    fields = [f if f.key != SHOES else made.attribute("Shoe size", "L", "M", "XL") for f in made.FIELDS]
    draft = made.make_map(project, fields)
    assert (draft.number, draft.is_draft) == (2, True)
    assert made.row(draft, SHOES).state == RowState.PROPOSED
    assert draft.decisions.filter(state=RowState.PROPOSED).count() == 1
    assert made.row(version, SHOES).state == RowState.APPROVED
    assert queries.approved_field_map(project) is None


# One row


def test_approving_takes_the_proposal(version: MapVersion, erik: Any) -> None:
    row = made.row(version, SHOES)
    applied = services.approve(row.pk, **made.act(row, erik))
    assert (applied.row.state, applied.row.decided_by, applied.row.lock_version) == (
        RowState.APPROVED,
        erik,
        1,
    )
    assert applied.row.rules == (row.proposed.rule,)
    assert TrailEntry.objects.filter(verb="map_approve", object_id=str(row.pk)).count() == 1


def test_approving_a_proposal_to_leave_behind_does_not_migrate(version: MapVersion, erik: Any) -> None:
    row = made.row(version, "attribute:md5_email")
    assert services.approve(row.pk, **made.act(row, erik)).row.state == RowState.SKIPPED


def test_editing_approves_another_rule(version: MapVersion, erik: Any) -> None:
    row = made.row(version, SHOES)
    other = FieldRule("", SourceKind.TAG, Action.CREATE, field="Shoe", type=FieldType.VARCHAR, custom=True)
    (rule,) = services.edit(row.pk, other, **made.act(row, erik)).row.rules
    assert (rule.field, rule.source, rule.kind, rule.sources) == (
        "Shoe", SHOES, SourceKind.ATTRIBUTE, (("s1", "usercreated.attributes.Shoe size"),),
    )  # fmt: skip


def test_an_impossible_rule_is_refused_and_nothing_changes(version: MapVersion, erik: Any) -> None:
    row = made.row(version, SHOES)
    wrong = FieldRule(
        SHOES,
        SourceKind.ATTRIBUTE,
        Action.CREATE,
        field="Shoe",
        type=FieldType.DATE,
        custom=True,
        transform="number",
    )
    with pytest.raises(RefusedError, match="gives no value that this type"):
        services.edit(row.pk, wrong, **made.act(row, erik))
    row.refresh_from_db()
    assert (row.state, row.lock_version) == (RowState.PROPOSED, 0)


def test_a_rejected_row_stays_undecided(version: MapVersion, erik: Any) -> None:
    row = made.row(version, SHOES)
    assert services.reject(row.pk, **made.act(row, erik)).row.state == RowState.REJECTED
    assert queries.undecided_count(version) == 5


def test_skipping_leaves_the_field_behind(version: MapVersion, erik: Any) -> None:
    row = made.row(version, SHOES)
    (rule,) = services.skip_field(row.pk, **made.act(row, erik)).row.rules
    assert rule.is_left


ACTS = [services.approve, services.reject, services.skip_field]


@pytest.mark.parametrize("act", ACTS)
def test_a_repeated_request_is_one_decision(act: Any, version: MapVersion, erik: Any) -> None:
    row = made.row(version, SHOES)
    request = made.act(row, erik)
    first, again = act(row.pk, **request), act(row.pk, **request)
    assert first.event == again.event
    assert DecisionEvent.objects.count() == 1


@pytest.mark.parametrize("act", ACTS)
def test_a_late_request_is_a_conflict_and_writes_nothing(act: Any, version: MapVersion, erik: Any) -> None:
    row = made.row(version, SHOES)
    services.approve(row.pk, **made.act(row, erik))
    late = act(row.pk, **made.act(row, erik, version=0))
    assert late.is_conflict
    assert (late.row.decided_by, DecisionEvent.objects.count()) == (erik, 1)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CUSTOMER_ADMIN, Role.AUDITOR])
@pytest.mark.parametrize("act", [*ACTS, services.undo])
def test_only_engineers_and_owners_decide(
    act: Any, role: Role, version: MapVersion, project: Project
) -> None:
    row = made.row(version, SHOES)
    with pytest.raises(RefusedError, match="only engineer or owner"):
        act(row.pk, **made.act(row, made.make_member(project, role)))


def test_another_persons_request_key_is_refused(version: MapVersion, project: Project, erik: Any) -> None:
    row = made.row(version, SHOES)
    request = made.act(row, erik)
    services.approve(row.pk, **request)
    other = made.make_member(project, Role.OWNER, "Olga")
    with pytest.raises(RefusedError, match="another decision"):
        services.approve(row.pk, **(request | {"user": other}))


def test_undo_brings_the_row_back_and_keeps_the_history(version: MapVersion, erik: Any) -> None:
    row = made.row(version, SHOES)
    services.approve(row.pk, **made.act(row, erik))
    row.refresh_from_db()
    services.skip_field(row.pk, **made.act(row, erik))
    row.refresh_from_db()
    undone = services.undo(row.pk, **made.act(row, erik)).row
    assert (undone.state, undone.rules[0].field) == (RowState.APPROVED, "Shoe size")
    undone = services.undo(row.pk, **made.act(undone, erik)).row
    assert (undone.state, undone.rule, undone.decided_by) == (RowState.PROPOSED, None, None)
    assert [e.act for e in undone.events.all()] == [Act.APPROVE, Act.SKIP, Act.UNDO, Act.UNDO]
    with pytest.raises(RefusedError, match="nothing to undo"):
        services.undo(row.pk, **made.act(undone, erik))


# Conflicts of type


@pytest.fixture
def conflicting(project: Project) -> MapVersion:
    field = made.attribute_in({"s1": ["0412", "0087"], "s2": [412, 87]}, "Store no")
    return made.make_map(project, [*made.FIELDS, field])


STORE = "attribute:store_no"


@pytest.mark.parametrize("act", [services.approve, services.skip_field])
def test_a_conflict_waits_for_its_type(act: Any, conflicting: MapVersion, erik: Any) -> None:
    row = made.row(conflicting, STORE)
    with pytest.raises(RefusedError, match="Settle its type in the queue first"):
        act(row.pk, **made.act(row, erik))


@pytest.mark.parametrize(
    ("settled", "expected"),
    [
        ("text", [("create", "varchar", "text")]),
        ("number", [("create", "double", "number")]),
        ("option", [("create", "enum", "option")]),
        ("drop", [("archive", "varchar", "text")]),
        ("split", [("create", "varchar", "text"), ("create", "double", "number")]),
    ],
)
def test_a_settled_type_decides_what_is_approved(
    settled: str, expected: list[tuple[str, str, str]], conflicting: MapVersion, project: Project, erik: Any
) -> None:
    staging.settle_type(project, STORE, settled)
    row = made.row(conflicting, STORE)
    rules = services.approve(row.pk, **made.act(row, erik)).row.rules
    assert [(r.action.value, r.type.value, r.transform) for r in rules] == expected


def test_a_map_with_a_settled_conflict_can_be_signed(
    conflicting: MapVersion, project: Project, erik: Any
) -> None:
    staging.settle_type(project, STORE, "split")
    services.approve_all(project, erik)
    services.sign_current(project, erik)
    field_map = queries.approved_field_map(project)
    assert field_map is not None
    assert len([r for r in field_map.rules if r.source.startswith(STORE)]) == 2


def test_an_approval_lapses_when_its_conflict_is_opened_again(
    conflicting: MapVersion, project: Project, erik: Any
) -> None:
    staging.settle_type(project, STORE, "text")
    services.approve_all(project, erik)
    staging.settle_type(project, STORE, "")
    with pytest.raises(RefusedError, match="changed"):
        services.sign_current(project, erik)


def test_another_name_for_a_split_field_keeps_its_other_field(
    conflicting: MapVersion, project: Project, erik: Any
) -> None:
    staging.settle_type(project, STORE, "split")
    row = made.row(conflicting, STORE)
    first, second = queries.row_of(row).now.rules
    services.edit(row.pk, replace(first, field="Butik"), **made.act(row, erik))
    row.refresh_from_db()
    assert row.rules == (replace(first, field="Butik"), second)


def test_to_leave_a_split_field_out_by_an_edit_leaves_all_of_it_out(
    conflicting: MapVersion, project: Project, erik: Any
) -> None:
    staging.settle_type(project, STORE, "split")
    row = made.row(conflicting, STORE)
    services.edit(
        row.pk, replace(queries.row_of(row).now.rules[0], action=Action.ARCHIVE), **made.act(row, erik)
    )
    row.refresh_from_db()
    (rule,) = row.rules
    assert (row.state, rule.sources) == (RowState.SKIPPED, queries.row_of(row).field.sources)


def test_a_split_field_has_its_sections_apart(conflicting: MapVersion, project: Project, erik: Any) -> None:
    staging.settle_type(project, STORE, "split")
    row = made.row(conflicting, STORE)
    first, second = services.approve(row.pk, **made.act(row, erik)).row.rules
    assert {first.source, second.source} == {STORE, f"{STORE}/number"}
    assert {s for s, _ in first.sources} | {s for s, _ in second.sources} == {"s1", "s2"}
    assert first.field != second.field


# Signing


def test_signing_binds_to_the_checksum_of_the_map(version: MapVersion, project: Project, erik: Any) -> None:
    services.approve_all(project, erik)
    signed = services.sign_off(version, erik)
    field_map = queries.approved_field_map(project)
    assert field_map is not None
    assert signed.checksum == field_map.checksum
    assert approvals.valid_approval(project, "map", signed.checksum) is not None
    assert {rule.source for rule in field_map.rules} == {field.key for field in made.FIELDS}


def test_an_undecided_row_stands_in_the_way(version: MapVersion, project: Project, erik: Any) -> None:
    services.approve_all(project, erik)
    row = made.row(version, SHOES)
    services.reject(row.pk, **made.act(row, erik))
    with pytest.raises(RefusedError, match="1 field has no decision yet"):
        services.sign_off(version, erik)


def test_an_open_conflict_stands_in_the_way(version: MapVersion, project: Project, erik: Any) -> None:
    services.approve_all(project, erik)
    conflict = made.attribute_in({"s1": ["x"], "s2": [412]}, "Shoe size")
    made.make_discovery(project, [f if f.key != SHOES else conflict for f in made.FIELDS])
    assert signing.blockers(version)[0].key == "conflicts"


def test_the_plan_of_the_target_has_to_have_room(project: Project, erik: Any) -> None:
    version = made.make_map(project, custom_fields=29, field_cap=30)
    services.approve_all(project, erik)
    with pytest.raises(RefusedError, match=r"creates 2 custom fields, 29 exist, and the plan .* allows 30"):
        services.sign_off(version, erik)


def test_what_changed_since_is_not_signed(version: MapVersion, project: Project, erik: Any) -> None:
    services.approve_all(project, erik)
    fields = [f if f.key != SHOES else made.attribute("Shoe size", "L", "M", "XL") for f in made.FIELDS]
    made.make_discovery(project, fields)
    with pytest.raises(RefusedError, match="1 approved field changed"):
        services.sign_off(version, erik)
    assert made.row(version, SHOES).state == RowState.PROPOSED


def test_a_signed_version_never_changes(version: MapVersion, project: Project, erik: Any) -> None:
    services.approve_all(project, erik)
    services.sign_current(project, erik)
    row = made.row(version, SHOES)
    with pytest.raises(RefusedError, match="Open a new draft"):
        services.reject(row.pk, **made.act(row, erik))


def test_a_new_draft_begins_with_every_decision(version: MapVersion, project: Project, erik: Any) -> None:
    services.approve_all(project, erik)
    signed = services.sign_current(project, erik)
    draft = services.open_draft(signed, user=erik)
    assert (draft.number, queries.undecided_count(draft)) == (2, 0)
    assert services.open_draft(signed, user=erik) == draft
    assert queries.approved_field_map(project) is None


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CUSTOMER_ADMIN, Role.AUDITOR])
def test_only_engineers_and_owners_sign(role: Role, version: MapVersion, project: Project, erik: Any) -> None:
    services.approve_all(project, erik)
    with pytest.raises(RefusedError):
        services.sign_off(version, made.make_member(project, role))


def test_there_is_no_approved_map_without_a_signature(
    version: MapVersion, project: Project, erik: Any
) -> None:
    services.approve_all(project, erik)
    assert queries.approved_field_map(project) is None


def test_the_database_keeps_a_half_decided_row_out(version: MapVersion) -> None:
    row = made.row(version, SHOES)
    row.state = RowState.APPROVED
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_the_database_keeps_a_second_draft_out(version: MapVersion, project: Project) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        MapVersion.objects.create(project=project, number=9, state=VersionState.DRAFT)


# Reading


def test_rows_come_in_the_order_of_the_page(project: Project, erik: Any) -> None:
    conflict = made.attribute_in({"s1": ["0412"], "s2": [412]}, "Store no")
    version = made.make_map(project, [*made.FIELDS, conflict, *made.consent_fields()])
    first = made.row(version, "attribute:firstname")
    services.approve(first.pk, **made.act(first, erik))
    rows = queries.rows_of(version)
    assert [group.value for group, _ in queries.grouped(rows)] == [
        "conflicts",
        "review",
        "person",
        "approved",
    ]
    review = [r.decision.confidence for r in rows if r.group == "review"]
    assert review == sorted(review)
    summary = queries.summary(version)
    assert (summary.total, summary.approved, summary.conflicts) == (14, 1, 1)


def test_the_map_is_read_with_a_fixed_number_of_queries(
    version: MapVersion, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(8):
        queries.rows_of(version)


def test_evidence_does_not_count_profiles(project: Project) -> None:
    from mapping_review.settling import evidence_sha

    field = made.attribute("Shoe size", "42")
    (variant,) = field.variants
    fuller = replace(field, variants=(replace(variant, filled=9_999, distinct=3),), profiles=10_000)
    assert evidence_sha(field) == evidence_sha(fuller)


def test_a_decision_of_an_earlier_version_can_be_opened_again_and_put_back(
    version: MapVersion, erik: Any
) -> None:
    services.approve_all(version.project, erik)
    draft = services.open_draft(services.sign_current(version.project, erik), user=erik)
    row = made.row(draft, SHOES)
    approved = row.rule
    opened = services.undo(row.pk, **made.act(row, erik)).row
    assert (opened.state, opened.rule, opened.decided_by) == (RowState.PROPOSED, None, None)
    assert opened.events.get().act == Act.REOPEN
    back = services.undo(row.pk, **made.act(opened, erik)).row
    assert (back.state, back.rule) == (RowState.APPROVED, approved)


def test_an_act_whose_approval_lapsed_is_not_offered_for_undo(version: MapVersion, erik: Any) -> None:
    row = made.row(version, SHOES)
    services.approve(row.pk, **made.act(row, erik))
    assert queries.last_event(version, erik) is not None
    made.make_discovery(version.project, [made.attribute("Shoe size", "a@b.se"), *made.FIELDS[:2]])
    services.propose_map(version.project)
    assert made.row(version, SHOES).lapsed
    assert queries.last_event(version, erik) is None
