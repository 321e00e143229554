"""Cases for the reconciliation queue and the resolutions that come back from it, as values.

A case is what the rules may not guess. A resolution is a suggestion and a person's decision combined.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from migrator.engine.canonical import JsonValue, checksum


class CaseKind(StrEnum):
    """The value is also the last part of the queue's address."""

    NO_EMAIL = "no-email"
    NO_NAME = "no-name"
    DUPLICATE = "duplicates"
    TYPE_CONFLICT = "type-conflicts"
    RARE_TAG = "tags"
    ORGANIZATION = "organizations"
    CONSENT = "consents"


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
    RENAME = "rename"
    RESTRICT = "restrict"
    RESTRICT_ALL = "restrict_all"
    # Parks a case for somebody who knows more; it settles nothing and never reaches the planner.
    UNSURE = "unsure"


_LONGEST, _SHORTENED = 380, 300


def case_key(key: str) -> str:
    """The key as it is stored: one of ten thousand characters, such as a tag, is cut and stays its own."""
    return key if len(key) <= _LONGEST else f"{key[:_SHORTENED]}~{checksum(key)[:16]}"


@dataclass(frozen=True, slots=True)
class Case:
    """One thing for a person to settle. `key` is stable over discoveries (a source key, "email:a@b", an
    attribute's field key, a tag) and cut as `case_key` does. `evidence` holds plain JSON for the screen and the
    suggestion; by kind:

    - no-email, no-name: {"source_key", "name", "email", "phone", "company", "crm_id", "sections": [name],
      "tags": [..], "consents": [text], "event_count", "last_event": ISO or "", "open_deal": bool,
      "candidates": [{"source_key" or "target_id", "name", "email", "phone", "company", "event_count", "why"}]}
    - duplicates: {"match": "email" | "crm_id" | "phone" | "company" | "target", "value", "why": [text], "members":
      [{"source_key", "name", "email", "phone", "company", "crm_id", "sections", "event_count", "last_event",
      "filled": int}], "targets": [{"target_id", "name", "email", "phone", "company", "why"}]}. Its key is
      "email:<address>" or "target:<address>" where one address is shared, else "group:<least source key>" or
      "target-group:<least source key>"; `why` names the shared fields with their values, strongest first
    - organizations: {"value": company key, "members": [{"name", "profiles", "domains": [text], "vat": [text],
      "target_id": "" or the Organization that has this name}], "why": [text]}; its key is "company:<least name>"
    - consents: {"channel": "email" | "sms", "answers": [{"where": Section or "Pipedrive", "state": "Yes" | "No" |
      "Unknown"}], "profiles": int, "samples": [{"source_key", "name"}]}; one case for each pattern of answers, its
      key is engine.consents.pattern_key
    - type-conflicts: {"field", "name", "variants": [{"section", "type", "filled", "top": [[value, n]]}],
      "choices": [{"action": "as_type" | "split" | "drop", "type", "lost", "samples": [value]}]}
    - tags: {"tag", "count", "sections": [name], "similar": [{"tag", "count"}] spelled alike, "together": [{"tag",
      "count"}] most used by the same profiles, "spellings": [tag] of one folded spelling}
    """

    kind: CaseKind
    key: str
    title: str
    evidence: Mapping[str, JsonValue]
    profiles: int = 1
    events: int = 0
    tokens: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", case_key(self.key))

    @property
    def evidence_sha(self) -> str:
        return checksum(self.evidence)


@dataclass(frozen=True, slots=True)
class Resolution:
    """A settled case. Arguments by act: supply_email {"email"}, supply_name {"name"}, merge {"into": source key}
    (no-email) or {"survivor": source key, "members": [source key]} (duplicates), merge into an existing Person
    {"target_id": id}, skip {"reason"}, as_type {"type"}, merge_tag {"into": tag}. A merge of duplicates may hold
    "fields": {field: source key whose value wins}. Organizations: merge {"name", "members": [name]}, rename {"name"},
    keep_apart {}, each with "known": [name] of the case as the planner gets it. Consents: restrict {},
    restrict_all {}, skip {"reason"}."""

    kind: CaseKind
    key: str
    action: Decide
    args: Mapping[str, JsonValue]


class Resolutions:
    """All settled cases of a project, indexed for the planner. Holds decisions only, never profiles.

    `held` are source keys of profiles that an undecided case is about, beside the ones that are its key;
    `held_companies` are the company names of undecided organization cases.
    """

    def __init__(
        self,
        settled: Iterable[Resolution],
        open_keys: Iterable[tuple[CaseKind, str]] = (),
        *,
        held: Iterable[str] = (),
        held_companies: Iterable[str] = (),
    ) -> None:
        self._by_key = {(r.kind, r.key): r for r in settled}
        self._open = frozenset(open_keys)
        self.held = frozenset(held)
        self.held_companies = frozenset(held_companies)

    def get(self, kind: CaseKind, key: str) -> Resolution | None:
        return self._by_key.get((kind, case_key(key)))

    def is_open(self, kind: CaseKind, key: str) -> bool:
        return (kind, case_key(key)) in self._open

    def asks(self, kind: CaseKind) -> bool:
        """Whether there is any case of this kind, decided or not."""
        return any(k == kind for k, _ in (*self._by_key, *self._open))

    def of_kind(self, kind: CaseKind) -> tuple[Resolution, ...]:
        return tuple(self._by_key[k] for k in sorted(self._by_key) if k[0] == kind)

    @cached_property
    def checksum(self) -> str:
        return checksum(
            [[k[0].value, k[1], r.action.value, dict(r.args)] for k, r in sorted(self._by_key.items())]
        )
