"""What rules lose, counted over all values: every value once, in slices, kept for the discovery, never guessed."""

from dataclasses import replace
from typing import Any

import pytest

from mapping_review import measuring, queries
from mapping_review.measuring import Loss, loss_of, rule_sha
from mapping_review.models import MapVersion, MeasuredPreview
from migrator import staging
from migrator.engine.canonical import canonical_json
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceKind, TargetObject
from migrator.models import Discovery, Project
from tests import factories_mapping_review as made

SHOES = made.attribute("Shoe size", "42", "41,5", times=40)
D1 = ("s1", "usercreated.attributes.Shoe size")


def number(**more: Any) -> FieldRule:
    rule = FieldRule(
        SHOES.key,
        SourceKind.ATTRIBUTE,
        Action.CREATE,
        SHOES.sources,
        TargetObject.PERSON,
        "Shoe size",
        FieldType.DOUBLE,
        custom=True,
        transform="number",
    )
    return replace(rule, **more)


def discovered(project: Project, *values: tuple[Any, int], section: str = "s1") -> Discovery:
    discovery = made.make_discovery(project, [replace(SHOES, variants=())])
    stage(discovery, *values, section=section)
    return discovery


def stage(discovery: Discovery, *values: tuple[Any, int], section: str = "s1") -> None:
    counts = {canonical_json(value): (profiles, f"p-{value}"[:20]) for value, profiles in values}
    staging.store_values(discovery, {(section, D1[1]): counts})


def test_a_rule_is_counted_over_every_value_in_profiles(project: Project) -> None:
    discovered(project, ("42", 60), ("L", 7), ("12:30", 3), (" ", 9))
    found = measuring.measure(project, SHOES.key, number())
    assert found is not None
    assert (found.emptied, found.changed, found.seen, found.distinct, found.is_whole) == (10, 0, 70, 3, True)
    assert [(r.before, r.profiles, r.example) for r in found.rows] == [
        ("L", 7, "p-L"),
        ("12:30", 3, "p-12:30"),
        ("42", 60, "p-42"),
    ]


def test_a_value_that_two_sections_hold_is_one_value_with_both_counts(project: Project) -> None:
    discovery = discovered(project, ("42", 60), ("L", 7))
    stage(discovery, ("42", 5), ("XL", 1), section="s2")
    found = measuring.measure(project, SHOES.key, number(sources=(D1, ("s2", D1[1]))))
    assert found is not None
    assert (found.distinct, found.seen, found.emptied) == (3, 73, 8)
    assert {r.before: r.profiles for r in found.rows} == {"L": 7, "XL": 1, "42": 65}


