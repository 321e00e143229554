"""What a plan holds back, in words."""

import pytest

from migrator.runner.held_back import sentence

SAID = {
    "nothing": ({}, ""),
    "nothing at all": ({"profiles": 0, "cases": 0, "tags": 0}, ""),
    "profiles": ({"profiles": 1200, "cases": 9}, "1,200 profiles held back by 9 open cases."),
    "one": ({"profiles": 1, "cases": 1}, "1 profile held back by 1 open case."),
    "tags alone": ({"profiles": 0, "cases": 0, "tags": 1}, "1 open tag is left out."),
    "both": (
        {"profiles": 12, "cases": 9, "tags": 3},
        "12 profiles held back by 9 open cases. 3 open tags are left out.",
    ),
}


@pytest.mark.parametrize(("held", "expected"), SAID.values(), ids=SAID)
def test_it_says_of(held: dict[str, int], expected: str) -> None:
    assert sentence(held) == expected
