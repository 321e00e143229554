"""Writing fields, options and labels: the only writes that are found again by name and not by a marker.

A target id here says all that undoing needs: "person:<code>" for a created field, "person:<code>:12,13" for
options that were added, "person:<code>:" where everything was there already and nothing may be removed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from migrator.engine.canonical import JsonValue
from migrator.engine.errors import DriftError, PermanentError
from migrator.engine.inventory import TargetObject
from migrator.engine.operations import Act, ClaimedOperation
from migrator.engine.outcomes import Outcome, Proof, Stop
from migrator.engine.ports import Json
from migrator.engine.records import Kind
from migrator.http.messages import Answer
from migrator.pipedrive.client import PipedriveClient
from migrator.pipedrive.fields import LABEL_CODES, Field, Ref, Resolver
from migrator.pipedrive.outcomes import classify, refused

SCHEMA_KINDS = frozenset({Kind.FIELD, Kind.LABEL})
Send = Callable[[], Outcome]


@dataclass(frozen=True, slots=True)
class SchemaId:
    """What a schema write made; `options` is None where it made the whole field."""

    object: TargetObject
    code: str
    options: tuple[int, ...] | None = None

    def __str__(self) -> str:
        whole = f"{self.object}:{self.code}"
        return whole if self.options is None else f"{whole}:{','.join(map(str, self.options))}"

    @classmethod
    def parse(cls, text: str) -> "SchemaId":
        """Raises PermanentError on anything that no schema write of ours gave."""
        parts = text.split(":")
        if len(parts) not in (2, 3) or parts[0] not in set(TargetObject) or not parts[1]:
            raise PermanentError("This entry of the ledger names no field. It is left as it is.")
        options = None if len(parts) == 2 else tuple(int(n) for n in parts[2].split(",") if n)
        return cls(TargetObject(parts[0]), parts[1], options)


class SchemaWriter:
    """Prepares schema writes one by one; each prepared write sends at most what its operation says."""

    def __init__(self, client: PipedriveClient, resolver: Resolver) -> None:
        self._client = client
        self._resolver = resolver

    def prepare(self, operation: ClaimedOperation) -> Send:
        """What will send the operation. Reads are done here, so that their failure is no failed write."""
        if operation.act == Act.DELETE:
            return self._prepare_removal(operation)
        if operation.act != Act.CREATE:
            raise PermanentError("A field cannot be changed in this way. Change it in Pipedrive.")
        if operation.kind == Kind.LABEL:
            return self._prepare_options(operation, self._resolver.label_field(), _labels(operation))
        return self._prepare_field(operation)

    def find(self, operations: Iterable[ClaimedOperation]) -> dict[int, str]:
        """The target ids of those operations whose effect is there, by operation id."""
        self._forget()
        found = {operation.id: self._effect(operation) for operation in operations}
        return {number: str(made) for number, made in found.items() if made is not None}

    def differences(self, operation: ClaimedOperation, record: Json) -> tuple[str, ...]:
        """Names of what a listed field lacks against the operation that wrote it."""
        labels = {str(row.get("label")) for row in _rows(record.get("options"))}
        missing = tuple(f"option {label}" for label in _labels(operation) if label not in labels)
        if operation.kind == Kind.LABEL:
            return missing if "options" in record else ()
        return (*_differing_facts(operation.body, record), *missing)

    def _prepare_field(self, operation: ClaimedOperation) -> Send:
        ref, body = ref_of(operation.body), operation.body
        found = self._resolver.field(ref) if body.get("existing") else self._resolver.find(ref)
        if found is not None:
            return self._prepare_options(operation, found, _labels(operation))
        wanted = Ref.parse(ref)
        wire: Json = {"field_name": wanted.name, "field_type": wanted.type}
        if _labels(operation):
            wire["options"] = [{"label": label} for label in _labels(operation)]
        return lambda: self._made_field(operation, ref, self._client.create_field(wanted.object, wire))

    def _made_field(self, operation: ClaimedOperation, ref: str, answer: Answer) -> Outcome:
        outcome = _judged(operation, answer)
        code = _object(_data(answer)).get("field_code")
        if outcome.proof != Proof.DONE or not isinstance(code, str) or not code:
            return outcome if outcome.proof != Proof.DONE else _unreadable()
        self._forget()
        self._resolver.learn(ref, code)
        return Outcome.done(str(SchemaId(Ref.parse(ref).object, code)))

    def _prepare_options(self, operation: ClaimedOperation, field: Field, labels: tuple[str, ...]) -> Send:
        missing = tuple(label for label in labels if field.option_id(label) is None)
        if not missing:
            nothing = Outcome.done(str(SchemaId(field.object, field.code, ())))
            return lambda: nothing
        return lambda: self._add_options(operation, field, missing)

    def _add_options(self, operation: ClaimedOperation, field: Field, missing: tuple[str, ...]) -> Outcome:
        answer = self._client.add_options(field.object, field.code, missing)
        outcome = _judged(operation, answer)
        if outcome.proof == Proof.REJECTED and field.code in LABEL_CODES:
            # Whether v2 takes labels is not promised; v1 does, at the price of sending the whole list.
            answer = self._put_labels(field, missing, ())
            outcome = _judged(operation, answer)
        if outcome.proof != Proof.DONE:
            return outcome
        self._forget()
        data = _data(answer)
        rows = _rows(data if isinstance(data, list) else _object(data).get("options"))
        ids = [row.get("id") for row in rows if row.get("label") in missing]
        made = tuple(number for number in ids if isinstance(number, int))
        return Outcome.done(str(SchemaId(field.object, field.code, made))) if made else _unreadable()

    def _put_labels(self, field: Field, add: tuple[str, ...], remove: tuple[int, ...]) -> Answer:
        rows = self._client.numbered_fields(field.object)
        row = next((row for row in rows if row.get("key") in LABEL_CODES), None)
        if row is None or not isinstance(row.get("id"), int):
            raise DriftError("Pipedrive shows no label field. Check the token's permissions.")
        kept = [option for option in _rows(row.get("options")) if option.get("id") not in remove]
        new: list[Json] = [{"label": label} for label in add]
        number = row["id"]
        assert isinstance(number, int)
        return self._client.put_options(field.object, number, [*kept, *new])

    def _prepare_removal(self, operation: ClaimedOperation) -> Send:
        made = SchemaId.parse(operation.target_id)
        field = self._resolver.fields(made.object).get(made.code)
        if field is None:
            return lambda: Outcome.done(operation.target_id)
        if made.options is None:
            return lambda: self._removed(operation, self._client.delete_field(made.object, made.code))
        held = {number for number, _ in field.options}
        gone = tuple(number for number in made.options if number in held)
        if not gone:
            return lambda: Outcome.done(operation.target_id)
        return lambda: self._remove_options(operation, field, gone)

    def _remove_options(self, operation: ClaimedOperation, field: Field, gone: tuple[int, ...]) -> Outcome:
        outcome = self._removed(operation, self._client.delete_options(field.object, field.code, gone))
        if outcome.proof == Proof.REJECTED and field.code in LABEL_CODES:
            return self._removed(operation, self._put_labels(field, (), gone))
        return outcome

    def _removed(self, operation: ClaimedOperation, answer: Answer) -> Outcome:
        outcome = _judged(operation, answer)
        self._forget()
        return Outcome.done(operation.target_id) if outcome.proof == Proof.DONE else outcome

    def _effect(self, operation: ClaimedOperation) -> SchemaId | None:
        if operation.act == Act.DELETE:
            return self._removal(operation)
        label = operation.kind == Kind.LABEL
        field = self._resolver.label_field() if label else self._resolver.find(ref_of(operation.body))
        if field is None:
            return None
        ids = [field.option_id(label) for label in _labels(operation)]
        if any(number is None for number in ids):
            return None
        added = label or bool(operation.body.get("existing"))
        return SchemaId(field.object, field.code, tuple(n for n in ids if n is not None) if added else None)

    def _removal(self, operation: ClaimedOperation) -> SchemaId | None:
        made = SchemaId.parse(operation.target_id)
        field = self._resolver.fields(made.object).get(made.code)
        held = {number for number, _ in field.options} if field else set()
        still_there = field is not None and (made.options is None or bool(held & set(made.options)))
        return None if still_there else made

    def _forget(self) -> None:
        self._resolver.forget(*(f"{target}_fields" for target in TargetObject))


def ref_of(body: Mapping[str, JsonValue]) -> str:
    """The ref of the field that a field record describes."""
    return str(Ref(TargetObject(str(body["object"])), str(body["name"]), str(body["type"])))


def _judged(operation: ClaimedOperation, answer: Answer) -> Outcome:
    if operation.act == Act.DELETE:
        return classify(operation, answer)
    if answer.ok and answer.is_json:
        return Outcome(Proof.DONE)
    if 200 <= answer.status < 300:
        return _unreadable()
    outcome = refused(answer)
    # Nothing can have drifted before the schema is there.
    return Outcome(Proof.REJECTED, reason=outcome.reason) if outcome.stop == Stop.DRIFT else outcome


def _unreadable() -> Outcome:
    return Outcome(
        Proof.AMBIGUOUS, reason="Pipedrive's answer could not be read; the field is looked for first."
    )


def _labels(operation: ClaimedOperation) -> tuple[str, ...]:
    raw = operation.body.get("options")
    return tuple(dict.fromkeys(str(label) for label in raw)) if isinstance(raw, list) else ()


def _differing_facts(body: Mapping[str, JsonValue], record: Json) -> tuple[str, ...]:
    facts = {"name": "field_name", "type": "field_type"}
    return tuple(name for name, wire in facts.items() if body.get(name) != record.get(wire))


def _data(answer: Answer) -> JsonValue:
    return _object(answer.json).get("data")


def _object(value: JsonValue) -> Json:
    return value if isinstance(value, dict) else {}


def _rows(value: JsonValue) -> list[Json]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
