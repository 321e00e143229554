"""Profiles that may be one person, and Persons in Pipedrive that they may be: merge, or keep apart. Pure."""

from collections.abc import Sequence

from migrator.engine.cases import Decide
from reconciliation.effects import Evidence, counted
from reconciliation.suggesting.parts import (
    OTHER_NAME,
    SAME_NAME,
    Candidate,
    Reason,
    Suggestion,
    fullness,
    label_of,
    name_nearness,
    of_names,
)

MOST_REASONS = 3
# How much a shared value proves where the names agree; a number or a company may belong to several people.
_PROOF = {"email": 96, "crm_id": 96, "phone": 90, "company": 84}
_SHARED = {
    "email": "The email is **the same** but for upper and lower case",
    "crm_id": "The CRM id is **the same**",
    "phone": "The phone number is **the same**",
    "company": "Name and company are **the same**",
}


def duplicates(evidence: Evidence) -> Suggestion:
    members = list(evidence.get("members") or ())
    if evidence.get("match") == "target":
        return _several_persons(evidence, members)
    ranked = sorted(members, key=fullness, reverse=True)
    keys = [str(m["source_key"]) for m in members]
    candidates = tuple(
        Candidate(Decide.MERGE, {"survivor": str(m["source_key"]), "members": keys}, label_of(m), "stays")
        for m in ranked
    )
    near, match = _least_nearness(members), str(evidence.get("match") or "")
    if near < OTHER_NAME:
        return _keep_apart(match, _why(evidence, match)[:1], candidates)
    stays = Reason("ok", f"**{label_of(ranked[0])}** is the fullest of {len(members)} and stays")
    confidence = _PROOF.get(match, 84) - 12 * (near < SAME_NAME)
    reasons = (*_why(evidence, match), _about_names(near), stays)
    return Suggestion(Decide.MERGE, candidates[0].args, confidence, reasons, candidates)


def _why(evidence: Evidence, match: str) -> tuple[Reason, ...]:
    """What the profiles share, with its values, strongest first; else the key that they were found by."""
    shared = [str(line) for line in evidence.get("why") or ()][:MOST_REASONS]
    texts = shared or [_SHARED.get(match, "They share **one value**")]
    return tuple(Reason("ok", text) for text in texts)


def _keep_apart(
    match: str, shared_value: tuple[Reason, ...], candidates: tuple[Candidate, ...]
) -> Suggestion:
    shared = {"email": "mailbox", "phone": "switchboard number"}.get(match, "record")
    reasons = (
        *shared_value,
        Reason("warn", f"The names have **little in common**: this may be a shared {shared}"),
        Reason("ok", f"Two Persons may hold the same {'phone' if match == 'phone' else 'email'} in Pipedrive")
        if match in ("phone", "email")
        else Reason("ok", "They may be merged in Pipedrive later"),
    )
    return Suggestion(Decide.KEEP_APART, {}, 62, reasons, candidates)


def _about_names(near: float) -> Reason:
    if near >= SAME_NAME:
        return Reason("ok", f"The names are **{'the same' if near == 1 else 'nearly the same'}**")
    return Reason("warn", "A name is missing or **spelled differently**")


def _least_nearness(members: Sequence[Evidence]) -> float:
    """How far apart the two most different names are; a missing name says nothing for or against."""
    named = [str(m["name"]) for m in members if m.get("name")]
    pairs = [of_names(a, b) for number, a in enumerate(named) for b in named[number + 1 :]]
    return min(pairs, default=0.7) if len(named) == len(members) else min([*pairs, 0.7])


# Persons in Pipedrive


def _several_persons(evidence: Evidence, members: list[Evidence]) -> Suggestion:
    name = str(members[0].get("name") or "") if members else ""
    targets = sorted(
        evidence.get("targets") or (), key=lambda t: (-name_nearness(name, t), str(t["target_id"]))
    )
    keys = [str(m["source_key"]) for m in members]
    base = {"survivor": str(max(members, key=fullness)["source_key"]), "members": keys} if members else {}
    candidates = tuple(
        Candidate(Decide.MERGE, {**base, "target_id": str(t["target_id"])}, label_of(t), _person_detail(t))
        for t in targets
    )
    if not candidates:
        gone = Reason("warn", "No Person in Pipedrive fits any more")
        return Suggestion(Decide.KEEP_APART, {}, 50, (gone,))
    near = name_nearness(name, targets[0]) >= SAME_NAME
    reasons = (*_about_persons(evidence, targets), _about_nearest(targets[0], near))
    return Suggestion(Decide.MERGE, candidates[0].args, 85 if near else 55, reasons, candidates)


def _about_persons(evidence: Evidence, targets: Sequence[Evidence]) -> tuple[Reason, ...]:
    """Why these Persons; one that was found by more than the email says so itself."""
    why = [str(line) for line in evidence.get("why") or ()][:MOST_REASONS]
    if not why:
        persons = counted(len(targets), "Person", "Persons")
        why = [f"**{persons}** in Pipedrive {'holds' if len(targets) == 1 else 'hold'} this email"]
    return tuple(Reason("warn" if len(targets) > 1 else "ok", line) for line in why)


def _about_nearest(target: Evidence, near: bool) -> Reason:
    if near:
        return Reason("ok", f"**{label_of(target)}** has the nearest name")
    return Reason("warn", "No name decides between them")


def _person_detail(target: Evidence) -> str:
    known = [target.get(name) for name in ("email", "phone", "company", "why")]
    return " · ".join(str(part) for part in [*known, f"Person {target['target_id']}"] if part)
