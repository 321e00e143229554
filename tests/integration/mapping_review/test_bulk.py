"""Many rows at once: what no threshold lets through, what a person opens first, one undo for all of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from mapping_review import bulk, fences, queries, services
from mapping_review.choices import Act, Fence, RowState
from mapping_review.models import DecisionEvent, FieldDecision, MapVersion, MeasuredPreview
from migrator import staging
from migrator.choices import Role
from migrator.engine.errors import RefusedError
from migrator.engine.inventory import FieldType, TargetField, TargetObject
from migrator.models import Project, TrailEntry
from tests import factories_mapping_review as made

SHOES = "attribute:shoe_size"
OWN = TargetField(TargetObject.PERSON, "Medlemsnr", FieldType.VARCHAR, True, filled=7)


@pytest.fixture
def version(project: Project) -> MapVersion:
    return made.make_map(project)


def sorted_out(version: MapVersion, threshold: float = 0.5) -> fences.Sorted:
    return fences.sort_out(list(version.decisions.order_by("pk")), bulk.facts_for(version), threshold)


def fence_of(version: MapVersion, key: str) -> Fence | None:
    return fences.fence_around(made.row(version, key), bulk.facts_for(version))


# Fences


CONFLICT = made.attribute_in({"s1": ["0412"], "s2": [412]}, "Store no")
FENCED: list[tuple[str, Fence, list[Any], list[TargetField]]] = [
    ("consent:email", Fence.CONSENT, made.consent_fields(), []),
    ("attribute:store_no", Fence.CONFLICT, [CONFLICT], []),
    ("attribute:personnummer", Fence.SENSITIVE, [made.attribute("Personnummer", "811218-9876")], []),
    ("attribute:medlemsnr", Fence.EXISTING, [], [OWN]),
    ("attribute:size", Fence.LOSSY, [made.attribute("Size", *["42"] * 30, "L")], []),
    ("attribute:md5_email", Fence.LEFT_OUT, [], []),
]


@pytest.mark.parametrize(("key", "fence", "more", "catalogue"), FENCED, ids=[each[1] for each in FENCED])
def test_it_keeps_back(
    key: str, fence: Fence, more: list[Any], catalogue: list[TargetField], project: Project, erik: Any
) -> None:
    version = made.make_map(project, [*made.FIELDS, *more], catalogue)
    assert fence_of(version, key) == fence
    made.approve_in_bulk(version, 0.5, erik)
    assert made.row(version, key).state == RowState.PROPOSED


def flagged(row: FieldDecision, **changes: Any) -> None:
    row.proposal = row.proposal | changes
    row.save()


@pytest.mark.parametrize(
    ("changes", "fence"),
    [
        ({"flags": ["hostile_name"]}, Fence.HOSTILE),
        ({"flags": ["values_lost"]}, Fence.LOSSY),
        ({"abstained": True}, Fence.ABSTAINED),
    ],
    ids=["hostile name", "values lost", "no good guess"],
)
def test_it_keeps_back_what_the_proposal_warns_of(
    changes: dict[str, Any], fence: Fence, version: MapVersion
) -> None:
    assert fence_of(version, SHOES) is None
    flagged(made.row(version, SHOES), **changes)
    assert fence_of(version, SHOES) == fence


def test_it_keeps_back_a_row_whose_approval_lapsed(version: MapVersion, project: Project, erik: Any) -> None:
    row = made.row(version, SHOES)
    services.approve(row.pk, **made.act(row, erik))
    changed = [f if f.key != SHOES else made.attribute("Shoe size", "38,5", "a lot") for f in made.FIELDS]
    made.make_map(project, changed)
    assert fence_of(version, SHOES) in {Fence.LAPSED, Fence.ABSTAINED}
    assert made.row(version, SHOES).lapsed


def test_it_keeps_back_what_was_not_counted_over_all_values(version: MapVersion) -> None:
    MeasuredPreview.objects.filter(source_key=SHOES).delete()
    assert fence_of(version, SHOES) == Fence.NOT_COUNTED


def test_a_loss_in_one_profile_of_many_is_a_fence(version: MapVersion) -> None:
    MeasuredPreview.objects.filter(source_key=SHOES).update(seen=90_000, changed=1)
    assert fence_of(version, SHOES) == Fence.LOSSY


def test_a_field_that_was_never_filled_has_nothing_to_count(project: Project) -> None:
    empty = made.attribute("Fax", declared="text")
    version = made.make_map(project, [*made.FIELDS, empty])
    MeasuredPreview.objects.all().delete()
    assert fence_of(version, empty.key) != Fence.NOT_COUNTED


def test_it_keeps_back_what_a_person_once_decided_otherwise(version: MapVersion) -> None:
    facts = replace(bulk.facts_for(version), contradicted=frozenset({SHOES}))
    assert fences.fence_around(made.row(version, SHOES), facts) == Fence.PRECEDENT


def test_it_keeps_back_a_field_that_the_source_no_longer_has(version: MapVersion) -> None:
    facts = replace(bulk.facts_for(version), fields={})
    assert fences.fence_around(made.row(version, SHOES), facts) == Fence.GONE


def test_every_proposed_row_is_free_or_kept_or_below(version: MapVersion, erik: Any) -> None:
    rejected = made.row(version, "attribute:medlemsnr")
    services.reject(rejected.pk, **made.act(rejected, erik))
    found = sorted_out(version, 0.985)
    assert len(found.free) + found.kept_count + found.below == 4
    assert {row.source_key for row in found.free} == {"attribute:firstname", "attribute:email"}


def test_no_threshold_lets_a_guess_through(version: MapVersion) -> None:
    FieldDecision.objects.filter(source_key=SHOES).update(confidence=0.3)
    assert SHOES not in {row.source_key for row in sorted_out(version, 0.0).free}


# The first look


def many(project: Project, count: int) -> MapVersion:
    return made.make_map(project, [made.attribute(f"Shoe size {n}", "42", "41,5") for n in range(count)])


def marks(version: MapVersion, rows: Any, user: Any) -> list[str]:
    return [bulk.mark_of(row, user) for row in queries.rows_in(version, [row.pk for row in rows])]


def drawn(version: MapVersion, user: Any) -> list[FieldDecision]:
    return bulk.drawn_for(sorted_out(version).free, version, user)


def approve(version: MapVersion, user: Any, given: list[str], **more: Any) -> services.Batch:
    return services.approve_many(version, 0.5, user=user, client_key=uuid4(), marks=given, **more)


def test_five_rows_are_drawn_and_stay_drawn(project: Project, erik: Any) -> None:
    version = many(project, 12)
    first = drawn(version, erik)
    assert len(first) == 5
    assert drawn(version, erik) == first


def test_another_person_gets_rows_of_their_own(project: Project, erik: Any) -> None:
    version = many(project, 40)
    olga = made.make_member(project, Role.OWNER, "Olga")
    assert drawn(version, erik) != drawn(version, olga)


@pytest.mark.parametrize("missing", [1, 5])
def test_nothing_is_approved_while_a_drawn_row_is_unopened(missing: int, project: Project, erik: Any) -> None:
    version = many(project, 12)
    opened = drawn(version, erik)[missing:]
    with pytest.raises(RefusedError, match=r"not looked at yet\. Nothing was approved"):
        approve(version, erik, marks(version, opened, erik))
    assert not version.decisions.filter(state=RowState.APPROVED).exists()


def foreign(version: MapVersion, erik: Any) -> list[str]:
    return ["0" * 40, "", "five of them"]


def of_others(version: MapVersion, erik: Any) -> list[str]:
    olga = made.make_member(version.project, Role.OWNER, "Olga")
    return marks(version, drawn(version, erik), olga)


def of_undrawn_rows(version: MapVersion, erik: Any) -> list[str]:
    left = [row for row in version.decisions.all() if row not in drawn(version, erik)]
    return marks(version, left, erik)


@pytest.mark.parametrize("forged", [foreign, of_others, of_undrawn_rows])
def test_a_mark_that_is_not_theirs_proves_nothing(
    forged: Callable[[MapVersion, Any], list[str]], project: Project, erik: Any
) -> None:
    version = many(project, 12)
    with pytest.raises(RefusedError, match="5 drawn rows are not looked at yet"):
        approve(version, erik, forged(version, erik))


def test_a_mark_holds_for_what_was_shown_only(project: Project, erik: Any) -> None:
    version = many(project, 12)
    given, row = marks(version, drawn(version, erik), erik), drawn(version, erik)[0]
    FieldDecision.objects.filter(pk=row.pk).update(lock_version=1)
    with pytest.raises(RefusedError, match="not looked at yet"):
        approve(version, erik, given)


def test_a_shorter_list_draws_anew(project: Project, erik: Any) -> None:
    """Whoever leaves the drawn rows out of the form has others to open."""
    version = many(project, 12)
    skipped = drawn(version, erik)
    seen = {row.pk: row.lock_version for row in version.decisions.all() if row not in skipped}
    with pytest.raises(RefusedError, match="5 drawn rows"):
        approve(version, erik, marks(version, skipped, erik), seen=seen)


def test_a_row_that_somebody_else_decided_draws_nothing_new(project: Project, erik: Any) -> None:
    version = many(project, 12)
    first = drawn(version, erik)
    other = next(row for row in version.decisions.all() if row not in first)
    services.reject(other.pk, **made.act(other, erik))
    assert drawn(version, erik) == first


# The approval


def test_it_needs_the_confidence(version: MapVersion, erik: Any) -> None:
    batch = made.approve_in_bulk(version, 0.985, erik)
    assert {row.source_key for row in batch.approved} == {"attribute:firstname", "attribute:email"}


def test_it_is_marked_as_given_in_bulk(version: MapVersion, erik: Any) -> None:
    batch = made.approve_in_bulk(version, 0.5, erik)
    assert batch.approved
    assert version.decisions.filter(bulk=True).count() == len(batch.approved)
    assert set(DecisionEvent.objects.values_list("act", "bulk")) == {(Act.APPROVE, True)}
    assert TrailEntry.objects.filter(verb="map_many").count() == 1


def test_it_takes_only_what_was_shown(version: MapVersion, erik: Any) -> None:
    first, email = made.row(version, "attribute:firstname"), made.row(version, "attribute:email")
    services.reject(email.pk, **made.act(email, erik))
    batch = approve(version, erik, marks(version, [first], erik), seen={first.pk: 0, email.pk: 0})
    assert ([r.pk for r in batch.approved], [r.pk for r in batch.changed]) == ([first.pk], [email.pk])


def test_a_repeated_approval_adds_nothing(version: MapVersion, erik: Any) -> None:
    key = uuid4()
    first = made.approve_in_bulk(version, 0.9, erik, client_key=key)
    again = made.approve_in_bulk(version, 0.9, erik, client_key=key)
    assert {r.pk for r in first.approved} == {r.pk for r in again.approved}
    assert DecisionEvent.objects.count() == len(first.approved)


def test_one_undo_takes_it_back_but_not_later_decisions(version: MapVersion, erik: Any) -> None:
    batch = made.approve_in_bulk(version, 0.9, erik)
    first = made.row(version, "attribute:firstname")
    services.skip_field(first.pk, **made.act(first, erik))
    undone = services.undo_batch(version, batch.key, user=erik, client_key=uuid4())
    assert [r.pk for r in undone.changed] == [first.pk]
    assert made.row(version, "attribute:email").state == RowState.PROPOSED
    assert made.row(version, "attribute:firstname").state == RowState.SKIPPED


def test_a_settled_type_is_what_the_mark_is_about(project: Project, erik: Any) -> None:
    """The proposal as it reads now: settling a type changes it without touching the row."""
    version = made.make_map(project, [*made.FIELDS, CONFLICT])
    before = marks(version, [made.row(version, "attribute:store_no")], erik)
    staging.settle_type(project, "attribute:store_no", "text")
    assert marks(version, [made.row(version, "attribute:store_no")], erik) != before
