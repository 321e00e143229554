"""What each CRM integration leaves behind: its keyspaces, attributes, tags, and its own ways of writing."""

import hashlib
import re
from collections import Counter
from typing import Any

import pytest

from migrator.simulators.seeds import NAMES, build_account
from migrator.simulators.seeds.connectors import CONNECTORS
from migrator.simulators.seeds.leans import connector_of, old_connector_of
from migrator.simulators.seeds.shape import CRM_KEYSPACE, EMAIL_KEYSPACE, Section
from migrator.simulators.seeds.source import Source
from tests.unit.simulators_seeds.accounts import BLOCK, CRM_ID, profiles_of, source_of, values_of

pytestmark = pytest.mark.slow

# One account of each CRM.
HOLDERS = {"webcrm": ("nordlys", 7), "lime": ("kornblume", 7), "efficy": ("havblik", 7)}
HOLDERS["dynamics"] = ("sturmlicht", 7)
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _crm_section(source: Source) -> Section:
    return next(section for section in source.shape.sections if section.crm)


def _linked(name: str, seed: int) -> list[dict[str, Any]]:
    """The CRM attributes of everybody whom the CRM sent, by kind."""
    found: dict[int, dict[str, Any]] = {}
    for index, _, attribute, value in values_of(name, seed):
        if attribute.kind.startswith("crm_"):
            found.setdefault(index, {})[attribute.kind] = value
    return list(found.values())


def test_with_one_seed_the_eight_names_have_each_crm_twice() -> None:
    for seed in range(12):
        assert set(Counter(connector_of(name, seed) for name in NAMES).values()) == {2}
    assert connector_of("nordlys", 7) == "webcrm"


def test_a_name_has_another_crm_with_another_seed_and_never_the_same_twice() -> None:
    for name in (*NAMES, "hansa"):
        assert {connector_of(name, seed) for seed in range(4)} == set(CONNECTORS)
        assert all(connector_of(name, seed) != old_connector_of(name, seed) for seed in range(9))


@pytest.mark.parametrize("connector", CONNECTORS)
def test_ids_of_attributes_and_keyspaces_name_the_connector(connector: str) -> None:
    source = source_of(*HOLDERS[connector])
    section, word = _crm_section(source), CONNECTORS[connector].word
    made = [a for a in section.attributes if a.kind.startswith("crm_")]
    digest = hashlib.md5(section.discriminator.encode()).hexdigest()[:8]
    own = f"com.apsis1.integrations.keyspaces.{digest}.{word}"
    pattern = re.compile(rf"com\.apsis1\.integrations\.{word}\.attributes\.[^ ]*-[a-z0-9]{{10}}")
    assert source.spec.connector == connector
    assert all(pattern.fullmatch(attribute.discriminator) for attribute in made)
    assert source.shape.crm_keyspace in (own, CRM_KEYSPACE)
    assert any(k.discriminator == source.shape.crm_keyspace for k in source.shape.keyspaces)


@pytest.mark.parametrize("connector", CONNECTORS)
def test_people_of_the_crm_have_its_key_and_no_email_key(connector: str) -> None:
    source, profiles = source_of(*HOLDERS[connector]), profiles_of(*HOLDERS[connector])
    spaces = {source.shape.crm_keyspace, source.shape.lead_keyspace} - {""}
    linked = [p for p in profiles if source.people.get(p.index).linked]
    assert 0.08 < len(linked) / BLOCK < 0.25
    assert all(spaces & p.keys.keys() for p in linked)
    assert sum(EMAIL_KEYSPACE in p.keys for p in linked) <= 4  # the merged ones


@pytest.mark.parametrize("connector", CONNECTORS)
def test_contacts_name_companies_and_deals_that_agree_with_each_other(connector: str) -> None:
    companies: dict[Any, set[str]] = {}
    deals: dict[Any, set[str]] = {}
    rows = [row for row in _linked(*HOLDERS[connector]) if "crm_company_id" in row]
    for row in rows:
        companies.setdefault(row["crm_company_id"], set()).add(row["crm_company_name"])
        if "crm_deal_id" in row:
            deals.setdefault(row["crm_deal_id"], set()).add(f"{row['crm_deal_name']}{row['crm_deal_value']}")
    assert len(companies) > 30
    assert len(deals) > 20
    assert {len(names) for names in (*companies.values(), *deals.values())} == {1}
    assert max(Counter(row["crm_company_id"] for row in rows).values()) > 1


@pytest.mark.parametrize("connector", CONNECTORS)
def test_lists_of_the_crm_are_tags_of_its_people_alone(connector: str) -> None:
    source, profiles = source_of(*HOLDERS[connector]), profiles_of(*HOLDERS[connector])
    lists = {t.discriminator for t in _crm_section(source).tags if t.linked}
    holders = {p.index for p in profiles for d in p.sections.values() if lists & set(d.tags)}
    assert len(holders) > 20 or HOLDERS[connector] == ("nordlys", 7)
    assert all(source.people.get(index).linked for index in holders)


