"""Sections, or Pipedrive, that give different answers for one channel: the most restrictive is proposed. Pure."""

from migrator.engine.cases import Decide
from reconciliation.effects import Evidence, answers_by_state, counted
from reconciliation.suggesting.parts import Candidate, Reason, Suggestion


def consents(evidence: Evidence) -> Suggestion:
    """Always No: a person may go further that way, and never back."""
    said = answers_by_state(evidence)
    profiles = counted(int(evidence.get("profiles") or 0), "profile")
    reasons = [
        Reason("ok" if state == "No" else "warn", f"**{' and '.join(places)}** says **{state}**")
        if len(places) == 1
        else Reason("ok" if state == "No" else "warn", f"**{' and '.join(places)}** say **{state}**")
        for state, places in said.items()
    ]
    reasons.append(Reason("ok", f"One answer for **{profiles}**: the most restrictive one counts"))
    candidates = (Candidate(Decide.RESTRICT, {}, "No"), Candidate(Decide.RESTRICT_ALL, {}, "No everywhere"))
    return Suggestion(Decide.RESTRICT, {}, 96, tuple(reasons), candidates)
