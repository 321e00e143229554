"""Which act is possible on which case in which state, and the sentence where it is not."""

import pytest

from migrator.engine.cases import CaseKind, Decide
from migrator.engine.errors import RefusedError
from reconciliation.arguments import validated
from reconciliation.models import ReviewItem
from reconciliation.plain_acts import PLAIN
from reconciliation.policies import ALLOWED, check_can_decide, refusal_for
from tests import factories_reconciliation as made

CASES = {
    CaseKind.NO_EMAIL: made.no_email(),
    CaseKind.NO_NAME: made.no_name(),
    CaseKind.DUPLICATE: made.duplicate(),
    CaseKind.TYPE_CONFLICT: made.type_conflict(),
    CaseKind.RARE_TAG: made.rare_tag(),
    CaseKind.ORGANIZATION: made.duplicate(),
    CaseKind.CONSENT: made.no_email(),
}


def item(kind: CaseKind, state: str = "open", **evidence) -> ReviewItem:
    return ReviewItem(kind=kind.value, state=state, evidence=dict(CASES[kind].evidence) | evidence)


@pytest.mark.parametrize("kind", CaseKind)
@pytest.mark.parametrize("action", Decide)
@pytest.mark.parametrize("state", ["open", "decided", "gone"])
def test_an_act_is_possible_where_the_kind_allows_it_and_the_case_is_there(kind, action, state):
    possible = refusal_for(item(kind, state), action) == ""
    assert possible == ((action in ALLOWED[kind] or action == Decide.UNSURE) and state != "gone")


@pytest.mark.parametrize("kind", CaseKind)
def test_every_case_can_be_parked_as_unsure_but_not_twice(kind):
    assert refusal_for(item(kind), Decide.UNSURE) == ""
    assert "already" in refusal_for(item(kind, "unsure"), Decide.UNSURE)


@pytest.mark.parametrize("kind", CaseKind)
@pytest.mark.parametrize("action", sorted(PLAIN))
def test_an_act_that_is_done_without_reading_the_case_depends_on_nothing_in_it(kind, action):
    """What `plain_acts` writes for thousands at once is what one decision would have written."""
    known, empty = item(kind), ReviewItem(kind=kind.value, state="open")
    if action not in (*ALLOWED[kind], Decide.UNSURE):
        return
    assert refusal_for(empty, action) == refusal_for(known, action) == ""
    for args in ({}, {"reason": "Left"}):
        assert validated(empty, action, args) == validated(known, action, args)


@pytest.mark.parametrize(
    ("kind", "evidence", "action", "words"),
    [
        (CaseKind.NO_NAME, {"email": "", "company": ""}, Decide.DERIVE_NAME, "Supply one or skip"),
        (CaseKind.DUPLICATE, {"members": [made.member("a")]}, Decide.MERGE, "Keep it apart"),
    ],
    ids=["nothing to derive", "one member left"],
)
def test_what_the_evidence_does_not_allow_is_refused_in_words(kind, evidence, action, words):
    with pytest.raises(RefusedError, match=words):
        check_can_decide(item(kind, **evidence), action)
