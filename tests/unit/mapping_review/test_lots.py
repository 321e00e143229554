"""Drawing rows: nobody foresees which, everybody gets the same ones again."""

import pytest
from django.test import override_settings

from mapping_review import lots

ROWS = [f"row {number}" for number in range(50)]


def drawn(rows: list[str], count: int = 5, purpose: str = "look") -> list[str]:
    return lots.drawn(rows, count, purpose, str)


def test_the_order_of_the_rows_does_not_matter() -> None:
    assert drawn(ROWS) == drawn(ROWS[::-1])


@pytest.mark.parametrize(("rows", "count", "found"), [(50, 5, 5), (3, 5, 3), (0, 5, 0), (9, 0, 0)])
def test_it_draws_as_many_as_there_are(rows: int, count: int, found: int) -> None:
    assert len(drawn(ROWS[:rows], count)) == found


def test_a_row_that_goes_away_makes_room_for_one_and_moves_no_other() -> None:
    first = drawn(ROWS)
    left = drawn([row for row in ROWS if row != first[0]])
    assert left[:4] == first[1:]


def test_every_purpose_draws_its_own() -> None:
    assert drawn(ROWS) != drawn(ROWS, purpose="second look")


def test_another_installation_draws_others_and_knows_no_mark_of_ours() -> None:
    ours, mark = drawn(ROWS), lots.mark("look", "row 1")
    with override_settings(SECRET_KEY="another installation's secret"):
        assert drawn(ROWS) != ours
        assert not lots.is_marked([mark], "look", "row 1")
    assert lots.is_marked([mark], "look", "row 1")


@pytest.mark.parametrize(("purpose", "name"), [("look", "row 2"), ("second look", "row 1")])
def test_a_mark_is_for_one_purpose_and_one_row(purpose: str, name: str) -> None:
    assert not lots.is_marked([lots.mark("look", "row 1")], purpose, name)


@pytest.mark.parametrize("given", ["", "é" * 40, "0" * 40, "\x00"])
def test_what_is_no_mark_is_none(given: str) -> None:
    assert not lots.is_marked([given], "look", "row 1")


def test_every_row_has_its_chance() -> None:
    often = {row: 0 for row in ROWS}
    for number in range(400):
        for row in drawn(ROWS, purpose=f"look {number}"):
            often[row] += 1
    assert min(often.values()) > 10
    assert max(often.values()) < 90
