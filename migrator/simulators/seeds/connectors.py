"""What each CRM integration leaves behind in APSIS One: its attributes, how it numbers people, its quirks.

Known (reference 3.1, 3.4, 13): ids of attributes and keyspaces, the "CRM - …" names of Efficy Enterprise, its
1899-12-31 and its numbers as text, Dynamics' contacts and leads, that CRM lists may become tags. Every other
name and form below is assumed: it is how these CRMs speak of their own records.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from migrator.simulators.seeds.companies import Company, Deal
from migrator.simulators.seeds.contact_ids import ContactIds, GuidIds, NumberedIds
from migrator.simulators.seeds.values import Facts

Maker = Callable[[Facts, ContactIds], Any]
EMPTY_DATE = "1899-12-31"


@dataclass(frozen=True, slots=True)
class CrmField:
    """One attribute that an integration made: `kind` starts with "crm_" or, on leads, with "crm_lead_"."""

    kind: str
    name: str
    type: str
    make: Maker
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Connector:
    """One CRM integration. `word` stands in ids; `lead` is the entity of its second keyspace, if it has one."""

    key: str
    word: str
    title: str
    fields: tuple[CrmField, ...]
    ids: Callable[..., ContactIds]
    list_prefix: str
    lead: str = ""

    @property
    def makers(self) -> Mapping[str, Maker]:
        return {field.kind: field.make for field in self.fields}


def _company(read: Callable[[Company], Any]) -> Maker:
    return lambda f, ids: read(f.company) if f.company else None


def _deal(read: Callable[[Deal], Any]) -> Maker:
    def make(f: Facts, ids: ContactIds) -> Any:
        found = deal_of(f)
        return read(found) if found else None

    return make


def deal_of(f: Facts) -> Deal | None:
    """The deal that stands on this contact: one of the company's, the same one each time."""
    if f.company is None or not f.company.deals:
        return None
    return f.company.deals[f.person.index % len(f.company.deals)]


def _contact(f: Facts, ids: ContactIds) -> str:
    return ids.forward(f.person.index)


def _number(make: Maker) -> Maker:
    """The digits of an id as a number."""

    def digits(f: Facts, ids: ContactIds) -> int | None:
        found = make(f, ids)
        return int(str(found).lstrip("D")) if found else None

    return digits


def _guid(kind: str, make: Maker) -> Maker:
    def guid(f: Facts, ids: ContactIds) -> str | None:
        found = make(f, ids)
        return ids.of(kind, int(str(found).lstrip("D"))) if found else None

    return guid


def _owner_name(f: Facts, ids: ContactIds) -> str | None:
    if f.company is None:
        return None
    return " ".join(part.capitalize() for part in f.company.owner_email.partition("@")[0].split("."))


def _owner_initials(f: Facts, ids: ContactIds) -> str | None:
    name = _owner_name(f, ids)
    return None if name is None else (name[:1] + name.partition(" ")[2][:2]).upper()


_COMPANY_ID, _COMPANY_NAME = _company(lambda c: c.id), _company(lambda c: c.name)
_ORG_NUMBER, _OWNER_EMAIL = _company(lambda c: c.org_number), _company(lambda c: c.owner_email)
_DEAL_ID, _DEAL_NAME, _DEAL_VALUE = _deal(lambda d: d.id), _deal(lambda d: d.name), _deal(lambda d: d.value)
_CLOSING = _deal(lambda d: d.closing_date)


def _webcrm(words: str, type_: str, make: Maker) -> CrmField:
    label = words.replace("_", " ").replace(" id", " ID").capitalize()
    return CrmField(f"crm_{words}", f"webCRM - {label}", type_, make, slug=words)


