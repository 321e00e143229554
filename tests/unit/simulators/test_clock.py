"""The simulators' clock stands still when told, and runs on from where it stood."""

from migrator.simulators.clock import MovableClock, http_date
from tests.contract.pipedrive_simulator import simulated


def test_a_frozen_clock_stands_and_tells_by_how_much_it_jumps() -> None:
    now = [100.0]
    clock = MovableClock(lambda: now[0])
    clock.freeze()
    now[0] = 130.0
    assert (clock(), clock.is_frozen) == (100.0, True)
    assert clock.unfreeze() == 30.0
    assert (clock(), clock.is_frozen) == (130.0, False)


def test_an_account_runs_on_from_where_its_clock_stood() -> None:
    account = simulated()
    start = account.control("clock", {"freeze": True})["now"]
    account.clock.now += 50
    assert account.control("clock", {"freeze": False})["now"] == start
    account.clock.now += 7
    assert account.get("/_control/clock").json() == {"now": start + 7, "frozen": False}


def test_a_date_is_written_as_http_wants_it() -> None:
    assert http_date(0.0) == "Thu, 01 Jan 1970 00:00:00 GMT"
