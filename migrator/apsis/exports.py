"""Bulk exports: what is asked for, and how far a job is. Shapes that no public page shows are all here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from migrator.apsis.definitions import Definition
from migrator.engine.canonical import JsonValue
from migrator.engine.errors import ConfigurationError, TransientError
from migrator.engine.ports import Json
from migrator.http.messages import Answer

START = "/audience/profiles/exports"
# Polls and downloads share 60 a minute, event exports 1 a minute, other profile exports 1 a second.
DOWNLOAD_WAIT = 1.0
PROFILE_EXPORT_WAIT = 1.0
EVENT_EXPORT_WAIT = 60.0
LARGEST_BODY = 100_000


class ExportState(StrEnum):
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class ExportJob:
    """An export that was asked for. `path` is where to poll it; `clear` says that its "not yet" differs from
    "no such export", which holds for the newer address only."""

    path: str
    clear: bool = True


def export_body(
    *,
    attributes: Iterable[Definition] = (),
    tags: Iterable[Definition] = (),
    topics: Iterable[Definition] = (),
    events: Iterable[Definition] = (),
    start: datetime,
    end: datetime,
) -> Json:
    """The body of an export of every profile of the account. Raises ConfigurationError without an attribute
    or tag, since no profile would come out, and for a body larger than the service takes."""
    chosen = {
        "attributes": _names(attributes),
        "tags": _names(tags),
        "topics": _names(topics),
        "events": _names(events),
    }
    if not chosen["attributes"] and not chosen["tags"]:
        raise ConfigurationError(
            "An export needs at least one attribute or tag. Give the API key access to one."
        )
    body: Json = {name: list[JsonValue](rows) for name, rows in chosen.items() if rows}
    size = sum(len(name) + 4 for rows in chosen.values() for name in rows)
    if size > LARGEST_BODY - 1_000:
        raise ConfigurationError(
            "The account has more attributes and tags than one export can name. Leave some out of the scope."
        )
    return body | {"start_at": _moment(start), "end_at": _moment(end)}


def job_of(data: JsonValue, local_path: Mapping[str, str]) -> ExportJob:
    """The job that the service opened; `local_path` holds its two addresses without the host."""
    if local_path.get("file_download_url_v2"):
        return ExportJob(local_path["file_download_url_v2"])
    if local_path.get("file_download_url"):
        return ExportJob(local_path["file_download_url"], clear=False)
    raise TransientError("APSIS One started no export. Ask for it again in a minute.")


def state_of(answer: Answer, job: ExportJob) -> ExportState | None:
    """How far a job is, None for an answer that does not say."""
    if answer.status == 200:
        return ExportState.READY
    if answer.status == 202 or (answer.status == 404 and not job.clear):
        return ExportState.RUNNING
    if answer.status in (404, 410):
        return ExportState.GONE
    return ExportState.FAILED if answer.status == 503 else None


def _names(chosen: Iterable[Definition]) -> list[str]:
    # A default attribute has one discriminator for all Sections; naming it once asks for all of them.
    return list(dict.fromkeys(definition.discriminator for definition in chosen))


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
