"""The invariants: each one notices its own kind of harm, and none cries wolf."""

from dataclasses import replace

import pytest

from migrator.simulation.invariants import Ended, Found, Line, broken

LINE = Line(id=1, act="create", state="done", marker="m", target_id="9", fence=1, value={"name": "Bo"})
UPDATE = Line(id=2, act="update", state="done", marker="was", target_id="1", fence=1, value={"name": "New"})
RECORDS = (Found("1", "was", {"name": "New"}), Found("9", "m", {"name": "Bo"}))
LOG = (("claimed", 1, 1), ("sent", 1, 1), ("recorded", 1, 1))
GOOD = Ended(True, (LINE, UPDATE), RECORDS, LOG, {"1": {"name": "Old"}})


def test_a_schedule_without_harm_breaks_nothing() -> None:
    assert broken(GOOD) == ()


@pytest.mark.parametrize(
    ("harmed", "names"),
    [
        (replace(GOOD, in_time=False), ["liveness"]),
        (replace(GOOD, lines=(replace(LINE, state="ambiguous"), UPDATE)), ["I1", "I6"]),
        (replace(GOOD, lines=(replace(LINE, target_id="77"), UPDATE)), ["I2", "I6"]),
        (replace(GOOD, lines=(replace(LINE, value={"name": "Eva"}), UPDATE)), ["I2"]),
        (replace(GOOD, records=(*RECORDS, Found("10", "m", {"name": "Bo"}))), ["I3", "I6"]),
        (replace(GOOD, records=(*RECORDS, Found("10", "other", {}))), ["I6"]),
        (replace(GOOD, lines=(LINE,)), ["I6"]),
        (replace(GOOD, log=(*LOG, ("claimed", 1, 2), ("recorded", 1, 1))), ["I8"]),
        (replace(GOOD, log=(("sent", 1, 1),)), ["I5"]),
        (replace(GOOD, log=(*LOG, ("sent", 1, 1))), ["I10"]),
    ],
)
def test_harm_is_named(harmed: Ended, names: list[str]) -> None:
    assert [sentence.partition(":")[0] for sentence in broken(harmed)] == names
