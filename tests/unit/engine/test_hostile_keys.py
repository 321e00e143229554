"""Keys of names as long as strangers like: short enough to be stored, and each its own."""

import pytest

from migrator.engine.cases import Case, CaseKind, Decide, Resolution, Resolutions, case_key
from migrator.engine.source_fields import key_of

LONG = "x" * 10_000


@pytest.mark.parametrize("name", ["Shoe size", "x" * 160, LONG, "\ufdfa" * 5_000], ids=lambda n: str(len(n)))
def test_the_key_of_a_field_can_be_stored(name: str) -> None:
    assert len(key_of("usercreated.attributes.a", name)) < 200


def test_long_names_that_differ_at_their_end_are_two_fields() -> None:
    keys = {key_of("usercreated.attributes.a", LONG + end) for end in ("", "a", "b")}
    assert len(keys) == 3


def test_a_short_name_keeps_the_key_that_it_had() -> None:
    assert key_of("usercreated.attributes.a", "Shoe size") == "attribute:shoe_size"


@pytest.mark.parametrize("tag", ["vip", "x" * 380, LONG], ids=lambda t: str(len(t)))
def test_a_case_about_a_tag_is_found_again_by_the_tag(tag: str) -> None:
    case = Case(CaseKind.RARE_TAG, tag, tag, {})
    assert len(case.key) <= 400
    settled = Resolutions([Resolution(case.kind, case.key, Decide.DROP, {})], [(CaseKind.NO_EMAIL, case.key)])
    assert settled.get(CaseKind.RARE_TAG, tag) is not None
    assert settled.is_open(CaseKind.NO_EMAIL, tag)
    assert settled.get(CaseKind.RARE_TAG, f"{tag}y") is None


def test_a_key_that_was_cut_stays_what_it_is() -> None:
    assert case_key(case_key(LONG)) == case_key(LONG)
    assert case_key(LONG) != case_key(f"{LONG}y")
