"""Pipedrive as the engine's Target: sends each claimed write once, reads back what is in doubt, compares.

It decides what an answer proves; whether a write is ever sent again is for the engine to decide.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from migrator.engine.errors import (
    ConfigurationError,
    CrosswalkError,
    DriftError,
    PermanentError,
    TransientError,
)
from migrator.engine.inventory import TargetObject
from migrator.engine.operations import Act, ClaimedOperation
from migrator.engine.outcomes import Outcome, Proof, Stop
from migrator.engine.ports import Json
from migrator.engine.records import Kind
from migrator.http.messages import WireError
from migrator.pipedrive import comparison, markers, payloads
from migrator.pipedrive.client import PipedriveClient
from migrator.pipedrive.existing import Existing, existing_of
from migrator.pipedrive.fields import OBJECT_OF, Resolver
from migrator.pipedrive.outcomes import LONGEST_BURST, classify
from migrator.pipedrive.payloads import References
from migrator.pipedrive.schema import SCHEMA_KINDS, SchemaWriter

IdLookup = Callable[[Kind, Sequence[str]], Mapping[str, str]]

# Clocks of two machines differ; a list from a little earlier costs a page more and misses nothing.
CLOCK_MARGIN = timedelta(minutes=5)
MOST_REMEMBERED = 100_000


@dataclass(slots=True)
class Brake:
    """Shared by the threads of one batch: once pulled, nothing more leaves."""

    pulled: Event
    sentence: str = ""
    stop: Stop = Stop.NONE
    retry_after: float = 0.0

    def pull(self, outcome: Outcome) -> None:
        if not self.pulled.is_set():
            self.sentence, self.stop, self.retry_after = outcome.reason, outcome.stop, outcome.retry_after
            self.pulled.set()

    def outcome(self) -> Outcome:
        reason = f"Not sent. {self.sentence}".strip()
        return Outcome(Proof.NOT_DONE, reason=reason, stop=self.stop, retry_after=self.retry_after)


class PipedriveTarget:
    """One account as the destination. `ids` gives target ids of written records by kind and key; it is called
    on the caller's thread only. `batch_seconds` and one deadline must fit into the claims' lease."""

    def __init__(
        self,
        client: PipedriveClient,
        resolver: Resolver,
        ids: IdLookup,
        *,
        threads: int = 8,
        batch_seconds: float = 20.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._resolver = resolver
        self._ids = ids
        self._threads = threads
        self._batch_seconds = batch_seconds
        self._monotonic = monotonic
        self._schema = SchemaWriter(client, resolver)
        self._known_ids: dict[tuple[Kind, str], str] = {}

    @property
    def resolver(self) -> Resolver:
        return self._resolver

    def send_all(
        self, operations: Sequence[ClaimedOperation], *, send_by: float = float("inf")
    ) -> Iterator[tuple[ClaimedOperation, Outcome]]:
        """Send each operation once, in threads, and yield outcomes as they come. After an outcome that stops
        the run the rest is not sent. An unexpected error is raised last, when every other outcome is out."""
        references = self.references(operations)
        brake, ends = Brake(Event()), min(send_by, self._monotonic() + self._batch_seconds)
        # Schema writes read before they write, so two at a time could make the same field twice.
        alone = any(operation.kind in SCHEMA_KINDS for operation in operations)
        pool = ThreadPoolExecutor(1 if alone else self._threads, thread_name_prefix="pipedrive")
        try:
            futures = {pool.submit(self._send, op, references, brake, ends): op for op in operations}
            yield from _outcomes(futures, brake)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def find_written(self, operations: Sequence[ClaimedOperation], since: datetime) -> dict[int, str]:
        """Read-back: creates by marker in the list of recent changes, other writes by id and content."""
        found: dict[int, str] = {}
        for kind in dict.fromkeys(operation.kind for operation in operations):
            group = [operation for operation in operations if operation.kind == kind]
            if kind in SCHEMA_KINDS:
                found |= self._schema.find(group)
                continue
            found |= self._by_marker(kind, [op for op in group if op.act == Act.CREATE], since)
            found |= self._by_id(kind, [op for op in group if op.act != Act.CREATE])
        return found

    def iter_pages(self, kind: Kind, *, since: datetime | None = None) -> Iterator[list[Json]]:
        """Every live record of a kind; fields carry their object beside them, labels are options."""
        if kind == Kind.FIELD:
            for target in TargetObject:
                yield [{"object": target.value, **row} for row in self._client.fields(target)]
        elif kind == Kind.LABEL:
            self._resolver.forget("person_fields")
            yield [{"id": number, "label": label} for number, label in self._resolver.label_field().options]
        else:
            yield from self._client.pages(kind, since=since)

    def iter_existing(self, kind: Kind) -> Iterator[list[Existing]]:
        """The account's records as matching needs them, page by page."""
        for page in self._client.pages(kind):
            yield [existing_of(kind, record, self._resolver) for record in page]

    def marker_of(self, kind: Kind, record: Json) -> str:
        """Our marker inside a listed record, or ""."""
        return markers.marker_of(kind, record, self._resolver)

    def differences(self, operation: ClaimedOperation, record: Json) -> tuple[str, ...]:
        """Names of the fields in which a listed record differs from what the operation wrote."""
        if operation.kind in SCHEMA_KINDS:
            return self._schema.differences(operation, record)
        wire = payloads.wire_body(operation, self._resolver, self.references([operation]))
        return comparison.differing(operation.kind, wire, record, self._resolver)

    def content_sha(self, kind: Kind, record: Json) -> str:
        """Checksum of a listed record without what Pipedrive changes by itself."""
        return comparison.content_sha(record)

    def references(self, operations: Sequence[ClaimedOperation]) -> References:
        """Target ids of everything that these operations point to; asks the store once per kind. Calling it
        for a page of operations before comparing them saves a query for each."""
        needed: dict[tuple[Kind, str], str] = {}
        for kind, keys in payloads.referenced(operations).items():
            unknown = [key for key in keys if (kind, key) not in self._known_ids]
            found = self._ids(kind, unknown) if unknown else {}
            self._known_ids |= {(kind, key): target_id for key, target_id in found.items() if target_id}
            needed |= {
                (kind, key): self._known_ids[kind, key] for key in keys if (kind, key) in self._known_ids
            }
        if len(self._known_ids) > MOST_REMEMBERED:
            self._known_ids.clear()
        return References(needed)

    def _send(
        self, operation: ClaimedOperation, references: References, brake: Brake, ends: float
    ) -> Outcome:
        if brake.pulled.is_set():
            return brake.outcome()
        try:
            send = self._prepared(operation, references)
        except CrosswalkError as error:
            outcome = _unsent(error)
        else:
            outcome = _LATE if self._monotonic() > ends else self._sent(operation, send)
        if outcome.stop != Stop.NONE:
            brake.pull(outcome)
        return outcome

    def _sent(self, operation: ClaimedOperation, send: Callable[[], Outcome]) -> Outcome:
        try:
            return send()
        except WireError as error:
            return classify(operation, error)
        except CrosswalkError as error:
            return _unsent(error)

    def _prepared(self, operation: ClaimedOperation, references: References) -> Callable[[], Outcome]:
        if operation.kind in SCHEMA_KINDS:
            return self._schema.prepare(operation)
        if operation.act == Act.DELETE:
            return lambda: classify(operation, self._client.delete(operation.kind, operation.target_id))
        body = payloads.wire_body(operation, self._resolver, references)
        if operation.act == Act.CREATE:
            return lambda: classify(operation, self._client.create(operation.kind, body))
        return lambda: classify(operation, self._client.update(operation.kind, operation.target_id, body))

    def _by_marker(
        self, kind: Kind, operations: Sequence[ClaimedOperation], since: datetime
    ) -> dict[int, str]:
        wanted = {operation.marker: operation.id for operation in operations}
        found: dict[int, str] = {}
        if not wanted:
            return found
        codes = (self._resolver.marker_code(OBJECT_OF[kind]),) if kind in OBJECT_OF else ()
        pages = self._client.pages(kind, since=since - CLOCK_MARGIN, custom_fields=codes, archived=False)
        for page in pages:
            for record in page:
                number = wanted.get(self.marker_of(kind, record))
                if number is not None:
                    found.setdefault(number, str(record["id"]))
            if len(found) == len(wanted):
                break
        return found

    def _by_id(self, kind: Kind, operations: Sequence[ClaimedOperation]) -> dict[int, str]:
        if not operations:
            return {}
        self.references(operations)
        live = self._client.by_ids(kind, [operation.target_id for operation in operations])
        return {op.id: op.target_id for op in operations if self._took(op, live.get(op.target_id))}

    def _took(self, operation: ClaimedOperation, record: Json | None) -> bool:
        if operation.act == Act.DELETE:
            return record is None
        return record is not None and not self.differences(operation, record)


