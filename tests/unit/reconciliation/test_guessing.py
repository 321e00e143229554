"""An address that a person may have, from a name and the company's domain."""

import pytest

from reconciliation.guessing import domains_of, guesses

COLLEAGUE = {"company": "Hagen Fritid", "email": "bo@hagen.example"}


@pytest.mark.parametrize(
    ("evidence", "found"),
    [
        pytest.param(
            {"name": "Åsa Øberg", "domains": ["hagen.example"]},
            ("asa.oberg@hagen.example", "asa@hagen.example", "aoberg@hagen.example"),
            id="usual forms without accents",
        ),
        pytest.param({"name": "Åsa", "domains": ["hagen.example"]}, ("asa@hagen.example",), id="one word"),
        pytest.param({"name": "", "domains": ["hagen.example"]}, (), id="no name"),
        pytest.param({"name": "Åsa Øberg"}, (), id="no domain"),
        pytest.param({"name": "Åsa Øberg", "domains": ["gmail.com"]}, (), id="everybody's domain"),
        pytest.param({"name": "!!! ???", "domains": ["hagen.example"]}, (), id="no letters"),
    ],
)
def test_a_guess_needs_a_name_and_a_domain_of_the_company(evidence, found):
    assert guesses(evidence) == found


def test_a_candidate_of_the_same_company_tells_the_domain_and_one_of_another_does_not():
    same = {"company": "HAGEN FRITID", "candidates": [COLLEAGUE]}
    other = {"company": "Polar Kauppa", "candidates": [COLLEAGUE]}
    assert (domains_of(same), domains_of(other)) == (("hagen.example",), ())
