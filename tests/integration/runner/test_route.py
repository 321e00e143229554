"""The whole route against both simulators over sockets: what is there afterwards is read through public APIs."""

from collections import Counter

import pytest

from migrator import connections, runner, trail
from migrator.choices import Role, RunState
from migrator.engine.cases import CaseKind, Decide
from migrator.engine.errors import CrosswalkError, RefusedError
from migrator.engine.operations import Act
from migrator.management import measuring
from migrator.management.route import Walk
from migrator.models import Operation, Run
from migrator.runner import loading, slices
from migrator.runner.job import Job
from tests.company import Company

slow = pytest.mark.slow


def one_step(job: Job, handler: slices.Handler) -> bool:
    """A slice that ends after one step of one phase, however fast the machine is."""
    step = handler(job)
    if step.done:
        slices._end(job, step)
    return False


def marker_code(company: Company, what: str) -> str:
    fields = company.listed(what)
    return next(f["field_code"] for f in fields if f["field_name"] == "Crosswalk ID")


@pytest.fixture
def loaded(walk: Walk) -> tuple[Walk, Run]:
    walk.discover()
    walk.decide()
    return walk, walk.load(walk.plan("history"))


def test_every_expected_person_is_there_exactly_once(loaded: tuple[Walk, Run], company: Company) -> None:
    _, run = loaded
    code = marker_code(company, "personFields")
    markers = Counter(
        p["custom_fields"][code] for p in company.listed("persons") if p["custom_fields"].get(code)
    )
    expected = run.operations.filter(kind="person", act__in=[Act.CREATE, Act.UPDATE]).values_list(
        "key", flat=True
    )
    assert markers == Counter(expected)


@slow
def test_labels_consents_and_the_organization_arrive_with_the_person(
    loaded: tuple[Walk, Run], company: Company
) -> None:
    _, run = loaded
    code = marker_code(company, "personFields")
    there = {p["custom_fields"][code]: p for p in company.listed("persons") if p["custom_fields"].get(code)}
    consent = next(f for f in company.listed("personFields") if f["field_name"] == "email_consent")
    answers = {option["id"]: option["label"] for option in consent["options"]}
    rows = run.operations.filter(kind="person", act=Act.CREATE).select_related("payload")
    assert rows.count() > 40
    for row in rows:
        person, body = there[row.key], row.payload.body
        wanted = body["custom"].get("person:email_consent:enum")
        assert answers.get(person["custom_fields"][consent["field_code"]]) == wanted
        assert len(person["label_ids"] or []) == len(body["labels"])
        assert bool(person["org_id"]) == bool(body["organization"])


@slow
def test_a_refusal_of_the_person_somebody_chose_counts_without_a_shared_address(
    loaded: tuple[Walk, Run],
) -> None:
    walk, run = loaded
    cases = walk.project.review_items.filter(kind=CaseKind.CONSENT, action=Decide.RESTRICT)
    asked = [c for c in cases if {"where": "Pipedrive", "state": "No"} in c.evidence["answers"]]
    told = [(c.evidence["channel"], sample["source_key"]) for c in asked for sample in c.evidence["samples"]]
    assert len(told) >= 2
    for channel, key in told:
        written = run.operations.get(kind="person", key=key).payload.body["custom"]
        assert written[f"person:{channel}_consent:enum"] == "No"


@slow
def test_every_event_is_in_a_record_of_its_person(loaded: tuple[Walk, Run], company: Company) -> None:
    _, run = loaded
    events = run.plan["events"]
    assert events["source"] == events["migrated"] + events["excluded"] + events["held"]
    held = run.operations.filter(kind__in=["activity", "note"]).values_list("source_count", flat=True)
    assert sum(held) == events["migrated"]
    ours = [a for a in company.listed("activities") if "Crosswalk ref" in (a["note"] or "")]
    assert len(ours) == run.operations.filter(kind="activity").count()
    assert all(a["done"] and a["participants"] for a in ours)
    assert (
        sum("Crosswalk ref" in n["content"] for n in company.notes())
        == run.operations.filter(kind="note").count()
    )


