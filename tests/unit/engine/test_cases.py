"""Cases and resolutions as values."""

from migrator.engine.cases import Case, CaseKind, Decide, Resolution, Resolutions

SKIPPED = Resolution(CaseKind.NO_EMAIL, "p-1", Decide.SKIP, {"reason": "Left"})
KEPT = Resolution(CaseKind.RARE_TAG, "vip", Decide.KEEP, {})
NAMED = Resolution(CaseKind.NO_EMAIL, "p-0", Decide.NAME_ONLY, {})


def test_a_resolution_is_found_by_kind_and_key() -> None:
    resolutions = Resolutions([SKIPPED, KEPT])
    assert resolutions.get(CaseKind.NO_EMAIL, "p-1") is SKIPPED
    assert resolutions.get(CaseKind.NO_NAME, "p-1") is None


def test_an_open_case_is_open_in_its_kind_only() -> None:
    resolutions = Resolutions([], [(CaseKind.RARE_TAG, "vip")])
    assert resolutions.is_open(CaseKind.RARE_TAG, "vip")
    assert not resolutions.is_open(CaseKind.DUPLICATE, "vip")


def test_the_resolutions_of_a_kind_come_in_order_of_key() -> None:
    assert Resolutions([SKIPPED, KEPT, NAMED]).of_kind(CaseKind.NO_EMAIL) == (NAMED, SKIPPED)


def test_the_order_of_decisions_never_changes_the_checksum() -> None:
    assert Resolutions([SKIPPED, KEPT]).checksum == Resolutions([KEPT, SKIPPED]).checksum


def test_another_decision_changes_the_checksum() -> None:
    changed = Resolution(CaseKind.NO_EMAIL, "p-1", Decide.NAME_ONLY, {"reason": "Left"})
    argued = Resolution(CaseKind.NO_EMAIL, "p-1", Decide.SKIP, {"reason": "Never came"})
    assert len({Resolutions([r]).checksum for r in (SKIPPED, changed, argued)}) == 3


def test_evidence_has_a_checksum_of_its_own() -> None:
    seen = Case(CaseKind.RARE_TAG, "vip", "vip", {"count": 3})
    later = Case(CaseKind.RARE_TAG, "vip", "VIP", {"count": 4})
    assert seen.evidence_sha != later.evidence_sha
