"""Companies, consents and tags that people are asked about: what makes a case, and what it shows."""

from collections import Counter
from typing import Any

import pytest

from migrator import staging
from migrator.engine.cases import Case
from migrator.engine.consents import pattern_key
from migrator.engine.inventory import SourceField
from migrator.engine.records import Channel
from migrator.models import Discovery
from migrator.runner import detecting, inventorying
from migrator.runner.inventorying import Totals
from migrator.runner.job import DONE
from tests import factories as made
from tests.integration.runner import detected as staged
from tests.integration.runner.detected import NORWAY, SWEDEN

pytestmark = pytest.mark.django_db


@pytest.fixture
def discovery() -> Discovery:
    return staged.account()


def companies(discovery: Discovery, sources: tuple[SourceField, ...] = ()) -> list[Case]:
    job = staged.job_of(discovery)
    return list(detecting.cases_of("organizations", job, sources, Totals()))


def names(case: Case) -> list[str]:
    found = case.evidence["members"]
    assert isinstance(found, list)
    return [str(member["name"]) for member in found if isinstance(member, dict)]


def works_at(discovery: Discovery, *names: str, **values: Any) -> None:
    for name in names:
        staged.profile(discovery, company=name, **values)


# Organizations


def test_names_that_differ_by_legal_form_or_a_letter_are_one_question(discovery: Discovery) -> None:
    works_at(discovery, "Fjällsport AB", "Fjallsport", "Fjällsport", "FJÄLLSPORT  ab", "Havet")
    (case,) = companies(discovery)
    assert names(case) == ["Fjallsport", "Fjällsport", "Fjällsport AB"]
    assert (case.key, case.profiles) == ("company:fjallsport", 4)
    assert case.evidence["why"] == ["Same name but for legal form, accents and punctuation: fjallsport"]


def test_two_names_that_are_spelled_alike_are_a_question(discovery: Discovery) -> None:
    works_at(discovery, "Norrland Bygg", "Norrlands Bygg AB", "Nordic Spirit", "Nordic Sport")
    (case,) = companies(discovery)
    assert case.evidence["why"] == ["Spelled alike: Norrland Bygg and Norrlands Bygg AB"]


def test_case_and_space_alone_are_no_question_and_numbers_tell_branches_apart(discovery: Discovery) -> None:
    works_at(discovery, "Havet AB", "HAVET  ab", "Sportbutiken 12", "Sportbutiken 13")
    assert companies(discovery) == []


def test_a_domain_of_their_own_links_two_names_and_a_public_mailbox_does_not(discovery: Discovery) -> None:
    works_at(discovery, "Nordisk Vandring", "NV Outdoor", email="x@nv.example")
    works_at(discovery, "Kaffe Ett", "Bageri Två", email="y@gmail.com")
    works_at(discovery, "Alfa", "Omega", email="z@smallprovider.example")
    (case,) = companies(discovery)
    assert (names(case), case.evidence["why"]) == (
        ["Nordisk Vandring", "NV Outdoor"],
        ["Same email domain: nv.example"],
    )


def test_a_vat_number_links_names_that_have_nothing_in_common(discovery: Discovery) -> None:
    ref = "usercreated.attributes.orgnr-1"
    for name, number in (("Alfa", "556012-5790"), ("Omega", "5560125790"), ("Beta", "559999-1234")):
        raw = {"sections": {SWEDEN: {"attributes": {ref: number}}}}
        works_at(discovery, name, raw=raw)
    variant = made.variant(section=SWEDEN, discriminator=ref, filled=3)
    (case,) = companies(discovery, (made.source_field("Orgnr", [variant]),))
    assert (names(case), case.evidence["why"]) == (["Alfa", "Omega"], ["Same company number: 5560125790"])


@pytest.mark.parametrize(
    "name", ["customer_since", "Customer number", "Kust", "Privat nummer", "trust_score"]
)
def test_a_number_that_only_sounds_like_one_of_a_company_links_nothing(
    name: str, discovery: Discovery
) -> None:
    ref = "usercreated.attributes.other"
    for company in ("Alfa", "Omega"):
        works_at(discovery, company, raw={"sections": {SWEDEN: {"attributes": {ref: "28122021"}}}})
    variant = made.variant(section=SWEDEN, discriminator=ref, filled=2)
    assert companies(discovery, (made.source_field(name, [variant]),)) == []


@pytest.mark.parametrize(
    "name", ["VAT", "vat_number", "USt-IdNr", "org_nr", "Organisasjonsnummer", "CVR-nummer", "Y-tunnus"]
)
def test_a_registered_number_is_known_by_the_name_of_its_field(name: str, discovery: Discovery) -> None:
    ref = "usercreated.attributes.number"
    for company in ("Alfa", "Omega"):
        works_at(discovery, company, raw={"sections": {SWEDEN: {"attributes": {ref: "556012-5790"}}}})
    variant = made.variant(section=SWEDEN, discriminator=ref, filled=2)
    assert len(companies(discovery, (made.source_field(name, [variant]),))) == 1


def test_an_organization_of_the_target_with_a_near_name_is_a_member(discovery: Discovery) -> None:
    staged.target(discovery, "organization", 5, "Fjellsport Kiruna")
    staged.target(discovery, "organization", 6, "Havet AS")
    works_at(discovery, "Fjällsport Kiruna", "Havet")
    (case,) = companies(discovery)
    members = case.evidence["members"]
    assert isinstance(members, list)
    assert [(m["name"], m["target_id"]) for m in members if isinstance(m, dict)] == [
        ("Fjellsport Kiruna", "5"),
        ("Fjällsport Kiruna", ""),
    ]


