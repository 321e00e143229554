"""What the machine would do with a case, how sure it is, and why. Pure: a case in, a suggestion out.

Nothing here decides. A suggestion that is accepted becomes a decision of the person who accepted it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from migrator.engine.cases import Case, CaseKind, Decide
from reconciliation.effects import Evidence, effect_of
from reconciliation.suggesting.companies import organizations
from reconciliation.suggesting.consents import consents
from reconciliation.suggesting.duplicates import duplicates
from reconciliation.suggesting.parts import Candidate, Reason, Suggestion
from reconciliation.suggesting.profiles import no_email, no_name
from reconciliation.suggesting.values import rare_tag, type_conflict

__all__ = ["Candidate", "Reason", "Suggestion", "suggest", "usual_args"]
MOST_CANDIDATES = 3

_RULES: dict[CaseKind, Callable[[Evidence], Suggestion]] = {
    CaseKind.NO_EMAIL: no_email,
    CaseKind.NO_NAME: no_name,
    CaseKind.DUPLICATE: duplicates,
    CaseKind.TYPE_CONFLICT: type_conflict,
    CaseKind.RARE_TAG: rare_tag,
    CaseKind.ORGANIZATION: organizations,
    CaseKind.CONSENT: consents,
}


def suggest(case: Case) -> Suggestion:
    """One suggestion for every case; its act is always one that the case's kind allows."""
    found = _RULES[case.kind](case.evidence)
    effect = effect_of(case.kind, case.evidence, found.action, found.args)
    return Suggestion(
        found.action, found.args, found.confidence, found.reasons, found.candidates[:MOST_CANDIDATES], effect
    )


def usual_args(suggestion: Mapping[str, Any], action: Decide) -> dict[str, Any]:
    """The likeliest arguments of an act: the suggestion's, else those of the first candidate for it."""
    if suggestion.get("action") == action:
        return dict(suggestion.get("args") or {})
    candidates = suggestion.get("candidates") or ()
    return next((dict(c["args"]) for c in candidates if c["action"] == action), {})
