"""Finds any profile or Person that one profile may be merged into, for whom no candidate fits. Reads only."""

from collections.abc import Iterator

from django.db.models import Q

from migrator import staging
from migrator.engine.cases import Decide
from migrator.engine.matching import email_key, phone_key
from migrator.models import Discovery
from reconciliation.models import ReviewItem
from reconciliation.suggesting.parts import Candidate

MOST_FOUND = 8
SHORTEST = 3
_SHORTEST_PHONE = 6


def found_people(item: ReviewItem, text: str) -> tuple[Candidate, ...]:
    """Merges with whoever has this name, email, phone or key; nothing for fewer than three characters."""
    wanted = " ".join(text.replace("\0", " ").split())[:200]
    discovery = staging.current_discovery(item.project)
    if len(wanted) < SHORTEST or discovery is None:
        return ()
    found = [*_persons(discovery, wanted), *_profiles(discovery, wanted, item.key)]
    return tuple(found[:MOST_FOUND])


def _profiles(discovery: Discovery, wanted: str, own: str) -> Iterator[Candidate]:
    known = Q(source_key=wanted) | Q(email=email_key(wanted)) | Q(crm_id=wanted)
    if len(phone_key(wanted)) >= _SHORTEST_PHONE:
        known |= Q(phone=phone_key(wanted))
    rows = discovery.profiles.filter(known | Q(name__icontains=wanted)).exclude(source_key=own)
    for row in rows.order_by("pk")[:MOST_FOUND]:
        detail = " · ".join(part for part in (row.email, row.phone, row.company, "in APSIS One") if part)
        yield Candidate(
            Decide.MERGE, {"into": row.source_key}, row.name or row.email or "Without a name", detail
        )


def _persons(discovery: Discovery, wanted: str) -> Iterator[Candidate]:
    known = Q(target_id=wanted) | Q(emails__contains=[email_key(wanted)]) | Q(body__name__icontains=wanted)
    if len(phone_key(wanted)) >= _SHORTEST_PHONE:
        known |= Q(phones__contains=[phone_key(wanted)])
    rows = discovery.target_records.filter(known, kind="person")
    for row in rows.order_by("pk")[: MOST_FOUND // 2]:
        detail = " · ".join([*row.emails[:1], *row.phones[:1], f"Person {row.target_id} in Pipedrive"])
        name = str(row.body.get("name") or "Without a name")
        yield Candidate(Decide.MERGE, {"target_id": row.target_id}, name, detail)
