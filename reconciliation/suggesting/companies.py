"""Company names that may be one company: the same, separate, or one new name. Pure."""

from collections.abc import Sequence

from migrator.engine.cases import Decide
from migrator.engine.matching import company_key
from reconciliation.effects import Evidence, counted
from reconciliation.spelling import nearness
from reconciliation.suggesting.parts import Candidate, Reason, Suggestion

MOST_REASONS = 3
NEAR = 0.72


def organizations(evidence: Evidence) -> Suggestion:
    """One company where a VAT or registration number, the plain name or a domain says so; else they stay apart."""
    rows = ranked(evidence)
    names = [str(m["name"]) for m in evidence.get("members") or ()]
    candidates = tuple(
        Candidate(Decide.MERGE, {"name": str(m["name"]), "members": names}, str(m["name"]), detail_of(m))
        for m in rows
    )
    if len(rows) < 2:
        return Suggestion(Decide.KEEP_APART, {}, 50, (Reason("warn", "Only one name is left"),), candidates)
    confidence, about = _proof(rows)
    shared = [Reason("ok", str(line)) for line in evidence.get("why") or ()][:MOST_REASONS]
    reasons = tuple(shared or [about]) + _against(rows)
    if confidence < 60:
        return Suggestion(Decide.KEEP_APART, {}, 60, reasons, candidates)
    return Suggestion(
        Decide.MERGE, candidates[0].args, confidence - 15 * len(_against(rows)), reasons, candidates
    )


def ranked(evidence: Evidence) -> list[Evidence]:
    """The names in the order in which one would keep them."""
    return sorted(evidence.get("members") or (), key=_weight)


def _weight(member: Evidence) -> tuple[bool, int, str]:
    """A name that Pipedrive knows goes first, then the one that most profiles use."""
    return not member.get("target_id"), -int(member.get("profiles") or 0), str(member["name"])


def detail_of(member: Evidence) -> str:
    profiles = counted(int(member.get("profiles") or 0), "profile")
    known = [profiles, *(member.get("domains") or ())[:2], "in Pipedrive" if member.get("target_id") else ""]
    return " · ".join(str(part) for part in known if part)


def _proof(members: Sequence[Evidence]) -> tuple[int, Reason]:
    if vat := _shared(members, "vat"):
        return 97, Reason("ok", f"The company number **{vat}** is the same")
    if len({company_key(str(m["name"])) for m in members}) == 1:
        return 95, Reason("ok", "Only case, accents or the legal form differ")
    if domain := _shared(members, "domains"):
        return 88, Reason("ok", f"They write from **{domain}**")
    names = [company_key(str(m["name"])) for m in members]
    near = min(nearness(a, b) for n, a in enumerate(names) for b in names[n + 1 :])
    return (74 if near >= NEAR else 50), Reason("warn", "The spelling is near, and nothing else is shared")


def _shared(members: Sequence[Evidence], field: str) -> str:
    """A value that every one of them has."""
    sets = [{str(value) for value in m.get(field) or ()} for m in members]
    return min(set.intersection(*sets), default="")


def _against(members: Sequence[Evidence]) -> tuple[Reason, ...]:
    known = [m for m in members if m.get("vat")]
    if len(known) > 1 and not _shared(known, "vat"):
        return (Reason("warn", "Their company numbers **differ**"),)
    in_target = sum(1 for m in members if m.get("target_id"))
    if in_target > 1:
        return (Reason("warn", f"**{in_target} of them** are Organizations in Pipedrive already"),)
    return ()
