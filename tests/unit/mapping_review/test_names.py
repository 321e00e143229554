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


SHORTENED = [
    ("vnaam", "nl", {"first_name"}),
    ("bouwjr", "nl", {"build_year", "model_year"}),
    ("psted", "no", {"city"}),
    ("NYHMAIL", "da", {"newsletter"}),
    ("reden_afw", "nl", {"lost_reason"}),
]


@pytest.mark.parametrize(("name", "language", "concepts"), SHORTENED)
def test_an_abbreviation_is_read_in_the_languages_of_the_account_and_counts_as_a_guess(
    name: str, language: str, concepts: set[str]
) -> None:
    reading = read_name(name, (language,))
    assert (reading.concepts, reading.guessed) == (concepts, 1)
    assert read_name(name, ("en",)).concepts != concepts


def test_a_whole_word_is_no_guess() -> None:
    assert read_name("Bouwjaar", ("nl",)).guessed == 0


def test_nothing_is_left_behind_on_the_strength_of_an_abbreviation() -> None:
    assert read_name("fingerprint").concepts == {"tracking"}
    assert read_name("fingerp").concepts == set()


def test_three_letters_of_another_language_are_no_part_of_a_compound() -> None:
    assert "employees" in read_name("anskode", ("da",)).concepts
    assert "employees" not in read_name("anskode", ("fi",)).concepts
