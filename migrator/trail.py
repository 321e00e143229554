"""The only writer of the trail: appends chained entries and verifies the chain.

Entries hold ids, counts and field names, never personal data, so that an erasure never breaks the chain.
"""

import json
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from migrator.engine.canonical import canonical_json, checksum
from migrator.models import Project, TrailEntry

GENESIS = "0" * 64
# Any constant does; it keeps these locks apart from other advisory locks.
LOCK_SPACE = 7411


def append(
    project: Project,
    actor: Any,
    verb: str,
    object_kind: str,
    object_id: object,
    sentence: str,
    data: dict[str, Any] | None = None,
) -> TrailEntry:
    """Append one entry inside the caller's transaction. `actor` None means that Crosswalk acted itself."""
    with transaction.atomic():
        # Serialises appends per project: two at once would otherwise both follow the same entry.
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, project.pk])
        last = TrailEntry.objects.filter(project=project).order_by("-seq").first()
        entry = TrailEntry(
            project=project,
            seq=last.seq + 1 if last else 1,
            at=datetime.now(UTC),
            actor=actor,
            # As long as the column: a long name must never fail the act that it belongs to.
            actor_label=(actor.get_full_name() or actor.get_username())[:150] if actor else "Crosswalk",
            verb=verb,
            object_kind=object_kind,
            object_id=str(object_id),
            sentence=sentence,
            # As the database will give it back, or the chain would not hold: there, every key is a text.
            data=json.loads(canonical_json(data or {})),
            prev_hash=last.hash if last else GENESIS,
        )
        entry.hash = entry_hash(entry)
        entry.save(force_insert=True)
    return entry


def entry_hash(entry: TrailEntry) -> str:
    """SHA-256 over the entry before it and this one's own content."""
    content = [entry.seq, entry.at.astimezone(UTC).isoformat(), entry.actor_label, entry.verb]
    content += [entry.object_kind, entry.object_id, entry.sentence, entry.data]
    return checksum([entry.prev_hash, content])


def first_break(project: Project) -> int | None:
    """The number of the first entry that does not follow from the one before it; None if the chain holds."""
    expected_hash, expected_seq = GENESIS, 1
    for entry in TrailEntry.objects.filter(project=project).order_by("seq").iterator(chunk_size=1000):
        if entry.seq != expected_seq or entry.prev_hash != expected_hash or entry_hash(entry) != entry.hash:
            return entry.seq
        expected_hash, expected_seq = entry.hash, entry.seq + 1
    return None
