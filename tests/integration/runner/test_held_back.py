"""Cases that were left open, against both simulators: held back exactly, counted everywhere, taken by a later run.

And the decisions that reach furthest: a No that is written over a Yes, and a value that wins in a merge.
"""

from typing import Any
from uuid import uuid4

import pytest

from migrator import runner
from migrator.choices import Role, RunState
from migrator.connections import read_profile
from migrator.engine.cases import CaseKind, Decide
from migrator.engine.consents import Answer, answers_of
from migrator.engine.errors import RefusedError
from migrator.engine.matching import company_key
from migrator.engine.operations import Act
from migrator.engine.phases.fate import UNDECIDED
from migrator.engine.records import Channel
from migrator.management import measuring
from migrator.management.route import Walk
from migrator.models import Run, StagedProfile
from migrator.runner import slices
from reconciliation import services, waivers
from reconciliation.choices import UNDECIDED_STATES
from reconciliation.models import ReviewItem
from tests.company import Company
from tests.integration.runner.test_route import one_step

slow = pytest.mark.slow
REASON = "The rest can follow."


def open_of(walk: Walk, *kinds: CaseKind) -> list[ReviewItem]:
    rows = walk.project.review_items.filter(
        state__in=UNDECIDED_STATES, kind__in=[kind.value for kind in kinds]
    )
    return list(rows.order_by("kind", "key"))


def decide_all_but(walk: Walk, left: list[ReviewItem]) -> None:
    items = walk.project.review_items.filter(state__in=UNDECIDED_STATES).exclude(pk__in=[i.pk for i in left])
    services.decide_many(walk.project, items, user=walk.person(Role.CUSTOMER_ADMIN), client_key=uuid4())
    walk._sign_map()


def decide(walk: Walk, item: ReviewItem, action: Decide | None, **args: Any) -> None:
    """By one act, or as it is suggested."""
    item.refresh_from_db()
    services.decide(
        item.pk,
        action,
        args,
        user=walk.person(Role.CUSTOMER_ADMIN),
        expected_version=item.lock_version,
        client_key=uuid4(),
    )


def profiles_in(walk: Walk, item: ReviewItem) -> set[str]:
    """Whom a case holds back while it is open."""
    if item.kind == CaseKind.DUPLICATE:
        return {member["source_key"] for member in item.evidence["members"]}
    if item.kind == CaseKind.ORGANIZATION:
        names = {company_key(member["name"]) for member in item.evidence["members"]}
        rows = walk.project.discoveries.latest("pk").profiles.values_list("source_key", "company")
        return {key for key, company in rows if company_key(company) in names}
    return {item.key}


def held_in(run: Run) -> set[str]:
    rows = run.operations.filter(kind="person", act=Act.HOLD.value, reason__endswith=UNDECIDED)
    return set(rows.values_list("key", flat=True))


@pytest.fixture
def left(walk: Walk) -> list[ReviewItem]:
    """A discovered company on which everything is decided but three cases."""
    walk.discover()
    kinds = (CaseKind.NO_NAME, CaseKind.DUPLICATE, CaseKind.ORGANIZATION)
    kept = [open_of(walk, kind)[0] for kind in kinds]
    decide_all_but(walk, kept)
    return kept


def waive(walk: Walk, left: list[ReviewItem]) -> None:
    waivers.give(walk.project, walk.person(Role.ENGINEER), REASON, expected=len(left))


@slow
def test_a_run_holds_back_exactly_what_was_left_open_and_a_later_one_takes_it(
    walk: Walk, left: list[ReviewItem]
) -> None:
    with pytest.raises(RefusedError, match="3 cases in the queue are not decided"):
        walk.plan("history")
    waive(walk, left)
    run = walk.load(walk.plan("history"))
    expected = set().union(*(profiles_in(walk, item) for item in left))
    assert len(expected) > 3
    assert held_in(run) == expected
    events = sum(StagedProfile.objects.filter(discovery=run.discovery, source_key__in=expected).values_list(
        "event_count", flat=True))  # fmt: skip
    assert run.plan["held_back"] | {"kinds": {}, "waiver": 0} == {
        "profiles": len(expected), "events": events, "cases": 3, "tags": 0, "kinds": {}, "waiver": 0,
    }  # fmt: skip
    balance = run.phases.get(name="balance").report
    assert balance["balanced"]
    assert f"{len(expected)} profiles held back by 3 open cases." in balance["text"]
    counted = run.plan["events"]
    assert counted["source"] == counted["migrated"] + counted["excluded"] + counted["held"]
    walk.discover()
    walk.decide_again()
    second = walk.plan("history")
    assert held_in(second) == set()
    assert second.plan["held_back"]["profiles"] == 0
    new = set(second.operations.filter(kind="person", act=Act.CREATE.value).values_list("key", flat=True))
    assert new <= expected
    assert new
    assert measuring.lost_and_duplicated(walk.load(second)) == (0, 0)


@slow
def test_a_waiver_that_was_taken_back_stops_the_approval(walk: Walk, left: list[ReviewItem]) -> None:
    waive(walk, left)
    run, engineer = walk.plan("history"), walk.person(Role.ENGINEER)
    waivers.withdraw(walk.project, engineer)
    with pytest.raises(RefusedError, match="3 cases in the queue are not decided"):
        runner.approve_plan(run, engineer, run.plan_checksum)


