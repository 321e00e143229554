"""Checks what a person entered for an act and returns it clean; the sentence of an error says what to do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from migrator import staging
from migrator.engine.cases import CaseKind, Decide
from migrator.engine.errors import PermanentError
from migrator.engine.inventory import SourceKind, ValueType
from migrator.engine.matching import email_key
from migrator.texts import TOOLS
from reconciliation import names
from reconciliation.models import ReviewItem

Args = Mapping[str, Any]
LONGEST_NAME = 255
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Offer:
    """Another act that the entered value asks for, such as a merge with the profile that has the address."""

    action: Decide
    args: Mapping[str, str]
    label: str


class InvalidDecisionError(PermanentError):
    """What was entered cannot be used. `field` names the input; the item is unchanged."""

    def __init__(self, field: str, sentence: str, offer: Offer | None = None) -> None:
        super().__init__(sentence, field=field)
        self.field = field
        self.offer = offer

    @property
    def is_at_entry(self) -> bool:
        """Whether the screen has an input of its own for it, where the sentence then stands."""
        return self.field in ("email", "name")


def action_of(text: str) -> Decide:
    try:
        return Decide(text)
    except ValueError:
        raise InvalidDecisionError("action", "That is not something a case can be settled by.") from None


def validated(item: ReviewItem, action: Decide, args: Args) -> dict[str, Any]:
    """The arguments that the act needs and no others; raises InvalidDecisionError."""
    check = _CHECKS.get((CaseKind(item.kind), action)) or _CHECKS.get(action)
    return check(item, args) if check else {}


def _text(args: Args, field: str, longest: int, what: str) -> str:
    value = args.get(field)
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not text:
        raise InvalidDecisionError(field, f"Enter {what}.")
    if len(text) > longest:
        raise InvalidDecisionError(field, f"That is {len(text):,} characters. Use {longest} or fewer.")
    if not text.isprintable():
        raise InvalidDecisionError(field, "That holds a character that cannot be printed. Type it again.")
    return text


def _email(item: ReviewItem, args: Args) -> dict[str, Any]:
    entered = _text(args, "email", 320, "an email address")
    address = TOOLS.email(entered)
    if address is None:
        raise InvalidDecisionError(
            "email", f"“{entered}” is not an email address. Write it like name@company.com."
        )
    _check_unused(item, address)
    return {"email": address}


def _check_unused(item: ReviewItem, address: str) -> None:
    """Two profiles with one address would be a new duplicate that nobody has seen."""
    key = email_key(address)
    discovery = staging.current_discovery(item.project)
    if discovery:
        profile = discovery.profiles.filter(email=key).exclude(source_key=item.key).first()
        if profile:
            raise _used(profile.name or profile.email, {"into": profile.source_key}, "")
        person = discovery.target_records.filter(kind="person", emails__contains=[key]).first()
        if person:
            name = str(person.body.get("name") or key)
            raise _used(name, {"target_id": person.target_id}, ", a Person in Pipedrive")
    other = _supplied_elsewhere(item, key)
    if other:
        raise InvalidDecisionError(
            "email", f"You gave this address to {other.title} already. Use another one."
        )


def _supplied_elsewhere(item: ReviewItem, key: str) -> ReviewItem | None:
    given = ReviewItem.objects.filter(project_id=item.project_id, kind=item.kind, action=Decide.SUPPLY_EMAIL)
    return given.filter(args__email__iexact=key).exclude(pk=item.pk).first()


def _used(name: str, args: Mapping[str, str], where: str) -> InvalidDecisionError:
    offer = Offer(Decide.MERGE, args, f"Merge into {name}")
    return InvalidDecisionError("email", f"Already used by {name}{where}. Merge instead?", offer)


def _name(_item: ReviewItem, args: Args) -> dict[str, Any]:
    return {"name": _text(args, "name", LONGEST_NAME, "a name")}


def _derived_name(item: ReviewItem, args: Args) -> dict[str, Any]:
    if args.get("name"):
        return _name(item, args)
    found = names.derived(item.evidence.get("email", ""), item.evidence.get("company", ""))
    return {"name": found.name if found else ""}


def _reason(_item: ReviewItem, args: Args) -> dict[str, Any]:
    if not args.get("reason"):
        return {"reason": "Skipped by decision."}
    return {"reason": _text(args, "reason", LONGEST_REASON, "a reason")}


def _merge_profile(item: ReviewItem, args: Args) -> dict[str, Any]:
    """Into one of the candidates, or into any profile or Person that the last discovery read."""
    into, target_id = str(args.get("into") or ""), str(args.get("target_id") or "")
    if target_id:
        if not (_is_candidate(item, "target_id", target_id) or _has_person(item, target_id)):
            raise InvalidDecisionError(
                "target_id", "That Person is not in Pipedrive any more. Choose another one."
            )
        return {"target_id": target_id}
    if not into or into == item.key:
        raise InvalidDecisionError("into", "Choose the profile or Person to merge into.")
    if not (_is_candidate(item, "source_key", into) or _has_profile(item, into)):
        raise InvalidDecisionError("into", "That profile is not in APSIS One any more. Choose another one.")
    return {"into": into}


def _is_candidate(item: ReviewItem, field: str, value: str) -> bool:
    return any(str(c.get(field) or "") == value for c in item.evidence.get("candidates") or ())


def _has_profile(item: ReviewItem, source_key: str) -> bool:
    discovery = staging.current_discovery(item.project)
    return discovery is not None and discovery.profiles.filter(source_key=source_key).exists()


def _has_person(item: ReviewItem, target_id: str) -> bool:
    discovery = staging.current_discovery(item.project)
    return (
        discovery is not None and discovery.target_records.filter(kind="person", target_id=target_id).exists()
    )


def _merge_members(item: ReviewItem, args: Args) -> dict[str, Any]:
    known = [str(m["source_key"]) for m in item.evidence.get("members") or ()]
    members = [str(m) for m in args.get("members") or known]
    survivor = str(args.get("survivor") or (known[0] if len(known) == 1 else ""))
    if survivor not in members or not set(members) <= set(known):
        raise InvalidDecisionError("survivor", "Choose which profile stays.")
    clean: dict[str, Any] = {"survivor": survivor, "members": members}
    if item.evidence.get("match") == "target":
        clean["target_id"] = _chosen_person(item, args)
    elif len(members) < 2:
        raise InvalidDecisionError("members", "Choose at least two profiles to merge.")
    return clean


def _chosen_person(item: ReviewItem, args: Args) -> str:
    target_id = str(args.get("target_id") or "")
    if target_id not in {str(t["target_id"]) for t in item.evidence.get("targets") or ()}:
        raise InvalidDecisionError("target_id", "Choose the Person in Pipedrive that it is.")
    return target_id


def _type(item: ReviewItem, args: Args) -> dict[str, Any]:
    chosen = str(args.get("type") or "")
    offered = {
        str(c.get("type")) for c in item.evidence.get("choices") or () if c["action"] == Decide.AS_TYPE
    }
    if chosen not in offered or chosen not in set(ValueType):
        raise InvalidDecisionError("type", "Choose one of the types that are shown.")
    return {"type": chosen}


def _tag(item: ReviewItem, args: Args) -> dict[str, Any]:
    own = str(item.evidence.get("tag") or item.key)
    into = _tag_meant(item, args)
    if into == own:
        raise InvalidDecisionError("into", "A tag cannot be merged into itself. Choose another one.")
    if into not in _similar(item) and not _has_tag(item, into):
        raise InvalidDecisionError("into", f"There is no tag “{into}” in APSIS One. Choose one that exists.")
    if _merges_back(item, into, own):
        raise InvalidDecisionError("into", f"“{into}” is merged into this one already. Undo that first.")
    return {"into": into}


def _tag_meant(item: ReviewItem, args: Args) -> str:
    """The tag as it is spelled in APSIS One: two tags may differ by a blank alone, so blanks count at first."""
    exact = args.get("into")
    if isinstance(exact, str) and (exact in _similar(item) or (exact.strip() and _has_tag(item, exact))):
        return exact
    return _text(args, "into", 300, "the tag to merge into")


def _similar(item: ReviewItem) -> set[str]:
    return {str(near["tag"]) for near in item.evidence.get("similar") or ()}


def _has_tag(item: ReviewItem, tag: str) -> bool:
    fields = staging.source_fields(item.project)
    return any(f.kind == SourceKind.TAG and tag in (f.name, f.key) for f in fields)


def _merges_back(item: ReviewItem, into: str, own: str) -> bool:
    """Whether following the merges from `into` ends at this tag."""
    merges = ReviewItem.objects.filter(project_id=item.project_id, kind=item.kind, action=Decide.MERGE_TAG)
    seen: set[str] = set()
    while into and into not in seen:
        seen.add(into)
        args = merges.filter(key=into).values_list("args", flat=True).first()
        into = str(args.get("into", "")) if args else ""
        if into == own:
            return True
    return False


_CHECKS: dict[Any, Callable[[ReviewItem, Args], dict[str, Any]]] = {
    Decide.SUPPLY_EMAIL: _email,
    Decide.SUPPLY_NAME: _name,
    Decide.DERIVE_NAME: _derived_name,
    Decide.SKIP: _reason,
    Decide.AS_TYPE: _type,
    Decide.MERGE_TAG: _tag,
    Decide.MERGE: _merge_profile,
    (CaseKind.DUPLICATE, Decide.MERGE): _merge_members,
    (CaseKind.ORGANIZATION, Decide.MERGE): _merge_members,
}