@slow
def test_what_was_predicted_is_what_was_written(loaded: tuple[Walk, Run]) -> None:
    _, run = loaded
    predicted = {line["kind"]: line["create"] + line["update"] for line in run.plan["counts"]}
    written = {kind: r["created"] + r["updated"] for kind, r in measuring.records_by_kind(run).items()}
    assert written == predicted
    assert measuring.lost_and_duplicated(run) == (0, 0)


@slow
def test_every_source_profile_is_in_exactly_one_bucket(loaded: tuple[Walk, Run]) -> None:
    _, run = loaded
    assert run.discovery is not None
    keys = Counter(run.operations.filter(kind="person").values_list("key", flat=True))
    assert keys == Counter(run.discovery.profiles.values_list("source_key", flat=True))


@slow
def test_a_second_run_plans_no_write(loaded: tuple[Walk, Run]) -> None:
    walk, _ = loaded
    walk.discover()
    walk.decide_again()
    plan = walk.plan("history").plan
    writes = {
        line["kind"]: line["create"] + line["update"]
        for line in plan["counts"]
        if line["create"] + line["update"]
    }
    assert writes == {}


@slow
def test_a_rollback_leaves_the_target_as_it_was(walk: Walk, company: Company) -> None:
    before = company.contents()
    walk.discover()
    walk.decide()
    run = walk.load(walk.plan("history"))
    assert company.contents() != before
    undone = walk.roll_back(run)
    assert company.contents() == before
    assert undone.plan["kept_total"] == 0


@slow
def test_a_rollback_keeps_what_a_person_edited_since(loaded: tuple[Walk, Run], company: Company) -> None:
    walk, run = loaded
    row = Operation.objects.filter(run=run, kind="person", act=Act.CREATE).order_by("key").first()
    assert row is not None
    edit = {"method": "PATCH", "path": f"/api/v2/persons/{row.target_id}", "body": {"name": "Edited By Ola"}}
    company.control("target", "act", edit)
    undone = walk.roll_back(run)
    assert company.target_api(f"/api/v2/persons/{row.target_id}")["data"]["name"] == "Edited By Ola"
    kept = [k for k in undone.plan["kept"] if k["kind"] == "person"]
    assert [k["key"] for k in kept] == [row.key]
    assert "Changed in Pipedrive" in kept[0]["why"]


@slow
def test_nothing_is_written_before_the_plan_is_approved(walk: Walk, company: Company) -> None:
    before = company.contents()
    walk.discover()
    walk.decide()
    run = walk.plan("history")
    runner.work(run.pk)
    assert run.state == RunState.APPROVAL
    assert company.contents() == before


@slow
def test_an_approval_of_another_checksum_is_refused(walk: Walk) -> None:
    walk.discover()
    walk.decide()
    run = walk.plan("history")
    with pytest.raises(RefusedError, match="changed since you saw it"):
        runner.approve_plan(run, walk.person(Role.ENGINEER), "0" * 64)


@slow
def test_a_run_does_not_start_before_map_and_queue_are_settled(walk: Walk) -> None:
    walk.discover()
    with pytest.raises(RefusedError, match="not signed off"):
        runner.start_trial(walk.project, walk.person(Role.ENGINEER), fidelity="history")


@slow
def test_equal_states_give_equal_plans(walk: Walk) -> None:
    walk.discover()
    walk.decide()
    first = walk.plan("history")
    runner.abort(first, walk.person(Role.ENGINEER))
    assert walk.plan("history").plan_checksum == first.plan_checksum


@slow
def test_wrong_credentials_stop_the_run_with_one_sentence(walk: Walk) -> None:
    connection = walk.project.connections.get(side="target")
    connections.store_secret(connection, "not-the-token")
    with pytest.raises(CrosswalkError, match=r"(?i)token|sign"):
        walk.discover()


@slow
def test_a_dead_service_makes_the_run_wait_and_loses_nothing(walk: Walk) -> None:
    connection = walk.project.connections.get(side="source")
    connection.base_url = "http://127.0.0.1:9"
    connection.save()
    run = runner.start_discovery(walk.project, walk.person(Role.ENGINEER))
    runner.work(run.pk, seconds=5)
    run.refresh_from_db()
    assert run.state in (RunState.WAITING, RunState.STOPPED)
    assert run.message


