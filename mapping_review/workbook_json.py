"""A version of the map as canonical JSON, out and in: equal content gives equal bytes, and every rule in full."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from mapping_review.models import MapVersion
from mapping_review.queries import Row
from mapping_review.workbook_lines import (
    FORMAT,
    FORMAT_VERSION,
    Line,
    Stamp,
    rows_in_order,
    rules_of,
    stamp_of,
)
from mapping_review.workbook_review import Claim, Uploaded
from mapping_review.workbook_rules import Account, CellProblem, check_part, mould_of, setting
from mapping_review.workbook_words import EVENT_HOMES, OPEN, state_of
from migrator.engine.canonical import JsonValue, canonical_json, checksum
from migrator.engine.errors import RefusedError
from migrator.engine.field_map import Action, FieldRule, rule_from_json
from migrator.engine.inventory import SourceKind
from migrator.engine.transforms.choices import LOOK_UP
from migrator.engine.transforms.registry import REGISTRY

NOT_OURS = "This is no JSON file of the field map. Download it anew, change that file and upload it."
_RULE_KEYS = frozenset(FieldRule.__slots__)
# The cells of a sheet that each part of a rule stands in; the same ones are fixed.
_PARTS = {
    "action": "action", "custom": "field", "object": "object", "field": "field", "type": "type",
    "transform": "conversion", "args": "settings", "component": "part", "update_mode": "update", "options": "options",
    "merge": "merge", "rank": "rank", "reason": "reason",
}  # fmt: skip


def json_of(version: MapVersion) -> bytes:
    """UTF-8, keys sorted, one line end at the end."""
    rows = rows_in_order(version)
    marks = {row.decision.source_key: _mark([r.to_json() for r in rules_of(row)]) for row in rows}
    stamp = stamp_of(version, rows, marks)
    content = {
        "format": FORMAT, "format_version": FORMAT_VERSION, "project": stamp.project, "slug": stamp.slug,
        "version": stamp.version, "checksum": stamp.checksum, "rows": [_row(row, marks) for row in rows],
    }  # fmt: skip
    return (canonical_json(content) + "\n").encode("utf-8", "surrogatepass")


def file_name(version: MapVersion) -> str:
    return f"crosswalk-{version.project.slug}-map-v{version.number}.json"


def uploaded_json(content: bytes) -> Uploaded:
    """What a JSON file says. Raises RefusedError with one sentence where it cannot be used as a whole."""
    raw = _parsed(content)
    facts = [raw.get(key) for key in ("project", "slug", "checksum")]
    version, rows = raw.get("version"), raw.get("rows")
    known = raw.get("format") == FORMAT and raw.get("format_version") in (1, FORMAT_VERSION)
    if not known or type(version) is not int or not isinstance(rows, list):
        raise RefusedError(NOT_OURS)
    marks: dict[str, str] = {}
    claims: dict[str, Claim] = {}
    for number, row in enumerate(rows):
        _enter(row, number, marks, claims)
    project, slug, content_checksum = (fact if isinstance(fact, str) else "" for fact in facts)
    return Uploaded(Stamp(project, slug, version, content_checksum, marks), claims, _mark_of_line)


def _row(row: Row, marks: Mapping[str, str]) -> dict[str, JsonValue]:
    decision, who = row.decision, row.decision.decided_by
    return {
        "id": decision.source_key,
        "kind": decision.kind,
        "name": decision.name,
        "filled": row.field.filled,
        "state": state_of(row),
        "confidence": row.now.proposal.confidence,
        "why": [reason.text for reason in row.now.proposal.reasons],
        "lapsed": decision.lapsed,
        "decided_by": (who.get_full_name() or who.get_username()) if who else "",
        "decided_at": decision.decided_at.isoformat() if decision.decided_at else "",
        "rules": [rule.to_json() for rule in rules_of(row)],
        "mark": marks[decision.source_key],
    }


def _parsed(content: bytes) -> dict[str, JsonValue]:
    try:
        raw = json.loads(content.decode("utf-8"), object_pairs_hook=_once)
        # What cannot be written again cannot be stored either: infinities, halves of characters, NUL.
        if "\\u0000" in canonical_json(raw).encode().decode():
            raise ValueError("no database holds NUL")
    except (ValueError, RecursionError) as problem:
        raise RefusedError(NOT_OURS) from problem
    if not isinstance(raw, dict):
        raise RefusedError(NOT_OURS)
    return raw


def _once(pairs: Sequence[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    """Of a key that stands twice, readers take the first or the last: so it may not."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _enter(row: JsonValue, number: int, marks: dict[str, str], claims: dict[str, Claim]) -> None:
    where = f"rows[{number}]"
    if (
        not isinstance(row, dict)
        or not isinstance(row.get("id"), str)
        or not isinstance(row.get("rules"), list)
    ):
        raise RefusedError(f"{where} has no “id” or no “rules”. Download the file anew.")
    identity, rules = str(row["id"]), row["rules"]
    if identity in claims:
        raise RefusedError(f"{claims[identity].ref('id')} and {where}.id are the same. Remove one of them.")
    marks[identity] = str(row.get("mark", ""))
    claims[identity] = Claim(identity, _mark(rules), _place(where), partial(_rule, rules))


