"""Profiles that may be one person: which are asked about, why, and never twice."""

from itertools import combinations
from typing import Any

import pytest

from migrator.choices import RunState
from migrator.engine.cases import Case
from migrator.engine.operations import Act
from migrator.models import Discovery
from tests import factories as made
from tests.integration.runner import detected as staged

pytestmark = pytest.mark.django_db
ANNA: dict[str, Any] = {"name": "Anna Berg", "phone": "46701234567"}


@pytest.fixture
def discovery() -> Discovery:
    return staged.account()


def members(case: Case) -> list[str]:
    return [str(m["source_key"]) for m in rows(case, "members")]


def rows(case: Case, what: str) -> list[dict[str, Any]]:
    found = case.evidence[what]
    assert isinstance(found, list)
    return [row for row in found if isinstance(row, dict)]


def only(discovery: Discovery) -> Case:
    (case,) = staged.found(discovery, "duplicates")
    return case


def test_profiles_with_one_address_are_one_case_that_is_keyed_by_the_address(discovery: Discovery) -> None:
    staged.profile(discovery, "a", email="anna@berg.example", name="Anna Berg", events=4)
    staged.profile(discovery, "b", email="anna@berg.example", name="A Berg", events=6)
    case = only(discovery)
    assert (case.key, members(case)) == ("email:anna@berg.example", ["a", "b"])
    assert case.evidence["why"] == ["Same email: anna@berg.example"]
    assert (case.profiles, case.events) == (2, 10)


def test_a_phone_number_counts_where_the_names_are_near(discovery: Discovery) -> None:
    staged.profile(discovery, "a", email="a@one.example", **ANNA)
    staged.profile(discovery, "b", email="b@two.example", phone="46701234567", name="Berg, Ana")
    staged.profile(discovery, "c", email="c@two.example", phone="46701234567", name="Erik Dahl")
    case = only(discovery)
    assert (case.key, members(case), case.evidence["match"]) == ("group:a", ["a", "b"], "phone")


def test_a_switchboard_is_no_match_but_the_same_name_behind_it_is(discovery: Discovery) -> None:
    for number in range(30):
        name = "Anna Berg" if number in (3, 17) else f"Person{number:02} Name{number:02}"
        staged.profile(discovery, f"k{number:02}", email=f"{number}@x.example", phone="4680000000", name=name)
    assert members(only(discovery)) == ["k03", "k17"]


def test_a_crm_id_counts_unless_a_spreadsheet_wrecked_it(discovery: Discovery) -> None:
    staged.profile(discovery, "a", email="a@x.example", name="Anna Berg", crm_id="{AB-12}")
    staged.profile(discovery, "b", email="b@x.example", name="Someone Else", crm_id="ab-12")
    staged.profile(discovery, "c", email="c@x.example", name="Third One", crm_id="1.0123E+5")
    staged.profile(discovery, "d", email="d@x.example", name="Fourth Two", crm_id="1.0123E+5")
    case = only(discovery)
    assert (members(case), case.evidence["match"]) == (["a", "b"], "crm_id")


def test_the_same_name_at_the_same_company_is_a_question(discovery: Discovery) -> None:
    staged.profile(discovery, "a", email="a@x.example", name="Anna Berg", company="Fjällsport AB")
    staged.profile(discovery, "b", email="b@x.example", name="Berg Anna", company="FJÄLLSPORT")
    staged.profile(discovery, "c", email="c@x.example", name="Anna Berg", company="Another")
    assert members(only(discovery)) == ["a", "b"]


def test_links_of_several_kinds_make_one_case_and_no_pair_comes_twice(discovery: Discovery) -> None:
    staged.profile(discovery, "a", email="one@x.example", name="Anna Berg")
    staged.profile(discovery, "b", email="one@x.example", **ANNA)
    staged.profile(discovery, "c", email="two@x.example", **ANNA)
    staged.profile(discovery, "d", email="", **ANNA)
    staged.profile(discovery, "e", email="", **ANNA)
    found = staged.found(discovery, "duplicates")
    assert [members(case) for case in found] == [["a", "b", "c"], ["d", "e"]]
    pairs = [pair for case in found for pair in combinations(members(case), 2)]
    for case in staged.found(discovery, "no-email"):
        keys = (str(candidate["source_key"]) for candidate in rows(case, "candidates"))
        pairs += [(min(case.key, key), max(case.key, key)) for key in keys]
    assert len(pairs) == len(set(pairs)) == 8
    assert found[0].evidence["why"] == [
        "Same email: one@x.example (2 of 3)",
        "Same phone: +46 70 123 45 67 (2 of 3)",
    ]