@slow
def test_a_case_that_is_decided_while_the_plan_is_computed_makes_it_void(
    walk: Walk, left: list[ReviewItem], monkeypatch: pytest.MonkeyPatch
) -> None:
    waive(walk, left)
    engineer = walk.person(Role.ENGINEER)
    run = runner.start_trial(walk.project, engineer, fidelity="history")
    with monkeypatch.context() as one_page:
        one_page.setattr(slices, "_step_on", one_step)
        while not run.phases.get(name="plan").done:
            runner.work(run.pk)
    decide(walk, left[0], None)
    run = walk.finish(run, until=RunState.APPROVAL)
    with pytest.raises(RefusedError, match="the queue changed after this plan was computed"):
        runner.approve_plan(run, engineer, run.plan_checksum)


def with_a_no(walk: Walk) -> StagedProfile:
    """A profile that refuses e-mail, is in no case, and whose address nobody in the target has."""
    found = walk.project.discoveries.latest("pk")
    asked = set().union(*(profiles_in(walk, item) for item in walk.project.review_items.all()))
    people = found.target_records.filter(kind="person")
    rows = (
        found.profiles.exclude(email="").exclude(name="").exclude(source_key__in=asked).order_by("source_key")
    )
    for row in rows:
        answers = answers_of(read_profile(row)).get(Channel.EMAIL, ())
        free = not people.filter(emails__contains=[row.email]).exists()
        if free and answers and {answer for _, answer in answers} == {Answer.NO}:
            return row
    raise AssertionError("Nobody in the made-up company refuses e-mail.")


def act(company: Company, method: str, path: str, body: dict[str, Any]) -> Any:
    return company.control("target", "act", {"method": method, "path": path, "body": body})


def answer_of(company: Company, person: int) -> str | None:
    field = next(f for f in company.listed("personFields") if f["field_name"] == "email_consent")
    labels = {option["id"]: option["label"] for option in field["options"]}
    held = company.target_api(f"/api/v2/persons/{person}")["data"]["custom_fields"][field["field_code"]]
    return labels.get(held)


@slow
def test_a_no_that_a_person_took_is_written_over_a_yes_and_no_rollback_turns_it_back(
    walk: Walk, company: Company
) -> None:
    walk.discover()
    row = with_a_no(walk)
    options = [{"label": "Yes"}, {"label": "No"}]
    consent = {"field_name": "email_consent", "field_type": "enum", "options": options}
    act(company, "POST", "/api/v2/personFields", consent)
    field = next(f for f in company.listed("personFields") if f["field_name"] == "email_consent")
    yes = next(option["id"] for option in field["options"] if option["label"] == "Yes")
    person = {"name": row.name, "emails": [{"value": row.email, "primary": True}]}
    act(company, "POST", "/api/v2/persons", person | {"custom_fields": {field["field_code"]: yes}})
    ours = next(
        p for p in company.listed("persons") if row.email in [e["value"].lower() for e in p["emails"]]
    )
    assert answer_of(company, ours["id"]) == "Yes"
    walk.discover()
    torn = [
        i
        for i in open_of(walk, CaseKind.CONSENT)
        if {"where": "Pipedrive", "state": "Yes"} in i.evidence["answers"]
    ]
    assert row.source_key in {sample["source_key"] for item in torn for sample in item.evidence["samples"]}
    for item in torn:
        decide(walk, item, Decide.RESTRICT)
    walk.decide()
    run = walk.load(walk.plan("history"))
    assert answer_of(company, ours["id"]) == "No"
    assert run.phases.get(name="balance").report["balanced"]
    walk.roll_back(run)
    assert answer_of(company, ours["id"]) == "No"


@slow
def test_the_value_that_was_chosen_in_a_merge_arrives(walk: Walk, company: Company) -> None:
    walk.discover()
    survivor, winner = two_people(walk)
    edit(company, winner, "com.apsis1.attributes.email", survivor.email)
    edit(company, winner, "com.apsis1.attributes.firstname", "Annfrid")
    walk.discover()
    item = walk.project.review_items.get(kind=CaseKind.DUPLICATE.value, key=f"email:{survivor.email}")
    keys = [survivor.source_key, winner.source_key]
    chosen = {"name": winner.source_key}
    decide(walk, item, Decide.MERGE, survivor=keys[0], members=keys, fields=chosen)
    walk.decide()
    run = walk.load(walk.plan("history"))
    row = run.operations.get(kind="person", key=survivor.source_key)
    there = company.target_api(f"/api/v2/persons/{row.target_id}")["data"]
    assert there["name"].startswith("Annfrid ")
    merged = run.operations.filter(kind="person", act=Act.MERGE.value, parent=survivor.source_key)
    assert list(merged.values_list("key", flat=True)) == [winner.source_key]


def two_people(walk: Walk) -> list[StagedProfile]:
    """Two whom no case is about and nobody in the target is."""
    found = walk.project.discoveries.latest("pk")
    asked = set().union(*(profiles_in(walk, item) for item in walk.project.review_items.all()))
    torn = {s["source_key"] for i in open_of(walk, CaseKind.CONSENT) for s in i.evidence["samples"]}
    rows = found.profiles.exclude(email="").exclude(name="").exclude(source_key__in=asked | torn)
    known = {e for person in found.target_records.filter(kind="person") for e in person.emails}
    return [row for row in rows.order_by("source_key") if row.email not in known][:2]


def edit(company: Company, row: StagedProfile, attribute: str, value: str) -> None:
    """Somebody in APSIS One changes an attribute of a profile in every Section."""
    change = {"op": "edit_attribute", "export_key": row.source_key, "attribute": attribute, "value": value}
    for section in read_profile(row).sections:
        company.control("source", "mutate", change | {"section": section})
