"""Names that can be read from an address or a company, likeliest first."""

import pytest

from reconciliation.names import choices, derived


@pytest.mark.parametrize(
    ("email", "company", "names"),
    [
        ("kari.holm@hagen.example", "Hagen Fritid", ["Kari Holm", "Hagen Fritid", "Hagen"]),
        ("kari@hagen.example", "", ["Kari", "Hagen"]),
        ("info@hagen.example", "", ["Hagen"]),
        ("kari.holm@gmail.com", "", ["Kari Holm"]),
        ("info@GMAIL.com", "Hagen Fritid", ["Hagen Fritid"]),
        ("info@gmail.com", "", []),
        ("", "", []),
    ],
)
def test_names_are_read_from_the_address_and_the_company_but_not_from_a_public_mailbox(
    email: str, company: str, names: list[str]
) -> None:
    assert [one.name for one in choices(email, company)] == names
    likeliest = derived(email, company)
    assert (likeliest.name if likeliest else None) == (names[0] if names else None)
