"""The demo account, discovered over sockets: it has companies and consents to settle too, and a second discovery
asks nothing new."""

from collections import Counter

import pytest

from migrator.engine.cases import CaseKind
from migrator.management.route import Walk
from reconciliation.choices import ItemState

pytestmark = pytest.mark.slow


def cases(walk: Walk) -> Counter[str]:
    return Counter(walk.project.review_items.exclude(state=ItemState.GONE).values_list("kind", flat=True))


def evidence(walk: Walk) -> dict[tuple[str, str], str]:
    rows = walk.project.review_items.values_list("kind", "key", "evidence_sha")
    return {(kind, key): sha for kind, key, sha in rows}


def test_the_demo_account_has_its_cases_and_the_same_ones_twice(walk: Walk) -> None:
    run = walk.discover()
    # So small an account has everybody's address.
    assert set(cases(walk)) == set(CaseKind) - {CaseKind.NO_EMAIL}
    before = evidence(walk)
    walk.discover()
    assert evidence(walk) == before
    assert run.phases.get(name="inventory").cursor["step"] == "complete"
