"""Made-up accounts: the same bytes everywhere, each profile by itself, awkward cases in their shares."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from migrator.simulators.seeds import Account, build_account
from migrator.simulators.seeds.countries import COUNTRIES
from migrator.simulators.seeds.shape import EMAIL_KEYSPACE, WEB_KEYSPACE, Shape
from migrator.simulators.seeds.streams import KeyScatter, Scatter
from migrator.simulators.seeds.times import stamp
from migrator.simulators.seeds.traps import Trap

pytestmark = pytest.mark.slow

EMAIL = "com.apsis1.attributes.email"
MOBILE = "com.apsis1.attributes.mobile"
# Whoever changes the seeds on purpose replaces these.
DIGESTS = {
    ("nordlys", 7): "13bc25afadf5afea2aae6f02",
    ("nordlys", 8): "d91aff905bbdb4546092c4ee",
    ("hansa", 7): "3ae2b68ec420db36ad794ebd",
    ("havblik", 7): "889284e868232d582b20eaff",
    ("kornblume", 7): "9221c3585eafe09948701065",
    ("sturmlicht", 7): "d13111e5d71b204aa26e9653",
}


# Not contents, but what is known of them: their day and the account's size.
_AROUND = {"as_of", "profiles"}


def _everything(account: Account) -> Iterator[Any]:
    source = account.source
    yield _shape(source.shape)
    for profile in source.iter_profiles():
        yield [profile.export_key, dict(profile.keys), {s: asdict(d) for s, d in profile.sections.items()}]
        yield [[e.discriminator, e.event_time, dict(e.data)] for e in source.events(profile.index)]
        yield [asdict(c) for c in source.consents(profile.index)]
        yield sorted(source.suppressed(profile.index))
    preload = account.target_preload()
    yield {f.name: _plain(getattr(preload, f.name)) for f in fields(preload) if f.name not in _AROUND}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, dict) else list(value)


# What the builder notes for itself; no service hands it out.
_INTERNAL = {"linked", "years", "lead_keyspace", "old_keyspace"}


def _shape(shape: Shape) -> Any:
    return json.loads(
        json.dumps(asdict(shape)),
        object_hook=lambda row: {name: value for name, value in row.items() if name not in _INTERNAL},
    )


def digest(name: str, seed: int, profiles: int = 300) -> str:
    """The checksum of all that an account holds on both sides."""
    found = hashlib.sha256()
    for part in _everything(build_account(name, seed, profiles)):
        found.update(json.dumps(part, ensure_ascii=False, sort_keys=True).encode())
    return found.hexdigest()[:24]


@pytest.fixture(scope="module")
def demo() -> Account:
    return build_account()


def _emails(account: Account) -> list[set[str]]:
    return [
        {str(d.attributes[EMAIL]).lower() for d in p.sections.values() if EMAIL in d.attributes}
        for p in account.source.iter_profiles()
    ]


@pytest.mark.parametrize(("name", "seed"), list(DIGESTS))
def test_an_account_is_byte_equal_to_its_pinned_digest(name: str, seed: int) -> None:
    assert digest(name, seed) == DIGESTS[name, seed]


def test_another_hash_seed_of_the_interpreter_changes_nothing() -> None:
    code = "from tests.unit.simulators_seeds.test_seeds import digest; print(digest('hansa', 7, 60))"
    environment = os.environ | {"PYTHONHASHSEED": "4711"}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == digest("hansa", 7, 60)


@pytest.mark.parametrize("name", ["nordlys", "hansa"])
def test_a_profile_does_not_depend_on_how_many_there_are(name: str) -> None:
    small, large = build_account(name, 7, 250).source, build_account(name, 7, 100_000).source
    assert small.shape == large.shape
    for index in (0, 17, 99, 249):
        assert small.profile(index) == large.profile(index)
        assert list(small.events(index)) == list(large.events(index))
        assert small.consents(index) == large.consents(index)


def test_profiles_can_be_made_in_any_order() -> None:
    forwards, backwards = build_account("nordlys", 7, 120).source, build_account("nordlys", 7, 120).source
    turned = [backwards.profile(i) for i in reversed(range(120))]
    assert list(forwards.iter_profiles()) == turned[::-1]


def test_every_key_leads_back_to_its_profile(demo: Account) -> None:
    for profile in demo.source.iter_profiles():
        found = {demo.source.index_of(space, key) for space, key in profile.keys.items()}
        assert found == {profile.index}


def test_keys_of_nobody_lead_nowhere(demo: Account) -> None:
    beyond = demo.source.export_key(demo.source.profiles)
    for key in ("", "x", "000000000000", beyond, "1e5", "nobody999999@nordpost.example"):
        assert all(
            demo.source.index_of(space.discriminator, key) is None for space in demo.source.shape.keyspaces
        )


@pytest.mark.parametrize("scatter", [Scatter(1_200, "a"), Scatter(10_000_000, "b", 3)])
def test_a_scatter_is_reversible_and_never_repeats(scatter: Scatter) -> None:
    places = [scatter.forward(i) for i in range(1_200)]
    assert len(set(places)) == 1_200
    assert [scatter.backward(p) for p in places] == list(range(1_200))


@given(st.integers(1, 10_000_000), st.integers(0, 10**9), st.integers())
def test_a_scatter_of_any_size_leads_back(size: int, index: int, seed: int) -> None:
    scatter = Scatter(size, seed)
    place = scatter.forward(index % size)
    assert 0 <= place < size
    assert scatter.backward(place) == index % size


@given(st.integers(0, 4_000_000_000))
def test_a_moment_is_written_as_the_service_writes_it(seconds: int) -> None:
    assert stamp(seconds) == datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_SMALL = build_account("sturmlicht", 7, 20).source


@given(st.text(max_size=40))
def test_no_text_is_a_key_by_accident(key: str) -> None:
    source = _SMALL
    held = {own for index in range(20) for own in source.profile(index).keys.values()}
    assume(key.lower() not in {own.lower() for own in held})
    assert all(source.index_of(keyspace.discriminator, key) is None for keyspace in source.shape.keyspaces)


def test_a_made_up_export_key_is_beyond_every_account() -> None:
    keys = KeyScatter("x")
    assert [keys.backward(keys.forward(i)) for i in range(50)] == list(range(50))
    assert keys.backward("nonsense") > 10**12


def test_the_demo_has_four_sections_and_about_the_promised_definitions(demo: Account) -> None:
    shape = demo.source.shape
    names = {a.name for s in shape.sections for a in s.attributes if not a.kind.startswith("crm_")}
    assert [s.name for s in shape.sections] == ["Sweden", "Norway", "Finland", "Denmark"]
    assert 45 <= len(names) <= 55
    assert 55 <= sum(len(s.tags) for s in shape.sections) <= 65
    assert (len(shape.segments), len(shape.flows)) == (5, 5)


def test_the_demo_has_between_twenty_and_thirty_thousand_events_and_one_heavy_profile(demo: Account) -> None:
    counts = [len(demo.source.happenings(i)) for i in range(demo.source.profiles)]
    heavy = max(counts)
    assert 20_000 <= sum(counts) <= 30_000
    assert 6.5 <= (sum(counts) - heavy) / len(counts) <= 9
    assert [c for c in counts if c > 5_000] == [heavy]


def test_two_attributes_share_a_name_but_not_a_type(demo: Account) -> None:
    types: dict[str, set[str]] = {}
    for section in demo.source.shape.sections:
        for attribute in section.attributes:
            types.setdefault(attribute.name, set()).add(attribute.live.type)
    assert {"store_no", "club_level"} == {name for name, found in types.items() if len(found) > 1}


def test_38_known_profiles_of_the_demo_have_no_email(demo: Account) -> None:
    known = [p.known for p in demo.source.iter_profiles()]
    assert sum(k and not mails for k, mails in zip(known, _emails(demo), strict=True)) == 38


def test_ten_pairs_share_an_email_and_only_one_of_each_has_the_email_key(demo: Account) -> None:
    held: dict[str, list[int]] = {}
    for index, mails in enumerate(_emails(demo)):
        for mail in mails:
            held.setdefault(mail, []).append(index)
    pairs = [indexes for indexes in held.values() if len(indexes) > 1]
    keyed = [sum(EMAIL_KEYSPACE in demo.source.profile(i).keys for i in pair) for pair in pairs]
    assert len(pairs) == 10
    assert set(keyed) <= {0, 1}


@pytest.mark.parametrize(
    ("trap", "share"),
    [
        (Trap.NO_EMAIL, 36),
        (Trap.COOKIE, 24),
        (Trap.SHARED_EMAIL, 10),
        (Trap.SECTION_EMAILS, 12),
        (Trap.MERGED, 8),
        (Trap.HOSTILE, 14),
        (Trap.SUPPRESSED, 24),
    ],
)
def test_awkward_profiles_come_in_their_shares(demo: Account, trap: Trap, share: int) -> None:
    found = Counter(demo.source.people.get(i).trap for i in range(demo.source.profiles))
    assert found[trap] == share


def test_awkward_profiles_are_what_their_name_says(demo: Account) -> None:
    source = demo.source
    for index in range(source.profiles):
        profile, trap = source.profile(index), source.people.get(index).trap
        values = [value for d in profile.sections.values() for value in d.attributes.values()]
        if trap is Trap.COOKIE:
            assert set(profile.keys) >= {WEB_KEYSPACE}
            assert not profile.known
        elif trap is Trap.MERGED:
            assert len(profile.keys) >= 4
        elif trap is Trap.SECTION_EMAILS:
            assert len({d.attributes.get(EMAIL) for d in profile.sections.values()}) == 2
        elif trap is Trap.EMPTY_DATE:
            assert "1899-12-31" in values
        elif trap is Trap.SUPPRESSED:
            assert source.suppressed(index)
            assert "opt-in" in {c.type for c in source.consents(index)}


def test_hostile_text_is_somewhere_in_the_demo(demo: Account) -> None:
    text = json.dumps([asdict(p) for p in demo.source.iter_profiles()], ensure_ascii=False)
    for piece in ("<script>", "=cmd|", "\u202e", "🏔", "Ignore previous instructions"):
        assert piece in text
    longest = max(
        len(v)
        for p in demo.source.iter_profiles()
        for d in p.sections.values()
        for v in map(str, d.attributes.values())
    )
    assert longest >= 890


def test_fifteen_tags_are_rare_and_the_others_are_not(demo: Account) -> None:
    used = Counter(tag for p in demo.source.iter_profiles() for d in p.sections.values() for tag in d.tags)
    rare = {t.discriminator for s in demo.source.shape.sections for t in s.tags if t.only}
    assert len(rare) == 15
    assert {tag for tag, count in used.items() if count < 5} == rare


def test_consents_come_in_all_four_types(demo: Account) -> None:
    types = Counter(c.type for i in range(demo.source.profiles) for c in demo.source.consents(i))
    assert set(types) == {"opt-in", "opt-out", "pending-opt-in", "confirmed-opt-in"}
    assert min(types.values()) > 50


def test_mobiles_are_unique_but_for_people_with_two_profiles(demo: Account) -> None:
    people = [demo.source.people.get(i) for i in range(demo.source.profiles)]
    alone = [p.mobile for p in people if p.partner is None and p.mobile]
    assert len(set(alone)) == len(alone)
    assert all(isinstance(mobile, int) for mobile in alone)


def test_no_two_events_of_a_profile_share_a_second(demo: Account) -> None:
    for index in (demo.source.heavy, *range(60)):
        times = [e.time for e in demo.source.events(index)]
        assert times == sorted(set(times))


def test_events_name_the_send_out_of_their_year(demo: Account) -> None:
    for event in demo.source.events(demo.source.heavy):
        if "activity_name" in event.data:
            assert event.data["activity_name"].endswith(event.event_time[:4])


def test_linked_profiles_name_companies_and_deals_in_crm_attributes(demo: Account) -> None:
    section = next(s for s in demo.source.shape.sections if s.crm)
    names = {a.kind: a.discriminator for a in section.attributes if a.kind.startswith("crm_")}
    rows = [p.sections.get(section.discriminator) for p in demo.source.iter_profiles()]
    linked = [row.attributes for row in rows if row and names["crm_contact_id"] in row.attributes]
    companies: dict[str, set[str]] = {}
    for row in linked:
        companies.setdefault(row[names["crm_company_id"]], set()).add(row[names["crm_company_name"]])
    assert 0.08 < len(linked) / len(rows) < 0.2
    assert all(len(found) == 1 for found in companies.values())
    assert sum(names["crm_deal_id"] in row for row in linked) > 50
    assert all(name.startswith("com.apsis1.integrations.webcrm.attributes.") for name in names.values())


def test_another_name_or_seed_is_another_company() -> None:
    shapes = [build_account(name, seed, 10).source.shape for name, seed in (("a", 1), ("b", 1), ("a", 2))]
    names = [{a.name for s in shape.sections for a in s.attributes} for shape in shapes]
    assert names[0] != names[1]
    assert names[0] != names[2]
    assert len({shape.title for shape in shapes}) > 1


@pytest.mark.parametrize("seed", range(12))
def test_an_invented_company_has_its_own_conflicts_rare_tags_and_no_name_twice(seed: int) -> None:
    shape = build_account(f"company {seed}", seed, 50).source.shape
    for section in shape.sections:
        assert len({a.name for a in section.attributes}) == len(section.attributes)
        assert any(t.only for t in section.tags)
    types: dict[str, set[str]] = {}
    for section in shape.sections:
        for attribute in section.attributes:
            types.setdefault(attribute.name, set()).add(attribute.kind)
    if len(shape.sections) > 1:
        assert any(len(kinds) > 1 for kinds in types.values())


def test_about_a_sixth_of_the_people_are_in_the_target_already(demo: Account) -> None:
    persons = demo.target_preload().persons
    known = [p for p in persons if p["key"].startswith("known-")]
    others = [p for p in persons if p["key"].startswith("other-")]
    assert 0.12 < len(known) / demo.source.profiles < 0.18
    assert 0.06 < len(others) / demo.source.profiles < 0.1


def test_known_people_are_spelled_differently_in_the_target(demo: Account) -> None:
    for entry in demo.target_preload().persons:
        if not entry["key"].startswith("known-"):
            continue
        person = demo.source.people.get(int(entry["key"].removeprefix("known-")))
        mails = {e["value"].lower() for e in entry.get("emails", ())}
        phones = {"".join(c for c in p["value"] if c.isdigit())[-7:] for p in entry.get("phones", ())}
        assert mails == {person.email.lower()} or phones == {str(person.mobile)[-7:]}


def test_the_target_has_fields_labels_users_and_a_few_of_everything(demo: Account) -> None:
    preload = demo.target_preload()
    assert "Kundnummer" in {f["field_name"] for f in preload.person_fields}
    assert len(preload.users) == 6
    kinds = (preload.organizations, preload.deals, preload.activities, preload.notes)
    assert min(len(list(entries)) for entries in kinds) > 10
    consents = [p["custom_fields"].get("Email consent") for p in preload.persons if "custom_fields" in p]
    assert {"Yes", "No", None} == set(consents)


def test_no_two_companies_of_a_country_share_a_name() -> None:
    companies = build_account("nordlys", 7, 10).source.companies
    made = [companies.get(n) for n in range(20_000)]
    names = {(c.country, c.name.removesuffix(f" {COUNTRIES[c.country].legal}")) for c in made}
    assert len(names) == len(made)
    assert {companies.get(n).country for n in range(40)} <= COUNTRIES.keys()
