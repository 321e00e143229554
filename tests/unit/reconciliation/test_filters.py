"""The address of a list: what it may hold, what is thrown away, and that it comes back as it was."""

from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.filters import NAMES, Filters

WORDS = {
    "q": st.text(max_size=30),
    "section": st.text(max_size=30),
    "suggestion": st.sampled_from(("merge", "skip", "name_only")),
    "assignee": st.sampled_from(("none", "7")),
    "sure": st.sampled_from(("high", "medium", "low")),
    "phone": st.sampled_from(("yes", "no")),
    "company": st.sampled_from(("yes", "no")),
    "seen": st.sampled_from(("never", "2026")),
    "tag": st.text(max_size=30),
    "changed": st.just("yes"),
    "state": st.sampled_from(("open", "unsure", "decided")),
    "sort": st.sampled_from(("impact", "sure", "newest")),
}


@given(st.fixed_dictionaries({}, optional=WORDS))
def test_an_address_comes_back_as_it_was(values):
    filters = Filters.from_query(values)
    assert Filters.from_query(filters.as_query()) == filters
    assert Filters.from_query(QueryDict(filters.as_query()[1:])) == filters


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=40)))
def test_whatever_an_address_holds_gives_filters_that_can_be_asked(values):
    filters = Filters.from_query(values)
    assert filters.state in ("open", "unsure", "decided")
    assert filters.assignee in ("", "none") or int(filters.assignee) > 0
    assert "\0" not in "".join(filters.narrowing.values())


def test_what_is_no_good_is_no_filter():
    filters = Filters.from_query(
        "?sure=very&state=gone&assignee=-1&seen=19&phone=maybe&sort=random&suggestion=x"
    )
    assert filters == Filters()
    assert not filters
    assert filters.as_query() == ""


def test_state_and_order_do_not_narrow_but_stay_in_the_address():
    filters = Filters(state="decided", sort="sure")
    assert not filters
    assert filters.as_query() == "?state=decided&sort=sure"


def test_a_link_adds_to_the_address_and_takes_out_of_it():
    filters = Filters(q="berg", section="Norway")
    assert filters.as_query(after="1.2.3", section="") == "?q=berg&after=1.2.3"


def test_me_is_whoever_asks_and_nobody_where_nobody_does():
    assert Filters.from_query("?assignee=me", me=12).assignee == "12"
    assert Filters.from_query("?assignee=me").assignee == ""


def test_a_tag_keeps_its_blanks():
    assert Filters.from_query({"tag": " vip "}).tag == " vip "


def test_a_search_needs_three_letters_or_digits_in_a_row():
    assert Filters(q="be").is_too_short
    assert Filters(q="a-b-c").is_too_short
    assert Filters(q="___").is_too_short
    assert not Filters(q="Ødegård").is_too_short
    assert not Filters(q="a 123").is_too_short
    assert not Filters().is_too_short
