"""Definition lists into values."""

from typing import Any

import pytest

from migrator.apsis.definitions import definitions_of, keyspaces_of, sections_of


def attribute(**changes: Any) -> dict[str, Any]:
    versions = [
        {"id": "1", "deprecated_at": "2020-01-01", "type": "text"},
        {"id": "2", "deprecated_at": None, "type": "number"},
    ]
    return {"discriminator": "a.size", "name": "Size", "versions": versions, **changes}


def test_the_live_version_gives_the_type_and_stands_first() -> None:
    (found,) = definitions_of({"items": [attribute()]}, "s1")
    assert (found.section, found.declared, found.versions) == ("s1", "number", ("2", "1"))


def test_a_definition_without_versions_or_name_still_counts() -> None:
    (found,) = definitions_of({"items": [{"discriminator": "t.vip"}]})
    assert (found.name, found.declared, found.versions) == ("t.vip", "", ())


def test_rows_that_define_nothing_are_left_out() -> None:
    assert definitions_of({"items": [{}, "odd", {"discriminator": ""}]}) == ()
    assert definitions_of(None) == ()


def test_a_bare_list_is_taken_as_well() -> None:
    assert len(definitions_of([attribute()])) == 1


def test_a_keyspace_says_whether_consents_can_be_read() -> None:
    rows = [{"discriminator": "a", "manage_subscriptions": True}, {"discriminator": "b"}]
    assert [k.manages_consents for k in keyspaces_of({"items": rows})] == [True, False]


@pytest.mark.parametrize(
    ("name", "kept"),
    [("Sweden", "Sweden"), (" a\r\n b ", "a b"), ("x" * 10_000, "x" * 255), ("  ", "s1"), ("", "s1")],
)
def test_a_section_has_a_name_that_an_option_can_have(name: str, kept: str) -> None:
    (found,) = sections_of({"items": [{"discriminator": "s1", "name": name}]})
    assert found.name == kept
