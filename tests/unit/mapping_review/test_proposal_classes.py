"""Classes of names and values that proposals once got wrong, each with the neighbour that must stay as it was."""

from dataclasses import replace

import pytest

from mapping_review.proposers.by_rules import propose
from mapping_review.proposers.names import read_name
from mapping_review.proposers.proposal import Proposal, ProposerSettings
from mapping_review.proposers.similarity import abbreviates
from migrator.engine.field_map import Action
from migrator.engine.inventory import FieldType, SourceField, TargetField, TargetObject
from tests.unit.mapping_review.test_by_rules import attribute, custom, standard

_O = TargetObject.ORGANIZATION
PERSON_ADDRESS = standard("person", "postal_address", FieldType.ADDRESS)
COMPANY_ADDRESS = standard("organization", "address", FieldType.ADDRESS)


def proposed(field: SourceField, *catalogue: TargetField, languages: tuple[str, ...] = ()) -> Proposal:
    keys = frozenset((f.object.value, f.standard_key) for f in catalogue if not f.custom)
    (proposal,) = propose([field], catalogue, ProposerSettings(standard=keys, languages=languages))
    return proposal


def of_company(name: str, kind: FieldType = FieldType.VARCHAR, *options: str) -> TargetField:
    return TargetField(_O, name, kind, True, "", options)


# --- Names cut short


@pytest.mark.parametrize(
    ("name", "field", "language"),
    [
        ("Zorp.nr", "Zorpientnummer", "sv"),
        ("Afzorpjr", "Afzorpjaar", "nl"),
        ("Ant. zorpm.", "Antall zorpmedlemmer", "no"),
        ("SMSzorpåm", "SMS-zorpåminnelse", "sv"),
    ],
)
def test_a_name_cut_short_finds_the_accounts_own_field(name: str, field: str, language: str) -> None:
    rule = proposed(attribute(name, "a1", "b2"), custom(field), languages=(language,)).rule
    assert (rule.action, rule.field) == (Action.MAP, field)
    assert abbreviates(read_name(name, (language,)), read_name(field, (language,)))


@pytest.mark.parametrize(
    ("name", "field"),
    [("Zorp", "Zorpientnummer"), ("Zorpnr", "Flimnummer"), ("Medlem", "Medlemsnummer"), ("zo", "zorp")],
)
def test_a_name_that_leaves_too_much_open_is_no_abbreviation(name: str, field: str) -> None:
    assert not abbreviates(read_name(name, ("sv",)), read_name(field, ("sv",)))


def test_a_compound_with_a_beginning_cut_short_is_read_by_its_ending() -> None:
    reading = read_name("Hlöstömäärä", ("fi",))
    assert reading.concepts & {"employees"} or {"count"} <= reading.concepts
    assert reading.guessed == 1


@pytest.mark.parametrize("name", ["Evaluering", "Bruksareal"])
def test_a_word_that_only_ends_like_another_is_not_cut_apart(name: str) -> None:
    assert not read_name(name, ("no",)).concepts & {"call", "property_number"}


def test_what_people_buy_in_twelve_months_is_what_they_buy_in_a_year() -> None:
    year = read_name("Årsinköp", ("sv",)).concepts
    assert read_name("Inköp 12 mån", ("sv",)).concepts == year
    assert read_name("Inköp 3 mån", ("sv",)).concepts != year


@pytest.mark.parametrize(("name", "bare"), [("sf_lead_score", "lead_score"), ("hs_newsletter", "newsletter")])
def test_a_system_before_a_name_says_nothing_about_it(name: str, bare: str) -> None:
    assert read_name(name, ("en",)) == read_name(bare, ("en",))


@pytest.mark.parametrize("name", ["SAP Nr", "hs_company_id"])
def test_the_id_that_a_system_gave_stays_the_systems(name: str) -> None:
    assert name.casefold()[:2] in "".join(read_name(name, ("en",)).words)[:3]


# --- What is useless, and what is sensitive


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("ÄLÄ KÄYTÄ vanha segmentti", "fi"),
        ("ANVÄND EJ kundgrupp", "sv"),
        ("Kundengruppe nicht verwenden", "de"),
        ("do not use - customer group", "en"),
        ("afmeld_link", "da"),
        ("unsubscribe_url", "en"),
    ],
)
def test_what_nobody_uses_stays_behind_whatever_else_the_name_says(name: str, language: str) -> None:
    assert proposed(attribute(name, "a", "b", "a"), languages=(language,)).rule.is_left


@pytest.mark.parametrize("name", ["Zorpgruppe", "Sonstiges"])
def test_values_that_name_illnesses_are_sensitive_whatever_the_name(name: str) -> None:
    ill = proposed(attribute(name, "Diabetes", "ADHD", "Epilepsi"), languages=("sv",))
    well = proposed(attribute(name, "Segling", "Diabetes", "Golf", "Vandring"), languages=("sv",))
    assert ill.rule.is_left
    assert "sensitive" in ill.flags
    assert not well.rule.is_left


def test_an_id_of_seven_digits_is_no_personal_number() -> None:
    assert not proposed(attribute("idrettsPersonId", 5512003, 6120448), languages=("no",)).rule.is_left
    assert proposed(
        attribute("idrettsPersonId", "12055512345", "01019098765"), languages=("no",)
    ).rule.is_left
    assert proposed(attribute("Personnummer", "850101", "791224"), languages=("sv",)).rule.is_left


# --- Addresses


