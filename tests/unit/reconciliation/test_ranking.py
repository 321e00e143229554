"""The order of the queue: what frees most in a minute comes first."""

from migrator.engine.cases import CaseKind, Decide
from reconciliation.ranking import rank_of, seconds_for


def test_the_case_that_holds_up_more_comes_first():
    more = rank_of(CaseKind.DUPLICATE, "merge", 4, 100, 20)
    assert more < rank_of(CaseKind.DUPLICATE, "merge", 2, 100, 20)
    assert more < rank_of(CaseKind.DUPLICATE, "merge", 4, 10, 20)


def test_of_two_that_hold_up_the_same_the_quicker_comes_first():
    quick = rank_of(CaseKind.NO_EMAIL, "name_only", 1, 14, 5)
    assert (
        quick
        < rank_of(CaseKind.NO_EMAIL, "merge", 1, 14, 5)
        < rank_of(CaseKind.TYPE_CONFLICT, "split", 1, 14, 5)
    )


def test_every_kind_and_act_has_its_time_and_the_rank_fits_its_column():
    for kind in CaseKind:
        for action in ("", *(act.value for act in Decide)):
            assert seconds_for(kind, action) > 0
            assert -(2**63) < rank_of(kind, action, 2**31 - 1, 2**31 - 1, 2**31 - 1) <= 0