def _place(where: str) -> Callable[[str], str]:
    names = {column: key for key, column in _PARTS.items()}

    def ref(column: str) -> str:
        if column == "id":
            return f"{where}.id"
        return f"{where}.rules[0].{names[column]}" if column in names else where

    return ref


def _rule(rules: JsonValue, base: FieldRule, row: Row, account: Account) -> FieldRule:
    """The rule that a file asks for; raises CellProblem where it is none, or not one for this row."""
    raw = _present(rules[0]) if isinstance(rules, list) and len(rules) == 1 else None
    if not isinstance(raw, dict) or set(raw) != _RULE_KEYS:
        raise CellProblem("", "A row has one rule with exactly the keys that were downloaded.")
    rule = _read(raw)
    if (rule.source, rule.kind, rule.sources) != (base.source, base.kind, base.sources):
        raise CellProblem("", "“source”, “kind” and “sources” tie a rule to its field and cannot be changed.")
    if rule.is_left:
        plain = FieldRule(base.source, base.kind, rule.action, base.sources)
        return replace(plain, reason=rule.reason if rule.action == Action.DROP else "")
    if rule.kind != SourceKind.ATTRIBUTE:
        _check_fixed(rule, mould_of(base, row.field, account))
    _check_place(rule, base, account)
    _check_details(rule, base)
    return rule


def _present(raw: JsonValue) -> JsonValue:
    """A rule of an older file in today's words."""
    if not isinstance(raw, dict):
        return raw
    said: dict[str, JsonValue] = {"merge": "", "rank": 0, "reason": "", **raw}
    return said | ({"action": "archive"} if raw.get("action") == "skip" else {})


def _read(raw: dict[str, JsonValue]) -> FieldRule:
    """Each closed word is tried alone, so that the refusal names its place."""
    plain: dict[str, JsonValue] = FieldRule("", SourceKind.ATTRIBUTE, Action.ARCHIVE).to_json()
    for key in FieldRule.__slots__:
        try:
            rule_from_json(plain | {key: raw[key]})
        except ValueError as problem:
            words = "is not in its list" if isinstance(raw[key], str) else "is not of the right kind"
            raise CellProblem(_PARTS.get(key, ""), f"“{str(raw[key])[:80]}” {words}.") from problem
    rule = rule_from_json(raw)
    if rule.to_json() != raw:
        raise CellProblem("", "A value of this rule is not of the right kind.")
    return rule


def _check_fixed(rule: FieldRule, mould: FieldRule) -> None:
    before, after = mould.to_json(), rule.to_json()
    for key, column in _PARTS.items():
        if before[key] != after[key] and (column not in OPEN[rule.kind] or key == "custom"):
            raise CellProblem(column, f"“{key}” is fixed for this row. Put back what was there.")
    if rule.kind == SourceKind.EVENT and rule.field not in EVENT_HOMES:
        raise CellProblem("field", f"Events become one of: {', '.join(EVENT_HOMES)}.")
    if rule.kind in (SourceKind.EVENT, SourceKind.TAG) and rule.action == Action.CREATE:
        raise CellProblem("action", "No new field can be made for this row.")


def _check_place(rule: FieldRule, base: FieldRule, account: Account) -> None:
    told = (rule.object, rule.field, rule.type, rule.custom)
    same = told == (base.object, base.field, base.type, base.custom)
    ours = rule.kind in (SourceKind.EVENT, SourceKind.TAG)
    if rule.action == Action.MAP and not same and not ours and not account.places.holds(rule):
        raise CellProblem("field", f"“{rule.field[:80]}” is no such field of the Pipedrive account.")


def _check_details(rule: FieldRule, base: FieldRule) -> None:
    entry = REGISTRY.get(rule.transform)
    if entry is None:
        raise CellProblem("conversion", f"The conversion “{rule.transform[:80]}” does not exist.")
    for name, value in rule.args if rule.args != base.args else ():
        if not name.startswith(LOOK_UP):
            _check_setting(name, value, entry.args)
    if rule.component != base.component:
        check_part(rule.component, rule)


def _check_setting(name: str, value: str, known: Sequence[str]) -> None:
    if name not in known:
        raise CellProblem("settings", f"This conversion has no setting “{name[:80]}”.")
    if setting(name, value) != value:
        raise CellProblem("settings", f"“{name[:80]}” is written “{setting(name, value)}”.")


def _mark(rules: JsonValue) -> str:
    return checksum(rules)[:16]


def _mark_of_line(line: Line, base: FieldRule) -> str:
    return _mark([base.to_json()])
