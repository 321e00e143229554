"""The conversion preview: failures first, counted in profiles, in bounded memory, and honest about what it did
not look at."""

from dataclasses import replace

from mapping_review.preview import MOST_LABELS, MOST_LINES, Preview, Tally, converted_row, preview, shown
from migrator.engine.canonical import JsonValue
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
OPTIONS = replace(NUMBER, type=FieldType.SET, transform="options")


def tallied(rule: FieldRule, *values: tuple[JsonValue, int]) -> Preview:
    return tally_of(rule, *values).preview(is_whole=True, has_labels=True)


def tally_of(rule: FieldRule, *values: tuple[JsonValue, int]) -> Tally:
    tally = Tally()
    for value, profiles in values:
        if found := converted_row(rule, value, profiles, TOOLS):
            tally.add(*found)
    return tally


def test_failures_come_first_and_are_counted_in_profiles() -> None:
    found = preview(NUMBER, FIELD, TOOLS)
    assert [(r.before, r.after, r.profiles) for r in found.rows] == [
        ("L", "empty", 7),
        ("12:30", "empty", 3),
        ("42", "42", 60),
        ("EU 43", "43", 30),
    ]
    assert (found.emptied, found.seen, found.distinct, found.is_whole) == (10, 100, 4, True)


def test_values_that_change_in_part_come_before_the_others() -> None:
    dates = replace(SIZES, top=(("2024-03-12", 9), ("2024-03-13T09:00:00Z", 1)), filled=50)
    rule = replace(NUMBER, type=FieldType.DATE, transform="date")
    found = preview(rule, replace(FIELD, variants=(dates,)), TOOLS)
    assert [r.lost for r in found.rows] == ["the time of day is dropped", ""]
    assert (found.emptied, found.changed, found.is_whole) == (0, 1, False)


def test_several_sections_are_added_up() -> None:
    both = replace(FIELD, variants=(SIZES, replace(SIZES, section="s2", top=(("42", 5),))))
    assert preview(replace(NUMBER, sources=both.sources), both, TOOLS).rows[2].profiles == 65


def test_a_part_of_a_split_field_looks_at_its_own_sections() -> None:
    both = replace(FIELD, variants=(SIZES, replace(SIZES, section="s2", top=(("A", 5),))))
    found = preview(replace(NUMBER, sources=(("s2", "d1"),)), both, TOOLS)
    assert [r.before for r in found.rows] == ["A"]


def test_what_stays_behind_has_no_preview() -> None:
    assert preview(FieldRule(FIELD.key, FIELD.kind, Action.ARCHIVE), FIELD, TOOLS).rows == ()


def test_values_are_shown_as_people_read_them() -> None:
    values: list[JsonValue] = [None, ["a", "b"], {"value": 12, "currency": "SEK"}, 4.5]
    assert [shown(v) for v in values] == [
        "empty",
        "a, b",
        "12 SEK",
        "4.5",
    ]


def test_a_blank_value_is_neither_seen_nor_lost() -> None:
    found = tallied(NUMBER, ("", 5), (None, 3), ("7", 2))
    assert (found.seen, found.emptied, found.distinct) == (2, 0, 1)


def test_counts_cover_every_value_where_lines_do_not() -> None:
    values = [(f"no number {n}", n) for n in range(1, 501)]
    found = tallied(NUMBER, *values, ("7", 9))
    assert (found.emptied, found.seen, found.distinct) == (sum(range(1, 501)), sum(range(1, 501)) + 9, 501)
    assert len(found.rows) == MOST_LINES["emptied"] + 1
    assert found.rows[0].before == "no number 500"
    assert found.rows[MOST_LINES["emptied"] - 1].before == f"no number {501 - MOST_LINES['emptied']}"


def test_a_tally_that_was_stored_goes_on_as_if_it_had_never_stopped() -> None:
    values = [(f"{n}", n) for n in range(1, 90)] + [(f"bad {n}", n) for n in range(1, 90)]
    whole, first = tally_of(NUMBER, *values), tally_of(NUMBER, *values[:100])
    rest = Tally.from_json(first.to_json())
    rest.seen, rest.emptied, rest.distinct = first.seen, first.emptied, first.distinct
    for value, profiles in values[100:]:
        found = converted_row(NUMBER, value, profiles, TOOLS)
        assert found is not None
        rest.add(*found)
    assert rest.preview(is_whole=True) == whole.preview(is_whole=True)


def test_options_are_counted_over_all_values() -> None:
    found = tallied(OPTIONS, ("Golf, Ski", 3), ("Ski", 2), (["Golf", "Bike"], 1))
    assert found.labels == (("Ski", 5), ("Golf", 4), ("Bike", 1))


def test_more_options_than_are_kept_are_said_to_be_more() -> None:
    found = tallied(OPTIONS, *((f"option {n}", 1) for n in range(MOST_LABELS + 1)))
    assert found.labels_cut
    assert found.labels is not None
    assert len(found.labels) == MOST_LABELS


def test_a_rule_without_options_has_no_labels() -> None:
    assert preview(NUMBER, FIELD, TOOLS).labels is None


def test_a_very_long_value_is_cut_on_the_screen_only() -> None:
    text = replace(NUMBER, type=FieldType.TEXT, transform="long_text")
    found = tallied(text, ("å" * 10_000, 1))
    assert (found.emptied, found.changed, len(found.rows[0].before)) == (0, 0, 300)