WEBCRM = Connector(
    key="webcrm",
    word="webcrm",
    title="webCRM",
    ids=lambda *parts: NumberedIds(20_000),
    list_prefix="webCRM ",
    fields=(
        _webcrm("contact_id", "text", _contact),
        _webcrm("owner_email", "text", _OWNER_EMAIL),
        _webcrm("company_id", "text", _COMPANY_ID),
        _webcrm("company_name", "text", _COMPANY_NAME),
        _webcrm("company_org_number", "text", _ORG_NUMBER),
        _webcrm("deal_id", "text", _DEAL_ID),
        _webcrm("deal_name", "text", _DEAL_NAME),
        _webcrm("deal_value", "number", _DEAL_VALUE),
        _webcrm("deal_currency", "text", _deal(lambda d: d.currency)),
        _webcrm("deal_status", "text", _deal(lambda d: d.status)),
        _webcrm("deal_stage", "text", _deal(lambda d: d.stage)),
        _webcrm("deal_pipeline", "text", _deal(lambda d: d.pipeline)),
        _webcrm("deal_closing_date", "date", _CLOSING),
    ),
)


# Lime has one field for status and stage together.
_LIME_STAGES = {
    "Qualified": "1. Prospektering",
    "Contact made": "2. Behov",
    "Proposal made": "3. Offert",
    "Negotiations started": "4. Förhandling",
}


def _lime_status(f: Facts, ids: ContactIds) -> str | None:
    deal = deal_of(f)
    if deal is None:
        return None
    return {"won": "5. Order", "lost": "6. Förlorad"}.get(deal.status) or _LIME_STAGES[deal.stage]


LIME = Connector(
    key="lime",
    word="lime",
    title="Lime CRM",
    ids=lambda *parts: NumberedIds(1_001_000),
    list_prefix="Lime-lista ",
    fields=(
        CrmField("crm_contact_id", "Lime - Person-ID", "number", _number(_contact)),
        CrmField("crm_owner", "Lime - Ansvarig säljare", "text", _owner_name),
        CrmField("crm_company_id", "Lime - Företags-ID", "number", _number(_COMPANY_ID)),
        CrmField("crm_company_name", "Lime - Företag", "text", _COMPANY_NAME),
        CrmField("crm_company_org_number", "Lime - Organisationsnummer", "text", _ORG_NUMBER),
        CrmField("crm_deal_id", "Lime - Affärs-ID", "number", _number(_DEAL_ID)),
        CrmField("crm_deal_name", "Lime - Affär", "text", _DEAL_NAME),
        CrmField("crm_deal_value", "Lime - Affärsvärde", "number", _DEAL_VALUE),
        CrmField("crm_deal_status", "Lime - Affärsstatus", "text", _lime_status),
        CrmField("crm_deal_closing_date", "Lime - Beräknat avslut", "date", _CLOSING),
    ),
)


def _as_text(make: Maker) -> Maker:
    """Efficy Enterprise 12.0 writes whole numbers as text (reference 13)."""

    def text(f: Facts, ids: ContactIds) -> str | None:
        found = make(f, ids)
        return None if found is None else str(found).lstrip("D")

    return text


def _never_empty(make: Maker) -> Maker:
    """Efficy Enterprise 12.0 has no empty dates (reference 13)."""
    return lambda f, ids: make(f, ids) or EMPTY_DATE


def _closing_when_open(f: Facts, ids: ContactIds) -> str | None:
    deal = deal_of(f)
    return deal.closing_date if deal and deal.status != "lost" else None


