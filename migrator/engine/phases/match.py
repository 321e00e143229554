"""Match: a record meant for the target and what is there already become one planned operation.

Values of people and companies that exist are completed, never replaced, unless a rule says overwrite;
a consent is written only where the target holds none, except a No that a person took over somebody's Yes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from migrator.engine.canonical import JsonValue, checksum
from migrator.engine.consents import Answer, target_answer
from migrator.engine.field_map import FieldMap, UpdateMode
from migrator.engine.inventory import SourceKind
from migrator.engine.matching import email_key, phone_key
from migrator.engine.operations import Act, PlannedOperation
from migrator.engine.phases.plan import new_options
from migrator.engine.records import Channel, Kind, TargetRecord

NO_PAIRS: Mapping[str, str] = {}
NO_REFS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Existing:
    """A record of the target in neutral form (see TargetRecord), with our marker if it carries one."""

    target_id: str
    marker: str
    body: Mapping[str, JsonValue]


def create(record: TargetRecord) -> PlannedOperation:
    return PlannedOperation(
        kind=record.kind,
        key=record.key,
        act=Act.CREATE,
        body=record.body,
        payload_sha=record.payload_sha,
        source_count=record.source_count,
    )


def match(
    record: TargetRecord,
    existing: Existing | None,
    modes: Mapping[str, UpdateMode],
    pairs: Mapping[str, str] = NO_PAIRS,
    refused: frozenset[str] = NO_REFS,
) -> PlannedOperation:
    """Create, complete or leave as it is. The caller adds `before` to an update. `refused` are refs of consents
    that a person settled with No: that No is written over whatever the target says."""
    if existing is None:
        return create(record)
    changes = changes_for(record, existing, modes, pairs, refused)
    act = Act.UPDATE if changes else Act.UNCHANGED
    sha = checksum({"kind": record.kind.value, "key": record.key, "id": existing.target_id, "body": changes})
    return PlannedOperation(
        kind=record.kind,
        key=record.key,
        act=act,
        body=changes,
        payload_sha=sha if changes else "",
        target_id=existing.target_id,
        reason="" if changes else "Already there with the same values.",
        source_count=record.source_count,
    )


def update_modes(field_map: FieldMap) -> dict[str, UpdateMode]:
    """Target ref -> mode. Consents are always write-if-empty, whatever the map says."""
    modes = {rule.ref: rule.update_mode for rule in field_map.rules}
    modes |= {rule.ref: UpdateMode.IF_EMPTY for rule in field_map.of_kind(SourceKind.CONSENT)}
    return modes


def consent_pairs(field_map: FieldMap) -> dict[str, str]:
    """Ref of a consent's date -> ref of its answer: a date is worth nothing beside somebody else's answer."""
    rules = {rule.source: rule for rule in field_map.of_kind(SourceKind.CONSENT)}
    return {
        rules[f"{source}_date"].ref: rule.ref for source, rule in rules.items() if f"{source}_date" in rules
    }


def refused_refs(field_map: FieldMap, refused: frozenset[Channel]) -> frozenset[str]:
    """The refs that answer for these channels; their dates are not among them."""
    rules = field_map.of_kind(SourceKind.CONSENT) if refused else ()
    answers = (rule for rule in rules if not rule.source.endswith("_date"))
    return frozenset(
        r.ref for r in answers if (Channel.SMS if "sms" in r.source else Channel.EMAIL) in refused
    )


def consent_conflicts(
    record: TargetRecord, existing: Existing, pairs: Mapping[str, str], refused: frozenset[str] = NO_REFS
) -> int:
    """How many channels say No in the source and something else in the target, where the target's answer stays."""
    wanted, there = _customs(record.body), _customs(existing.body)
    answers = [(wanted.get(ref), there.get(ref)) for ref in pairs.values() if ref not in refused]
    return sum(1 for mine, theirs in answers if mine == "No" and theirs not in (None, "", "No"))


