"""What a case is found by, read from its evidence."""

from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.cases import CaseKind
from reconciliation.facets import (
    FIRST_YEAR,
    LAST_YEAR,
    LONGEST_WORD,
    facets_of,
    folded,
    read_traits,
    traits_of,
)
from reconciliation.matching import MOST_TRAITS

KNOWN = {
    "name": "Bjørn Ødegård",
    "phone": "+46 70-555 01 24",
    "company": "",
    "last_event": "2025-03-01T00:00:00+00:00",
    "tags": ["vip", "Winter 25"],
    "candidates": [],
}


def of(kind=CaseKind.NO_EMAIL, evidence=KNOWN, section="Norway", action="merge", sure=94):
    return facets_of(kind, evidence, "Bjørn Ødegård", "profile-1", section, action, sure)


def test_a_profile_is_found_by_everything_that_is_known_of_it():
    search, words = of()
    assert {"suggest:merge", "sure:high", "section:Norway", "phone:yes", "company:no", "seen:2025"} <= set(
        words
    )
    assert {"tag:vip", "tag:Winter 25"} <= set(words)
    assert "bjorn odegard" in search
    assert "profile-1" in search
    assert "46705550124" in search


def test_the_members_of_a_group_count_like_the_case_itself():
    members = [{"phone": "", "last_event": ""}, {"phone": "1", "last_event": "2024-01-01", "email": "A@B.se"}]
    search, words = of(CaseKind.DUPLICATE, {"members": members, "match": "phone"})
    assert {"phone:yes", "seen:2024", "match:phone"} <= set(words)
    assert "a@b.se" in search


def test_a_tag_has_no_phone_to_filter_by():
    _, words = of(CaseKind.RARE_TAG, {"tag": "vip"})
    assert not any(word.startswith(("phone:", "seen:")) for word in words)
    assert read_traits(traits_of(CaseKind.RARE_TAG, {"tag": "vip"}, 50)).seen == ""


def test_case_accents_and_blanks_do_not_matter():
    assert folded("  Åse\tØDEGÅRD ") == "ase odegard"


@given(
    st.sampled_from(list(CaseKind)),
    st.booleans(),
    st.booleans(),
    st.integers(FIRST_YEAR, LAST_YEAR) | st.none(),
    st.integers(0, 100),
)
def test_traits_can_be_read_back(kind, phone, company, year, sure):
    evidence = {
        "phone": "1" if phone else "",
        "company": "x" if company else "",
        "last_event": f"{year or ''}",
    }
    number = traits_of(kind, evidence, sure)
    traits = read_traits(number)
    assert 0 <= number < MOST_TRAITS
    assert traits.sure == ("high" if sure >= 90 else "medium" if sure >= 70 else "low")
    if kind in (CaseKind.NO_EMAIL, CaseKind.NO_NAME, CaseKind.DUPLICATE):
        assert (traits.phone, traits.company, traits.seen) == (phone, company, str(year or "never"))


@given(st.dictionaries(st.sampled_from(["name", "tags", "tag", "members", "last_event", "match"]), st.text()))
def test_evidence_of_any_shape_gives_words_that_the_database_takes(evidence):
    search, words = facets_of(CaseKind.DUPLICATE, evidence, "a\0b", "k", "s", "", 0)
    assert "\0" not in search
    assert all("\0" not in w and len(w) <= LONGEST_WORD for w in words)
