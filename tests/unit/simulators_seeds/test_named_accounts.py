"""Companies by name: other seeds are other accounts, people and places belong together, sizes do not matter."""

import gc
import itertools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from migrator.simulators.seeds import DEMO, NAMES, build_account
from migrator.simulators.seeds.countries import COUNTRIES
from migrator.simulators.seeds.shape import Shape
from migrator.simulators.seeds.streams import weighted
from tests.unit.simulators_seeds.accounts import BLOCK, profiles_of, source_of, values_of

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[3]
VAT = {
    "SE": r"SE559\d{7}01",
    "NO": r"NO9\d{8}MVA",
    "FI": r"FI3\d{7}",
    "DK": r"DK4\d{7}",
    "DE": r"DE\d{9}",
    "NL": r"NL\d{9}B01",
}


def _traits(shape: Shape) -> dict[str, frozenset[str]]:
    """What two accounts may differ in."""
    sections = shape.sections
    types: dict[str, set[str]] = {}
    for section in sections:
        for attribute in section.attributes:
            types.setdefault(attribute.name, set()).add(attribute.kind)
    return {
        "attributes": frozenset(types),
        "sections": frozenset(section.discriminator for section in sections),
        "tags": frozenset(tag.name for section in sections for tag in section.tags),
        "conflicts": frozenset(f"{name}{sorted(kinds)}" for name, kinds in types.items() if len(kinds) > 1),
        "topics": frozenset(topic.discriminator for section in sections for topic in section.topics),
        "events": frozenset(event.discriminator for section in sections for event in section.events),
    }


@pytest.mark.parametrize("name", NAMES)
def test_another_seed_of_a_company_is_another_account_in_every_respect(name: str) -> None:
    shapes = [source_of(name, seed, 10).shape for seed in range(5, 9)]
    assert len({shape.title for shape in shapes} - {"Nordlys Outdoor"}) <= 1
    for one, other in itertools.combinations(map(_traits, shapes), 2):
        differing = [trait for trait in one if one[trait] != other[trait]]
        assert {"attributes", "sections", "tags", "topics", "events"} <= set(differing)
    assert len({_traits(shape)["conflicts"] for shape in shapes}) > 2


def test_only_the_demo_is_polished() -> None:
    assert "shoe_size" in {a.name for s in source_of(DEMO, 7, 10).shape.sections for a in s.attributes}
    assert "shoe_size" not in {a.name for s in source_of(DEMO, 8, 10).shape.sections for a in s.attributes}


def test_each_company_is_at_home_in_its_own_country() -> None:
    homes = [source_of(name, 7, 10).shape.sections[0].country for name in NAMES]
    assert set(homes) == set(COUNTRIES)


@pytest.mark.parametrize("name", NAMES)
def test_postcodes_and_towns_belong_together(name: str) -> None:
    towns = {pair for country in COUNTRIES.values() for pair in country.towns}
    codes: dict[tuple[int, str], str] = {}
    places: dict[tuple[int, str], str] = {}
    for index, section, attribute, value in values_of(name, 7):
        if attribute.kind == "postcode":
            codes[index, section.discriminator] = value
        elif attribute.kind == "town":
            places[index, section.discriminator] = value
    both = codes.keys() & places.keys()
    assert all((codes[key], places[key]) in towns for key in both)
    assert codes


@pytest.mark.parametrize("name", NAMES)
def test_mobiles_begin_with_the_code_of_their_country(name: str) -> None:
    source = source_of(name, 7)
    for index in range(BLOCK):
        person = source.people.get(index)
        if person.mobile is not None and person.trap != "mobile without country":
            assert str(person.mobile).startswith(COUNTRIES[person.country].dial)
            assert 10 <= len(str(person.mobile)) <= 13


@pytest.mark.parametrize("code", COUNTRIES)
def test_companies_have_numbers_and_legal_forms_of_their_country(code: str) -> None:
    pair = next((n, 7) for n in NAMES if source_of(n, 7, 10).shape.sections[0].country == code)
    companies = source_of(*pair).companies
    made = [c for c in map(companies.get, range(600)) if c.country == code]
    assert len(made) > 100
    assert all(re.fullmatch(VAT[code], company.vat) for company in made)
    assert {company.legal for company in made} <= {COUNTRIES[code].legal, *COUNTRIES[code].other_legal}
    assert len({company.bare for company in made}) == len(made)
    assert all((company.postcode, company.town) in COUNTRIES[code].towns for company in made)


def test_german_numbers_carry_the_right_check_digit() -> None:
    companies = source_of("kornblume", 7, 10).companies
    for company in map(companies.get, range(200)):
        if company.country == "DE":
            product = 10
            for char in company.vat[2:10]:
                product = 2 * ((int(char) + product) % 10 or 10) % 11
            assert (11 - product) % 10 == int(company.vat[10])


@pytest.mark.parametrize("average", [2.0, 20.0, 45.0])
@pytest.mark.parametrize("pair", [("nordlys", 7), ("havblik", 3)])
def test_the_number_of_events_on_average_can_be_chosen(pair: tuple[str, int], average: float) -> None:
    source = build_account(*pair, 6_000, events_per_profile=average).source
    counted = sum(len(source.happenings(i)) for i in range(6_000) if i != source.heavy)
    assert 0.93 < counted / 6_000 / average < 1.07


