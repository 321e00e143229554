"""What a CRM integration left on profiles becomes Deals, Organizations and owners; Sections share one field."""

from dataclasses import replace

import pytest

from mapping_review.proposers.by_rules import propose
from mapping_review.proposers.proposal import Proposal
from mapping_review.proposers.targets import targets_in
from mapping_review.rulebook import why_impossible
from migrator.engine.cases import Resolutions
from migrator.engine.field_map import Action, field_map_of
from migrator.engine.inventory import FieldType, SourceField, TargetField, TargetObject
from migrator.engine.phases.plan import MARKER_FIELD
from migrator.engine.phases.transform import Context, Known, Supplied, transform
from migrator.engine.records import Profile
from migrator.texts import TOOLS
from tests.unit.mapping_review.test_by_rules import SETTINGS, attribute, custom, standard

ORG_NUMBER = TargetField(TargetObject.ORGANIZATION, "Organisationsnummer", FieldType.VARCHAR, True)
STAGES = TargetField(
    TargetObject.DEAL, "Stage", FieldType.ENUM, False, "stage", ("Qualified", "Proposal made")
)
CATALOGUE = [
    standard("deal", "title"),
    standard("deal", "value", FieldType.MONETARY),
    standard("deal", "currency"),
    standard("deal", "status", FieldType.ENUM),
    STAGES,
    standard("deal", "pipeline", FieldType.ENUM),
    standard("deal", "expected_close_date", FieldType.DATE),
    standard("organization", "name"),
    standard("person", "owner", FieldType.USER),
    custom("Kundnummer"),
    ORG_NUMBER,
]
CONNECTORS = ("webcrm", "efficy-enterprise-2", "dynamics-365", "lime", "fsc-corporate", "tribe")


def left_by(connector: str, name: str, *values: object, section: str = "s1") -> SourceField:
    field = attribute(name, *values, section=section)
    discriminator = f"com.apsis1.integrations.{connector}.attributes.{name.casefold()}-x1"
    variants = tuple(replace(v, discriminator=discriminator) for v in field.variants)
    return replace(field, key=f"attribute:{connector}.{name}", variants=variants)


def proposed(field: SourceField, *catalogue: TargetField) -> Proposal:
    (proposal,) = propose([field], catalogue or CATALOGUE, SETTINGS)
    return proposal


HOMES = [
    ("webCRM - Deal id", "D70454", "deal.id", "text"),
    ("Opportunity ID", "88123", "deal.id", "text"),
    ("Opportunity name", "Winter order", "deal.title", "text"),
    ("Affärsnamn", "Winter order", "deal.title", "text"),
    ("Deal value", "349500", "deal.value", "number"),
    ("Opportunity Est. Revenue", "349500", "deal.value", "number"),
    ("Valuta", "SEK", "deal.currency", "text"),
    ("Opportunity status", "won", "deal.status", "option"),
    ("Säljfas", "Qualified", "deal.stage", "option"),
    ("Deal pipeline", "Wholesale", "deal.pipeline", "option"),
    ("Estimated close date", "2025-06-06", "deal.expected_close_date", "date"),
    ("Company id", "30035", "organization:CRM company ID:varchar", "text"),
    ("Account ID", "A-1", "organization:CRM company ID:varchar", "text"),
    ("Account name", "Ek AB", "organization.name", "text"),
    ("Company org number", "556677-8899", "organization:Organisationsnummer:varchar", "text"),
    ("Ansvarig", "jon@berg.example", "person.owner", "email"),
    ("Owner email", "jon@berg.example", "person.owner", "email"),
    ("Contact id", "20012", "person:CRM contact ID:varchar", "text"),
    ("Kontakt-id", "20012", "person:CRM contact ID:varchar", "text"),
]


@pytest.mark.parametrize(("name", "value", "ref", "transform_name"), HOMES)
def test_it_is_sure_where_a_crms_words_belong(name: str, value: str, ref: str, transform_name: str) -> None:
    proposal = proposed(left_by("webcrm", name, value, value))
    assert (proposal.rule.ref, proposal.rule.transform) == (ref, transform_name)
    assert proposal.confidence >= 0.9
    assert proposal.reasons[0].text == "The webCRM integration filled it"


