"""APSIS One's addresses: definitions, bulk exports, consents. Only reads, and requests for exports.

Errors are raised in our families; status codes stay in this package.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from migrator.apsis import exports
from migrator.apsis.definitions import (
    Activity,
    Definition,
    Definitions,
    Keyspace,
    activities_of,
    definitions_of,
    keyspaces_of,
    sections_of,
)
from migrator.apsis.exports import ExportJob, ExportState
from migrator.apsis.outcomes import GONE, NO_ACCESS, ExportGoneError, read_error
from migrator.engine.canonical import JsonValue
from migrator.engine.errors import ConfigurationError, TransientError
from migrator.engine.ports import Json, Pacer
from migrator.http.auth import ClientCredentials
from migrator.http.client import ClientSettings, HttpClient
from migrator.http.messages import Answer, QueryValue, Request

TOKEN_PATH = "/oauth/token"  # noqa: S105 (an address)
EXPORT_KEYSPACE = "com.apsis1.keyspaces.export"
HOSTS = frozenset({"api.apsis.one", "api-apac.apsis.one"})
DEFAULTS = ClientSettings()


@dataclass(frozen=True, slots=True)
class ConsentQuestion:
    """Whose consents in which Section; suppression is told for `addresses`."""

    source_key: str
    section: str
    addresses: tuple[str, ...] = ()


def checked_host(base_url: str) -> str:
    """The address, if it is one of APSIS One's. Raises ConfigurationError."""
    address = base_url.strip().rstrip("/")
    parts = urlsplit(address if "//" in address else f"https://{address}")
    if parts.scheme != "https" or parts.netloc.lower() not in HOSTS or parts.path:
        raise ConfigurationError(
            "This is not an APSIS One address. Enter https://api.apsis.one or https://api-apac.apsis.one."
        )
    return f"https://{parts.netloc.lower()}"


