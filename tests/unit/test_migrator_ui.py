"""What the templates' own tags and filters print."""

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.template import Context, Template

from migrator.templatetags import migrator_ui as ui

ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 3, 2, 14, 2, tzinfo=UTC)


def render(text: str, **context: Any) -> str:
    return Template("{% load migrator_ui %}" + text).render(Context(context))


def test_an_icon_is_hidden_from_screen_readers_and_comes_from_the_sprite() -> None:
    drawn = render('{% icon "check" "s" %}')
    assert drawn == '<svg class="i s" aria-hidden="true"><use href="/static/icons.svg#i-check"/></svg>'


def test_a_status_says_its_state_in_words() -> None:
    assert render('{% status label "warn" "lock" %}', label="<Paused>").endswith("&lt;Paused&gt;</span>")


@pytest.mark.parametrize(
    ("percent", "bars", "word"),
    [(100, 3, "High"), (90, 3, "High"), (89, 2, "Medium"), (70, 2, "Medium"), (69, 1, "Low"), (0, 1, "Low")],
)
def test_confidence_is_bars_and_a_word_and_a_figure(percent: int, bars: int, word: str) -> None:
    drawn = ui.confidence(percent)
    assert f'data-b="{bars}"' in drawn
    assert f"{word} confidence </span>{percent}%" in drawn


def test_a_meter_takes_its_parts_by_tone() -> None:
    drawn = render('{% meter "137 of 200" ok=137 total=200 thin=True %}')
    assert 'aria-label="137 of 200"' in drawn
    assert 'class="meter thin"' in drawn
    assert 'width="68.5%"' in drawn


def test_an_avatar_names_the_person() -> None:
    assert 'aria-label="Sofia Berg"' in ui.avatar("SB", "Sofia Berg", "s")


@pytest.mark.parametrize(
    ("full", "username", "expected"),
    [("Sofia Berg", "s", "SB"), ("", "erik@x", "ER"), ("Åsa Öst Ek", "a", "ÅÖ")],
)
def test_initials_come_from_the_name_or_else_the_user_name(full: str, username: str, expected: str) -> None:
    user = SimpleNamespace(get_full_name=lambda: full, get_username=lambda: username)
    assert ui.initials(user) == expected


def test_a_key_is_bound_and_told_to_screen_readers() -> None:
    assert ui.key({}, "e") == ' data-key="E" aria-keyshortcuts="E"'
    assert ui.key({}, "a Enter") == ' data-key="A Enter" aria-keyshortcuts="A Enter"'


@pytest.mark.parametrize("drawn", [ui.key({}, ""), ui.key({}, "E", off=True), ui.cap({}, "")])
def test_no_key_prints_nothing(drawn: str) -> None:
    assert drawn == ""


def test_the_cap_of_a_key_is_for_the_eye_only() -> None:
    assert ui.cap({}, "z") == '<kbd aria-hidden="true">Z</kbd>'


def test_own_keys_are_told_and_the_usual_ones_bound() -> None:
    own = {"own_keys": {"N": "I"}}
    assert ui.key(own, "n") == ' data-key="N" aria-keyshortcuts="I"'
    assert ui.cap(own, "n") == '<kbd aria-hidden="true">I</kbd>'
    assert ui.own_keys(own) == ' data-keys="{&quot;N&quot;: &quot;I&quot;}"'
    assert ui.own_keys({}) == ""


def test_strong_words_are_marked_and_everything_else_is_escaped() -> None:
    assert ui.strong("**14 events** & <i>") == "<b>14 events</b> &amp; &lt;i&gt;"


def test_markup_inside_strong_words_is_escaped_too() -> None:
    assert ui.strong("**<script>**") == "<b>&lt;script&gt;</b>"


@pytest.mark.parametrize(("value", "shown"), [(12408, "12,408"), (0, "0"), (None, "–"), ("", "–")])
def test_counts_have_separators(value: Any, shown: str) -> None:
    assert ui.count(value) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (1, "100%"),
        (0, "0%"),
        (0.5, "50%"),
        (0.998, "99.8%"),
        (0.99999, "99.9%"),
        (0.00001, "0.1%"),
        (None, "–"),
    ],
)
def test_a_share_is_never_rounded_to_all_or_nothing(share: float | None, shown: str) -> None:
    assert ui.pct(share) == shown


def test_dates_are_written_out() -> None:
    assert ui.day(date(2026, 3, 2)) == "2 Mar 2026"
    assert ui.moment(NOON) == "2 Mar 2026, 14:02 UTC"
    assert ui.clock(NOON) == "14:02"


def test_no_date_is_said_in_words() -> None:
    assert (ui.day(None), ui.moment(None), ui.clock(None)) == ("never", "never", "–")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (34800, "9 h 40 min"),
        (75, "1 min 15 s"),
        (3600, "1 h"),
        (3601, "1 h"),
        (90061, "1 d 1 h"),
        (59.6, "1 min"),
        (0.2, "under 1 s"),
        (0, "0 s"),
        (None, "–"),
    ],
)
def test_a_duration_shows_its_two_largest_units(seconds: float | None, shown: str) -> None:
    assert ui.duration(seconds) == shown


def test_a_tone_has_an_icon_of_its_own() -> None:
    assert [ui.tone_icon(tone) for tone in ("ok", "bad", "")] == ["check", "circle-x", "info-circle"]


def test_a_chart_comes_with_its_numbers_as_a_table() -> None:
    from migrator import charts

    drawn = render(
        '{% chart drawing "Profiles" %}', drawing=charts.bars("Finding", [charts.Bar("Sweden", 5210)])
    )
    assert "Show as table" in drawn
    assert '<td class="r">5,210</td>' in drawn
