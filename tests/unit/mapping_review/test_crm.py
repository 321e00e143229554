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
from migrator.engine.phases.context import Context, Known, Supplied
from migrator.engine.phases.plan import MARKER_FIELD
from migrator.engine.phases.transform import deal_status, transform
from migrator.engine.records import Profile
from migrator.engine.transforms.registry import convert
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
    # Efficy in French
    ("CRM - N° contact", "20012", "person:CRM contact ID:varchar", "text"),
    ("CRM - N° société", "30035", "organization:CRM company ID:varchar", "text"),
    ("CRM - Société", "Ek AB", "organization.name", "text"),
    ("CRM - N° opportunité", "70454", "deal.id", "text"),
    ("CRM - Opportunité", "Winter order", "deal.title", "text"),
    ("CRM - Montant", "349500", "deal.value", "number"),
    ("CRM - Étape", "Qualified", "deal.stage", "option"),
    ("CRM - Date de clôture", "2025-06-06", "deal.expected_close_date", "date"),
    # Lime in Swedish
    ("Lime - Person-ID", "1001001", "person:CRM contact ID:varchar", "text"),
    ("Lime - Företags-ID", "30035", "organization:CRM company ID:varchar", "text"),
    ("Lime - Affär", "Winter order", "deal.title", "text"),
    ("Lime - Affärsvärde", "349500", "deal.value", "number"),
    ("Lime - Beräknat avslut", "2025-06-06", "deal.expected_close_date", "date"),
    # Dynamics with the technical name behind
    (
        "Dynamics - Contact (contactid)",
        "01365956-d1a6-ed11-9ac4-aa6626b2f47c",
        "person:CRM contact ID:varchar",
        "text",
    ),
    (
        "Dynamics - Account (accountid)",
        "0ca01ede-f31d-ed11-9ac4-316af0d3dfa0",
        "organization:CRM company ID:varchar",
        "text",
    ),
    ("Dynamics - Account", "Ek AB", "organization.name", "text"),
    ("Dynamics - Opportunity (opportunityid)", "b0ba29e2-fd3f-ed11-9ac4-34eb5f4869f7", "deal.id", "text"),
    ("Dynamics - Opportunity Topic", "Winter order", "deal.title", "text"),
    ("Dynamics - Est. Revenue", "349500.5", "deal.value", "number"),
    ("Dynamics - Owner Primary Email", "jon@berg.example", "person.owner", "email"),
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
        ("Status", ("active", "lapsed")),
        ("Deal status", (True, False)),
        ("Parent account name", ("Ek AB", "Alm AB")),
    ],
)
def test_it_leaves_what_does_not_fit_to_the_scores(name: str, values: tuple[object, ...]) -> None:
    reasons = proposed(left_by("webcrm", name, *values)).reasons
    assert not any("integration filled it" in r.text for r in reasons)


def test_sensitive_values_stay_behind_whoever_wrote_them() -> None:
    field = left_by("webcrm", "Contact id", "19900118-9811", "19850709-9805")
    assert proposed(field).rule.is_left


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


def test_a_record_that_is_given_by_its_id_is_no_name() -> None:
    ids = ("70214", "70222", "70300")
    assert proposed(left_by("efficy", "CRM - Opportunité", *ids)).rule.ref == "deal.id"
    assert proposed(left_by("lime", "Företag", *ids)).rule.ref == "organization:CRM company ID:varchar"


def test_words_of_a_crm_mean_nothing_in_the_customers_own_attributes() -> None:
    assert not proposed(attribute("Montant", "100", "200")).rule.ref.startswith("deal.")


def test_an_account_number_of_a_crm_is_never_a_persons() -> None:
    assert (
        proposed(left_by("dynamics", "Account Number", "A-17", "A-18")).rule.object
        == TargetObject.ORGANIZATION
    )


STATES = [
    ("dynamics", "Opportunity Status", (0, 1, 2), {"0": "open", "1": "won", "2": "lost"}),
    ("efficy", "CRM - Statut", ("En cours", "Gagné", "Perdu"), {"Gagné": "won", "Perdu": "lost"}),
    (
        "lime",
        "Affärsstatus",
        ("2. Behov", "5. Order", "6. Förlorad"),
        {"5. Order": "won", "6. Förlorad": "lost"},
    ),
]


