"""Plan: what the schema needs, what the whole will cost, and the guard that refuses an unsafe plan. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from migrator.engine.canonical import JsonValue
from migrator.engine.errors import UnsafePlanError
from migrator.engine.field_map import FieldMap, FieldRule
from migrator.engine.inventory import FieldType, TargetField, TargetObject
from migrator.engine.records import Kind, TargetRecord

# Carries our key inside every person, organization and deal (reliability.md A3.8).
MARKER_FIELD = "Crosswalk ID"
OPTION_TYPES = (FieldType.ENUM, FieldType.SET)


@dataclass(slots=True)
class Used:
    """What the records of a plan make use of: labels, and options by field ref. Grows with the schema, not
    with the account; stored as the plan phase's cursor between slices."""

    labels: set[str] = field(default_factory=set)
    options: dict[str, set[str]] = field(default_factory=dict)

    def add(self, record: TargetRecord, option_refs: frozenset[str]) -> None:
        labels = record.body.get("labels")
        self.labels.update(str(label) for label in labels) if isinstance(labels, list) else None
        custom = record.body.get("custom")
        for ref, value in custom.items() if isinstance(custom, dict) else ():
            if ref in option_refs:
                values = value if isinstance(value, list) else [value]
                self.options.setdefault(ref, set()).update(str(v) for v in values)

    def to_json(self) -> dict[str, JsonValue]:
        options: dict[str, JsonValue] = {ref: list(sorted(v)) for ref, v in self.options.items()}
        return {"labels": list(sorted(self.labels)), "options": options}

    @classmethod
    def from_json(cls, raw: Mapping[str, JsonValue]) -> "Used":
        labels, options = raw.get("labels"), raw.get("options")
        return cls(
            labels={str(v) for v in labels} if isinstance(labels, list) else set(),
            options={
                ref: {str(v) for v in values if v is not None}
                for ref, values in (options.items() if isinstance(options, dict) else ())
                if isinstance(values, list)
            },
        )


def option_refs(field_map: FieldMap) -> frozenset[str]:
    return frozenset(r.ref for r in field_map.rules if r.custom and r.type in OPTION_TYPES)


def schema_records(
    field_map: FieldMap,
    catalogue: Sequence[TargetField],
    used: Used,
    objects: frozenset[TargetObject],
) -> list[TargetRecord]:
    """Custom fields and options that are missing, the marker field of each object that is written, and labels."""
    there = {f"{f.object}:{f.name}:{f.type}": f for f in catalogue if f.custom}
    wanted: dict[str, list[FieldRule]] = {}
    for rule in field_map.rules:
        if rule.custom and not rule.is_left:
            wanted.setdefault(rule.ref, []).append(rule)
    fields = [_field_record(wanted[ref], there.get(ref), used) for ref in sorted(wanted)]
    markers = [_marker_record(target) for target in sorted(objects) if _marker_ref(target) not in there]
    labels = _label_record(catalogue, used)
    return [record for record in (*markers, *fields, labels) if record is not None]


def option_key(label: str) -> str:
    """The target finds an option whatever its case (fields.Field.option_id), so two that differ in case are one."""
    return label.strip().casefold()


def new_options(wanted: Iterable[str], there: Iterable[str]) -> list[str]:
    """The wanted options that are not there yet, each once, in their order."""
    known = {option_key(label) for label in there}
    new: dict[str, str] = {}
    for label in wanted:
        if option_key(label) not in known:
            new.setdefault(option_key(label), label)
    return list(new.values())


def _field_record(
    rules: Sequence[FieldRule], existing: TargetField | None, used: Used
) -> TargetRecord | None:
    """One field, whatever number of source fields share it."""
    rule = rules[0]
    options = used.options.get(rule.ref, set()) if rule.type in OPTION_TYPES else set()
    if existing is None:
        named = [option for each in rules for option in each.options]
        labels = new_options([*named, *sorted(options)], ())
        return _field(rule.ref, rule.object, rule.field, rule.type, labels, existing=False)
    missing = new_options(sorted(options), existing.options)
    return _field(rule.ref, rule.object, rule.field, rule.type, missing, existing=True) if missing else None


def _field(
    ref: str, target: TargetObject, name: str, kind: FieldType, options: Sequence[str], *, existing: bool
) -> TargetRecord:
    body: dict[str, JsonValue] = {"object": target.value, "name": name, "type": kind.value}
    body |= {"options": list(options), "existing": existing}
    return TargetRecord(Kind.FIELD, ref, body)


def _marker_ref(target: TargetObject) -> str:
    return f"{target}:{MARKER_FIELD}:{FieldType.VARCHAR}"


def _marker_record(target: TargetObject) -> TargetRecord:
    return _field(_marker_ref(target), target, MARKER_FIELD, FieldType.VARCHAR, (), existing=False)


def _label_record(catalogue: Sequence[TargetField], used: Used) -> TargetRecord | None:
    there = {o for f in catalogue if f.standard_key == "labels" for o in f.options}
    missing = new_options(sorted(used.labels), there)
    return TargetRecord(Kind.LABEL, "labels", {"options": list(missing)}, len(missing)) if missing else None


def check_field_cap(new: int, existing: int, cap: int) -> None:
    """Raises UnsafePlanError where the plan's fields do not fit the account's plan; a cap of 0 means none."""
    if cap and new + existing > cap:
        raise UnsafePlanError(
            (
                f"The plan creates {new} custom fields, the account has {existing} and its plan allows {cap}. "
                "Nothing was written. Leave out fields in the map, or choose a larger Pipedrive plan.",
            )
        )


def lacks_options(record: TargetRecord) -> bool:
    """Whether this would be an option field without options, which the target refuses (reference 4.1): none of
    the records that are written holds a value for it."""
    options = record.body.get("options")
    return record.kind == Kind.FIELD and record.body.get("type") in OPTION_TYPES and not options


def count_new_fields(records: Iterable[TargetRecord]) -> int:
    return sum(
        1 for r in records if r.kind == Kind.FIELD and not r.body.get("existing") and not lacks_options(r)
    )