def test_a_count_that_is_cut_into_batches_counts_everything_once(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    discovered(project, *((f"{n}", 1) for n in range(50)), *((f"bad {n}", 2) for n in range(50)))
    whole = measuring.measure(project, SHOES.key, number())
    monkeypatch.setattr(measuring, "BATCH", 7)
    MeasuredPreview.objects.all().delete()
    measuring._ask(staging.current_discovery(project), {SHOES.key: [number()]})
    pk, _ = measuring.open_counts()[0]
    steps = 1
    while measuring.count_batch(pk):
        steps += 1
    row = MeasuredPreview.objects.get(pk=pk)
    assert measuring.preview_of(row) == whole
    assert (steps, row.emptied, row.seen) == (15, 100, 150)


def test_a_request_stops_and_says_so_where_the_values_are_too_many(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "BATCH", 5)
    monkeypatch.setattr(measuring, "AT_ONCE", 10)
    discovered(project, *((f"{n}", 1) for n in range(40)))
    found = measuring.measure(project, SHOES.key, number())
    assert found is not None
    assert (found.is_whole, found.distinct) == (False, 10)
    assert measuring.losses(version_of(project)) == {}
    assert [discovery for _, discovery in measuring.open_counts()] == [project.discoveries.get().pk]


def test_rules_of_one_field_are_counted_in_one_walk_over_its_values(
    project: Project, django_assert_max_num_queries: Any
) -> None:
    discovery = discovered(project, ("42", 60), ("L", 7))
    text = number(transform="text", type=FieldType.VARCHAR)
    measuring._ask(discovery, {SHOES.key: [number(), text]})
    (pk, _), *others = measuring.open_counts()
    assert others == []
    with django_assert_max_num_queries(7):
        measuring.count_batch(pk)
    assert {sha: p.emptied for sha, p in measuring.previews_of(project.pk, SHOES.key).items()} == {
        rule_sha(number()): 7,
        rule_sha(text): 0,
    }


def test_asking_twice_counts_once(project: Project) -> None:
    discovered(project, ("42", 60))
    measuring.measure(project, SHOES.key, number())
    again = measuring.measure(project, SHOES.key, number())
    assert again is not None
    assert (again.seen, MeasuredPreview.objects.count()) == (60, 1)


def test_a_discovery_that_kept_no_values_promises_nothing(project: Project) -> None:
    made.make_discovery(project, [replace(SHOES, variants=())])
    assert measuring.measure(project, SHOES.key, number()) is None
    assert MeasuredPreview.objects.count() == 0


def test_a_new_discovery_begins_with_no_count(project: Project) -> None:
    discovered(project, ("42", 60))
    measuring.measure(project, SHOES.key, number())
    discovered(project, ("42", 61))
    assert measuring.previews_of(project.pk, SHOES.key) == {}


def test_what_is_named_or_listed_in_the_target_changes_no_value() -> None:
    assert rule_sha(number()) == rule_sha(number(field="Other", options=("a",)))


@pytest.mark.parametrize(
    "change",
    [
        {"transform": "text"},
        {"args": (("decimal", ","),)},
        {"type": FieldType.MONETARY},
        {"sources": (("s2", "d"),)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_decides_a_value_makes_another_count(change: dict[str, Any]) -> None:
    assert rule_sha(number()) != rule_sha(number(**change))


def test_a_row_loses_what_all_its_rules_lose() -> None:
    other = number(source="attribute:shoe_size/text", sources=(("s2", "d"),))
    found = {
        (SHOES.key, rule_sha(number())): Loss(5, 1, 60),
        (SHOES.key, rule_sha(other)): Loss(2, 0, 9),
    }
    assert loss_of(found, SHOES.key, [number(), other]) == Loss(7, 1, 69)


def test_one_rule_that_is_not_counted_leaves_the_whole_row_open() -> None:
    other = number(sources=(("s2", "d"),))
    found = {(SHOES.key, rule_sha(number())): Loss(5, 1, 60)}
    assert loss_of(found, SHOES.key, [number(), other]) is None


@pytest.mark.parametrize(
    "rule",
    [
        FieldRule(SHOES.key, SourceKind.ATTRIBUTE, Action.ARCHIVE, SHOES.sources),
        FieldRule("consent:email", SourceKind.CONSENT, Action.CREATE, field="Email consent", custom=True),
    ],
    ids=["left behind", "no attribute"],
)
def test_what_converts_no_value_loses_none(rule: FieldRule) -> None:
    assert loss_of({}, rule.source, [rule]) == Loss()


def version_of(project: Project) -> MapVersion:
    return MapVersion.objects.filter(project=project).first() or MapVersion.objects.create(
        project=project, number=1
    )


def test_every_rule_that_the_map_could_come_to_is_asked_for(project: Project) -> None:
    conflict = made.attribute_in({"s1": ["42", "43"], "s2": ["large", "small"]}, "Size", declared="text")
    version = made.make_map(project, [SHOES, conflict])
    rows = {row.source_key: row for row in version.decisions.all()}
    settings = queries.settings_for(project)
    assert conflict.conflict
    for field in (SHOES, conflict):
        wanted = [
            r
            for r in measuring.rules_of(rows[field.key], field, settings)
            if measuring.is_counted(r) and r.sources
        ]
        assert len({rule_sha(r) for r in wanted}) >= 2
        counted = measuring.previews_of(project.pk, field.key)
        assert {rule_sha(r) for r in wanted} == set(counted)
        assert all(found.is_whole for found in counted.values())


def test_losses_of_a_version_are_one_query(project: Project, django_assert_num_queries: Any) -> None:
    version = made.make_map(project)
    with django_assert_num_queries(1):
        found = measuring.losses(version)
    row = made.row(version, SHOES.key)
    assert loss_of(found, row.source_key, [row.proposed.rule]) == Loss(0, 0, 40)
