"""The reading phases of a discovery: definitions, profiles, consents, events, target. Nothing is written outside.

Each step stores a page and its cursor in one transaction, so a resume reads at most one page again.
"""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction

from migrator import staging
from migrator.apsis.client import ConsentQuestion
from migrator.apsis.definitions import Definition
from migrator.apsis.exports import ExportJob, ExportState
from migrator.apsis.identity import identity_of
from migrator.apsis.outcomes import ExportGoneError
from migrator.apsis.parsing import (
    EMAIL_ATTRIBUTE,
    addresses_of,
    consent_sections,
    iter_events,
    iter_profiles,
    profile_of,
    with_consents,
)
from migrator.engine.canonical import checksum
from migrator.engine.errors import TransientError
from migrator.engine.matching import company_key
from migrator.engine.ports import Json
from migrator.engine.records import Kind
from migrator.models import Discovery, StagedProfile
from migrator.pipedrive.existing import Existing
from migrator.runner import lifecycle
from migrator.runner.job import AGAIN, DONE, Job, Step

PAGE = 500
EVENT_PAGE = 2000
CONSENT_PAGE = 200
# An export that is still "running" after this is asked for anew: a job can fail to start without any sign.
PATIENCE = timedelta(minutes=30)
POLL_S = 1.0
TARGET_KINDS = (Kind.ORGANIZATION, Kind.PERSON, Kind.DEAL, Kind.ACTIVITY, Kind.NOTE)
# Histories are only ever found again by their marker; their text need not be kept twice.
BODILESS = (Kind.ACTIVITY, Kind.NOTE)


def definitions(job: Job) -> Step:
    """Sections and everything that is defined in them."""
    client, discovery = job.source.client, _discovery(job)
    found = client.definitions()
    discovery.inventory["definitions"] = {
        "sections": {d.discriminator: d.name for d in found.sections},
        "attributes": {d.discriminator: d.name for d in found.attributes},
        "types": {d.discriminator: d.declared for d in found.attributes},
        "by_section": {
            s.discriminator: [d.discriminator for d in found.attributes if d.section == s.discriminator]
            for s in found.sections
        },
        "tags": found.tag_names,
        "topics": sorted({d.discriminator for d in found.topics}),
        "events": {d.discriminator: d.name for d in found.events},
        "segments": [d.name for d in client.segments()],
        "activities": [{"name": a.name, "kind": a.state} for a in client.activities()],
    }
    discovery.save(update_fields=["inventory"])
    lifecycle.log(job.run, f"Read the definitions of {len(found.sections)} Sections.")
    return DONE


def profiles(job: Job) -> Step:
    """Every profile with all attributes, tags and topic states, from one export."""
    names = _discovery(job).inventory["definitions"]
    path = _export_file(job, lambda: _start_profiles(job, names))
    if path is None:
        return Step(wait_s=POLL_S)
    return _store_profiles(job, path, names["tags"])


def _start_profiles(job: Job, names: dict[str, Any]) -> ExportJob:
    return job.source.client.start_profile_export(
        _definitions(names["attributes"]), _definitions(names["tags"]), _definitions(names["topics"])
    )


def _definitions(names: Any) -> list[Definition]:
    return [Definition(discriminator=name, name=name) for name in names]


def _export_file(job: Job, start: Any) -> Path | None:
    """The downloaded export, or None while it is being made. Asks anew for one that failed or is gone."""
    cursor = job.phase.cursor
    if "path" not in cursor:
        started: ExportJob = start()
        cursor |= {"path": started.path, "clear": started.clear, "asked_at": datetime.now(UTC).isoformat()}
        job.save_phase("cursor")
    export = ExportJob(cursor["path"], cursor["clear"])
    file = _file_of(export)
    if file.exists():
        return file
    try:
        state = job.source.client.poll(export)
        if state == ExportState.READY:
            job.source.client.download(export, file)
            return file
    except ExportGoneError:
        state = ExportState.GONE
    if state in (ExportState.FAILED, ExportState.GONE) or _is_overdue(cursor):
        _forget_export(job)
        raise TransientError("The export did not finish. It is asked for again.", retry_after=5.0)
    return None


def _is_overdue(cursor: dict[str, Any]) -> bool:
    return datetime.now(UTC) - datetime.fromisoformat(cursor["asked_at"]) > PATIENCE


def _forget_export(job: Job) -> None:
    for name in ("path", "clear", "asked_at"):
        job.phase.cursor.pop(name, None)
    job.save_phase("cursor")


def _file_of(export: ExportJob) -> Path:
    name = hashlib.sha256(export.path.encode()).hexdigest()[:24]
    return Path(tempfile.gettempdir()) / f"crosswalk-export-{name}.json"


def _store_profiles(job: Job, path: Path, tag_names: dict[str, str]) -> Step:
    stored = int(job.phase.cursor.get("stored", 0))
    entries = islice(iter_profiles(path, tag_names), stored, None)
    while page := list(islice(entries, PAGE)):
        with transaction.atomic():
            staging.store_profiles(_discovery(job), [_profile_row(key, raw) for key, raw in page])
            _advance(job, len(page))
        if not job.may_go_on():
            return AGAIN
    path.unlink(missing_ok=True)
    return DONE


