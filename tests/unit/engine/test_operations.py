"""The table of transitions, exhaustively, and which acts write."""

from itertools import product

import pytest

from migrator.engine.operations import TRANSITIONS, UNFINISHED, Act, OperationState, can_move

ALLOWED = {
    ("planned", "ready"),
    ("ready", "sent"),
    ("sent", "done"),
    ("sent", "ready"),
    ("sent", "rejected"),
    ("sent", "ambiguous"),
    ("ambiguous", "done"),
    ("ambiguous", "ready"),
    ("done", "undone"),
    ("done", "ready"),
    ("rejected", "ready"),
}
WRITES = {Act.CREATE, Act.UPDATE, Act.DELETE, Act.RESTORE}


@pytest.mark.parametrize(("before", "after"), list(product(OperationState, repeat=2)), ids=str)
def test_a_state_may_change_only_as_the_table_says(before: OperationState, after: OperationState) -> None:
    assert can_move(before, after) is ((before.value, after.value) in ALLOWED)


def test_every_state_has_its_row() -> None:
    assert set(TRANSITIONS) == set(OperationState)


def test_what_is_in_doubt_or_due_is_unfinished() -> None:
    assert set(UNFINISHED) == {OperationState.READY, OperationState.SENT, OperationState.AMBIGUOUS}


def test_an_operation_in_doubt_is_never_sent_without_being_read_back() -> None:
    assert not can_move(OperationState.AMBIGUOUS, OperationState.SENT)


@pytest.mark.parametrize("act", Act)
def test_the_buckets_write_nothing(act: Act) -> None:
    assert act.writes is (act in WRITES)