def test_efficy_writes_1899_for_no_date_and_numbers_as_text() -> None:
    rows = _linked(*HOLDERS["efficy"])
    attributes = [a for a in _crm_section(source_of(*HOLDERS["efficy"])).attributes if "crm_" in a.kind]
    assert all(row["crm_last_contact"] == "1899-12-31" for row in rows)
    assert 0.3 < sum(row["crm_deal_closing_date"] == "1899-12-31" for row in rows) / len(rows) < 0.9
    assert all(row["crm_deal_value"].isdigit() for row in rows if "crm_deal_value" in row)
    assert all(
        attribute.name.startswith("CRM - ") for attribute in attributes if "stale" not in attribute.kind
    )


def test_dynamics_has_leads_with_a_keyspace_and_attributes_of_their_own() -> None:
    source, profiles = source_of(*HOLDERS["dynamics"]), profiles_of(*HOLDERS["dynamics"])
    lead_space, own = source.shape.lead_keyspace, source.shape.crm_keyspace
    leads = [p for p in profiles if lead_space in p.keys and own not in p.keys]
    converted = [p for p in profiles if lead_space in p.keys and own in p.keys]
    rows = _linked(*HOLDERS["dynamics"])
    assert lead_space == f"{own}.lead"
    assert 10 < len(leads) < len(rows) / 2
    assert len(converted) > 10
    for row in rows:
        assert ("crm_lead_id" in row) != ("crm_contact_id" in row)
        assert "crm_lead_id" not in row or "crm_deal_id" not in row
    keys = [p.keys[lead_space] for p in (*leads, *converted)]
    assert all(GUID.fullmatch(key) for key in keys)
    assert len(set(keys)) == len(keys)


def test_the_sign_before_lead_is_a_matter_of_choice() -> None:
    source = build_account(*HOLDERS["dynamics"], 10, lead_separator=":").source
    assert source.shape.lead_keyspace == f"{source.shape.crm_keyspace}:lead"


def test_lime_keeps_status_and_stage_in_one_field_and_ids_as_numbers() -> None:
    rows = _linked(*HOLDERS["lime"])
    states = {row["crm_deal_status"] for row in rows if "crm_deal_status" in row}
    assert {"5. Order", "6. Förlorad"} <= states
    assert len(states) > 4
    assert all(isinstance(row["crm_contact_id"], int) for row in rows)
    assert all("crm_deal_pipeline" not in row for row in rows)


def test_an_uninstalled_integration_leaves_keyspace_attributes_and_keys() -> None:
    accounts = [(name, seed) for name in NAMES for seed in (1, 2)]
    stale = [pair for pair in accounts if source_of(*pair, 10).spec.stale_attributes]
    assert 3 <= len(stale) < len(accounts)
    source = source_of(*stale[0])
    old = source.shape.old_keyspace
    word = CONNECTORS[old_connector_of(*stale[0])].word
    keyed = [p for p in profiles_of(*stale[0]) if old in p.keys]
    left = [a for s in source.shape.sections for a in s.attributes if a.kind.startswith("stale_")]
    assert old.endswith(f".{word}")
    assert 10 < len(keyed) < BLOCK / 20
    assert all(source.index_of(old, p.keys[old]) == p.index for p in keyed)
    assert all(f".{word}." in attribute.discriminator for attribute in left)
    assert len(left) == 2


def test_where_the_ids_of_the_crm_are_keys_can_be_chosen() -> None:
    for pair in HOLDERS.values():
        inside, apart = (build_account(*pair, 60, crm_ids=place).source for place in ("crm-id", "connector"))
        assert inside.shape.crm_keyspace == CRM_KEYSPACE
        assert apart.shape.crm_keyspace.startswith("com.apsis1.integrations.keyspaces.")
        for one, other in zip(inside.iter_profiles(), apart.iter_profiles(), strict=True):
            assert one.sections == other.sections


def test_some_accounts_keep_the_ids_of_the_crm_in_the_crm_id_keyspace() -> None:
    pairs = [(name, seed) for name in NAMES for seed in range(4)]
    old = [pair for pair in pairs if source_of(*pair, 10).shape.crm_keyspace == CRM_KEYSPACE]
    assert 3 <= len(old) < len(pairs) / 2
    source = source_of(*old[0])
    spaces = [keyspace.discriminator for keyspace in source.shape.keyspaces]
    linked = next(p for p in profiles_of(*old[0]) if source.people.get(p.index).linked)
    assert len(set(spaces)) == len(spaces)
    assert source.index_of(CRM_KEYSPACE, linked.keys[CRM_KEYSPACE]) == linked.index


@pytest.mark.parametrize("connector", CONNECTORS)
def test_every_key_of_an_account_with_this_crm_leads_back(connector: str) -> None:
    source = source_of(*HOLDERS[connector])
    for profile in profiles_of(*HOLDERS[connector]):
        assert {source.index_of(space, key) for space, key in profile.keys.items()} == {profile.index}
    for nonsense in ("", "x", "²", "1e5", "-1", "000000000000", "----"):
        assert all(source.index_of(k.discriminator, nonsense) is None for k in source.shape.keyspaces)


def test_the_crm_id_attribute_says_the_same_as_the_key() -> None:
    for pair in HOLDERS.values():
        source, profiles = source_of(*pair), profiles_of(*pair)
        held = {i: v for i, _, attribute, v in values_of(*pair) if attribute.discriminator == CRM_ID}
        wrong = [index for index, value in held.items() if value not in profiles[index].keys.values()]
        assert len(wrong) == 6
        assert {source.people.get(index).trap.value for index in wrong} == {"broken crm id"}
