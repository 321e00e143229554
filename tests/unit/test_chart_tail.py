"""The long tail: values from the largest to the smallest with the zone of the rare ones."""

from migrator import charts

TAGS = [("vip", 300), ("club", 40), ("fair-19", 3), ("test", 1)]


def test_the_zone_covers_exactly_the_values_below_the_limit() -> None:
    drawn = charts.tail("4 tags", TAGS, under=5)
    assert '<rect class="zone" x="50%" y="18" width="50%"' in drawn.svg
    assert "2 under 5" in drawn.svg


def test_without_rare_values_nothing_is_named_rare() -> None:
    assert "under 5" not in charts.tail("2 tags", TAGS[:2], under=5).svg


def test_every_value_is_in_the_table() -> None:
    drawn = charts.tail("4 tags", TAGS, under=5, head=("Tag", "Profiles"))
    assert drawn.rows == (("vip", "300"), ("club", "40"), ("fair-19", "3"), ("test", "1"))


def test_it_draws_nothing_without_values() -> None:
    assert charts.tail("No tags", [], under=5).rows == ()
