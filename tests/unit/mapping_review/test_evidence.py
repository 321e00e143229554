"""What values say whatever the name: detectors, the type of a new field, and where values settle a name."""

from dataclasses import replace

import pytest

from mapping_review.proposers.evidence import Evidence, evidence_of
from mapping_review.proposers.meaning import meant_by
from mapping_review.proposers.names import read_name
from migrator.engine.field_map import Action
from migrator.engine.inventory import FieldType, ValueType
from tests.factories_mapping_review import attribute_in
from tests.unit.mapping_review.test_by_rules import SETTINGS, attribute, custom, proposed, standard

NATIONAL_IDS = {
    "Swedish": ("19900118-9811", "850709-9805"),
    "Swedish of a coordination number": ("19701063-2391", "701063-2391"),
    "Danish": ("010180-1234", "241299-4321"),
    "Finnish": ("131052-308T", "290574-915B"),
    "Norwegian": ("010180 12345", "311299 54321"),
    "German": ("86095742719", "47036892816"),
}
NO_NATIONAL_IDS = {
    "organisation numbers": ("556677-8899", "212000-0142"),
    "a range of numbers": ("123456-7890", "999999-0000"),
    "Finnish business ids": ("2652962-3", "1745768-0"),
    "phone numbers": ("08-465 004 21", "070-174 06 05"),
    "customer numbers": ("10023", "10877"),
    "one value alone": ("131052-308T",),
}


def seen(*values: object) -> Evidence:
    """Values that stand for many of their own, each in one profile."""
    return evidence_of(attribute("Extra", *values, times=1))


@pytest.mark.parametrize("values", NATIONAL_IDS.values(), ids=NATIONAL_IDS)
def test_personal_numbers_are_known_by_form_or_check_digit(values: tuple[str, ...]) -> None:
    assert seen(*values).is_national_id


@pytest.mark.parametrize("values", NO_NATIONAL_IDS.values(), ids=NO_NATIONAL_IDS)
def test_other_numbers_are_no_personal_numbers(values: tuple[str, ...]) -> None:
    assert not seen(*values).is_national_id


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("f3c0a1-9912-bb71", "aa10f4-0021-cd07"), True),
        (("6f9619ff-8b86-d011-b42d-00c04fc964ff", "7f9619ff-8b86-d011-b42d-00c04fc964ff"), True),
        (("10.20.30.40", "192.0.2.17"), True),
        (("2001:db8::1", "fe80::1:2"), True),
        (("12-22-0114", "12-23-0098"), False),
        (("T-2024-0113", "T-2023-8841"), False),
        (("face", "cafe"), False),
    ],
)
def test_tokens_of_machines_are_told_from_codes_of_people(values: tuple[str, ...], expected: bool) -> None:
    assert seen(*values).is_token is expected


def test_a_number_behind_a_word_is_a_text() -> None:
    assert seen("Golf 2012", "Polo 2015", "Golf 2019").type != ValueType.NUMBER
    assert seen("12 500 kr", "SEK 99", "ca. 40", "50 %").type == ValueType.MONEY
    assert seen("12 500", "ca. 40", "50 %").type == ValueType.NUMBER


@pytest.mark.parametrize(
    ("name", "values", "concept"),
    [
        ("Titel", ("Dr.", "Prof. Dr.", "Dipl.-Ing."), "academic_title"),
        ("Titel", ("Herr", "Frau"), "salutation"),
        ("Titel", ("Einkaufsleiter", "CEO"), "job_title"),
        ("Född", ("1980-01-01", "1990-02-02"), "birthday"),
        ("Namn", ("Ek AB", "Alm AB"), "company"),
        ("Namn", ("Anna Ek", "Bo Alm"), "name"),
        ("Senaste offert", ("OF-24-1", "OF-24-2"), "quote_number"),
        ("Senaste offert", ("48 750", "1 200"), "quote"),
    ],
)
def test_values_settle_what_the_name_leaves_open(name: str, values: tuple[str, ...], concept: str) -> None:
    assert concept in meant_by(read_name(name), seen(*values)).concepts


CREATED = {
    "a code of digits under an unknown name is text": (("zq_vid", "5512301", "5512377"), "varchar"),
    "a branch code is text": (("SNI-kod", "62010", "69201"), "varchar"),
    "years beside words are text": (("Medlem sedan", "1987", "ca. 2001", "jaren 90"), "varchar"),
    "an amount with a few words is an amount": (("Månadsavgift", "100", "200", "gratis"), "monetary"),
    "an amount of euros is an amount": (("Zqxw EUR", "100.50", "88.10"), "monetary"),
    "a percentage is a number": (("Rabatt %", "10", "25"), "double"),
    "prose is long text": (("Zqxw", "x " * 50, "y " * 50), "text"),
    "a street is text however few there are": (("Gata", "Storgatan 1", "Kungsgatan 2"), "varchar"),
}