def test_nobody_but_the_heavy_one_has_events_where_none_are_asked_for() -> None:
    source = build_account("havblik", 7, 200, events_per_profile=0.0).source
    few = [i for i in range(200) if len(source.happenings(i)) > 5 and i != source.heavy]
    assert few == []


def test_more_events_leave_everything_else_as_it_is() -> None:
    many, few = (build_account("havblik", 7, 60, events_per_profile=n).source for n in (20.0, None))
    assert list(many.iter_profiles()) == list(few.iter_profiles())
    assert [many.consents(i) for i in range(60)] == [few.consents(i) for i in range(60)]


@pytest.mark.parametrize("pair", [("nordlys", 7), ("sturmlicht", 2)])
def test_a_window_holds_what_happened_in_it_and_nothing_else(pair: tuple[str, int]) -> None:
    source = build_account(*pair, 300).source
    for index in (source.heavy, *range(120)):
        everything = list(source.events(index))
        times = [event.time for event in everything]
        bounds = [0, *times[:: max(1, len(times) // 4)], 1 << 40]
        windows = [list(source.events(index, a, b)) for a, b in itertools.pairwise(bounds)]
        assert [event for window in windows for event in window] == everything


@pytest.mark.parametrize("pair", [("nordlys", 7), ("fjordrose", 7), ("havblik", 2)])
def test_a_part_of_a_profile_says_what_the_whole_profile_says(pair: tuple[str, int]) -> None:
    source = source_of(*pair)
    every = [(s.discriminator, a.discriminator) for s in source.shape.sections for a in s.attributes]
    for chosen in (every[:3], every[7:9], every[-2:], every):
        part = source.part(chosen, every[:1])
        first = source.shape.sections[0].discriminator
        for whole in profiles_of(*pair)[:200]:
            found = source.partial(whole.index, part)
            assert found.export_key == whole.export_key
            assert found.sections.keys() == whole.sections.keys()
            for place, data in found.sections.items():
                wanted = {name for section, name in chosen if section == place}
                held = whole.sections[place].attributes
                assert {n: data.attributes.get(n) for n in wanted} == {n: held.get(n) for n in wanted}
                assert data.tags == (whole.sections[place].tags if place == first else ())


def test_entries_of_the_target_can_be_read_again_and_again() -> None:
    preload = build_account("bergvarg", 7, 500).target_preload()
    for entries in (preload.organizations, preload.persons, preload.deals, preload.activities, preload.notes):
        assert list(entries) == list(entries) != []


def test_everybody_whom_a_deal_or_a_note_names_is_there() -> None:
    preload = build_account("zilverduin", 7, 900).target_preload()
    persons = {entry["key"]: entry for entry in preload.persons}
    organizations = {entry["key"] for entry in preload.organizations}
    owners = {user["email"] for user in preload.users}
    for entry in (*preload.deals, *preload.activities, *preload.notes):
        assert entry["person"] in persons
    assert {e["organization"] for e in persons.values() if "organization" in e} <= organizations
    assert {entry["owner"] for entry in persons.values()} <= owners


@pytest.mark.slow
def test_half_a_million_profiles_leave_nothing_behind_but_what_the_caches_hold() -> None:
    source = build_account("kornblume", 7, 500_000).source

    def objects_after(start: int) -> int:
        for index in range(start, start + 9_000):
            source.profile(index)
            source.happenings(index)
        gc.collect()
        return len(gc.get_objects())

    before = objects_after(0)
    assert objects_after(250_000) - before < 9_000


def test_weights_are_summed_in_the_same_way_by_every_python() -> None:
    """The built-in sum became more exact in Python 3.12; a draw at the very edge would fall elsewhere."""
    weights = [("a", 0.1)] * 9 + [("b", 0.1)]
    naive = 0.0
    for _, weight in weights:
        naive += weight
    edge = 1.0 - 2**-53
    assert weighted(lambda: edge, weights) == "b"
    assert naive == 0.9999999999999999


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_another_python_makes_the_same_bytes(version: str) -> None:
    interpreter = shutil.which(f"python{version}")
    code = _DIGEST.format(root=str(REPOSITORY))
    run = interpreter and subprocess.run(
        [interpreter, "-c", code], capture_output=True, text=True, check=False
    )
    if not run or run.returncode != 0:
        pytest.skip(f"there is no Python {version} here")
    assert run.stdout.strip() == _digest_here()


# The standard library alone, so that a bare interpreter can run it.
_DIGEST = """
import hashlib, json, sys
sys.path.insert(0, {root!r})
from dataclasses import asdict
from migrator.simulators.seeds import build_account
found = hashlib.sha256()
for name, seed in (("nordlys", 7), ("havblik", 7), ("sturmlicht", 4)):
    source = build_account(name, seed, 80).source
    found.update(json.dumps(asdict(source.shape), sort_keys=True).encode())
    for profile in source.iter_profiles():
        found.update(json.dumps(asdict(profile), sort_keys=True).encode())
        found.update(json.dumps([list(event) for event in source.events(profile.index)]).encode())
print(found.hexdigest())
"""


def _digest_here() -> str:
    run = subprocess.run(
        [sys.executable, "-c", _DIGEST.format(root=str(REPOSITORY))],
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.strip()
