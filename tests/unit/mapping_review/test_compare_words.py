"""Two texts as one, by words."""

import pytest

from mapping_review.compare import GONE, NEW, SAME, Segment, word_difference


@pytest.mark.parametrize(
    ("before", "after", "segments"),
    [
        ("Shoe size", "Shoe number", [(SAME, "Shoe "), (GONE, "size"), (NEW, "number")]),
        ("Shoe size", "EU Shoe size", [(NEW, "EU "), (SAME, "Shoe size")]),
        ("Number", "Date", [(GONE, "Number"), (NEW, "Date")]),
        ("One option", "Several texts", [(GONE, "One option"), (NEW, "Several texts")]),
        ("", "Person", [(NEW, "Person")]),
        ("Person", "", [(GONE, "Person")]),
        ("decimal = ,", "decimal = .", [(SAME, "decimal = "), (GONE, ","), (NEW, ".")]),
    ],
)
def test_a_difference_is_shown_by_words(before: str, after: str, segments: list[tuple[str, str]]) -> None:
    assert word_difference(before, after) == tuple(Segment(*pair) for pair in segments)


def test_both_texts_can_be_read_back() -> None:
    before, after = "the quick brown fox jumps", "a quick red fox, jumps high"
    found = word_difference(before, after)
    assert "".join(s.text for s in found if s.op != NEW) == before
    assert "".join(s.text for s in found if s.op != GONE) == after


def test_long_texts_are_not_compared_word_by_word() -> None:
    before, after = "a " * 5_000, "b " * 5_000
    assert word_difference(before, after) == (Segment(GONE, before), Segment(NEW, after))
