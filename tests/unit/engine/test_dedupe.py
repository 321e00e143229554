"""Which names may be one person or one company, and how links become cases."""

from itertools import combinations
from random import Random

import pytest

from migrator.engine.dedupe import (
    Clusters,
    WordIndex,
    company_spelling,
    crm_id_key,
    is_named_in,
    is_own_domain,
    near_companies,
    near_people,
    person_key,
    same_crm_id,
)
from migrator.engine.matching import company_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna Berg", "Berg, Anna"),
        ("Anna Berg", "ANNA BERG"),
        ("Anna Berg", "Ana Berg"),
        ("Anna Berg", "A. Berg"),
        ("Anna Maria Berg", "Anna Berg"),
        ("Anna Berg", "Anna"),
        ("Björn Öst", "Bjorn Ost"),
        ("Søren Bæk", "Soren Bæk"),
    ],
)
def test_names_that_may_be_one_person(one: str, other: str) -> None:
    assert near_people(person_key(one), person_key(other))
    assert near_people(person_key(other), person_key(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna Berg", "Erik Berg"),
        ("Anna Berg", "Anna Dahl"),
        ("Anna Berg", ""),
        ("", ""),
        ("A", "Anna Berg"),
        ("A B", "Anna Berg"),
        ("Kim Lee", "Jim Lee"),
    ],
)
def test_names_that_are_two_people_or_say_nothing(one: str, other: str) -> None:
    assert not near_people(person_key(one), person_key(other))


@pytest.mark.parametrize("text", ["", "0", "000", "-", "n/a", "NULL", "#N/A", "1.0123E+5", "1,02E11", "x"])
def test_what_is_no_crm_id(text: str) -> None:
    assert crm_id_key(text) == ""


def test_a_crm_id_of_many_names_is_a_wreck_and_one_of_two_names_a_question() -> None:
    assert crm_id_key("{AB-12}") == crm_id_key("ab-12") == "ab-12"
    assert same_crm_id("anna berg", "dahl erik", holders=2)
    assert not same_crm_id("anna berg", "dahl erik", holders=9)
    assert same_crm_id("anna berg", "ana berg", holders=9)


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("Fjäll Sport AB", "Fjällsport", True),
        ("Norrland Bygg", "Norrlands Bygg AB", True),
        ("Nordic Sport", "Nordic Spirit", False),
        ("Butik 12", "Butik 13", False),
        ("Berg Bygg", "Bergs Bygg och Betong", False),
    ],
)
def test_company_names_that_are_near(one: str, other: str, near: bool) -> None:
    assert near_companies(company_key(one), company_key(other)) is near


def test_a_legal_form_is_part_of_a_spelling_and_case_is_not() -> None:
    assert company_spelling(" FJÄLLSPORT  ab ") == company_spelling("Fjällsport AB")
    assert company_spelling("Fjällsport AS") != company_spelling("Fjällsport AB")


def test_a_domain_stands_for_a_company_unless_it_is_a_mailbox_provider() -> None:
    assert is_own_domain("fjallsport.example", 2)
    assert not is_own_domain("gmail.com", 2)
    assert not is_own_domain("fjallsport.example", 6)
    assert is_named_in("fjallsport.example", "fjallsport kiruna")
    assert is_named_in("nv.example", "nv outdoor")
    assert not is_named_in("fjellmail.example", "kebne vandring")


def test_no_cluster_grows_over_what_people_can_compare_and_the_cut_is_known() -> None:
    clusters = Clusters(most=3)
    for one, other in (("a", "b"), ("c", "d"), ("b", "c"), ("d", "e")):
        clusters.link(one, other)
    assert list(clusters) == [("a", "b"), ("c", "d", "e")]
    assert clusters.cut == {"b", "c"}


def test_two_anchors_never_share_a_cluster() -> None:
    clusters = Clusters()
    clusters.add("a", anchor="one@x.example")
    clusters.add("b", anchor="two@x.example")
    assert not clusters.link("a", "b")
    assert clusters.link("b", "c")
    assert clusters.anchor_of("c") == "two@x.example"


def test_every_member_is_in_one_cluster_and_linked_ones_are_together_unless_cut() -> None:
    draw = Random(5)
    keys = [f"k{n}" for n in range(60)]
    for _ in range(200):
        clusters = Clusters(most=7)
        links = [tuple(draw.sample(keys, 2)) for _ in range(draw.randrange(80))]
        joined = {(a, b) for a, b in links if clusters.link(a, b)}
        groups = list(clusters)
        members = [key for group in groups for key in group]
        assert len(members) == len(set(members)) == len({key for link in links for key in link})
        together = {pair for group in groups for pair in combinations(group, 2)}
        assert all((min(a, b), max(a, b)) in together for a, b in joined)
        assert max(map(len, groups), default=0) <= 7


def test_words_are_found_by_their_letters_nearest_first() -> None:
    index = WordIndex(["winter-25", "Winter 25", "winter-24", "vip", "vipp"])
    assert index.near("Winter 25", 5) == ["winter-25", "winter-24"]
    assert index.near("vip", 1) == ["vipp"]
