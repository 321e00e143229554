"""Attributes of several types, and tags that hardly anybody has. Pure."""

from migrator.engine.cases import Decide
from migrator.engine.inventory import ValueType
from reconciliation.effects import Evidence, counted, listed, type_label
from reconciliation.spelling import nearest
from reconciliation.suggesting.parts import Candidate, Reason, Suggestion

# Where two choices lose equally, the more useful one first: text keeps everything and answers nothing.
_PREFERENCE = {
    (Decide.AS_TYPE, True): 0,
    (Decide.AS_TYPE, False): 1,
    (Decide.SPLIT, True): 2,
    (Decide.DROP, True): 3,
}
_PLAIN_TEXT = (ValueType.TEXT, ValueType.LONG_TEXT)


def type_conflict(evidence: Evidence) -> Suggestion:
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


def rare_tag(evidence: Evidence) -> Suggestion:
    tag, count = str(evidence.get("tag") or ""), int(evidence.get("count") or 0)
    similar = nearest(tag, [(str(s["tag"]), int(s.get("count") or 0)) for s in evidence.get("similar") or ()])
    candidates = tuple(
        Candidate(Decide.MERGE_TAG, {"into": other}, other, f"on {counted(used, 'profile')}")
        for other, used, _ in similar
    )
    spellings = _spellings(tag, evidence)
    # The one of a pair that is used less goes into the other, never both into each other.
    into = next((s for s in similar if (s[1], tag) > (count, s[0])), None)
    if into:
        return _merge_tag(into, candidates, spellings)
    if count == 0:
        return Suggestion(Decide.DROP, {}, 92, (Reason("ok", "**No profile** has this tag"),), candidates)
    together = [str(t["tag"]) for t in evidence.get("together") or ()][:1]
    reasons = (
        Reason("warn", f"Only **{counted(count, 'profile')}** {'has' if count == 1 else 'have'} this tag"),
        Reason("ok", "No other tag that is used more is spelled like it"),
        *(Reason("ok", f"Most of them have **{name}** too") for name in together),
    )
    return Suggestion(Decide.KEEP, {}, 72, reasons, candidates)


def _spellings(tag: str, evidence: Evidence) -> tuple[Reason, ...]:
    """The other ways in which the same word is spelled, where there is more than one."""
    others = [str(other) for other in evidence.get("spellings") or () if other != tag]
    if len(others) < 2:
        return ()
    shown = listed([f"**{other}**" for other in others[:3]])
    return (Reason("ok", f"One word in {len(others) + 1} spellings: also {shown}"),)


def _merge_tag(
    into: tuple[str, int, float], candidates: tuple[Candidate, ...], spellings: tuple[Reason, ...]
) -> Suggestion:
    other, used, near = into
    same = near == 1.0
    reasons = (
        *spellings,
        Reason("ok", f"**{other}** is on {counted(used, 'profile')}"),
        Reason(
            "ok" if same else "warn", "Only case or separators differ" if same else "The spelling is near"
        ),
    )
    return Suggestion(
        Decide.MERGE_TAG, {"into": other}, 96 if same else round(near * 92), reasons, candidates
    )
