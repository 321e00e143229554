"""Cases for the reconciliation queue and the resolutions that come back from it, as values.

A case is what the rules may not guess. A resolution is a suggestion and a person's decision combined.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from migrator.engine.canonical import JsonValue, checksum


class CaseKind(StrEnum):
    """The value is also the last part of the queue's address."""

    NO_EMAIL = "no-email"
    NO_NAME = "no-name"
    DUPLICATE = "duplicates"
    TYPE_CONFLICT = "type-conflicts"
    RARE_TAG = "tags"
    ORGANIZATION = "organizations"


class Decide(StrEnum):
    """Every act that settles a case; which kind allows which stands in the review app's policies."""

    SUPPLY_EMAIL = "supply_email"
    NAME_ONLY = "name_only"
    SUPPLY_NAME = "supply_name"
    DERIVE_NAME = "derive_name"
    MERGE = "merge"
    KEEP_APART = "keep_apart"
    SKIP = "skip"
    AS_TYPE = "as_type"
    SPLIT = "split"
    DROP = "drop"
    KEEP = "keep"
    MERGE_TAG = "merge_tag"


@dataclass(frozen=True, slots=True)
class Case:
    """One thing for a person to settle. `key` is stable over discoveries (a source key, "email:a@b", an
    attribute's field key, a tag). `evidence` holds plain JSON for the screen and the suggestion; by kind:

    - no-email, no-name: {"source_key", "name", "email", "phone", "company", "crm_id", "sections": [name],
      "tags": [..], "consents": [text], "event_count", "last_event": ISO or "", "open_deal": bool,
      "candidates": [{"source_key" or "target_id", "name", "email", "phone", "company", "event_count", "why"}]}
    - duplicates: {"match": "email" | "target", "value", "members": [{"source_key", "name", "email", "phone",
      "company", "crm_id", "sections", "event_count", "last_event", "filled": int}], "targets": [{"target_id",
      "name", "email", "phone", "company"}]}
    - type-conflicts: {"field", "name", "variants": [{"section", "type", "filled", "top": [[value, n]]}],
      "choices": [{"action": "as_type" | "split" | "drop", "type", "lost", "samples": [value]}]}
    - tags: {"tag", "count", "sections": [name], "similar": [{"tag", "count"}]}
    """

    kind: CaseKind
    key: str
    title: str
    evidence: Mapping[str, JsonValue]
    profiles: int = 1
    events: int = 0
    tokens: int = 0

    @property
    def evidence_sha(self) -> str:
        return checksum(self.evidence)


@dataclass(frozen=True, slots=True)
class Resolution:
    """A settled case. Arguments by act: supply_email {"email"}, supply_name {"name"}, merge {"into": source key}
    (no-email) or {"survivor": source key, "members": [source key]} (duplicates), merge into an existing Person
    {"target_id": id}, skip {"reason"}, as_type {"type"}, merge_tag {"into": tag}."""

    kind: CaseKind
    key: str
    action: Decide
    args: Mapping[str, JsonValue]


class Resolutions:
    """All settled cases of a project, indexed for the planner. Holds decisions only, never profiles."""

    def __init__(self, settled: Iterable[Resolution], open_keys: Iterable[tuple[CaseKind, str]] = ()) -> None:
        self._by_key = {(r.kind, r.key): r for r in settled}
        self._open = frozenset(open_keys)

    def get(self, kind: CaseKind, key: str) -> Resolution | None:
        return self._by_key.get((kind, key))

    def is_open(self, kind: CaseKind, key: str) -> bool:
        return (kind, key) in self._open

    def of_kind(self, kind: CaseKind) -> tuple[Resolution, ...]:
        return tuple(self._by_key[k] for k in sorted(self._by_key) if k[0] == kind)

    @property
    def checksum(self) -> str:
        return checksum(
            [[k[0].value, k[1], r.action.value, dict(r.args)] for k, r in sorted(self._by_key.items())]
        )