@pytest.mark.parametrize("connector", CONNECTORS)
def test_every_crm_connector_is_known(connector: str) -> None:
    assert (
        proposed(left_by(connector, "Company id", "30035")).rule.ref == "organization:CRM company ID:varchar"
    )


@pytest.mark.parametrize("connector", ["woocommerce", "limestone", "magento-2"])
def test_what_a_shop_wrote_is_not_taken_for_a_crms(connector: str) -> None:
    assert proposed(left_by(connector, "Company id", "30035")).rule.field != "CRM company ID"


def test_a_company_id_of_the_customers_own_stays_a_field() -> None:
    assert proposed(attribute("Company id", "30035", "30036")).rule.custom


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Deal value", ("much", "little")),
        ("Closing date", ("soon", "later")),
        ("Ansvarig", ("Jon Vestby", "Kim Damsgaard")),
        ("Status", ("won", "lost")),
        ("Deal status", (True, False)),
        ("Parent account name", ("Ek AB", "Alm AB")),
    ],
)
def test_it_leaves_what_does_not_fit_to_the_scores(name: str, values: tuple[object, ...]) -> None:
    reasons = proposed(left_by("webcrm", name, *values)).reasons
    assert not any("integration filled it" in r.text for r in reasons)


def test_sensitive_values_stay_behind_whoever_wrote_them() -> None:
    field = left_by("webcrm", "Contact id", "19900118-9811", "19850709-9805")
    assert proposed(field).rule.action == Action.SKIP


def test_an_org_number_gets_a_field_of_the_organization_where_there_is_none() -> None:
    proposal = proposed(left_by("lime", "Org nr", "556677-8899"), standard("deal", "title"))
    assert (proposal.rule.action, proposal.rule.object) == (Action.CREATE, TargetObject.ORGANIZATION)
    assert proposal.confidence >= 0.9


def test_a_contact_id_field_of_an_earlier_run_is_used_again() -> None:
    rule = proposed(left_by("webcrm", "Contact id", "20012"), custom("CRM contact ID"), *CATALOGUE).rule
    assert (rule.action, rule.field) == (Action.MAP, "CRM contact ID")


def test_stages_that_pipedrive_lacks_are_counted() -> None:
    reasons = proposed(left_by("webcrm", "Deal stage", "Qualified", "Frozen")).reasons
    assert "1 of 2 values name no stage in Pipedrive and fall to its default" in [r.text for r in reasons]


def test_two_crm_attributes_of_one_section_do_not_share_a_field() -> None:
    fields = [left_by("webcrm", "Deal name", "Winter order"), left_by("webcrm", "Deal title", "Spring order")]
    refs = [p.rule.ref for p in propose(fields, CATALOGUE, SETTINGS)]
    assert refs.count("deal.title") == 1


@pytest.mark.parametrize("home", [h for h in HOMES if h[2] != "person.owner"], ids=lambda h: h[0])
def test_a_person_can_save_the_proposed_rule_unchanged(home: tuple[str, str, str, str]) -> None:
    assert why_impossible(proposed(left_by("webcrm", home[0], home[1])).rule) == ""


def test_the_proposed_rules_write_a_deal_with_a_number_as_its_value() -> None:
    values = {
        name: value for name, value, *_ in HOMES if name not in ("Opportunity ID", "Affärsnamn", "Säljfas")
    }
    fields = [left_by("webcrm", name, value) for name, value in values.items()]
    rules = [p.rule for p in propose(fields, CATALOGUE, SETTINGS)]
    held = {(v.section, v.discriminator): values[f.name] for f in fields for v in f.variants}
    known = Known(owners=frozenset({"jon@berg.example"}), stages={"wholesale": frozenset({"qualified"})})
    context = Context(field_map_of(rules), Resolutions([]), TOOLS, {}, known=known)
    found = transform([Profile("p-1", held)], Supplied(), context)
    (deal,) = found.deals
    assert (deal.key, deal.body["title"], deal.body["value"]) == ("D70454", "Winter order", 349500)
    assert (deal.body["currency"], deal.body["status"]) == ("SEK", "won")
    assert (deal.body["pipeline"], deal.body["expected_close_date"]) == ("Wholesale", "2025-06-06")
    assert found.organization is not None
    assert deal.body["organization"] == found.organization.key
    assert found.person.body["owner"] == "jon@berg.example"


