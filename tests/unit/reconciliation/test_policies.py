"""Which act is possible on which case in which state, and the sentence where it is not."""

import pytest

from migrator.engine.cases import CaseKind, Decide
from migrator.engine.errors import RefusedError
from reconciliation.models import ReviewItem
from reconciliation.policies import ALLOWED, check_can_decide, refusal_for
from tests import factories_reconciliation as made

CASES = {
    CaseKind.NO_EMAIL: made.no_email(),
    CaseKind.NO_NAME: made.no_name(),
    CaseKind.DUPLICATE: made.duplicate(),
    CaseKind.TYPE_CONFLICT: made.type_conflict(),
    CaseKind.RARE_TAG: made.rare_tag(),
    CaseKind.ORGANIZATION: made.duplicate(),
}


def item(kind: CaseKind, state: str = "open", **evidence) -> ReviewItem:
    return ReviewItem(kind=kind.value, state=state, evidence=dict(CASES[kind].evidence) | evidence)


@pytest.mark.parametrize("kind", CaseKind)
@pytest.mark.parametrize("action", Decide)
@pytest.mark.parametrize("state", ["open", "decided", "gone"])
def test_an_act_is_possible_where_the_kind_allows_it_and_the_case_is_there(kind, action, state):
    possible = refusal_for(item(kind, state), action) == ""
    assert possible == (action in ALLOWED[kind] and state != "gone")


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