class ApsisClient:
    """One account, seen with one API key. Safe to share between threads.

    `settings.private_network` stands for a stand-in service: its address is taken as it is.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        pacer: Pacer,
        *,
        settings: ClientSettings = DEFAULTS,
        transport: Any = None,
    ) -> None:
        address = base_url if settings.private_network else checked_host(base_url)
        credentials = ClientCredentials(TOKEN_PATH, client_id, client_secret)
        self._http = HttpClient(address, credentials, pacer, settings=settings, transport=transport)

    def close(self) -> None:
        self._http.close()

    def sections(self) -> tuple[Definition, ...]:
        return sections_of(self._read("/audience/sections", "the Sections"))

    def attributes(self, section: str) -> tuple[Definition, ...]:
        return self._of_section(section, "attributes")

    def tags(self, section: str) -> tuple[Definition, ...]:
        return self._of_section(section, "tags")

    def events(self, section: str) -> tuple[Definition, ...]:
        return self._of_section(section, "events")

    def topics(self, section: str) -> tuple[Definition, ...]:
        """The topics of a Section; empty for an account that is still on the first consent model."""
        try:
            return self._of_section(section, "topics", version="/v2")
        except NotDefinedError:
            return ()

    def keyspaces(self) -> tuple[Keyspace, ...]:
        return keyspaces_of(self._read("/audience/keyspaces", "the keyspaces"))

    def channels(self) -> tuple[Definition, ...]:
        return definitions_of(self._read("/audience/channels", "the channels"))

    def segments(self) -> tuple[Definition, ...]:
        return definitions_of(self._read("/audience/segments", "the Segments"))

    def segment_rule(self, segment: Definition) -> JsonValue:
        """The rule of a Segment's live version, None where the service does not hand it out."""
        if not segment.versions:
            return None
        path = f"/audience/segments/{_part(segment.discriminator)}/versions/{_part(segment.versions[0])}"
        answer = self._http.send(Request("GET", path, name="/audience/segments/{segment}/versions/{version}"))
        if answer.status in GONE:
            return None
        data = _checked(answer, "the rule of a Segment")
        return data.get("definition") if isinstance(data, dict) else None

    def activities(self) -> tuple[Activity, ...]:
        """E-mails and flows as far as they are listed. The addresses are not documented: none is no error."""
        found: list[Activity] = []
        for path in ("/emails/activities", "/marketing-automation/activities"):
            answer = self._http.send(Request("GET", path, name=path))
            if answer.status not in GONE | NO_ACCESS:
                found += activities_of(_checked(answer, "the activities"))
        return tuple(found)

    def definitions(self) -> Definitions:
        """Sections and everything that is defined in each of them."""
        sections = self.sections()
        names = [section.discriminator for section in sections]
        return Definitions(
            sections=sections,
            attributes=tuple(d for name in names for d in self.attributes(name)),
            tags=tuple(d for name in names for d in self.tags(name)),
            events=tuple(d for name in names for d in self.events(name)),
            topics=tuple(d for name in names for d in self.topics(name)),
        )

    def start_profile_export(
        self,
        attributes: Iterable[Definition],
        tags: Iterable[Definition],
        topics: Iterable[Definition] = (),
    ) -> ExportJob:
        """Ask for every profile with these attributes, tags and states of topics. May be called again: a
        second job only takes the service's time. Raises TransientError where the limit asks for a pause."""
        now = datetime.now(UTC)
        body = exports.export_body(
            attributes=attributes, tags=tags, topics=topics, start=now - timedelta(days=1), end=now
        )
        return self._start(body, exports.PROFILE_EXPORT_WAIT)

    def start_event_export(
        self, start: datetime, end: datetime, events: Iterable[Definition], anchor: Definition
    ) -> ExportJob:
        """Ask for the events of a window, `end` excluded. `anchor` is an attribute that profiles hold:
        without one no profile comes out."""
        body = exports.export_body(attributes=(anchor,), events=events, start=start, end=end)
        return self._start(body, exports.EVENT_EXPORT_WAIT)

    def poll(self, job: ExportJob) -> ExportState:
        """How far an export is; reads no file. On an older address "running" may also mean that there is no
        such export: the caller keeps a deadline."""
        answer = self._http.peek(_poll_request(job))
        return _state(answer, job)

    def download(self, job: ExportJob, path: Path) -> None:
        """Stream a finished export to `path`, unpacked; the file is there only when it is whole. May be
        repeated. Raises ExportGoneError where a new export is needed, else TransientError."""
        part = path.with_name(f"{path.name}.part")
        try:
            with part.open("wb") as sink:
                answer = self._http.download(_poll_request(job), sink)
            state = _state(answer, job)
            if state != ExportState.READY or not answer.complete:
                raise _not_whole(state)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def consents(self, source_key: str, section: str, addresses: Sequence[str] = ()) -> Json | None:
        """{"items": [consent], "suppressions": [row]} of one profile in one Section, as received; None where
        the profile is gone or locked."""
        path = (
            f"/v2/audience/keyspaces/{EXPORT_KEYSPACE}/profiles/{_part(source_key)}"
            f"/sections/{_part(section)}/consents"
        )
        query: dict[str, QueryValue] = {"suppression_addresses": list(addresses)} if addresses else {}
        name = "/v2/audience/keyspaces/{keyspace}/profiles/{profile}/sections/{section}/consents"
        answer = self._http.send(Request("GET", path, query=query, name=name))
        if answer.status in GONE:
            return None
        data = _checked(answer, "the consents of a profile")
        return data if isinstance(data, dict) else {"items": data}

    def iter_consents(
        self, questions: Sequence[ConsentQuestion], *, threads: int = 8
    ) -> Iterator[tuple[ConsentQuestion, Json | None]]:
        """The answers to many questions, in their order, asked in parallel. The first error is raised after
        the answers that came before it."""
        with ThreadPoolExecutor(threads, thread_name_prefix="apsis") as pool:
            answers = pool.map(lambda q: self.consents(q.source_key, q.section, q.addresses), questions)
            yield from zip(questions, answers, strict=True)

    def _start(self, body: Json, wait: float) -> ExportJob:
        answer = self._http.send(Request("POST", exports.START, body=body, name=exports.START))
        data = _checked(answer, "an export", wait=wait)
        urls = data if isinstance(data, dict) else {}
        names = ("file_download_url_v2", "file_download_url")
        local = {name: self._http.local_path(str(urls[name])) for name in names if urls.get(name)}
        return exports.job_of(data, local)

    def _of_section(self, section: str, what: str, version: str = "") -> tuple[Definition, ...]:
        path = f"{version}/audience/sections/{_part(section)}/{what}"
        name = f"{version}/audience/sections/{{section}}/{what}"
        return definitions_of(self._read(path, f"the {what} of a Section", name), section)

    def _read(self, path: str, what: str, name: str = "") -> JsonValue:
        return _checked(self._http.send(Request("GET", path, name=name or path)), what)


class NotDefinedError(ConfigurationError):
    """The account does not have such a thing at all."""


def _checked(answer: Answer, what: str, *, wait: float = 2.0) -> JsonValue:
    if answer.ok and answer.is_json:
        return answer.json
    if answer.status == 404:
        raise NotDefinedError(f"APSIS One does not know {what}. Read the account again.")
    raise read_error(answer, what, wait=wait)


def _poll_request(job: ExportJob) -> Request:
    # "Not yet" and "failed" are answers here and no reason to ask again at once.
    return Request("GET", job.path, name="(export)", headers={"accept": "*/*"}, repeat=False)


def _state(answer: Answer, job: ExportJob) -> ExportState:
    state = exports.state_of(answer, job)
    if state is None:
        raise read_error(answer, "the export", wait=exports.DOWNLOAD_WAIT)
    return state


def _not_whole(state: ExportState) -> TransientError:
    if state == ExportState.RUNNING:
        return TransientError("The export is not ready yet.", retry_after=5.0)
    if state == ExportState.READY:
        return TransientError("The download broke off. It is started again.", retry_after=2.0)
    return ExportGoneError("The export is no longer there. A new one is asked for.")


def _part(text: str) -> str:
    return quote(text, safe="")
