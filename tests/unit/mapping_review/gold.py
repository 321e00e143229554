"""The gold set as our values: its accounts become source fields and catalogues, our proposals its answers."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mapping_review.proposers.by_rules import propose
from mapping_review.proposers.proposal import WRITABLE, Proposal, ProposerSettings
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import (
    FieldType,
    SourceField,
    SourceKind,
    TargetField,
    TargetObject,
    Variant,
)
from migrator.engine.profiling import Accumulator, infer

SAMPLES = Path(__file__).parents[2] / "samples" / "field_mapping"
# The gold set's accounts have contact sync, Campaigns and the richer plans; a project has what its target can
# write.
EVERYTHING = WRITABLE | {
    *(
        ("person", key)
        for key in ("job_title", "birthday", "postal_address", "notes", "im", "marketing_status")
    ),
    *(
        ("organization", k)
        for k in ("owner", "website", "linkedin", "industry", "annual_revenue", "employee_count")
    ),
    *(("deal", key) for key in ("probability", "lost_reason", "owner", "channel", "origin")),
}
SETTINGS = ProposerSettings(standard=frozenset(EVERYTHING))
_TYPES = {
    "phone": "phone",
    "user": "user",
    "monetary": "monetary",
    "double": "double",
    "date": "date",
    "set": "set",
    "enum": "enum",
    "text": "text",
    "address": "address",
}
_OUR_KEYS = {
    "email": "emails",
    "phone": "phones",
    "owner_id": "owner",
    "stage_id": "stage",
    "pipeline_id": "pipeline",
}
_GOLD_KEYS = {ours: gold for gold, ours in _OUR_KEYS.items()}


@dataclass(frozen=True)
class Answer:
    attribute: dict[str, Any]
    proposal: Proposal
    account: dict[str, Any]

    @property
    def places(self) -> list[tuple[str, ...]]:
        """What was proposed, best first, in the gold set's terms."""
        rules = [self.proposal.rule, *(a.rule for a in self.proposal.alternatives)]
        return [place_of_rule(rule, self.account) for rule in rules]

    @property
    def wanted(self) -> set[tuple[str, ...]]:
        return {place_of_gold(g) for g in [self.attribute["gold"], *self.attribute["also_ok"]]}

    @property
    def is_right(self) -> bool:
        return self.places[0] in self.wanted


def accounts(path: Path = SAMPLES / "dev.json") -> list[dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8"))["accounts"]


def answers_for(account: dict[str, Any], *, settings: ProposerSettings = SETTINGS) -> list[Answer]:
    fields = [source_field(attribute, account) for attribute in account["attributes"]]
    proposals = propose(fields, catalogue_of(account), settings)
    return [Answer(a, p, account) for a, p in zip(account["attributes"], proposals, strict=True)]


def source_field(attribute: dict[str, Any], account: dict[str, Any]) -> SourceField:
    """The gold set lists an attribute per Section; each becomes a source field of its own."""
    is_default = attribute["default"]
    tail = attribute["discriminator"].rpartition(".")[2]
    key = (
        f"attribute:{tail}"
        if is_default and attribute["section"] == account["sections"][0]
        else (f"attribute:{attribute['id']}")
    )
    return SourceField(
        key=key,
        kind=SourceKind.ATTRIBUTE,
        name=attribute["name"],
        is_default=is_default,
        variants=(variant_of(attribute, account),),
        profiles=account["profile_count"],
        conflict="type_conflict" in attribute["flags"],
    )


def variant_of(attribute: dict[str, Any], account: dict[str, Any]) -> Variant:
    """The samples, as if each stood for an equal share of the filled profiles."""
    filled = round(attribute["fill_rate"] * account["profile_count"])
    accumulator = Accumulator(attribute["type"])
    samples = attribute["samples"] if filled else []
    for sample in samples:
        accumulator.add(sample, max(1, filled // len(samples)))
    summary = accumulator.summary()
    distinct = max(attribute["distinct"], summary.distinct)
    summary = replace(summary, distinct=distinct, distinct_labels=max(distinct, summary.distinct_labels))
    seen = accumulator.variant(attribute["section"], attribute["section"], attribute["discriminator"])
    return replace(seen, distinct=distinct, inferred=infer(summary))


def catalogue_of(account: dict[str, Any]) -> list[TargetField]:
    return list(_catalogue(account))


def _catalogue(account: dict[str, Any]) -> Iterator[TargetField]:
    for where, fields in account["destination"].items():
        for field in fields:
            yield TargetField(
                TargetObject(where),
                field["name"],
                FieldType(_TYPES.get(field["type"], "varchar")),
                field["custom"],
                "" if field["custom"] else field["key"],
                tuple(field.get("options", ())),
            )


def place_of_rule(rule: FieldRule, account: dict[str, Any]) -> tuple[str, ...]:
    if rule.action == Action.SKIP:
        return ("skip",)
    if rule.action == Action.CREATE:
        return ("create", rule.object.value)
    if not rule.custom:
        return ("map", rule.object.value, _GOLD_KEYS.get(rule.field, rule.field))
    fields = account["destination"][rule.object.value]
    return (
        "map",
        rule.object.value,
        next(f["key"] for f in fields if f["custom"] and f["name"] == rule.field),
    )


def place_of_gold(gold: dict[str, Any]) -> tuple[str, ...]:
    if gold["action"] == "skip":
        return ("skip",)
    if gold["action"] == "create":
        return ("create", gold["object"])
    if (gold["object"], gold["field"]) == ("person", "org_id"):
        return ("map", "organization", "name")
    return ("map", gold["object"], gold["field"])