SHARED = {
    "the company's name": (
        [("company_name", "se"), ("Företag", "no"), ("Yritys", "fi"), ("Firma", "dk")],
        "Ek AB",
        "organization.name",
    ),
    "the organization number": (
        [("Orgnr", "se"), ("Y-tunnus", "fi"), ("CVR-nummer", "dk")],
        "556677-8899",
        "organization:Organisationsnummer:varchar",
    ),
}


@pytest.mark.parametrize(("names", "value", "ref"), SHARED.values(), ids=SHARED)
def test_sections_fill_one_field_and_say_so(names: list[tuple[str, str]], value: str, ref: str) -> None:
    proposals = propose([attribute(n, value, section=s) for n, s in names], CATALOGUE, SETTINGS)
    assert {p.rule.ref for p in proposals} == {ref}
    for proposal in proposals:
        assert proposal.confidence >= 0.9
        assert "Fills the same field for another Section" in [r.text for r in proposal.reasons]


def test_attributes_of_one_section_do_not_share_and_none_claims_to() -> None:
    proposals = propose([attribute(n, "Ek AB", "Alm AB") for n in ("Företag", "Firma")], CATALOGUE, SETTINGS)
    assert sum(p.rule.ref == "organization.name" for p in proposals) == 1
    assert not any("another Section" in r.text for p in proposals for r in p.reasons)


def test_a_section_that_knows_an_attribute_without_values_does_not_forbid_sharing() -> None:
    both = attribute("Företag", "Ek AB", section="se")
    empty = replace(both.variants[0], section="fi", filled=0, distinct=0, top=())
    fields = [replace(both, variants=(*both.variants, empty)), attribute("Yritys", "Aalto Oy", section="fi")]
    assert {p.rule.ref for p in propose(fields, CATALOGUE, SETTINGS)} == {"organization.name"}


def test_the_company_name_goes_before_a_custom_field_that_is_called_alike() -> None:
    alike = TargetField(TargetObject.ORGANIZATION, "Företag", FieldType.VARCHAR, True)
    assert (
        proposed(attribute("Företag", "Ek AB", "Alm AB"), alike, *CATALOGUE).rule.ref == "organization.name"
    )


@pytest.mark.parametrize("where", list(TargetObject))
def test_the_field_that_marks_our_own_records_is_never_offered(where: TargetObject) -> None:
    marker = TargetField(where, MARKER_FIELD, FieldType.VARCHAR, True)
    assert marker not in [target.field for target in targets_in([marker], SETTINGS)]


@pytest.mark.parametrize("is_company", [True, False])
def test_two_sections_words_for_a_street_address_are_equally_sure(is_company: bool) -> None:
    address = standard("organization", "address", FieldType.ADDRESS)
    fields = [attribute("Adresse", "Storgata 1", "Havnegata 2", section="no"),
              attribute("Postnr", "0151", "0152", section="no"),
              attribute("Gata", "Storgatan 1", "Kungsgatan 2", section="se"),
              attribute("Postnummer", "11122", "11133", section="se")]  # fmt: skip
    companies = [
        attribute("Firma", "Ek AS", "Alm AS", section="no"),
        attribute("Företag", "Ek AB", "Alm AB", section="se"),
    ]
    proposals = propose([*fields, *(companies if is_company else [])], [address, *CATALOGUE], SETTINGS)
    norwegian, _, swedish, *_ = proposals
    assert norwegian.confidence == swedish.confidence
    assert (norwegian.rule.object, norwegian.rule.component) == (swedish.rule.object, swedish.rule.component)
