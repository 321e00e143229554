"""Companies: which names become one Organization, by decisions alone, and never in circles."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.cases import CaseKind, Decide, Resolution, Resolutions
from migrator.engine.companies import Companies

NAMES = st.sampled_from(
    ["Nordlys", "Nordlys AB", "NORDLYS  ab", "Nordlys Oy", "Fjell & Fritid", "Fjell og Fritid"]
)


def decided(action: Decide, *known: str, key: str = "company:a", **args: Any) -> Resolution:
    return Resolution(CaseKind.ORGANIZATION, key, action, args | {"known": list(known)})


def companies(*decisions: Resolution, open_names: tuple[str, ...] = ()) -> Companies:
    return Companies(Resolutions(decisions, held_companies=open_names))


def test_without_a_decision_names_are_one_that_differ_in_case_and_legal_form_alone() -> None:
    found = companies()
    assert found.key_of("Nordlys AB") == found.key_of("NORDLYS") == "nordlys"
    assert (found.name_of("Nordlys AB"), found.is_apart("Nordlys AB")) == ("Nordlys AB", False)


def test_merged_names_are_one_organization_under_the_name_that_was_chosen() -> None:
    found = companies(decided(Decide.MERGE, name="Fjell AS", members=["Fjell & Fritid", "Fjell AS"]))
    assert found.name_of("fjell &  fritid") == "Fjell AS"
    assert found.key_of("Fjell & Fritid") == found.key_of("Fjell") == "fjell"
    assert found.spellings_of("fjell") == ("fjell", "fjell fritid")


def test_a_new_name_for_a_company_goes_to_all_its_spellings() -> None:
    found = companies(decided(Decide.RENAME, "Fjell", "Fjel", name="Fjell & Fritid AS"))
    assert {found.name_of(name) for name in ("Fjell", "Fjel", "FJELL")} == {"Fjell & Fritid AS"}


def test_names_that_were_left_out_of_a_merge_stay_by_themselves() -> None:
    found = companies(
        decided(
            Decide.MERGE,
            "Nordlys AB",
            "Nordlys",
            "Nordlys Oy",
            name="Nordlys AB",
            members=["Nordlys AB", "Nordlys"],
        )
    )
    assert found.key_of("Nordlys") == found.key_of("Nordlys AB") != found.key_of("Nordlys Oy")


def test_companies_that_were_kept_apart_are_two_though_their_keys_are_equal() -> None:
    found = companies(decided(Decide.KEEP_APART, "Nordlys AB", "Nordlys Oy", "Nordlyset"))
    assert found.key_of("nordlys  ab") == "nordlys ab"
    assert found.key_of("Nordlys Oy") == "nordlys oy"
    assert not found.is_apart("Nordlyset")


def test_merges_chain_to_the_last_name() -> None:
    found = companies(
        decided(Decide.MERGE, name="B", members=["A", "B"]),
        decided(Decide.MERGE, name="C", members=["B", "C"], key="company:b"),
    )
    assert {found.name_of(name) for name in "ABC"} == {"C"}
    assert found.spellings_of("c") == ("a", "b", "c")


def test_a_name_of_an_undecided_case_is_open_however_it_is_spelled() -> None:
    found = companies(open_names=("Nordlys AB",))
    assert found.is_open("nordlys")
    assert not found.is_open("Fjell")
    assert not found.is_open("")


DECISIONS = st.lists(
    st.builds(
        lambda action, key, name, members: Resolution(
            CaseKind.ORGANIZATION, f"company:{key}", action, {"name": name, "members": members}
        ),
        st.sampled_from([Decide.MERGE, Decide.RENAME, Decide.KEEP_APART]),
        st.sampled_from("abc"),
        NAMES,
        st.lists(NAMES, max_size=3),
    ),
    max_size=4,
)


@given(DECISIONS, NAMES)
def test_every_name_ends_at_one_that_stays(decisions: list[Resolution], name: str) -> None:
    found = Companies(Resolutions(decisions))
    assert found.name_of(found.name_of(name)) == found.name_of(name)
    assert found.key_of(name)