_FRENCH = {
    "open": "En cours",
    "won": "Gagné",
    "lost": "Perdu",
    "Qualified": "Qualification",
    "Contact made": "Prise de contact",
    "Proposal made": "Offre",
    "Negotiations started": "Négociation",
}
EFFICY = Connector(
    key="efficy",
    word="efficy-enterprise-2",
    title="Efficy Enterprise",
    ids=lambda *parts: NumberedIds(20_000),
    list_prefix="Efficy: ",
    fields=(
        CrmField("crm_contact_id", "CRM - N° contact", "text", _contact),
        CrmField("crm_owner", "CRM - Responsable", "text", _owner_initials),
        CrmField("crm_company_id", "CRM - N° société", "text", _COMPANY_ID),
        CrmField("crm_company_name", "CRM - Société", "text", _COMPANY_NAME),
        CrmField("crm_company_org_number", "CRM - N° TVA", "text", _company(lambda c: c.vat)),
        CrmField("crm_country", "CRM - Pays", "text", lambda f, ids: f.country.code),
        CrmField("crm_last_contact", "CRM - Dernier contact", "date", _never_empty(lambda f, ids: None)),
        CrmField("crm_deal_id", "CRM - N° opportunité", "text", _as_text(_DEAL_ID)),
        CrmField("crm_deal_name", "CRM - Opportunité", "text", _DEAL_NAME),
        CrmField("crm_deal_value", "CRM - Montant", "text", _as_text(_DEAL_VALUE)),
        CrmField("crm_deal_status", "CRM - Statut", "text", _deal(lambda d: _FRENCH[d.status])),
        CrmField("crm_deal_stage", "CRM - Étape", "text", _deal(lambda d: _FRENCH[d.stage])),
        CrmField("crm_deal_closing_date", "CRM - Date de clôture", "date", _never_empty(_closing_when_open)),
    ),
)


_DYNAMICS_STAGES = {
    "Qualified": "1-Qualify",
    "Contact made": "2-Develop",
    "Proposal made": "3-Propose",
    "Negotiations started": "4-Close",
}
_STATE_CODES = {"open": 0, "won": 1, "lost": 2}


def _on_lead(make: Maker) -> Maker:
    """A value that only leads have."""
    return lambda f, ids: make(f, ids) if ids.is_lead(f.person.index) else None


def _on_contact(make: Maker) -> Maker:
    """A value that leads do not have: they belong to no account yet."""
    return lambda f, ids: None if ids.is_lead(f.person.index) else make(f, ids)


def _dynamics(kind: str, name: str, type_: str, make: Maker) -> CrmField:
    on = _on_lead if kind.startswith("crm_lead") else _on_contact
    return CrmField(kind, f"Dynamics - {name}", type_, on(make))


DYNAMICS = Connector(
    key="dynamics",
    word="dynamics",
    title="Dynamics 365",
    ids=GuidIds,
    list_prefix="Marketing list: ",
    lead="lead",
    fields=(
        _dynamics("crm_contact_id", "Contact (contactid)", "text", _contact),
        _dynamics("crm_owner", "Owner", "text", _owner_name),
        _dynamics("crm_owner_email", "Owner Primary Email", "text", _OWNER_EMAIL),
        _dynamics("crm_company_id", "Account (accountid)", "text", _guid("account", _COMPANY_ID)),
        _dynamics("crm_company_name", "Account Name", "text", _COMPANY_NAME),
        _dynamics("crm_company_org_number", "Account Number", "text", _ORG_NUMBER),
        _dynamics("crm_deal_id", "Opportunity (opportunityid)", "text", _guid("opportunity", _DEAL_ID)),
        _dynamics("crm_deal_name", "Opportunity Topic", "text", _DEAL_NAME),
        _dynamics("crm_deal_value", "Est. Revenue", "decimal", _deal(lambda d: float(d.value))),
        _dynamics("crm_deal_currency", "Currency", "text", _deal(lambda d: d.currency)),
        _dynamics("crm_deal_status", "Opportunity Status", "number", _deal(lambda d: _STATE_CODES[d.status])),
        _dynamics("crm_deal_stage", "Sales Stage", "text", _deal(lambda d: _DYNAMICS_STAGES[d.stage])),
        _dynamics("crm_deal_closing_date", "Est. Close Date", "date", _CLOSING),
        _dynamics("crm_lead_id", "Lead (leadid)", "text", lambda f, ids: ids.of("lead", f.person.index)),
        _dynamics("crm_lead_company", "Lead Company Name", "text", _COMPANY_NAME),
        _dynamics(
            "crm_lead_rating",
            "Lead Rating",
            "text",
            lambda f, ids: ("Hot", "Warm", "Cold")[f.person.index % 3],
        ),
    ),
)

# The order matters: with it the demo's account has webCRM (see `leans.connector_of`).
CONNECTORS = {connector.key: connector for connector in (LIME, DYNAMICS, EFFICY, WEBCRM)}