@slow
def test_an_expired_token_is_renewed_on_the_way(walk: Walk, company: Company) -> None:
    run = runner.start_discovery(walk.project, walk.person(Role.ENGINEER))
    runner.work(run.pk, seconds=0.5)
    company.control("source", "tokens", {"expire": None})
    assert walk.finish(run).state == RunState.FINISHED


@slow
def test_the_trail_of_the_whole_route_holds(loaded: tuple[Walk, Run]) -> None:
    walk, _ = loaded
    assert trail.first_break(walk.project) is None
    assert {"start", "approve"} <= set(walk.project.trail.values_list("verb", flat=True))


@slow
def test_paused_means_nothing_more_is_sent_until_it_is_resumed(walk: Walk) -> None:
    walk.discover()
    walk.decide()
    run = walk.plan("history")
    engineer = walk.person(Role.ENGINEER)
    runner.approve_plan(run, engineer, run.plan_checksum)
    runner.work(run.pk, seconds=1)
    run.refresh_from_db()
    runner.pause(run, engineer)
    runner.work(run.pk, seconds=1)
    run.refresh_from_db()
    assert run.state == RunState.PAUSED
    sent = run.operations.filter(state="done").count()
    runner.work(run.pk, seconds=1)
    assert run.operations.filter(state="done").count() == sent
    runner.resume(run, engineer)
    assert walk.finish(run).state == RunState.FINISHED
    assert measuring.lost_and_duplicated(run) == (0, 0)


@slow
def test_a_case_that_a_new_discovery_no_longer_finds_is_closed(walk: Walk, company: Company) -> None:
    walk.discover()
    kinds = ("no-email", "no-name")
    item = walk.project.review_items.filter(kind__in=kinds, state="open").order_by("key").first()
    assert item is not None
    company.control("source", "mutate", {"op": "delete_profile", "export_key": item.key})
    walk.discover()
    item.refresh_from_db()
    assert item.state == "gone"


@slow
def test_what_the_target_refused_can_be_sent_again_once_its_cause_is_mended(walk: Walk) -> None:
    walk.discover()
    walk.decide()
    run = walk.plan("history")
    row = run.operations.filter(kind="note").select_related("payload").order_by("key").first()
    assert row is not None
    content = row.payload.body["content"]
    row.payload.body["content"] = "x" * 200_000
    row.payload.save()
    walk.load(run)
    row.refresh_from_db()
    assert (row.state, bool(row.reason)) == ("rejected", True)
    line = next(r for r in run.phases.get(name="balance").report["lines"] if r["kind"] == "note")
    assert (line["rejected"], line["balanced"]) == (1, True)
    row.payload.body["content"] = content
    row.payload.save()
    assert runner.retry_rejected(run, walk.person(Role.ENGINEER)) == 1
    walk.finish(run)
    row.refresh_from_db()
    assert row.state == "done"
    assert measuring.lost_and_duplicated(run) == (0, 0)


@slow
def test_a_field_that_somebody_deleted_stops_the_run_by_name_and_is_not_written_around(
    walk: Walk, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk.discover()
    walk.decide()
    run = walk.plan("history")
    engineer = walk.person(Role.ENGINEER)
    runner.approve_plan(run, engineer, run.plan_checksum)
    persons = run.operations.filter(kind="person")
    with monkeypatch.context() as one_batch:
        # By batches and not by the clock: a fast machine would have sent every Person before the deletion.
        one_batch.setattr(loading, "BATCH", 8)
        one_batch.setattr(slices, "_step_on", one_step)
        while not persons.filter(state="done").exists():
            runner.work(run.pk)
    assert persons.exclude(state="done").exists()
    field = next(f for f in company.listed("personFields") if f["field_name"] == "email_consent")
    company.control(
        "target", "act", {"method": "DELETE", "path": f"/api/v2/personFields/{field['field_code']}"}
    )
    # By name where a write still meets it, by the counts where every Person was sent before.
    with pytest.raises(CrosswalkError, match=r"email_consent|field|do not balance"):
        walk.finish(run)
    run.refresh_from_db()
    assert run.state == RunState.STOPPED
