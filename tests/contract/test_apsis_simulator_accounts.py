"""Made-up accounts through the API: every CRM's people are read by their keys, profiles go between two exports."""

from typing import Any
from urllib.parse import quote

import pytest

from migrator.simulators.seeds.shape import CRM_KEYSPACE, EXPORT_KEYSPACE
from tests.contract.apsis_simulator import EMAIL, Caller

pytestmark = pytest.mark.slow

# One account of each CRM, and one that keeps the CRM's ids in the CRM-ID keyspace.
ACCOUNTS = [("nordlys", 7), ("kornblume", 7), ("havblik", 7), ("sturmlicht", 7), ("havblik", 4)]


def _caller(account: tuple[str, int], profiles: int = 200) -> Caller:
    return Caller(name=account[0], seed=account[1], profiles=profiles).sign_in()


def _attributes(caller: Caller, keyspace: str, key: str, section: str) -> dict[str, Any]:
    place = f"/audience/keyspaces/{keyspace}/profiles/{quote(key, safe='')}/sections/{section}/attributes"
    answer = caller.get(place)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("account", ACCOUNTS)
def test_people_of_the_crm_are_read_through_its_keyspaces(account: tuple[str, int]) -> None:
    caller = _caller(account)
    source, shape = caller.source, caller.source.shape
    told = {row["discriminator"] for row in caller.items("/audience/keyspaces")}
    spaces = [space for space in (shape.crm_keyspace, shape.lead_keyspace) if space]
    section = next(s for s in shape.sections if s.crm)
    versions = {v.id: a for a in section.attributes for v in a.versions}
    for space in spaces:
        assert space in told
        linked = [p for p in source.iter_profiles() if space in p.keys and source.people.get(p.index).linked]
        assert linked
        for profile in linked[:5]:
            by_crm = _attributes(caller, space, profile.keys[space], section.discriminator)
            by_export = _attributes(caller, EXPORT_KEYSPACE, profile.export_key, section.discriminator)
            assert by_crm == by_export
            kinds = {versions[version].kind for version in by_crm}
            assert kinds & {"crm_contact_id", "crm_lead_id"}
            assert kinds & {"crm_company_name", "crm_lead_company"}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_what_the_crm_wrote_is_defined_and_exported(account: tuple[str, int]) -> None:
    caller = _caller(account)
    section = next(s for s in caller.source.shape.sections if s.crm)
    rows = caller.items(f"/audience/sections/{section.discriminator}/attributes")
    made = [row["discriminator"] for row in rows if ".integrations." in row["discriminator"]]
    exported = caller.exported_profiles(attributes=made).values()
    held = {name for entry in exported for data in entry["sections"].values() for name in data["attributes"]}
    assert len(made) >= 10
    assert len(held) >= len(made) - 2  # an uninstalled integration's may be on nobody among so few


def test_between_two_exports_one_profile_is_deleted_and_one_is_merged_away() -> None:
    caller = _caller(("havblik", 7), 60)
    before = caller.exported_profiles()
    deleted, merged, kept = list(before)[8], list(before)[20], list(before)[33]
    acts = [
        {"op": "delete_profile", "export_key": deleted},
        {"op": "merge", "export_key": merged, "into": kept},
    ]
    assert caller.control("mutate", {"acts": acts}).status_code == 200
    after = caller.exported_profiles()
    assert before.keys() - after.keys() == {deleted, merged}
    assert after.keys() <= before.keys()
    unchanged = before.keys() - {deleted, merged, kept}
    assert {key: after[key] for key in unchanged} == {key: before[key] for key in unchanged}
    # The merged one's key leads to the other from now on.
    section = next(iter(after[kept]["sections"]))
    by_merged = _attributes(caller, EXPORT_KEYSPACE, merged, section)
    assert by_merged == _attributes(caller, EXPORT_KEYSPACE, kept, section)


def test_the_default_section_of_older_accounts_is_a_section_like_others() -> None:
    pairs = (("nordlys", seed) for seed in range(8, 40))
    account = next(
        pair
        for pair in pairs
        if _caller(pair, 1).source.shape.section("com.apsis1.sections.default") is not None
    )
    caller = _caller(account)
    assert caller.items("/audience/sections/com.apsis1.sections.default/attributes")
    exported = caller.exported_profiles(attributes=[EMAIL]).values()
    assert any("com.apsis1.sections.default" in entry["sections"] for entry in exported)


def test_an_account_with_ids_in_the_crm_id_keyspace_has_no_keyspace_of_the_connector() -> None:
    shapes = [_caller(("havblik", seed), 1).source.shape for seed in range(8)]
    with_own = [shape for shape in shapes if shape.crm_keyspace != CRM_KEYSPACE]
    assert 0 < len(with_own) < len(shapes)
    for shape in shapes:
        own = [k for k in shape.keyspaces if k.discriminator == shape.crm_keyspace]
        assert len(own) == 1
