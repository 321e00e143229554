"""Grouping: one row for each name over all Sections, with the conflicts that a person settles."""

import pytest

from migrator.engine.inventory import SourceKind, ValueType, Variant
from migrator.engine.source_fields import Found, fixed_fields, group_fields, key_of, types_conflict


def variant(
    section: str, discriminator: str, inferred: ValueType = ValueType.TEXT, filled: int = 10
) -> Variant:
    return Variant(section, section.title(), discriminator, "text", filled, 5, {}, (), inferred)


KEYS = {
    "a default attribute": ("com.apsis1.attributes.crmid", "CRM-ID", "attribute:crmid"),
    "a custom attribute": ("usercreated.attributes.shoe_size-abc", "Shoe size", "attribute:shoe_size"),
    "joints are one": ("usercreated.attributes.x", "shoe - size ", "attribute:shoe_size"),
    "a custom attribute named like a default one": (
        "usercreated.attributes.x",
        "Email",
        "attribute:custom.email",
    ),
    "a CRM attribute": (
        "com.apsis1.integrations.efficy-enterprise-2.attributes.crm_-_pay-ukb",
        "CRM - Pay",
        "attribute:efficy-enterprise-2.crm_pay",
    ),
    "a name of nothing": ("usercreated.attributes.x", " ", "attribute:unnamed"),
}


@pytest.mark.parametrize(("discriminator", "name", "expected"), KEYS.values(), ids=KEYS)
def test_keys(discriminator: str, name: str, expected: str) -> None:
    assert key_of(discriminator, name) == expected


def test_one_name_in_two_sections_is_one_row_with_the_fullest_section_first() -> None:
    variants = [variant("a", "u.1", filled=3), variant("b", "u.2", filled=8)]
    (field,) = group_fields(variants, {"u.1": "Store", "u.2": "store"}, profiles=20)
    assert field.sources == (("b", "u.2"), ("a", "u.1"))
    assert (field.filled, field.profiles, field.conflict) == (11, 20, False)


def test_text_with_leading_zeros_conflicts_with_a_number() -> None:
    variants = [variant("a", "u.1", ValueType.TEXT), variant("b", "u.2", ValueType.NUMBER)]
    (field,) = group_fields(variants, {"u.1": "Store", "u.2": "Store"})
    assert field.conflict


def test_a_default_attribute_never_conflicts() -> None:
    mobile = "com.apsis1.attributes.mobile"
    variants = [variant("a", mobile, ValueType.YES_NO), variant("b", mobile, ValueType.DATE)]
    (field,) = group_fields(variants, {})
    assert (field.key, field.is_default, field.conflict) == ("attribute:mobile", True, False)


V = ValueType


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ((V.OPTION, V.NUMBER), True),
        ((V.DATE, V.TEXT), True),
        ((V.YES_NO, V.NUMBER), True),
        ((V.EMAIL, V.PHONE), True),
        ((V.OPTION, V.TEXT), False),
        ((V.DATE, V.DATETIME), False),
        ((V.NUMBER, V.EMPTY), False),
        ((V.PHONE, V.NUMBER), False),
        ((), False),
    ],
)
def test_types_that_cannot_share_a_field(types: tuple[ValueType, ...], expected: bool) -> None:
    assert types_conflict(types) is expected


def test_fixed_rows_cover_everything_that_is_no_attribute() -> None:
    found = Found(
        profiles=9,
        sections=[("s1", "Sweden", 5), ("s2", "Norway", 4)],
        tags=[("vip", 3)],
        events=[("com.apsis1.events.email.open", "Email opened", 70)],
        consents={"consent:email": [("Yes", 6), ("No", 3)]},
    )
    fields = {field.key: field for field in fixed_fields(found)}
    assert set(fields) == {
        "consent:email",
        "consent:email_date",
        "consent:sms",
        "consent:sms_date",
        "channel:email",
        "channel:sms",
        "tag:all",
        "section:all",
        "event:com.apsis1.events.email.open",
    }
    assert fields["consent:email"].filled == 9
    assert [v.section_name for v in fields["section:all"].variants] == ["Sweden", "Norway"]
    assert fields["event:com.apsis1.events.email.open"].kind == SourceKind.EVENT