@pytest.mark.parametrize(("given", "kind"), CREATED.values(), ids=CREATED)
def test_the_type_of_a_new_field_follows_values_and_meaning(given: tuple[str, ...], kind: str) -> None:
    assert proposed(attribute(given[0], *given[1:], times=1)).new_type.value == kind


def test_the_type_is_told_even_where_a_field_is_there() -> None:
    there = custom("Skostorlek", FieldType.DOUBLE)
    proposal = proposed(attribute("Skostorlek", "39", "42,5"), there)
    assert (proposal.rule.action, proposal.new_type) == (Action.MAP, FieldType.DOUBLE)


VETOED = {
    "words to a phone": (
        ("Mobilmodell", "iPhone 14", "Pixel 8"),
        standard("person", "phones", FieldType.PHONE),
    ),
    "codes to an amount": (("Deal value", "much", "little"), standard("deal", "value", FieldType.MONETARY)),
    "texts to a date": (("Startdatum", "hösten", "våren"), custom("Startdatum", FieldType.DATE)),
    "yes or no to a phone": (("Telefon", "Ja", "Nej"), standard("person", "phones", FieldType.PHONE)),
    "yes or no to an e-mail": (("E-post", "Ja", "Nej"), standard("person", "emails")),
    "names to an e-mail": (("E-post", "Anna", "Bo"), standard("person", "emails")),
}


@pytest.mark.parametrize(("given", "target"), VETOED.values(), ids=VETOED)
def test_values_that_a_field_cannot_hold_never_go_there(given: tuple[str, ...], target: object) -> None:
    proposal = proposed(attribute(given[0], *given[1:]), target)  # type: ignore[arg-type]
    rules = [proposal.rule, *(a.rule for a in proposal.alternatives)]
    assert all(rule.action != Action.MAP for rule in rules)


def test_a_second_address_of_a_kind_is_told_by_its_number() -> None:
    there = standard("person", "emails")
    rules = [proposed(attribute(n, "a@b.example", "c@d.example"), there).rule for n in ("E-post", "E-post 2")]
    assert [rule.component for rule in rules] == ["work", "other"]


def test_labels_in_common_find_a_field_of_another_name() -> None:
    there = custom("Biljettslag", FieldType.ENUM, "Early bird", "Standard", "VIP")
    rule = proposed(attribute("Zqxw", "VIP", "Standard", "Early bird"), there).rule
    assert (rule.action, rule.field) == (Action.MAP, "Biljettslag")


def test_yes_and_no_in_common_find_nothing() -> None:
    there = custom("Nyhetsbrev", FieldType.ENUM, "Ja", "Nej")
    assert proposed(attribute("Zqxw", "Ja", "Nej"), there).rule.action == Action.CREATE


def test_a_numbered_field_that_nobody_filled_stays_behind() -> None:
    assert proposed(attribute("Fält 2")).rule.is_left
    assert proposed(attribute("Fält 2", "Turledare", "Funktionär")).rule.action == Action.CREATE


def test_the_projects_region_gives_the_language() -> None:
    danish = replace(SETTINGS, region="DK")
    from mapping_review.proposers.targets import languages_of

    assert languages_of(danish) == ("da",)
    assert languages_of(replace(danish, languages=("fi", "xx"))) == ("fi",)
    assert languages_of(replace(danish, region="XX")) == ()


def test_a_field_of_several_sections_is_judged_by_all_of_them() -> None:
    found = evidence_of(attribute_in({"SE": ("sv", "en"), "NO": ("nb", "en"), "FI": ("fi",)}, "language"))
    assert {value for value, _ in found.values} == {"sv", "nb", "fi", "en"}
    assert (found.distinct, found.filled) == (4, 100)


def test_keys_of_several_sections_are_as_unique_together_as_apart() -> None:
    keys = {section: [f"{section}{number}" for number in range(30)] for section in ("SE", "NO", "FI")}
    assert evidence_of(attribute_in(keys, "Medlemsnr", times=1)).uniqueness == 1.0


def test_where_the_types_are_in_conflict_the_fullest_section_speaks() -> None:
    field = attribute_in({"SE": ("0412", "0087", "0090"), "NO": ("412", "87")}, "store_no")
    assert {value for value, _ in evidence_of(replace(field, conflict=True)).values} == {
        "0412",
        "0087",
        "0090",
    }
