"""An email, a name, a reason, or the record that one profile is merged into."""

from collections.abc import Mapping
from typing import Any

from migrator import staging
from migrator.engine.cases import Decide
from migrator.engine.matching import email_key
from migrator.models import Discovery
from migrator.texts import TOOLS
from reconciliation import names
from reconciliation.checks.entries import (
    LONGEST_NAME,
    LONGEST_REASON,
    Args,
    InvalidDecisionError,
    Offer,
    key_of,
    quoted,
    text_of,
)
from reconciliation.ends import ends_for
from reconciliation.models import ReviewItem


def email(item: ReviewItem, args: Args) -> dict[str, Any]:
    entered = text_of(args, "email", 320, "an email address")
    address = TOOLS.email(entered)
    if address is None:
        raise InvalidDecisionError(
            "email", f"{quoted(entered)} is not an email address. Write it like name@company.com."
        )
    _check_unused(item, address)
    return {"email": address}


def _check_unused(item: ReviewItem, address: str) -> None:
    """Two profiles with one address would be a new duplicate that nobody has seen."""
    key = email_key(address)
    if discovery := staging.current_discovery(item.project):
        _check_unused_by_staged(discovery, item, key)
    if other := _supplied_elsewhere(item, key):
        raise InvalidDecisionError(
            "email", f"You gave this address to {other.title} already. Use another one."
        )


def _check_unused_by_staged(discovery: Discovery, item: ReviewItem, key: str) -> None:
    profile = discovery.profiles.filter(email=key).exclude(source_key=item.key).first()
    if profile:
        raise _used(profile.name or profile.email, {"into": profile.source_key}, "")
    person = discovery.target_records.filter(kind="person", emails__contains=[key]).first()
    if person:
        name = str(person.body.get("name") or key)
        raise _used(name, {"target_id": person.target_id}, ", a Person in Pipedrive")


def _supplied_elsewhere(item: ReviewItem, key: str) -> ReviewItem | None:
    given = ReviewItem.objects.filter(project_id=item.project_id, kind=item.kind, action=Decide.SUPPLY_EMAIL)
    return ends_for(item).given(key) or given.filter(args__email__iexact=key).exclude(pk=item.pk).first()


def _used(name: str, args: Mapping[str, str], where: str) -> InvalidDecisionError:
    offer = Offer(Decide.MERGE, args, f"Merge into {name}")
    return InvalidDecisionError("email", f"Already used by {name}{where}. Merge instead?", offer)


def name(_item: ReviewItem, args: Args) -> dict[str, Any]:
    return {"name": text_of(args, "name", LONGEST_NAME, "a name")}


def derived_name(item: ReviewItem, args: Args) -> dict[str, Any]:
    """One of the names that can be read from what is known; another one is supplied, not derived."""
    found = names.choices(str(item.evidence.get("email") or ""), str(item.evidence.get("company") or ""))
    if not args.get("name"):
        return {"name": found[0].name if found else ""}
    wanted = text_of(args, "name", LONGEST_NAME, "a name")
    if wanted not in {" ".join(one.name.split()) for one in found}:
        raise InvalidDecisionError("name", "That name is not read from the email or company. Supply it.")
    return {"name": wanted}


def reason(_item: ReviewItem, args: Args) -> dict[str, Any]:
    if not args.get("reason"):
        return {"reason": "Skipped by decision."}
    return {"reason": text_of(args, "reason", LONGEST_REASON, "a reason")}


# Merging one profile


def merge_profile(item: ReviewItem, args: Args) -> dict[str, Any]:
    """Into one of the candidates, or into any profile or Person that the last discovery read."""
    into, target_id = key_of(args, "into"), key_of(args, "target_id")
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
    _check_end(item, into)
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


def _check_end(item: ReviewItem, into: str) -> None:
    """Following the decided merges from there must not come back here, nor end at a profile that is skipped."""
    ends = ends_for(item)
    seen: set[str] = set()
    while into and into not in seen:
        seen.add(into)
        next_one = ""
        for end in ends.of(into):
            if end.action == Decide.SKIP:
                raise InvalidDecisionError(
                    "into", f"{end.title} is skipped by decision. Undo that first, or choose another one."
                )
            next_one = end.into if end.action == Decide.MERGE else next_one
            if next_one == item.key:
                raise InvalidDecisionError("into", f"{end.title} is merged into this one. Undo that first.")
        into = next_one