def test_an_address_of_fifty_is_cut_into_cases_that_say_so(discovery: Discovery) -> None:
    for number in range(50):
        staged.profile(discovery, f"k{number:02}", email="info@x.example", name=f"P{number} Q{number}")
    found = staged.found(discovery, "duplicates")
    assert [len(members(case)) for case in found] == [20, 20, 10]
    assert [case.key for case in found] == ["email:info@x.example", "group:k20", "group:k40"]
    assert all("at most 20" in str(case.evidence["why"]) for case in found)


def test_several_persons_with_an_address_are_asked_about_once_with_all_profiles(discovery: Discovery) -> None:
    staged.profile(discovery, "a", email="anna@berg.example", name="Anna Berg")
    staged.profile(discovery, "b", email="anna@berg.example", name="Anna Berg")
    for number in (1, 2):
        staged.target(discovery, "person", number, "Anna Berg", emails=["anna@berg.example"])
    case = only(discovery)
    assert (case.key, members(case)) == ("target:anna@berg.example", ["a", "b"])
    assert [t["target_id"] for t in rows(case, "targets")] == ["1", "2"]


def test_a_person_is_found_by_name_and_phone_or_company_where_no_address_finds_one(
    discovery: Discovery,
) -> None:
    staged.target(discovery, "organization", 7, "Fjällsport AS")
    staged.target(discovery, "person", 1, "Anna Berg", phones=["+46 70 123 45 67"])
    staged.target(discovery, "person", 2, "Berg, Anna", organization=7)
    staged.target(discovery, "person", 3, "Erik Dahl", phones=["+46 70 123 45 67"])
    staged.target(discovery, "person", 4, "Known", emails=["known@x.example"], phones=["+46 70 123 45 67"])
    staged.profile(discovery, "a", email="a@x.example", company="Fjällsport", **ANNA)
    staged.profile(discovery, "k", email="known@x.example", **ANNA | {"phone": "", "name": "Known"})
    case = only(discovery)
    assert (case.key, case.evidence["match"]) == ("target-group:a", "target")
    assert [(t["target_id"], t["why"]) for t in rows(case, "targets")] == [
        ("1", "Same phone and a near name"),
        ("2", "Same name and company"),
    ]


def test_a_person_that_an_earlier_run_created_is_no_candidate_and_one_that_it_completed_still_is(
    discovery: Discovery,
) -> None:
    run = made.run(discovery.project, state=RunState.FINISHED)
    for number, act in ((1, Act.CREATE), (2, Act.UPDATE)):
        staged.target(discovery, "person", number, "Anna Berg", phones=["46701234567"], marker=f"m{number}")
        run.operations.create(kind="person", key=f"p{number}", act=act, target_id=str(number))
    staged.profile(discovery, "a", email="a@x.example", **ANNA)
    case = only(discovery)
    assert [t["target_id"] for t in rows(case, "targets")] == ["2"]
    assert case.evidence["why"] == ["Same phone and a near name: Anna Berg in Pipedrive"]


def test_two_profiles_that_complete_different_persons_are_asked_with_both(discovery: Discovery) -> None:
    for number, key in ((1, "a"), (2, "b")):
        staged.target(discovery, "person", number, "Anna Berg", emails=[f"{key}@x.example"])
        staged.profile(discovery, key, email=f"{key}@x.example", **ANNA)
    case = only(discovery)
    assert (case.key, len(rows(case, "targets"))) == ("target-group:a", 2)


def test_who_lacks_an_address_is_shown_the_likeliest_first(discovery: Discovery) -> None:
    staged.profile(discovery, "a", email="", company="Fjällsport", **ANNA)
    staged.profile(discovery, "b", email="b@fjallsport.example", phone="46701234567", name="Erik Dahl")
    staged.profile(discovery, "c", email="c@fjallsport.example", company="Fjällsport AB", **ANNA)
    staged.target(discovery, "person", 1, "Anna Berg", phones=["46701234567"])
    (case,) = staged.found(discovery, "no-email")
    shown = [(c.get("source_key") or c["target_id"], c["why"]) for c in rows(case, "candidates")]
    assert shown == [
        ("c", "Same phone, same name and company"),
        ("b", "Same phone"),
        ("1", "Same phone in Pipedrive"),
    ]
    assert case.evidence["domains"] == ["fjallsport.example"]


def test_the_same_account_gives_the_same_cases_whatever_the_order_of_its_rows(discovery: Discovery) -> None:
    other = staged.account()
    values: list[tuple[str, dict[str, Any]]] = [
        (f"k{n}", {"email": f"{n // 2}@x.example", "phone": f"46700000{n % 4}00", "name": "Anna Berg"})
        for n in range(12)
    ]
    for key, columns in values:
        staged.profile(discovery, key, **columns)
    for key, columns in reversed(values):
        staged.profile(other, key, **columns)
    told = [[(c.key, c.evidence_sha) for c in staged.found(d, "duplicates")] for d in (discovery, other)]
    assert told[0] == told[1]