def test_a_word_about_an_address_is_no_part_of_it() -> None:
    rule = proposed(attribute("Adresstatus", "ok", "retour", "ok"), PERSON_ADDRESS, languages=("nl",)).rule
    assert rule.action == Action.CREATE
    assert proposed(attribute("Adres", "Kerkstraat 1", "Dam 2"), PERSON_ADDRESS).rule.action == Action.MAP


@pytest.mark.parametrize(
    ("values", "part"),
    [
        (("Havnepladsen 6, 9990 Skagen", "Torvet 1, bagindgang, 8000 Aarhus C"), "full"),
        (("Tehtaankatu 27, 00150 Helsinki", "PL 120, 33101 Tampere"), "full"),
        (("Box 12; 411 01 Göteborg", "Varvsgatan 2\n461 30 Trollhättan"), "full"),
        (("12 Mill Lane, Leeds LS1 4AP", "3 High Street, London SW1A 1AA"), "full"),
        (("Verkstadsvägen 2", "Torget 1"), "street"),
        (("Hus 4, plan 3", "Port 3, gården"), "street"),
    ],
)
def test_values_tell_a_whole_address_from_a_street(values: tuple[str, ...], part: str) -> None:
    fields = [
        attribute("Adress", *values),
        attribute("Postnummer", "411 01", "461 30"),
        attribute("Postort", "Göteborg", "Umeå"),
    ]
    settings = ProposerSettings(standard=frozenset({("person", "postal_address")}), languages=("sv",))
    assert propose(fields, [PERSON_ADDRESS], settings)[0].rule.component == part


def test_post_code_and_town_in_one_keep_both() -> None:
    field = attribute("PLZ Ort", "35578 Wetzlar", "10115 Berlin")
    rule = proposed(field, PERSON_ADDRESS, languages=("de",)).rule
    assert (rule.component, rule.transform) == ("city", "address_part")


# --- Whose it is


def test_the_crms_id_of_a_person_never_becomes_a_companys_number() -> None:
    fields = [
        attribute("CRM ID", "0036900001AbCdEQAU", "0036900002XyZzTQAU"),
        attribute("Firma", "A GmbH", "B AG"),
    ]
    catalogue = [of_company("Kundennummer"), standard("organization", "name")]
    settings = ProposerSettings(languages=("de",))
    assert propose(fields, catalogue, settings)[0].rule.object == TargetObject.PERSON


def test_what_people_have_does_not_go_to_an_organization_that_nobody_has() -> None:
    field = attribute("Senaste besök", "2024-03-12", "2022-11-08")
    visit = of_company("Senaste kundbesök", FieldType.DATE)
    assert proposed(field, visit, languages=("sv",)).rule.action == Action.CREATE
    assert (
        proposed(field, replace(visit, object=TargetObject.PERSON), languages=("sv",)).rule.action
        == Action.MAP
    )


def test_a_clubs_name_and_address_are_the_companys_where_clubs_are_what_a_section_holds() -> None:
    fields = [
        attribute("Klubbnavn", "Granlia IL", "Fjellheim OK", section="clubs"),
        attribute("Klubbadresse", "Idrettsveien 3, 2080 Eidsvoll", "Pb 12, 7101 Rissa", section="clubs"),
        attribute("Orgnr", "971 032 081", "974 760 673", section="clubs"),
        attribute("Klubb", "Granlia IL", "Fjellheim OK", section="members"),
    ]
    catalogue = [custom("Klubb"), standard("organization", "name"), COMPANY_ADDRESS, of_company("Orgnr")]
    settings = ProposerSettings(languages=("no",))
    refs = [p.rule.ref for p in propose(fields, catalogue, settings)]
    assert refs[:2] == ["organization.name", "organization.address"]
    assert refs[3] == "person:Klubb:varchar"


# --- Types


def test_seconds_since_1970_under_a_dates_name_are_a_date() -> None:
    field = attribute("trialEndsAt", 1716163200, 1699920000, declared="number")
    until = TargetField(TargetObject.DEAL, "Testphase bis", FieldType.DATE, True)
    rule = proposed(field, until, languages=("en", "de")).rule
    assert (rule.ref, rule.transform) == ("deal:Testphase bis:date", "date")
    assert proposed(attribute("Zorp", 1716163200, 1699920000, declared="number")).new_type != FieldType.DATE


def test_labels_do_not_go_to_a_field_that_takes_yes_or_no() -> None:
    letters = custom("Nyhedsbrev", FieldType.ENUM, "Ja", "Nej")
    assert (
        proposed(attribute("Nyhedsbrev", "Erhverv", "Kultur", "Erhverv"), letters).rule.action
        == Action.CREATE
    )
    assert proposed(attribute("Nyhedsbrev", "ja", "nej", "ja"), letters).rule.action == Action.MAP


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("Lånenummer", ("0099123", "1200457"), FieldType.VARCHAR),
        ("Lånebeløp", ("99123", "1200457"), FieldType.MONETARY),
        ("Medlemskontingent for år", (2024, 2023, 2022), FieldType.DOUBLE),
        ("Medlemskontingent", (350, 700, 150), FieldType.MONETARY),
    ],
)
def test_numbers_of_things_and_years_are_no_amounts(
    name: str, values: tuple[object, ...], kind: FieldType
) -> None:
    assert proposed(attribute(name, *values), languages=("no",)).new_type == kind


def test_the_reason_for_a_date_is_a_text() -> None:
    assert proposed(attribute("utmeldingsårsak"), languages=("no",)).new_type == FieldType.VARCHAR
    assert proposed(attribute("utmeldingsdato"), languages=("no",)).new_type == FieldType.DATE
