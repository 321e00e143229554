"""What consents, channels, tags, Sections and events become, as the row's sheet says it."""

from dataclasses import replace

import pytest

from mapping_review.becoming import Becoming, becoming
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import (
    FieldType,
    SourceField,
    SourceKind,
    TargetField,
    TargetObject,
    ValueType,
    Variant,
)
from migrator.texts import TOOLS

INVENTORY = {
    "tags": [
        {"tag": "vip_customer", "profiles": 40},
        {"tag": "VIP Customer", "profiles": 2},
        {"tag": "newsletter", "profiles": 9},
        {"tag": "x" * 300, "profiles": 1},
    ],
    "consents": {"email": {"yes": 70, "no": 20, "unknown": 10}},
}
LABELS = TargetField(TargetObject.PERSON, "Labels", FieldType.SET, False, "labels", ("Newsletter",))


def rule_for(key: str, kind: SourceKind, field: str, **more: object) -> FieldRule:
    return replace(FieldRule(key, kind, Action.MAP, field=field), **more)  # type: ignore[arg-type]


def field_for(key: str, kind: SourceKind, name: str = "Name", *variants: Variant) -> SourceField:
    return SourceField(key, kind, name, variants=variants)


def seen(rule: FieldRule, field: SourceField) -> Becoming:
    return becoming(rule, field, INVENTORY, (LABELS,), TOOLS)


def tags() -> Becoming:
    rule = rule_for("tag:all", SourceKind.TAG, "labels", type=FieldType.SET, transform="label_title")
    return seen(rule, field_for("tag:all", SourceKind.TAG, "Tags"))


def test_a_tag_that_no_label_can_hold_comes_first_and_is_counted_as_lost() -> None:
    found = tags()
    assert (found.lines[0].before, found.lines[0].after, found.lost) == ("x" * 300, "empty", 1)


def test_tags_say_which_labels_exist_which_are_new_and_which_become_one() -> None:
    found = tags()
    notes = {line.before: (line.after, line.note) for line in found.lines}
    assert notes["newsletter"] == ("Newsletter", "")
    assert notes["vip_customer"] == ("Vip Customer", "new label, one label with others")
    assert found.sentences == (
        "1 of 2 labels are in Pipedrive already, 1 would be added.",
        "“vip_customer” and “VIP Customer” become one label.",
    )


def test_consents_are_counted_by_what_is_written() -> None:
    rule = rule_for("consent:email", SourceKind.CONSENT, "Email consent", custom=True, type=FieldType.ENUM)
    found = seen(rule, field_for("consent:email", SourceKind.CONSENT))
    assert [(line.after, line.count) for line in found.lines] == [("Yes", 70), ("No", 20), ("empty", 10)]
    assert "A consent that is in Pipedrive already is never replaced." in found.sentences


def test_a_consent_date_is_said_to_be_its_date() -> None:
    rule = rule_for("consent:email_date", SourceKind.CONSENT, "Email consent date", custom=True)
    found = seen(rule, field_for("consent:email_date", SourceKind.CONSENT))
    assert found.lines[0].after == "its date"


def test_a_consent_that_nobody_counted_claims_no_number() -> None:
    rule = rule_for("consent:sms", SourceKind.CONSENT, "SMS consent", custom=True)
    found = seen(rule, field_for("consent:sms", SourceKind.CONSENT))
    assert {line.count for line in found.lines} == {None}


@pytest.mark.parametrize(
    ("target", "first"),
    [
        ("activity:task", "Task “Email opened”, done, 2026-03-03 09:14"),
        ("activity:call", "Call “Email opened”, done, 2026-03-03 09:14"),
        ("note", "Note of 2026-03-03 09:14"),
    ],
)
def test_an_event_type_shows_the_record_that_a_made_up_event_becomes(target: str, first: str) -> None:
    variant = Variant("", "All", "com.apsis1.open", "event", 1_200, 1, {}, (), ValueType.TEXT)
    field = field_for("event:com.apsis1.open", SourceKind.EVENT, "Email opened", variant)
    found = seen(rule_for(field.key, SourceKind.EVENT, target), field)
    assert (found.lines[0].before, found.lines[0].after) == ("Each event its own record", first)
    assert (found.lines[-1].after, found.lines[-1].count) == ("Nothing, they stay in the archive", 0)
    assert found.sentences[0].startswith("1,200 events were counted.")


def test_how_many_records_three_events_become_depends_on_the_fidelity() -> None:
    variant = Variant("", "All", "com.apsis1.open", "event", 1_200, 1, {}, (), ValueType.TEXT)
    field = field_for("event:com.apsis1.open", SourceKind.EVENT, "Email opened", variant)
    found = seen(rule_for(field.key, SourceKind.EVENT, "activity:task"), field)
    assert [line.count for line in found.lines] == [3, 1, 1, 0]
    assert found.lines[2].after == "Task “Email opened: 3 events”, done, 2026-03-19 09:14"


def test_sections_become_options() -> None:
    sweden = Variant("s1", "Sweden", "section:all", "", 60, 1, {}, (("Sweden", 60),), ValueType.OPTION)
    rule = rule_for(
        "section:all",
        SourceKind.SECTION,
        "APSIS Section",
        custom=True,
        type=FieldType.SET,
        transform="options",
    )
    found = seen(rule, field_for("section:all", SourceKind.SECTION, "Sections", sweden))
    assert [(b.before, b.after, b.count, b.note) for b in found.lines] == [
        ("Sweden", "Sweden", 60, "new option")
    ]


def test_a_channel_is_not_counted_before_the_plan() -> None:
    rule = rule_for("channel:sms", SourceKind.CHANNEL, "SMS enabled", custom=True)
    found = seen(rule, field_for("channel:sms", SourceKind.CHANNEL))
    assert [line.after for line in found.lines] == ["Yes", "No"]
    assert found.lines[1].before == "Has no phone number, or is suppressed"


def test_what_is_left_behind_writes_nothing() -> None:
    rule = FieldRule("tag:all", SourceKind.TAG, Action.ARCHIVE)
    found = seen(rule, field_for("tag:all", SourceKind.TAG))
    assert (found.lines, found.sentences) == ((), ("Nothing of it is written to Pipedrive.",))
