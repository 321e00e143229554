"""Export files and consents into values."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from migrator.apsis.parsing import (
    addresses_of,
    consent_sections,
    events_of,
    iter_events,
    iter_profiles,
    moment_of,
    profile_of,
    with_consents,
)
from migrator.engine.errors import TransientError
from migrator.engine.records import Channel, ConsentState

EMAIL, SMS = "com.apsis1.channels.email", "com.apsis1.channels.sms"
MAIL_ATTRIBUTE, MOBILE_ATTRIBUTE = "com.apsis1.attributes.email", "com.apsis1.attributes.mobile"


def export(tmp_path: Path, profiles: dict[str, Any]) -> Path:
    path = tmp_path / "export.json"
    path.write_text(json.dumps({"profiles": profiles, "metadata": {}}))
    return path


def event(**changes: Any) -> dict[str, Any]:
    return {"event_time": "2024-05-06T07:08:09Z", "discriminator": "e.open", "data": {"n": 1}, **changes}


def test_it_reads_profiles_one_by_one_without_their_events(tmp_path: Path) -> None:
    path = export(
        tmp_path,
        {
            "k1": {"sections": {"s1": {"attributes": {"a": 1}, "tags": ["t.vip"], "events": [event()]}}},
            "k2": {"sections": {}},
        },
    )
    assert list(iter_profiles(path, {"t.vip": "VIP"})) == [
        ("k1", {"sections": {"s1": {"attributes": {"a": 1}, "tags": ["VIP"]}}}),
        ("k2", {"sections": {}}),
    ]


def test_it_keeps_a_tag_whose_name_nobody_knows(tmp_path: Path) -> None:
    path = export(tmp_path, {"k1": {"sections": {"s1": {"tags": {"t.vip": True, "t.old": False}}}}})
    assert list(iter_profiles(path)) == [("k1", {"sections": {"s1": {"attributes": {}, "tags": ["t.vip"]}}})]


def test_it_keeps_numbers_as_numbers(tmp_path: Path) -> None:
    path = export(
        tmp_path,
        {"k": {"sections": {"s": {"attributes": {"i": 46793699558, "f": 1.5, "b": True, "n": None}}}}},
    )
    values = profile_of(*next(iter_profiles(path))).values
    assert values == {("s", "i"): 46793699558, ("s", "f"): 1.5, ("s", "b"): True}
    assert isinstance(values["s", "f"], float)


def test_it_takes_out_what_no_database_holds(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text('{"profiles": {"k": {"sections": {"s": {"attributes": {"a": "x\\u0000y", "å": "æ"}}}}}}')
    assert profile_of(*next(iter_profiles(path))).values == {("s", "a"): "xy", ("s", "å"): "æ"}


@pytest.mark.parametrize(
    "text", ["", "<html></html>", '{"profiles": {"k": {"sections": {', '{"profiles": {"k": {}']
)
def test_a_damaged_file_is_asked_for_again(tmp_path: Path, text: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(text)
    with pytest.raises(TransientError, match="damaged"):
        list(iter_profiles(path))


def test_what_came_before_the_damage_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text('{"profiles": {"k1": {"sections": {}}, "k2": {"sec')
    profiles = iter_profiles(path)
    assert next(profiles) == ("k1", {"sections": {}})


def test_it_reads_events_with_the_profile_they_belong_to(tmp_path: Path) -> None:
    path = export(
        tmp_path, {"k1": {"sections": {"s1": {"events": [event(), event(discriminator="e.click")]}}}}
    )
    found = list(iter_events(path))
    assert [(key, e.section, e.type) for key, e in found] == [("k1", "s1", "e.open"), ("k1", "s1", "e.click")]
    assert found[0][1].occurred_at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert found[0][1].data == {"n": 1}


def keys(*rows: dict[str, Any], section: str = "s1") -> list[str]:
    return [e.key for e in events_of({"sections": {section: {"events": list(rows)}}})]


def test_an_event_has_the_same_key_in_every_extraction() -> None:
    assert keys(event(id="1", data={"a": 1, "b": 2})) == keys(event(id="2", data={"b": 2, "a": 1}))


def test_exact_repeats_have_keys_of_their_own_that_stay() -> None:
    first, second = keys(event(), event())
    assert first != second
    assert keys(event(), event(), event())[:2] == [first, second]


@pytest.mark.parametrize(
    "other",
    [event(data={"n": 2}), event(discriminator="e.click"), event(event_time="2024-05-06T07:08:10Z")],
)
def test_different_events_have_different_keys(other: dict[str, Any]) -> None:
    assert keys(event()) != keys(other)


def test_the_same_event_in_two_sections_is_two_events() -> None:
    assert keys(event()) != keys(event(), section="s2")


def test_an_event_without_a_time_takes_the_servers() -> None:
    (found,) = events_of({"sections": {"s": {"events": [event(event_time=0, server_time=1714979289000)]}}})
    assert found.occurred_at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2024-05-06T07:08:09Z", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06T09:08:09+02:00", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06T07:08:09", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        (1714979289, datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        (1714979289000, datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        (0, None),
        ("", None),
        (None, None),
        (True, None),
        ("yesterday", None),
        (10**20, None),
    ],
)
def test_it_reads_each_spelling_of_a_moment(value: Any, moment: datetime | None) -> None:
    assert moment_of(value) == moment


def consent(kind: str, channel: str = EMAIL, **more: Any) -> dict[str, Any]:
    return {"topic_discriminator": "news", "channel_discriminator": channel, "type": kind, **more}


def test_asked_consents_tell_when_and_stand_before_the_exports() -> None:
    raw: dict[str, Any] = {
        "sections": {"s1": {"topics": [consent("opt-in")]}, "s2": {"topics": [consent("opt-in")]}}
    }
    answer = {"items": [consent("opt-out", modified_at="2024-05-06T07:08:09Z")], "suppressions": []}
    found = profile_of("k", with_consents(raw, {"s1": answer})).consents
    assert [(c.section, c.state, c.modified_at) for c in found] == [
        ("s1", ConsentState.OPT_OUT, "2024-05-06T07:08:09Z"),
        ("s2", ConsentState.OPT_IN, ""),
    ]


def test_a_section_that_answered_with_nothing_has_no_consent() -> None:
    raw: dict[str, Any] = {"sections": {"s1": {"topics": [consent("opt-in")]}}}
    assert profile_of("k", with_consents(raw, {"s1": {"items": []}})).consents == ()


@pytest.mark.parametrize("kind", ["pending-opt-in", "maybe", "", None])
def test_what_is_no_plain_yes_permits_nothing(kind: Any) -> None:
    raw = {"sections": {"s1": {"topics": [consent(kind)]}}}
    (found,) = profile_of("k", raw).consents
    assert not found.state.permits


def test_a_channel_that_nobody_knows_is_left_out() -> None:
    assert profile_of("k", {"sections": {"s": {"topics": [consent("opt-in", "fax")]}}}).consents == ()


def test_one_suppressed_address_suppresses_its_channel() -> None:
    rows = [
        {"channel_discriminator": EMAIL, "address": "a@x.se", "suppressed": False},
        {"channel_discriminator": EMAIL, "address": "b@x.se", "suppressed": True},
        {"channel_discriminator": SMS, "address": "46", "suppressed": False},
    ]
    raw = with_consents({"sections": {}}, {"s1": {"items": [], "suppressions": rows}})
    assert profile_of("k", raw).suppressed == {Channel.EMAIL}


def test_answers_of_several_sections_add_up() -> None:
    row = {"channel_discriminator": EMAIL, "address": "a@x.se", "suppressed": True}
    first = with_consents({"sections": {}}, {"s1": {"items": [consent("opt-in")], "suppressions": [row]}})
    both = with_consents(first, {"s2": {"items": [consent("opt-out")], "suppressions": [row]}})
    assert both["suppression"] == [row]
    assert {c.section for c in profile_of("k", both).consents} == {"s1", "s2"}


@pytest.mark.parametrize(
    ("sections", "asked"),
    [
        ({}, ()),
        ({"s1": {"attributes": {"a": 1}}}, ()),
        ({"s1": {"topics": [consent("opt-in")]}, "s2": {}}, ("s1",)),
        (
            {
                "s1": {},
                "s2": {"attributes": {MAIL_ATTRIBUTE: "a@x.se"}},
                "s3": {"attributes": {MOBILE_ATTRIBUTE: 4}},
            },
            ("s2",),
        ),
    ],
    ids=["nothing", "no address", "topics", "address without topics"],
)
def test_it_knows_which_sections_to_ask(sections: dict[str, Any], asked: tuple[str, ...]) -> None:
    assert consent_sections({"sections": sections}) == asked


def test_it_gathers_each_address_once() -> None:
    sections = {
        "s1": {"attributes": {MAIL_ATTRIBUTE: "a@x.se", MOBILE_ATTRIBUTE: 46701}},
        "s2": {"attributes": {MAIL_ATTRIBUTE: "a@x.se"}},
        "s3": {"attributes": {MAIL_ATTRIBUTE: " "}},
    }
    assert addresses_of({"sections": sections}) == ("a@x.se", "46701")