def _profile_row(source_key: str, raw: Json) -> dict[str, Any]:
    identity = identity_of(profile_of(source_key, raw))
    return {
        "source_key": source_key,
        "raw": raw,
        "raw_sha": checksum(raw),
        "name": identity.name[:300],
        "email": identity.email[:320],
        "phone": identity.phone[:40],
        "crm_id": identity.crm_id[:300],
        "has_consents": bool(consent_sections(raw)),
    }


def _advance(job: Job, count: int) -> None:
    job.phase.cursor["stored"] = int(job.phase.cursor.get("stored", 0)) + count
    job.phase.done += count
    job.save_phase("cursor", "done")


def consents(job: Job) -> Step:
    """Time, reason and suppression of consents: one call per profile and Section, since no export has them."""
    due = _discovery(job).profiles.filter(has_consents=True, consents_read=False).order_by("source_key")
    page = list(due[:CONSENT_PAGE])
    if not page:
        return DONE
    questions = [question for row in page for question in _questions(row)]
    job.source.pacer.grant(requests=len(questions), tokens=0)
    answers: dict[str, dict[str, Json]] = {}
    for question, answer in job.source.client.iter_consents(questions):
        answers.setdefault(question.source_key, {})[question.section] = answer or {}
    with transaction.atomic():
        _store_consents(page, answers)
        _advance(job, len(page))
    return AGAIN


def _questions(row: StagedProfile) -> Iterator[ConsentQuestion]:
    addresses = addresses_of(row.raw)
    for section in consent_sections(row.raw):
        yield ConsentQuestion(row.source_key, section, addresses)


def _store_consents(page: Sequence[StagedProfile], answers: dict[str, dict[str, Json]]) -> None:
    for row in page:
        row.raw = with_consents(row.raw, answers.get(row.source_key, {}))
        row.raw_sha = checksum(row.raw)
        row.consents_read = True
    StagedProfile.objects.bulk_update(page, ["raw", "raw_sha", "consents_read"], batch_size=CONSENT_PAGE)


def events(job: Job) -> Step:
    """One export for each window of time; the windows are fixed by the discovery's start."""
    windows = list(_windows(job))
    number = int(job.phase.cursor.get("window", 0))
    names = _discovery(job).inventory["definitions"]["events"]
    if number >= len(windows) or not names:
        return DONE
    path = _export_file(job, lambda: _start_events(job, windows[number], names))
    if path is None:
        return Step(wait_s=POLL_S)
    if _store_events(job, path):
        job.phase.cursor = {"window": number + 1}
        job.save_phase("cursor")
    return AGAIN


def _windows(job: Job) -> Iterator[tuple[datetime, datetime]]:
    project, end = job.run.project, _discovery(job).started_at + timedelta(days=1)
    start = end - timedelta(days=project.setting("event_history_days") + 1)
    width = timedelta(days=project.setting("event_window_days"))
    while start < end:
        yield start, min(start + width, end)
        start += width


def _start_events(job: Job, window: tuple[datetime, datetime], names: dict[str, str]) -> ExportJob:
    anchor = Definition(discriminator=EMAIL_ATTRIBUTE, name="Email")
    return job.source.client.start_event_export(*window, _definitions(names), anchor)


def _store_events(job: Job, path: Path) -> bool:
    """True when the whole file is stored; False where time is up before."""
    stored = int(job.phase.cursor.get("stored", 0))
    found = islice(iter_events(path), stored, None)
    while page := list(islice(found, EVENT_PAGE)):
        rows = [
            {
                "source_key": key,
                "event_key": event.key,
                "type": event.type,
                "section": event.section,
                "occurred_at": event.occurred_at,
                "data": event.data,
            }
            for key, event in page
        ]
        with transaction.atomic():
            staging.store_events(_discovery(job), rows)
            _advance(job, len(page))
        if not job.may_go_on():
            return False
    path.unlink(missing_ok=True)
    return True


def target(job: Job) -> Step:
    """What is already in the target: lists, never searches. One kind a step."""
    done = list(job.phase.cursor.get("kinds", []))
    left = [kind for kind in TARGET_KINDS if kind.value not in done]
    if not left:
        return DONE
    kind, discovery = left[0], _discovery(job)
    for page in job.target.port.iter_existing(kind):
        staging.store_targets(discovery, [_target_row(existing) for existing in page])
        job.phase.done += len(page)
        job.save_phase("done")
        job.may_go_on()
    job.phase.cursor["kinds"] = [*done, kind.value]
    job.save_phase("cursor")
    return AGAIN


def _target_row(existing: Existing) -> dict[str, Any]:
    name = existing.name
    return {
        "kind": existing.kind.value,
        "target_id": existing.target_id,
        "marker": existing.marker[:120],
        "name_key": (company_key(name) if existing.kind == Kind.ORGANIZATION else name)[:300],
        "emails": [email[:320] for email in existing.emails],
        "phones": [phone[:40] for phone in existing.phones],
        "body": {} if existing.kind in BODILESS else existing.record,
    }


def _discovery(job: Job) -> Discovery:
    assert job.run.discovery is not None
    return job.run.discovery
