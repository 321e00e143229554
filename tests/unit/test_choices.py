"""The states of a run: the table of transitions, exhaustively, and the groups that other modules rely on."""

from itertools import product

import pytest

from migrator.choices import OPEN_RUN_STATES, RUN_TONES, RUN_TRANSITIONS, WORKED_RUN_STATES, RunState

ALLOWED = {
    "queued": "running paused aborted stopped",
    "running": "approval pausing paused waiting stopped aborted finished",
    "approval": "running aborted",
    "pausing": "paused aborted stopped finished approval",
    "paused": "running aborted",
    "waiting": "running paused aborted stopped",
    "stopped": "running aborted",
    "aborted": "",
    "finished": "",
}


@pytest.mark.parametrize(("before", "after"), list(product(RunState, repeat=2)), ids=str)
def test_a_run_may_change_only_as_the_table_says(before: RunState, after: RunState) -> None:
    assert (after in RUN_TRANSITIONS[before]) is (after.value in ALLOWED[before.value].split())


@pytest.mark.parametrize("state", RunState)
def test_a_run_occupies_its_project_until_it_has_ended(state: RunState) -> None:
    assert (state in OPEN_RUN_STATES) is bool(RUN_TRANSITIONS[state])


@pytest.mark.parametrize("state", OPEN_RUN_STATES)
def test_every_open_run_can_be_ended_by_a_person(state: RunState) -> None:
    assert RunState.ABORTED in RUN_TRANSITIONS[state]


@pytest.mark.parametrize("state", RunState)
def test_background_work_goes_on_only_where_nobody_has_to_act(state: RunState) -> None:
    assert (state in WORKED_RUN_STATES) is (state.value in "queued running pausing waiting".split())


def test_every_state_has_a_tone() -> None:
    assert set(RUN_TONES) == set(RunState)
