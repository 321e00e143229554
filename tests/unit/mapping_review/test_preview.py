"""The conversion preview: failures first, counted in profiles, and honest about what it did not look at."""

from dataclasses import replace

from mapping_review.preview import preview, shown
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceField, SourceKind, ValueType, Variant
from migrator.texts import TOOLS

SIZES = Variant(
    "s1",
    "Sweden",
    "d1",
    "text",
    100,
    4,
    {},
    (("42", 60), ("EU 43", 30), ("L", 7), ("12:30", 3)),
    ValueType.NUMBER,
)
FIELD = SourceField("attribute:shoe_size", SourceKind.ATTRIBUTE, "Shoe size", variants=(SIZES,))
NUMBER = FieldRule(
    FIELD.key,
    FIELD.kind,
    Action.CREATE,
    FIELD.sources,
    field="Shoe size",
    type=FieldType.DOUBLE,
    custom=True,
    transform="number",
)


def test_failures_come_first_and_are_counted_in_profiles() -> None:
    found = preview(NUMBER, FIELD, TOOLS)
    assert [(r.before, r.after, r.profiles) for r in found.rows] == [
        ("L", "empty", 7),
        ("12:30", "empty", 3),
        ("42", "42", 60),
        ("EU 43", "43", 30),
    ]
    assert (found.emptied, found.seen, found.is_partial) == (10, 100, False)


def test_values_that_change_in_part_come_before_the_others() -> None:
    dates = replace(SIZES, top=(("2024-03-12", 9), ("2024-03-13T09:00:00Z", 1)), filled=50)
    rule = replace(NUMBER, type=FieldType.DATE, transform="date")
    found = preview(rule, replace(FIELD, variants=(dates,)), TOOLS)
    assert [r.lost for r in found.rows] == ["the time of day is dropped", ""]
    assert (found.emptied, found.changed, found.is_partial) == (0, 1, True)


def test_several_sections_are_added_up() -> None:
    both = replace(FIELD, variants=(SIZES, replace(SIZES, section="s2", top=(("42", 5),))))
    assert preview(replace(NUMBER, sources=both.sources), both, TOOLS).rows[2].profiles == 65


def test_a_part_of_a_split_field_looks_at_its_own_sections() -> None:
    both = replace(FIELD, variants=(SIZES, replace(SIZES, section="s2", top=(("A", 5),))))
    found = preview(replace(NUMBER, sources=(("s2", "d1"),)), both, TOOLS)
    assert [r.before for r in found.rows] == ["A"]


def test_what_stays_behind_has_no_preview() -> None:
    assert preview(FieldRule(FIELD.key, FIELD.kind, Action.SKIP), FIELD, TOOLS).rows == ()


def test_values_are_shown_as_people_read_them() -> None:
    assert [shown(v) for v in (None, ["a", "b"], {"value": 12, "currency": "SEK"}, 4.5)] == [
        "empty",
        "a, b",
        "12 SEK",
        "4.5",
    ]
