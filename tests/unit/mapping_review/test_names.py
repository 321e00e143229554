"""Reading names of seven languages: the lexicon's terms, compounds, abbreviations, inflection and slips."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping_review.proposers.lexicon import lexicon
from mapping_review.proposers.names import read_name

NAMES = {
    "Förnamn": {"first_name"},
    "companyName": {"company"},
    "Org.nr": {"org_number"},
    "MwSt-Nr": {"vat_number"},
    "Telefon arbete": {"phone", "work"},
    "Geburtsdatum": {"birthday"},
    "date_of_birth": {"birthday"},
    "Viimeisin ostopäivä": {"last_order_date"},
    "Kanta-asiakasnumero": {"loyalty_card"},
    "Laatste aankoopdatum": {"last_order_date"},
    "Kengänkoko": {"shoe_size"},
    "Kundensegment": {"customer_group"},
    "gatuadres": {"street"},  # one letter is missing
    "Straße": {"street"},
    "STRASSE": {"street"},
    "Geschlecht": {"gender"},
    "mrr_gbp": {"mrr"},
    "gdpr_opt_in_ts": {"consent_date"},
    "Samtycke nyhetsbrev": {"email_consent"},
    "Henkilötunnus": {"national_id"},
    "Vakbondslid": {"union"},
    "loginCount30d": {"login", "count"},
    "": set(),
    "🙂": set(),
}


@pytest.mark.parametrize(("name", "concepts"), NAMES.items())
def test_it_reads(name: str, concepts: set[str]) -> None:
    assert read_name(name).concepts == concepts


def test_the_company_in_a_name_says_whose_it_is() -> None:
    reading = read_name("company_linkedin")
    assert (reading.hint, reading.concepts) == ("organization", {"linkedin"})


def test_unknown_words_are_kept_apart_from_the_known_ending() -> None:
    reading = read_name("Blomsternummer")
    assert (reading.concepts, reading.unknown) == ({"number"}, ("blomster",))


@given(st.text())
def test_no_name_makes_it_fail(name: str) -> None:
    reading = read_name(name)
    assert reading.concepts <= set(lexicon().concepts)


def test_every_composition_names_known_concepts() -> None:
    known = set(lexicon().concepts)
    for parts, whole in lexicon().compositions:
        assert parts | {whole} <= known, whole


def test_every_related_pair_names_known_concepts() -> None:
    from mapping_review.proposers.similarity import _related

    known = set(lexicon().concepts)
    unknown = {name for pair in _related() for name in pair} - known
    assert not unknown


@pytest.mark.parametrize("name", lexicon().concepts)
def test_every_concept_can_be_found(name: str) -> None:
    """By a term of its own or by a composition; else it is dead weight."""
    found = {concept for _, concept, _ in lexicon().terms()}
    assert name in found | {whole for _, whole in lexicon().compositions}
