"""The type that an attribute keeps, and the tag that another one is merged into."""

from typing import Any

from migrator import staging
from migrator.engine.cases import Decide
from migrator.engine.inventory import SourceKind, ValueType
from reconciliation.checks.entries import Args, InvalidDecisionError, key_of, quoted, text_of
from reconciliation.ends import ends_for
from reconciliation.models import ReviewItem


def attribute_type(item: ReviewItem, args: Args) -> dict[str, Any]:
    chosen = key_of(args, "type")
    offered = {
        str(c.get("type")) for c in item.evidence.get("choices") or () if c["action"] == Decide.AS_TYPE
    }
    if chosen not in offered or chosen not in set(ValueType):
        raise InvalidDecisionError("type", "Choose one of the types that are shown.")
    return {"type": chosen}


def tag(item: ReviewItem, args: Args) -> dict[str, Any]:
    own = str(item.evidence.get("tag") or item.key)
    into = _tag_meant(item, args)
    if into == own:
        raise InvalidDecisionError("into", "A tag cannot be merged into itself. Choose another one.")
    if into not in _similar(item) and not _has_tag(item, into):
        raise InvalidDecisionError(
            "into", f"There is no tag {quoted(into)} in APSIS One. Choose one that exists."
        )
    _check_end(item, into, own)
    return {"into": into}


def _tag_meant(item: ReviewItem, args: Args) -> str:
    """The tag as it is spelled in APSIS One: two tags may differ by a blank alone, so blanks count at first."""
    exact = key_of(args, "into")
    if exact in _similar(item) or (exact.strip() and _has_tag(item, exact)):
        return exact
    return text_of(args, "into", 300, "the tag to merge into")


def _similar(item: ReviewItem) -> set[str]:
    near = [*(item.evidence.get("similar") or ()), *(item.evidence.get("together") or ())]
    return {str(row["tag"]) for row in near}


def _has_tag(item: ReviewItem, name: str) -> bool:
    fields = staging.source_fields(item.project)
    return any(f.kind == SourceKind.TAG and name in (f.name, f.key) for f in fields)


def _check_end(item: ReviewItem, into: str, own: str) -> None:
    """Following the decided merges from there must not come back here, nor end at a tag that is dropped."""
    ends = ends_for(item)
    seen: set[str] = set()
    while into and into not in seen:
        seen.add(into)
        end = next(iter(ends.of(into)), None)
        if end and end.action == Decide.DROP:
            raise InvalidDecisionError(
                "into", f"{quoted(into)} is dropped by decision. Undo that first, or choose another one."
            )
        before, into = into, end.into if end and end.action == Decide.MERGE_TAG else ""
        if into == own:
            raise InvalidDecisionError("into", f"{quoted(before)} is merged into this one. Undo that first.")