@pytest.mark.parametrize(("connector", "name", "values", "states"), STATES, ids=[s[1] for s in STATES])
def test_states_in_a_crms_own_words_become_open_won_and_lost(
    connector: str, name: str, values: tuple[object, ...], states: dict[str, str]
) -> None:
    rule = proposed(left_by(connector, name, *values)).rule
    assert rule.ref == "deal.status"
    for value, state in states.items():
        written = convert(rule.transform, value, dict(rule.args), TOOLS).value
        assert deal_status(str(written)) == state


def test_numbers_are_no_states_where_another_crm_wrote_them() -> None:
    rule = proposed(left_by("webcrm", "Deal status", 0, 1, 2)).rule
    assert not rule.args


def test_states_that_say_neither_won_nor_lost_are_counted() -> None:
    reasons = [r.text for r in proposed(left_by("lime", "Affärsstatus", "2. Behov", "5. Order")).reasons]
    assert "1 of 2 values say neither won nor lost; their deals become open" in reasons


@pytest.mark.parametrize("names", [("Jon Vestby", "Kim Damsgaard"), ("JVE", "KDA")])
def test_owners_by_name_or_initials_are_for_a_person_to_check(names: tuple[str, ...]) -> None:
    for field in (left_by("lime", "Ansvarig säljare", *names), attribute("Ansvarig säljare", *names)):
        proposal = proposed(field)
        assert proposal.rule.ref != "person.owner" or proposal.confidence <= 0.6
        assert any("names and initials find nobody" in r.text for r in proposal.reasons)


def test_an_owner_by_email_needs_no_warning() -> None:
    reasons = proposed(left_by("lime", "Ansvarig säljare", "jon@berg.example")).reasons
    assert not any("find nobody" in r.text for r in reasons)


def filled(field: SourceField, profiles: int) -> SourceField:
    return replace(field, variants=tuple(replace(v, filled=profiles) for v in field.variants))


def test_what_an_uninstalled_crm_left_says_so_and_is_not_trusted() -> None:
    old = [filled(left_by("lime", n, v), 16) for n, v in (("Person-ID", "500055"), ("Företag", "EK AB"))]
    new = [
        filled(left_by("dynamics", n, v), 400) for n, v in (("Contact id", "a-1"), ("Account Name", "Ek AB"))
    ]
    proposals = propose([*old, *new], CATALOGUE, SETTINGS)
    for proposal in proposals[:2]:
        assert proposal.confidence <= 0.5
        assert "Lime looks uninstalled" in proposal.reasons[0].text
    for proposal in proposals[2:]:
        assert proposal.confidence >= 0.9
    assert [p.rule.field for p in proposals[::2]] == ["Lime contact ID", "CRM contact ID"]
    assert proposals[3].rule.ref == "organization.name" != proposals[1].rule.ref


def test_two_crms_that_both_write_or_of_two_sections_are_both_trusted() -> None:
    one, other = left_by("lime", "Person-ID", "500055"), left_by("dynamics", "Contact id", "a-1")
    elsewhere = left_by("dynamics", "Contact id", "a-1", section="s2")
    for fields in ([filled(one, 200), filled(other, 400)], [filled(one, 16), filled(elsewhere, 400)]):
        assert all(p.confidence >= 0.9 for p in propose(fields, CATALOGUE, SETTINGS))


def test_two_crm_attributes_of_one_section_do_not_share_a_field() -> None:
    fields = [left_by("webcrm", "Deal name", "Winter order"), left_by("webcrm", "Deal title", "Spring order")]
    refs = [p.rule.ref for p in propose(fields, CATALOGUE, SETTINGS)]
    assert refs.count("deal.title") == 1


@pytest.mark.parametrize("home", [h for h in HOMES if h[2] != "person.owner"], ids=lambda h: h[0])
def test_a_person_can_save_the_proposed_rule_unchanged(home: tuple[str, str, str, str]) -> None:
    assert why_impossible(proposed(left_by("webcrm", home[0], home[1])).rule) == ""


def test_the_proposed_rules_write_a_deal_with_a_number_as_its_value() -> None:
    values = {
        name: value
        for name, value, *_ in HOMES
        if name not in ("Opportunity ID", "Affärsnamn", "Säljfas")
        and not name.startswith(("CRM -", "Lime", "Dynamics"))
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
