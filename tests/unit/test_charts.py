"""Charts say their finding in words, keep every number for the table, and never let a name become markup."""

import re

import pytest

from migrator import charts
from migrator.charts import Bar


def widths(svg: str, tone: str = "bar") -> list[float]:
    return [float(found) for found in re.findall(rf'class="{tone}[^"]*"[^>]* width="([\d.]+)%"', svg)]


def test_it_states_the_finding_for_those_who_do_not_see_the_drawing() -> None:
    drawing = charts.bars("Sweden has most profiles", [Bar("Sweden", 3)])
    assert 'role="img" aria-label="Sweden has most profiles"' in drawing.svg


def test_the_longest_bar_fills_the_width_and_the_others_are_in_proportion() -> None:
    drawing = charts.bars("Profiles", [Bar("Sweden", 200), Bar("Norway", 50), Bar("Finland", 0)])
    assert widths(drawing.svg) == [100, 25, 0]


def test_a_given_whole_sets_the_full_width() -> None:
    assert widths(charts.bars("Fields", [Bar("Used", 25)], of=100).svg) == [25]


def test_the_table_holds_every_number_with_its_note() -> None:
    drawing = charts.bars("Profiles", [Bar("Sweden", 12431, note="in 4 Sections")], unit="Profiles")
    assert drawing.head == ("Name", "Profiles")
    assert drawing.rows == (("Sweden", "12,431 in 4 Sections"),)


def test_a_name_cannot_become_markup() -> None:
    drawing = charts.bars('"><script>', [Bar("<script>alert(1)</script>", 1, note="<b>")])
    assert "<script" not in drawing.svg
    assert "<b>" not in drawing.svg


def test_a_long_name_is_shortened_in_the_drawing_and_whole_in_the_table() -> None:
    name = "a" * 80
    drawing = charts.bars("Tags", [Bar(name, 1)])
    assert name not in drawing.svg
    assert "…" in drawing.svg
    assert drawing.rows[0][0] == name


@pytest.mark.parametrize(
    "drawing",
    [
        charts.bars("Nothing", []),
        charts.columns("Nothing", []),
        charts.histogram("Nothing", []),
        charts.sparkline("Nothing", []),
        charts.gauge("Nothing", 0, limit=0),
    ],
    ids=["bars", "columns", "histogram", "sparkline", "gauge"],
)
def test_it_draws_something_sound_from_nothing(drawing: charts.Chart) -> None:
    assert drawing.svg.startswith("<svg")
    assert "nan" not in drawing.svg.lower()


def test_columns_print_the_first_and_last_label_and_the_largest_number() -> None:
    drawing = charts.columns("Events rose", [("2025-01", 800), ("2025-02", 4120)], head=("Month", "Events"))
    assert ">2025-01<" in drawing.svg
    assert ">2025-02<" in drawing.svg
    assert ">4,120 at most<" in drawing.svg
    assert drawing.rows == (("2025-01", "800"), ("2025-02", "4,120"))


def test_a_small_column_is_still_seen() -> None:
    drawing = charts.columns("Events", [("a", 1), ("b", 100_000), ("c", 0)])
    heights = [int(h) for h in re.findall(r'class="bar"[^>]* height="(\d+)"', drawing.svg)]
    assert heights == [1, 84, 0]


def test_bins_below_the_threshold_are_grey() -> None:
    svg = charts.histogram("Confidence", [52, 91, 99, 100], at=90).svg
    assert svg.count("bar low") == 8
    assert len(re.findall(r'class="bar"', svg)) == 2


def test_every_value_is_in_one_bin_also_those_beyond_the_ends() -> None:
    rows = charts.histogram("Confidence", [0, 50, 54, 55, 100, 140]).rows
    assert [int(number) for _, number in rows] == [3, 1, 0, 0, 0, 0, 0, 0, 0, 2]


def test_parts_of_a_meter_stand_side_by_side() -> None:
    svg = charts.meter("Half done", [("ok", 30), ("bad", 20)], total=100)
    assert '<rect class="ok" x="0%" width="30%"' in svg
    assert '<rect class="bad" x="30%" width="20%"' in svg


def test_a_meter_never_exceeds_its_width() -> None:
    assert '<rect class="ok" x="0%" width="100%"' in charts.meter("Over", [("ok", 300)], total=200)


@pytest.mark.parametrize(("used", "tone"), [(10, "ok"), (60, "warn"), (70, "bad")])
def test_the_gauge_changes_its_tone_at_our_share(used: int, tone: str) -> None:
    drawing = charts.gauge("Tokens", used, limit=100, reserve_at=70)
    assert f'class="bar {tone}"' in drawing.svg
    assert 'class="mark" x1="70%"' in drawing.svg
    assert drawing.rows == (("Used", str(used)), ("Our share", "70"), ("Limit", "100"))


def test_a_gauge_without_a_share_measures_against_the_limit() -> None:
    drawing = charts.gauge("Tokens", 100, limit=100)
    assert 'class="bar bad"' in drawing.svg
    assert "mark" not in drawing.svg


def test_the_line_reaches_from_edge_to_edge() -> None:
    svg = charts.sparkline("Pace", [0, 5, 10]).svg
    assert 'points="0.0,30.0 50.0,16.0 100.0,2.0"' in svg


@pytest.mark.parametrize(("percent", "drawn"), [(69, 69), (-5, 0), (140, 100)])
def test_the_disc_of_a_stop_stays_within_its_circle(percent: int, drawn: int) -> None:
    assert f'stroke-dasharray="{drawn} 100"' in charts.pie(percent)