# Consents


def patterns(discovery: Discovery) -> list[Case]:
    return staged.found(discovery, "consents")


def test_profiles_with_the_same_answers_are_one_case(discovery: Discovery) -> None:
    disagreeing = staged.consents({SWEDEN: "opt-in", NORWAY: "opt-out"})
    for key in ("a", "b", "c"):
        staged.profile(discovery, key, name=f"Name {key}", raw=disagreeing, events=2)
    staged.profile(discovery, "d", raw=staged.consents({SWEDEN: "opt-in", NORWAY: "confirmed-opt-in"}))
    (case,) = patterns(discovery)
    assert case.key == pattern_key(Channel.EMAIL, ((NORWAY, "No"), (SWEDEN, "Yes")))  # type: ignore[arg-type]
    assert case.evidence["answers"] == [
        {"where": "Norway", "state": "No"},
        {"where": "Sweden", "state": "Yes"},
    ]
    assert (case.profiles, case.events, case.title) == (3, 6, "Email: No in Norway, Yes in Sweden")


def test_a_person_of_the_target_has_a_say_where_the_sections_agree(
    discovery: Discovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, answers in (
        ("a", {SWEDEN: "opt-in"}),
        ("b", {SWEDEN: "opt-in", NORWAY: "opt-out"}),
        ("c", {SWEDEN: "opt-out"}),
    ):
        staged.profile(discovery, key, email=f"{key}@x.example", raw=staged.consents(answers))
        staged.target(discovery, "person", ord(key), "P", emails=[f"{key}@x.example"])
    # The field catalogue comes from the target; here only what it makes of the custom fields matters.
    said = {"person:Email consent:enum": "No"}
    monkeypatch.setattr("migrator.runner.detecting_consents._custom", lambda job, person: said)
    assert sorted((case.title, case.profiles) for case in patterns(discovery)) == [
        ("Email: No in Norway, Yes in Sweden", 1),
        ("Email: No in Pipedrive, Yes in Sweden", 1),
    ]


def test_a_person_who_is_likely_the_same_has_a_say_before_anybody_merges(
    discovery: Discovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    who: dict[str, Any] = {"name": "Anna Berg", "phone": "46701234567"}
    who["raw"] = staged.consents({SWEDEN: "opt-in"})
    staged.profile(discovery, "a", email="a@x.example", **who)
    staged.profile(discovery, "b", email="", **who)
    staged.target(discovery, "person", 1, "Anna Berg", phones=["46701234567"])
    said = {"person:Email consent:enum": "No"}
    monkeypatch.setattr("migrator.runner.detecting_consents._custom", lambda job, person: said)
    assert [(c.title, c.profiles) for c in patterns(discovery)] == [
        ("Email: No in Pipedrive, Yes in Sweden", 2)
    ]


def test_a_suppression_outranks_sections_that_disagree(discovery: Discovery) -> None:
    raw = staged.consents({SWEDEN: "opt-in", NORWAY: "opt-out"}, suppressed=True)
    staged.profile(discovery, raw=raw)
    assert patterns(discovery) == []


# Tags


def test_a_rare_tag_shows_what_is_spelled_alike_and_what_is_used_with_it(discovery: Discovery) -> None:
    used = Counter({"winter-25": 40, "Winter 25": 2, "vip": 30, "store-card": 50})
    for tags in (["Winter 25", "vip"], ["Winter 25", "vip", "store-card"], ["vip"]):
        staged.profile(discovery, raw={"sections": {SWEDEN: {"attributes": {}, "tags": tags}}}, events=3)
    totals = Totals(tags=used, tag_sections={"Winter 25": Counter({SWEDEN: 2})})
    (case,) = staged.found(discovery, "fields", totals)
    assert case.evidence == {
        "tag": "Winter 25",
        "count": 2,
        "sections": ["Sweden"],
        "similar": [{"tag": "winter-25", "count": 40}],
        "together": [{"tag": "vip", "count": 2}, {"tag": "store-card", "count": 1}],
        "spellings": ["winter-25", "Winter 25"],
    }
    assert (case.events, case.tokens) == (6, 20)


def test_evidence_of_a_tag_stays_small_however_many_tags_there_are(discovery: Discovery) -> None:
    totals = Totals(tags=Counter({f"campaign-{n:04}": 2 for n in range(1200)}))
    found = staged.found(discovery, "fields", totals)
    assert len(found) == 1200
    assert max(len(str(case.evidence)) for case in found) < 600


# Opening


def test_a_slice_that_is_cut_short_goes_on_behind_its_last_case(
    discovery: Discovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventorying, "BATCH", 2)
    monkeypatch.setattr("reconciliation.opening.BATCH", 2)
    staging.store_profiles(
        discovery,
        [
            {"source_key": f"k{n}", "raw": {}, "raw_sha": "", "name": "Anna Berg", "phone": f"467000000{n}"}
            for n in range(7)
        ],
    )
    steps, seen = 0, []
    while staged.job_of(discovery).phase.cursor.get("step", "cases") == "cases":
        job = staged.job_of(discovery, seconds=-1)
        job.phase.cursor = job.phase.cursor or {"step": "cases"}
        assert inventorying.inventory(job) != DONE
        seen.append(discovery.project.review_items.filter(kind="no-email").count())
        steps += 1
        assert steps < 30
    assert seen[:4] == [2, 4, 6, 7]
    assert discovery.project.review_items.count() == 7
