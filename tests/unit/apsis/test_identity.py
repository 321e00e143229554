"""What a profile is recognised by."""

from typing import Any

from migrator.apsis.identity import CRM_ID, FIRST_NAME, LAST_NAME, identity_of
from migrator.apsis.parsing import EMAIL_ATTRIBUTE, MOBILE_ATTRIBUTE
from migrator.engine.records import Profile


def profile(**sections: dict[str, Any]) -> Profile:
    values = {
        (name, attribute): value for name, data in sections.items() for attribute, value in data.items()
    }
    return Profile("k", values, sections=tuple(sections))


def test_it_takes_the_first_filled_value_of_each() -> None:
    found = identity_of(
        profile(
            s1={FIRST_NAME: "", EMAIL_ATTRIBUTE: " Ann@Example.ORG "},
            s2={
                FIRST_NAME: "Ann",
                LAST_NAME: "Example",
                MOBILE_ATTRIBUTE: 46701,
                CRM_ID: 12,
                EMAIL_ATTRIBUTE: "x",
            },
        )
    )
    assert (found.name, found.email, found.phone, found.crm_id) == (
        "Ann Example",
        "ann@example.org",
        "46701",
        "12",
    )


def test_a_profile_without_anything_has_no_identity() -> None:
    found = identity_of(profile(s1={FIRST_NAME: True}))
    assert (found.name, found.email, found.phone, found.crm_id) == ("", "", "", "")
