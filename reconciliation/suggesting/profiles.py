"""Profiles without an email or without a name: merge, import as they are, name them, or skip. Pure."""

from migrator.engine.cases import Decide
from migrator.engine.matching import phone_key
from reconciliation import names
from reconciliation.effects import Evidence, counted
from reconciliation.suggesting.parts import (
    OTHER_NAME,
    SAME_NAME,
    Candidate,
    Reason,
    Suggestion,
    label_of,
    name_nearness,
)


def no_email(evidence: Evidence) -> Suggestion:
    ranked = _ranked_candidates(evidence)
    candidates = tuple(_merge_candidate(row) for row in ranked)
    if ranked and _is_same_person(evidence, ranked[0]):
        return _merge_profile(evidence, ranked, candidates)
    if not any(evidence.get(known) for known in ("phone", "crm_id", "company", "event_count", "open_deal")):
        return _skip_unknown(candidates)
    return _name_only(evidence, ranked, candidates)


def _ranked_candidates(evidence: Evidence) -> list[Evidence]:
    """Whoever is the same person first, whatever the name: a CRM id says more than a colleague's like name."""
    name = str(evidence.get("name") or "")
    rows = list(evidence.get("candidates") or ())

    def place(row: Evidence) -> tuple[bool, float, int]:
        return (
            not _is_same_person(evidence, row),
            -name_nearness(name, row),
            -int(row.get("event_count") or 0),
        )

    return sorted(rows, key=place)


def _shares_phone(evidence: Evidence, row: Evidence) -> bool:
    own = phone_key(str(evidence.get("phone") or ""))
    return bool(own) and own == phone_key(str(row.get("phone") or ""))


def _is_same_person(evidence: Evidence, row: Evidence) -> bool:
    """A shared switchboard number is no proof of one person; a CRM id is."""
    if not _shares_phone(evidence, row):
        return True
    return name_nearness(str(evidence.get("name") or ""), row) >= OTHER_NAME


def _merge_profile(
    evidence: Evidence, ranked: list[Evidence], candidates: tuple[Candidate, ...]
) -> Suggestion:
    best = ranked[0]
    near = name_nearness(str(evidence.get("name") or ""), best)
    why = str(best.get("why") or ("Same phone" if _shares_phone(evidence, best) else "Same CRM id"))
    reasons = [Reason("ok", f"**{label_of(best)}**: {why[:1].lower()}{why[1:]}")]
    reasons.append(_about_name(best, near))
    if len(ranked) > 1:
        reasons.append(Reason("warn", f"{counted(len(ranked) - 1, 'other candidate')} would fit too"))
    confidence = (94 if near >= SAME_NAME else 82) - 6 * (len(ranked) > 1)
    return Suggestion(Decide.MERGE, candidates[0].args, confidence, tuple(reasons), candidates)


def _about_name(row: Evidence, near: float) -> Reason:
    if not row.get("name"):
        return Reason("warn", "It has **no name** to compare")
    if near >= SAME_NAME:
        return Reason("ok", f"The name is **{'the same' if near == 1 else 'nearly the same'}**")
    return Reason("warn", "The name is spelled **differently**")


def _skip_unknown(candidates: tuple[Candidate, ...]) -> Suggestion:
    reasons = (
        Reason("ok", "No phone, no company, no CRM id, **no events**"),
        Reason("ok", "Skipping keeps it in the archive file"),
    )
    return Suggestion(
        Decide.SKIP, {"reason": "Nothing is known but the profile itself."}, 94, reasons, candidates
    )


def _name_only(evidence: Evidence, ranked: list[Evidence], candidates: tuple[Candidate, ...]) -> Suggestion:
    alone = "**No other profile or Person** has the same phone, CRM id, or name and company"
    reasons, confidence = [Reason("ok", alone)], 88
    if ranked:
        reasons = [Reason("warn", f"**{label_of(ranked[0])}** has the same phone number, but another name")]
        confidence = 68
    events = int(evidence.get("event_count") or 0)
    if events:
        reasons.append(Reason("ok", f"**{counted(events, 'event')}** would be kept"))
        confidence += min(6, 1 + events // 4)
    match_by = "**phone** only" if evidence.get("phone") else "**the marker** only"
    reasons.append(Reason("warn", f"Without an email, later imports match on {match_by}"))
    if evidence.get("open_deal"):
        reasons.append(Reason("warn", "Linked to an **open deal**: its owner may know the address"))
        confidence = min(confidence, 60)
    return Suggestion(Decide.NAME_ONLY, {}, confidence, tuple(reasons), candidates)


def _merge_candidate(row: Evidence) -> Candidate:
    known = [row.get("email"), row.get("phone"), row.get("company")]
    detail = " · ".join(str(part) for part in [*known, row.get("why")] if part)
    args = {"target_id": str(row["target_id"])} if row.get("target_id") else {"into": row["source_key"]}
    return Candidate(Decide.MERGE, args, label_of(row), detail)


# No name


def no_name(evidence: Evidence) -> Suggestion:
    found = names.choices(str(evidence.get("email") or ""), str(evidence.get("company") or ""))
    if not found:
        nothing = Reason("ok", "No email, no company: **nothing to name it by**")
        return Suggestion(Decide.SKIP, {"reason": "Nothing to name the profile by."}, 88, (nothing,))
    best = found[0]
    reasons = (
        Reason("ok", f"**{best.name}** is read from the {best.source}"),
        Reason("warn", "Pipedrive takes no Person **without a name**"),
    )
    candidates = tuple(
        Candidate(Decide.DERIVE_NAME, {"name": one.name}, one.name, f"from the {one.source}") for one in found
    )
    return Suggestion(Decide.DERIVE_NAME, {"name": best.name}, best.confidence, reasons, candidates)