def reversible(
    changes: Mapping[str, JsonValue],
    existing: Existing,
    pairs: Mapping[str, str],
    refused: frozenset[str],
) -> dict[str, JsonValue]:
    """The changes without each No that a person took over an answer, and its date: no rollback turns it into that
    Yes again."""
    there = _customs(existing.body)
    kept = {ref for ref in refused if there.get(ref) not in (None, "", [])}
    kept |= {date for date, answer in pairs.items() if answer in kept}
    custom = {ref: value for ref, value in _customs(changes).items() if ref not in kept}
    return {key: value for key, value in changes.items() if key != "custom"} | (
        {"custom": custom} if custom else {}
    )


def changes_for(
    record: TargetRecord,
    existing: Existing,
    modes: Mapping[str, UpdateMode],
    pairs: Mapping[str, str] = NO_PAIRS,
    refused: frozenset[str] = NO_REFS,
) -> dict[str, JsonValue]:
    """Only the keys that an update has to send; empty where nothing would change."""
    if record.kind in (Kind.ACTIVITY, Kind.NOTE):
        return {}
    changes: dict[str, JsonValue] = {}
    for key, value in record.body.items():
        changed = _changed(record.kind, key, value, existing.body, modes, pairs, refused)
        if changed is not None:
            changes[key] = changed
    if record.kind == Kind.PERSON and not existing.marker:
        changes["marker"] = True
    return changes


def _changed(
    kind: Kind,
    key: str,
    value: JsonValue,
    there: Mapping[str, JsonValue],
    modes: Mapping[str, UpdateMode],
    pairs: Mapping[str, str],
    refused: frozenset[str],
) -> JsonValue:
    current = there.get(key)
    if key == "custom":
        return (
            _changed_customs(value, current, modes, pairs) | _refusals(value, current, pairs, refused) or None
        )
    if key in ("emails", "phones"):
        return _appended_addresses(key, value, current)
    if key == "labels":
        return _appended_labels(value, current)
    mode = modes.get(f"{kind}.{key}", UpdateMode.IF_EMPTY)
    return value if _may_write(value, current, mode) else None


def _changed_customs(
    value: JsonValue, current: JsonValue, modes: Mapping[str, UpdateMode], pairs: Mapping[str, str]
) -> dict[str, JsonValue]:
    wanted = value if isinstance(value, dict) else {}
    there = current if isinstance(current, dict) else {}
    return {
        ref: item
        for ref, item in wanted.items()
        if _may_write(item, there.get(ref), modes.get(ref, UpdateMode.IF_EMPTY))
        and there.get(pairs.get(ref, "")) in (None, "", [])
    }


def _refusals(
    value: JsonValue, current: JsonValue, pairs: Mapping[str, str], refused: frozenset[str]
) -> dict[str, JsonValue]:
    """Each No that a person took, with its date, wherever the target says anything else. Never a Yes."""
    wanted = value if isinstance(value, dict) else {}
    there = current if isinstance(current, dict) else {}
    new = {ref for ref in refused if wanted.get(ref) == "No" and target_answer(there.get(ref)) != Answer.NO}
    dates = {date for date, answer in pairs.items() if answer in new and wanted.get(date)}
    return {ref: item for ref, item in wanted.items() if ref in new | dates}


def _customs(body: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    custom = body.get("custom")
    return custom if isinstance(custom, dict) else {}


def _may_write(value: JsonValue, current: JsonValue, mode: UpdateMode) -> bool:
    if value in (None, "", []) or mode == UpdateMode.IF_NEW:
        return False
    if mode == UpdateMode.OVERWRITE:
        return value != current
    return current in (None, "", [])


def _appended_addresses(key: str, value: JsonValue, current: JsonValue) -> JsonValue:
    spelled = email_key if key == "emails" else phone_key
    there = [row for row in _rows(current) if row.get("value")]
    known = {spelled(str(row["value"])) for row in there}
    new = [row for row in _rows(value) if spelled(str(row["value"])) not in known]
    if not new:
        return None
    added = [{**row, "primary": not there and number == 0} for number, row in enumerate(new)]
    return [*there, *added]


def _appended_labels(value: JsonValue, current: JsonValue) -> JsonValue:
    there = [str(v) for v in current] if isinstance(current, list) else []
    wanted = [str(v) for v in value] if isinstance(value, list) else []
    new = new_options(wanted, there)
    return [*there, *new] if new else None


def _rows(value: JsonValue) -> Sequence[dict[str, JsonValue]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