_LATE = Outcome(
    Proof.NOT_DONE, reason="Not sent: the time of this slice was over. It follows in the next one."
)


def _outcomes(
    futures: Mapping["Future[Outcome]", ClaimedOperation], brake: Brake
) -> Iterator[tuple[ClaimedOperation, Outcome]]:
    surprise: BaseException | None = None
    for future in as_completed(futures):
        error = future.exception()
        if error is None:
            yield futures[future], future.result()
            continue
        surprise = surprise or error
        brake.pull(Outcome(Proof.NOT_DONE, reason="Another record met an unexpected error."))
    if surprise is not None:
        raise surprise


def _unsent(error: CrosswalkError) -> Outcome:
    """The outcome of an error that came before any byte of the write."""
    if isinstance(error, PermanentError):
        return Outcome(Proof.REJECTED, reason=error.sentence)
    wait = (error.retry_after or 0.0) if isinstance(error, TransientError) else 0.0
    return Outcome(Proof.NOT_DONE, reason=error.sentence, stop=_stop_of(error, wait), retry_after=wait)


def _stop_of(error: CrosswalkError, wait: float) -> Stop:
    if isinstance(error, DriftError):
        return Stop.DRIFT
    if isinstance(error, ConfigurationError):
        return Stop.CREDENTIALS
    return Stop.DAILY_BUDGET if wait > LONGEST_BURST else Stop.BURST
