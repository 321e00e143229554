"""Matching keys: one spelling for the same thing, and spelling it again changes nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.matching import LEGAL_FORMS, company_key, email_key, phone_key

COMPANIES = {
    "case": ("NORDLYS Outdoor", "nordlys outdoor"),
    "a Swedish form": ("Nordlys Outdoor AB", "nordlys outdoor"),
    "a form in brackets": ("Nordlys (AB)", "nordlys"),
    "a form with a slash": ("Fjord A/S", "fjord"),
    "a form with points": ("Fjord a.s.", "fjord"),
    "several forms": ("Weber GmbH & Co. KG", "weber"),
    "accents": ("Café Élan", "cafe elan"),
    "letters of the North": ("Ørsted Håndværk", "orsted handværk"),
    "sharp s": ("Groß AG", "gross"),
    "punctuation": ("Nordlys-Outdoor, Inc.", "nordlys outdoor"),
    "a form that is the whole name": ("AB", "ab"),
    "a form that is no form at the front": ("AS Roma", "as roma"),
    "spaces": ("  Nordlys \t Outdoor ", "nordlys outdoor"),
    "signs only": ("-- . --", ""),
    "slashes only": (" / ", ""),
    "a slash between words": ("Fisk / Skaldjur", "fisk skaldjur"),
    "nothing": ("", ""),
}
EMAILS = {
    "case": ("Astrid@Nordlys.Example", "astrid@nordlys.example"),
    "space": (" a@b.example\n", "a@b.example"),
    "nothing": ("  ", ""),
}
PHONES = {
    "spacing": ("+46 (70) 555-01 24", "46705550124"),
    "no digits": ("n/a", ""),
}


@pytest.mark.parametrize(("name", "key"), COMPANIES.values(), ids=COMPANIES)
def test_a_company_is_spelled_without(name: str, key: str) -> None:
    assert company_key(name) == key


@pytest.mark.parametrize(("text", "key"), EMAILS.values(), ids=EMAILS)
def test_an_address_is_spelled_without(text: str, key: str) -> None:
    assert email_key(text) == key


@pytest.mark.parametrize(("text", "key"), PHONES.values(), ids=PHONES)
def test_a_number_is_spelled_without(text: str, key: str) -> None:
    assert phone_key(text) == key


@pytest.mark.parametrize("spell", [company_key, email_key, phone_key])
@given(text=st.text(max_size=40))
def test_spelling_a_key_again_changes_nothing(spell: object, text: str) -> None:
    assert callable(spell)
    assert spell(spell(text)) == spell(text)


@given(
    st.from_regex(r"[a-zåäö]{3,8}( [a-zåäö]{3,8}){0,2}", fullmatch=True), st.sampled_from(sorted(LEGAL_FORMS))
)
def test_a_legal_form_never_tells_two_companies_apart(name: str, form: str) -> None:
    assert company_key(f"{name} {form.upper()}") == company_key(name)


@given(st.emails())
def test_case_never_tells_two_addresses_apart(address: str) -> None:
    assert email_key(address.upper()) == email_key(f" {address.lower()} ")
