"""Gates as pure functions of the facts: which stop is open, in which words, and what each role does next."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from migrator import gates
from migrator.choices import Role, RunKind, RunState, Side
from migrator.engine.cases import CaseKind
from reconciliation.models import Waiver
from reconciliation.progress import KindCount, Progress
from tests.factories_views import queue, standing, unsaved_run


def stop(at: gates.Standing, key: str) -> gates.Stop:
    return next(s for s in gates.route(at) if s.key == key)


def states(at: gates.Standing) -> list[str]:
    return [s.state for s in gates.route(at)]


def test_the_route_has_eight_numbered_stops_in_order() -> None:
    stops = gates.route(standing())
    assert [s.number for s in stops] == list(range(1, 9))
    assert [s.name for s in stops][:4] == ["Discovery", "Mapping", "Reconciliation", "Sandbox run"]


def test_a_fresh_project_opens_only_the_discovery() -> None:
    at = standing(discovery=None, version=None, signed_checksum="", queue=queue())
    assert states(at) == ["current"] + ["locked"] * 7
    assert stop(at, "discovery").status == "Not started"


def test_a_project_without_connections_says_that_they_are_missing() -> None:
    at = standing(sides={}, discovery=None, version=None, signed_checksum="", queue=queue())
    discovery = stop(at, "discovery")
    assert discovery.status == "Blocked"
    assert [(c.done, c.text) for c in discovery.conditions] == [
        (False, "APSIS One is connected"),
        (False, "Pipedrive is connected"),
    ]


def test_every_locked_stop_says_in_words_what_opens_it() -> None:
    at = standing(discovery=None, version=None, signed_checksum="", queue=queue())
    locked = [s for s in gates.route(at) if s.is_locked]
    assert len(locked) == 7
    assert all(s.reason.startswith("not yet: ") for s in locked)


def test_mapping_and_reconciliation_are_open_side_by_side_after_the_discovery() -> None:
    at = standing(undecided=11, signed_checksum="", queue=queue(left=63, total=200))
    assert states(at)[:4] == ["done", "current", "current", "locked"]
    assert (stop(at, "mapping").note, stop(at, "reconciliation").note) == ("11 left", "63 left")
    assert "137 of 200 cases decided" in stop(at, "reconciliation").summary


def test_parked_cases_are_told_apart_and_still_keep_the_run_locked() -> None:
    parked = Progress(7, 10, 0, (KindCount(CaseKind.NO_EMAIL, 3, 10, unsure=2),))
    at = standing(queue=parked)
    assert "2 of them parked as unsure" in stop(at, "reconciliation").summary
    assert not at.can_run


@pytest.mark.parametrize(
    ("facts", "done"),
    [
        ({}, [True, True, True]),
        ({"signed_checksum": "", "undecided": 11}, [False, True, True]),
        ({"queue": queue(left=63)}, [True, False, True]),
        ({"sides": {}}, [True, True, False]),
        ({"discovery": None}, [True, False, True]),
    ],
)
def test_the_sandbox_run_opens_when_all_its_conditions_hold(facts: dict, done: list[bool]) -> None:
    at = standing(**facts)
    assert [c.done for c in gates.run_conditions(at)] == done
    assert stop(at, "sandbox").is_locked is not all(done)


def test_each_open_condition_links_to_where_it_is_settled_and_counts_what_is_left() -> None:
    at = standing(undecided=11, signed_checksum="", queue=queue(left=63))
    fields, cases, account = gates.run_conditions(at)
    assert (fields.text, fields.url) == ("Field map v7 is signed off (11 fields left)", "/m/nordlys/map/")
    assert (cases.text, cases.url) == ("Every case in the queue is decided (63 left)", "/m/nordlys/queue/")
    assert account.url == "/m/nordlys/connections/"


def test_a_fully_decided_map_still_waits_for_its_signature() -> None:
    at = standing(signed_checksum="")
    assert (stop(at, "mapping").status, stop(at, "mapping").note) == ("In progress", "to sign")
    assert stop(at, "sandbox").is_locked


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (RunState.RUNNING, "In progress"),
        (RunState.APPROVAL, "In progress"),
        (RunState.PAUSED, "In progress"),
        (RunState.STOPPED, "Blocked"),
        (RunState.FINISHED, "Done"),
        (RunState.ABORTED, "Blocked"),
    ],
)
def test_the_sandbox_stop_follows_its_run(state: RunState, status: str) -> None:
    at = standing(runs=(unsaved_run(state=state, loading_since="2026-03-12"),))
    assert stop(at, "sandbox").status == status
    assert stop(at, "sandbox").url == "/m/nordlys/runs/3/"


def test_a_running_sandbox_run_is_never_done() -> None:
    open_states = [s for s in RunState if s not in (RunState.FINISHED, RunState.ABORTED)]
    for state in open_states:
        assert stop(standing(runs=(unsaved_run(state=state),)), "sandbox").state == "current"


def test_a_run_that_was_aborted_before_it_wrote_counts_as_none() -> None:
    at = standing(runs=(unsaved_run(state=RunState.ABORTED, loading_since=None),))
    assert stop(at, "sandbox").status == "Not started"
    assert stop(at, "sandbox").url == "/m/nordlys/runs/new/"


def test_another_field_map_makes_the_finished_run_need_another_look() -> None:
    at = standing(runs=(unsaved_run(map_checksum="other"),))
    assert stop(at, "sandbox").status == "In progress"
    assert "Needs another look" in stop(at, "sandbox").summary


def test_a_rolled_back_run_opens_the_stop_again() -> None:
    undone = unsaved_run(RunKind.ROLLBACK, pk=4, of_run_id=3)
    at = standing(runs=(undone, unsaved_run()))
    assert (stop(at, "sandbox").state, stop(at, "sandbox").status) == ("current", "Not started")
    assert "was rolled back" in stop(at, "sandbox").summary


def test_later_stops_are_text_and_say_what_will_be_there() -> None:
    later = gates.route(standing())[4:]
    assert [s.key for s in later] == ["audit", "production", "cutover", "handoff"]
    assert all(s.url == "" and s.is_locked and gates.LATER in s.summary for s in later)


def test_the_condition_of_the_audit_is_met_by_a_finished_run() -> None:
    at = standing(runs=(unsaved_run(),))
    assert [c.done for c in stop(at, "audit").conditions] == [True]


# What to do next


def test_a_customer_admin_continues_with_the_queue_at_their_own_pace() -> None:
    at = standing(role=Role.CUSTOMER_ADMIN, undecided=11, signed_checksum="", queue=queue(left=38, minutes=2))
    found = gates.next_action(at)
    assert found.sentence == "38 profiles without email need a decision. About 2 min."
    assert (found.button, found.url) == ("Continue", "/m/nordlys/queue/")


def test_an_engineer_begins_with_the_field_map() -> None:
    at = standing(undecided=11, signed_checksum="", queue=queue(left=38))
    assert gates.next_action(at).url == "/m/nordlys/map/"


def test_an_engineer_helps_with_the_queue_once_the_map_is_signed() -> None:
    assert gates.next_action(standing(queue=queue(left=38))).url == "/m/nordlys/queue/"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_those_who_only_look_are_told_whose_turn_it_is(role: Role) -> None:
    found = gates.next_action(standing(role=role, queue=queue(left=38)))
    assert found.url == ""
    assert found.sentence == "Nothing for you to do now. The customer admin decides 38 cases in the queue."


def test_missing_accounts_come_before_everything_else() -> None:
    source_only = {Side.SOURCE: standing().sides[Side.SOURCE]}
    found = gates.next_action(standing(sides=source_only, discovery=None))
    assert found.sentence == "Pipedrive is not connected yet. About 5 minutes."
    assert found.url == "/m/nordlys/connections/"


def test_the_discovery_is_started_next_on_a_connected_project() -> None:
    at = standing(discovery=None, version=None, signed_checksum="", queue=queue())
    assert gates.next_action(at).url == "/m/nordlys/discovery/"


def test_a_plan_that_waits_is_what_an_engineer_looks_at() -> None:
    at = standing(runs=(unsaved_run(state=RunState.APPROVAL),))
    assert gates.next_action(at).url == "/m/nordlys/runs/3/"
    assert "Nothing is written before that" in gates.next_action(at).sentence


def test_a_plan_that_waits_is_no_work_for_a_customer_admin() -> None:
    at = standing(role=Role.CUSTOMER_ADMIN, runs=(unsaved_run(state=RunState.APPROVAL),))
    assert gates.next_action(at).url == ""


def test_a_stopped_run_says_why() -> None:
    at = standing(runs=(unsaved_run(state=RunState.STOPPED, message="The token was refused."),))
    assert "The token was refused." in gates.next_action(at).sentence


def test_a_ready_project_plans_the_run_and_names_the_account() -> None:
    found = gates.next_action(standing())
    assert found.url == "/m/nordlys/runs/new/"
    assert "Nordlys target" in found.sentence


def test_after_a_finished_run_the_report_is_next() -> None:
    assert gates.next_action(standing(runs=(unsaved_run(),))).url == "/m/nordlys/runs/3/report/"


# What of ours is in the target


ROLLED_BACK = (unsaved_run(RunKind.ROLLBACK, pk=4, of_run_id=3), unsaved_run())


@pytest.mark.parametrize(
    ("facts", "level", "text"),
    [
        ({}, "none", "Nothing written to Pipedrive yet"),
        ({"runs": (unsaved_run(state=RunState.APPROVAL),)}, "none", "Nothing written to Pipedrive yet"),
        (
            {"runs": (unsaved_run(state=RunState.RUNNING, loading_since="2026-03-12"),)},
            "sandbox",
            "Writing to Nordlys target (sandbox)",
        ),
        ({"runs": (unsaved_run(),), "written": True}, "sandbox", "Sandbox only"),
        ({"runs": ROLLED_BACK}, "none", "Rolled back: nothing of ours is left in Pipedrive"),
        (
            {"runs": (unsaved_run(pk=5, state=RunState.APPROVAL), *ROLLED_BACK)},
            "none",
            "Rolled back: nothing of ours is left in Pipedrive",
        ),
        ({"runs": ROLLED_BACK, "written": True}, "sandbox", "Rolled back, except what was kept"),
    ],
)
def test_the_pill_says_what_of_ours_is_in_pipedrive(facts: dict, level: str, text: str) -> None:
    assert gates.safety(standing(**facts)) == gates.Safety(text, level)


# Open cases that a run goes on without


def waived(left: int = 9, **facts: Any) -> gates.Standing:
    waiver = Waiver(by=get_user_model()(first_name="Erik"), cases=left, profiles=12, reason="Later")
    return standing(queue=queue(left=left, total=63), waiver=waiver, **facts)


def test_a_waiver_opens_the_sandbox_run_and_names_who_gave_it() -> None:
    at = waived()
    cases = gates.run_conditions(at)[1]
    assert (at.can_run, cases.done) == (True, True)
    assert cases.text == "9 open cases held back: Erik lets runs go on without them"
    assert stop(at, "sandbox").state == "current"


def test_a_waiver_never_makes_the_queue_look_done() -> None:
    found = stop(waived(left=1), "reconciliation")
    assert (found.state, found.status, found.note) == ("current", "In progress", "1 held back")
    assert found.summary == "62 of 63 cases decided. Runs go on without 1 open case."


def test_a_waiver_opens_nothing_else() -> None:
    assert not waived(signed_checksum="").can_run
    assert not waived(discovery=None).can_run


def test_who_may_run_goes_on_and_the_customer_still_decides() -> None:
    assert gates.next_action(waived()).url == "/m/nordlys/runs/new/"
    assert gates.next_action(waived(role=Role.CUSTOMER_ADMIN)).url == "/m/nordlys/queue/"
