"""The filters of a bulk in the words of the bar: no code and no id reaches the page."""

from types import SimpleNamespace

import pytest

from migrator.engine.cases import CaseKind
from reconciliation.filter_bar import in_words
from reconciliation.filters import Filters

SOFIA = SimpleNamespace(pk=7, get_full_name=lambda: "Sofia Berg", get_username=lambda: "sofia")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", []),
        ("?q=hagen", [("Found by", "hagen")]),
        ("?section=Norway", [("Section", "Norway")]),
        ("?suggestion=name_only", [("Suggestion", "Import by name only")]),
        ("?sure=high", [("Confidence", "90% and more")]),
        ("?phone=no", [("Phone", "No phone")]),
        ("?seen=2024", [("Last seen", "2024")]),
        ("?seen=never", [("Last seen", "Never")]),
        ("?tag=vip", [("Tag", "vip")]),
        ("?changed=yes", [("Evidence", "Changed since decided")]),
        ("?assignee=none", [("Assigned to", "Nobody")]),
        ("?assignee=7", [("Assigned to", "Sofia Berg")]),
        ("?assignee=8", [("Assigned to", "Somebody who left")]),
        ("?state=unsure&sort=newest", []),
    ],
)
def test_a_filter_is_said_as_the_bar_says_it(query: str, words: list[tuple[str, str]]) -> None:
    assert in_words(CaseKind.NO_EMAIL, Filters.from_query(query), [SOFIA]) == words


def test_several_filters_are_said_in_their_order() -> None:
    said = in_words(CaseKind.RARE_TAG, Filters.from_query("?suggestion=drop&section=Sweden"), [])
    assert said == [("Section", "Sweden"), ("Suggestion", "Drop: used by nobody")]
