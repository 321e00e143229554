"""What an answer proves, as a value."""

from migrator.engine.outcomes import Outcome, Proof, Stop


def test_done_carries_the_id_that_the_target_gave() -> None:
    assert Outcome.done("17", (("code", "abc"),)) == Outcome(
        Proof.DONE, target_id="17", extra=(("code", "abc"),)
    )


def test_an_outcome_stops_nothing_unless_it_says_so() -> None:
    assert Outcome(Proof.REJECTED, reason="No such stage.").stop == Stop.NONE
    assert not Stop.NONE
    assert all(stop for stop in Stop if stop != Stop.NONE)
