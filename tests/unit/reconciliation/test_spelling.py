"""How near two spellings are."""

import pytest

from reconciliation.spelling import NEAR, distance, nearest, nearness


@pytest.mark.parametrize(
    ("a", "b", "steps"),
    [
        ("", "", 0),
        ("", "abc", 3),
        ("abc", "abc", 0),
        ("abc", "acb", 1),
        ("kitten", "sitting", 3),
        ("ab", "b", 1),
    ],
)
def test_distance_counts_the_steps_either_way(a, b, steps):
    assert distance(a, b) == distance(b, a) == steps


@pytest.mark.parametrize(
    ("a", "b", "near"),
    [
        ("winter-25", "Winter_25", True),
        ("møbler", "mobler", True),
        ("nyhetsbrev", "nyhetsbrevet", True),
        ("campaign2024", "campaign2025", True),
        ("vip", "b2b", False),
        ("golf", "gulf-stream", False),
    ],
)
def test_near_spellings(a, b, near):
    assert (nearness(a, b) >= NEAR) == near


def test_nothing_is_as_near_as_the_same_word_in_another_dress():
    assert nearness("Store Card", "store_card") == 1.0


def test_a_very_long_text_costs_no_time():
    assert 0 <= nearness("a" * 100_000, "b" * 100_000) <= 1


def test_the_nearest_come_first_then_the_most_used():
    assert [
        o for o, _, _ in nearest("vip", [("vipp", 2), ("VIP", 1), ("vip", 9), ("vips", 8), ("x", 99)])
    ] == [
        "VIP",
        "vips",
        "vipp",
    ]
