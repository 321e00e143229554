"""What the machine would do with a case, how sure it is, and why. Pure: a case in, a suggestion out.

Nothing here decides. A suggestion that is accepted becomes a decision of the person who accepted it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from migrator.engine.cases import Case, CaseKind, Decide
from migrator.engine.inventory import ValueType
from migrator.engine.matching import phone_key
from reconciliation import names
from reconciliation.effects import Evidence, counted, effect_of, type_label
from reconciliation.spelling import nearest, nearness

MOST_CANDIDATES = 3
SAME_NAME = 0.8
OTHER_NAME = 0.5


@dataclass(frozen=True, slots=True)
class Reason:
    """`tone` is ok or warn. `**` marks what the screen prints strong."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that one key chooses: an act with its arguments, and how it is shown."""

    action: Decide
    args: Mapping[str, Any]
    label: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    action: Decide
    args: Mapping[str, Any] = field(default_factory=dict)
    confidence: int = 50
    reasons: tuple[Reason, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    effect: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


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


# No email


def _no_email(evidence: Evidence) -> Suggestion:
    ranked = _ranked_candidates(evidence)
    candidates = tuple(_merge_candidate(row) for row in ranked)
    if ranked and _is_same_person(evidence, ranked[0]):
        return _merge_profile(evidence, ranked, candidates)
    if not any(evidence.get(known) for known in ("phone", "crm_id", "company", "event_count", "open_deal")):
        return _skip_unknown(candidates)
    return _name_only(evidence, ranked, candidates)


def _ranked_candidates(evidence: Evidence) -> list[Evidence]:
    name = str(evidence.get("name") or "")
    rows = list(evidence.get("candidates") or ())
    return sorted(rows, key=lambda r: (-_name_nearness(name, r), -int(r.get("event_count") or 0)))


def _name_nearness(name: str, row: Evidence) -> float:
    other = str(row.get("name") or "")
    return nearness(name, other) if name and other else 0.6


def _shares_phone(evidence: Evidence, row: Evidence) -> bool:
    own = phone_key(str(evidence.get("phone") or ""))
    return bool(own) and own == phone_key(str(row.get("phone") or ""))


def _is_same_person(evidence: Evidence, row: Evidence) -> bool:
    """A shared switchboard number is no proof of one person; a CRM id is."""
    if not _shares_phone(evidence, row):
        return True
    return _name_nearness(str(evidence.get("name") or ""), row) >= OTHER_NAME


def _merge_profile(
    evidence: Evidence, ranked: list[Evidence], candidates: tuple[Candidate, ...]
) -> Suggestion:
    best = ranked[0]
    near = _name_nearness(str(evidence.get("name") or ""), best)
    shared = "phone number" if _shares_phone(evidence, best) else "CRM id"
    reasons = [Reason("ok", f"**{_label(best)}** has the same {shared}")]
    reasons.append(
        Reason("ok", "The name is **the same**")
        if near >= SAME_NAME
        else Reason("warn", "The name is spelled **differently**")
    )
    if len(ranked) > 1:
        reasons.append(Reason("warn", f"{counted(len(ranked) - 1, 'other candidate')} would fit too"))
    confidence = (94 if near >= SAME_NAME else 82) - 6 * (len(ranked) > 1)
    return Suggestion(Decide.MERGE, candidates[0].args, confidence, tuple(reasons), candidates)


def _skip_unknown(candidates: tuple[Candidate, ...]) -> Suggestion:
    reasons = (
        Reason("ok", "No phone, no company, no CRM id, **no events**"),
        Reason("ok", "Skipping keeps it in the archive file"),
    )
    return Suggestion(
        Decide.SKIP, {"reason": "Nothing is known but the profile itself."}, 94, reasons, candidates
    )


def _name_only(evidence: Evidence, ranked: list[Evidence], candidates: tuple[Candidate, ...]) -> Suggestion:
    reasons, confidence = [Reason("ok", "**No other profile** shares this phone number or CRM id")], 88
    if ranked:
        reasons = [Reason("warn", f"**{_label(ranked[0])}** has the same phone number, but another name")]
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
    return Candidate(Decide.MERGE, args, _label(row), detail)


def _label(row: Evidence) -> str:
    return str(row.get("name") or row.get("email") or row.get("company") or "A profile without name")


# No name


def _no_name(evidence: Evidence) -> Suggestion:
    found = names.derived(str(evidence.get("email") or ""), str(evidence.get("company") or ""))
    if found is None:
        nothing = Reason("ok", "No email, no company: **nothing to name it by**")
        return Suggestion(Decide.SKIP, {"reason": "Nothing to name the profile by."}, 88, (nothing,))
    reasons = (
        Reason("ok", f"**{found.name}** is read from the {found.source}"),
        Reason("warn", "Pipedrive takes no Person **without a name**"),
    )
    return Suggestion(Decide.DERIVE_NAME, {"name": found.name}, found.confidence, reasons)


# Duplicates


def _duplicates(evidence: Evidence) -> Suggestion:
    members = list(evidence.get("members") or ())
    if evidence.get("match") == "target":
        return _several_persons(evidence, members)
    survivor = max(members, key=_fullness)
    keys = [str(m["source_key"]) for m in members]
    candidates = tuple(
        Candidate(Decide.MERGE, {"survivor": str(m["source_key"]), "members": keys}, _label(m), "stays")
        for m in sorted(members, key=_fullness, reverse=True)
    )
    args = {"survivor": str(survivor["source_key"]), "members": keys}
    near = _least_nearness(members)
    if near < OTHER_NAME:
        return _keep_apart(candidates)
    reasons = (
        Reason("ok", "The email is **the same** but for upper and lower case"),
        _about_names(near),
        Reason("ok", f"**{_label(survivor)}** is the fullest of {len(members)} and stays"),
    )
    confidence = 96 if near >= SAME_NAME else 84
    return Suggestion(Decide.MERGE, args, confidence, reasons, candidates)


def _keep_apart(candidates: tuple[Candidate, ...]) -> Suggestion:
    reasons = (
        Reason("warn", "The names have **little in common**: this may be a shared mailbox"),
        Reason("ok", "Two Persons may hold the same email in Pipedrive"),
    )
    return Suggestion(Decide.KEEP_APART, {}, 62, reasons, candidates)


def _about_names(near: float) -> Reason:
    if near >= SAME_NAME:
        return Reason("ok", "The names are **the same**")
    return Reason("warn", "A name is missing or **spelled differently**")


def _fullness(member: Evidence) -> tuple[int, int, str, str]:
    filled, events = int(member.get("filled") or 0), int(member.get("event_count") or 0)
    return filled, events, str(member.get("last_event") or ""), str(member["source_key"])


def _least_nearness(members: list[Evidence]) -> float:
    """How far apart the two most different names are; a missing name says nothing for or against."""
    named = [str(m["name"]) for m in members if m.get("name")]
    pairs = [nearness(a, b) for number, a in enumerate(named) for b in named[number + 1 :]]
    return min(pairs, default=0.7) if len(named) == len(members) else min([*pairs, 0.7])


def _several_persons(evidence: Evidence, members: list[Evidence]) -> Suggestion:
    name = str(members[0].get("name") or "") if members else ""
    targets = sorted(
        evidence.get("targets") or (), key=lambda t: (-_name_nearness(name, t), str(t["target_id"]))
    )
    keys = [str(m["source_key"]) for m in members]
    base = {"survivor": str(max(members, key=_fullness)["source_key"]), "members": keys} if members else {}
    candidates = tuple(
        Candidate(Decide.MERGE, {**base, "target_id": str(t["target_id"])}, _label(t), _person_detail(t))
        for t in targets
    )
    if not candidates:
        return Suggestion(
            Decide.KEEP_APART, {}, 50, (Reason("warn", "No Person in Pipedrive fits any more"),)
        )
    alone = _name_nearness(name, targets[0]) >= SAME_NAME
    reasons = (
        Reason("warn", f"**{counted(len(targets), 'Person', 'Persons')}** in Pipedrive hold this email"),
        Reason("ok", f"**{_label(targets[0])}** has the nearest name")
        if alone
        else Reason("warn", "No name decides between them"),
    )
    return Suggestion(Decide.MERGE, candidates[0].args, 85 if alone else 55, reasons, candidates)


def _person_detail(target: Evidence) -> str:
    known = [target.get("email"), target.get("phone"), target.get("company"), f"Person {target['target_id']}"]
    return " · ".join(str(part) for part in known if part)


# Type conflicts

# Where two choices lose equally, the more useful one first: text keeps everything and answers nothing.
_PREFERENCE = {
    (Decide.AS_TYPE, True): 0,
    (Decide.AS_TYPE, False): 1,
    (Decide.SPLIT, True): 2,
    (Decide.DROP, True): 3,
}
_PLAIN_TEXT = (ValueType.TEXT, ValueType.LONG_TEXT)


def _type_conflict(evidence: Evidence) -> Suggestion:
    choices = sorted(evidence.get("choices") or (), key=_loss_order)
    if not choices:
        return Suggestion(Decide.SPLIT, {}, 50, (Reason("ok", "One field per Section loses nothing"),))
    best, filled = choices[0], sum(int(v.get("filled") or 0) for v in evidence.get("variants") or ())
    action, args = Decide(best["action"]), _type_args(best)
    candidates = tuple(
        Candidate(Decide(c["action"]), _type_args(c), choice_label(c), _loss_text(c, filled)) for c in choices
    )
    lost = int(best.get("lost") or 0)
    confidence = max(40, 92 - round(100 * lost / filled)) if filled else 60
    reasons = (
        Reason("ok", f"**{choice_label(best)}** loses the least of {counted(len(choices), 'choice')}"),
        Reason("warn" if lost else "ok", _loss_text(best, filled)),
    )
    return Suggestion(action, args, confidence, reasons, candidates)


def _loss_order(choice: Evidence) -> tuple[bool, int, int]:
    action = Decide(choice["action"])
    specific = action != Decide.AS_TYPE or choice.get("type") not in _PLAIN_TEXT
    return action == Decide.DROP, int(choice.get("lost") or 0), _PREFERENCE[action, specific]


def _type_args(choice: Evidence) -> dict[str, str]:
    return {"type": str(choice["type"])} if choice["action"] == Decide.AS_TYPE else {}


def choice_label(choice: Evidence) -> str:
    match choice["action"]:
        case Decide.SPLIT:
            return "Split, one field per Section"
        case Decide.DROP:
            return "Do not migrate"
    return f"Keep as {type_label(str(choice.get('type') or ''))}"


def _loss_text(choice: Evidence, filled: int) -> str:
    lost = int(choice.get("lost") or 0)
    return f"**{lost:,} of {filled:,}** values would be lost" if lost else "**No value** would be lost"


# Rare tags


def _rare_tag(evidence: Evidence) -> Suggestion:
    tag, count = str(evidence.get("tag") or ""), int(evidence.get("count") or 0)
    similar = nearest(tag, [(str(s["tag"]), int(s.get("count") or 0)) for s in evidence.get("similar") or ()])
    candidates = tuple(
        Candidate(Decide.MERGE_TAG, {"into": other}, other, f"on {counted(used, 'profile')}")
        for other, used, _ in similar
    )
    # The one of a pair that is used less goes into the other, never both into each other.
    into = next((s for s in similar if (s[1], tag) > (count, s[0])), None)
    if into:
        return _merge_tag(into, candidates)
    if count == 0:
        return Suggestion(Decide.DROP, {}, 92, (Reason("ok", "**No profile** has this tag"),), candidates)
    reasons = (
        Reason("warn", f"Only **{counted(count, 'profile')}** {'has' if count == 1 else 'have'} this tag"),
        Reason("ok", "No other tag that is used more is spelled like it"),
    )
    return Suggestion(Decide.KEEP, {}, 72, reasons, candidates)


def _merge_tag(into: tuple[str, int, float], candidates: tuple[Candidate, ...]) -> Suggestion:
    other, used, near = into
    same = near == 1.0
    reasons = (
        Reason("ok", f"**{other}** is on {counted(used, 'profile')}"),
        Reason(
            "ok" if same else "warn", "Only case or separators differ" if same else "The spelling is near"
        ),
    )
    return Suggestion(
        Decide.MERGE_TAG, {"into": other}, 96 if same else round(near * 92), reasons, candidates
    )


def _organization(_evidence: Evidence) -> Suggestion:
    return Suggestion(Decide.KEEP_APART, {}, 50, (Reason("warn", "Look at both before joining them"),))


_RULES = {
    CaseKind.NO_EMAIL: _no_email,
    CaseKind.NO_NAME: _no_name,
    CaseKind.DUPLICATE: _duplicates,
    CaseKind.TYPE_CONFLICT: _type_conflict,
    CaseKind.RARE_TAG: _rare_tag,
    CaseKind.ORGANIZATION: _organization,
}
