"""What a transform works with: the map, the decisions, what the target knows, and what decisions add to a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from migrator.engine.cases import Resolutions
from migrator.engine.companies import Companies
from migrator.engine.field_map import FieldMap
from migrator.engine.matching import email_key
from migrator.engine.records import Channel
from migrator.engine.transforms.tools import Tools


@dataclass(frozen=True, slots=True)
class Known:
    """What the target has that records can point to. Owners are e-mail keys of its active users; `fallback_owner`
    is the one that a person chose; stages are names by pipeline name, all in lower case."""

    owners: frozenset[str] = frozenset()
    fallback_owner: str = ""
    stages: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def owner_for(self, email: str) -> str | None:
        wanted = email_key(email)
        return wanted if wanted in self.owners else self.fallback_owner or None

    def has_pipeline(self, name: str) -> bool:
        return name.strip().casefold() in self.stages

    def has_stage(self, name: str, pipeline: str) -> bool:
        pipelines = (
            [self.stages.get(pipeline.strip().casefold(), frozenset())] if pipeline else self.stages.values()
        )
        return any(name.strip().casefold() in stages for stages in pipelines)


@dataclass(frozen=True, slots=True)
class Context:
    """All that a transform may know. `section_names` turns discriminators into what people call Sections; `wins`
    is that of the person who is being made (see Supplied)."""

    field_map: FieldMap
    resolutions: Resolutions
    tools: Tools
    section_names: Mapping[str, str]
    currency: str = "SEK"
    known: Known = Known()
    companies: Companies = field(default_factory=Companies)
    wins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Supplied:
    """What decisions add to a person. `wins` says by field whose value counts among merged profiles: "name",
    "email", "phone", "company", "crm_id" or a source field's key -> source key; `refused` are the channels that a
    person settled with No."""

    email: str = ""
    name: str = ""
    wins: Mapping[str, str] = field(default_factory=dict)
    refused: frozenset[Channel] = frozenset()
