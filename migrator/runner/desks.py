"""The planner's desk: everything that it decides by, frozen for one slice."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from mapping_review import queries as map_queries
from migrator.engine.errors import ConfigurationError
from migrator.engine.inventory import SourceKind
from migrator.engine.matching import email_key
from migrator.engine.phases import fate as fates
from migrator.engine.phases import histories, match
from migrator.engine.phases import plan as plans
from migrator.engine.phases.context import Context, Known
from migrator.engine.records import Profile
from migrator.models import Discovery, Run, StagedProfile
from migrator.runner.job import Job
from migrator.texts import TOOLS


@dataclass
class Desk:
    job: Job
    discovery: Discovery
    context: Context
    decisions: fates.Decisions
    modes: Mapping[str, Any]
    pairs: Mapping[str, str]
    events: histories.EventPlan
    option_refs: frozenset[str]
    used: plans.Used
    tally: Counter[str] = field(default_factory=Counter)

    @property
    def run(self) -> Run:
        return self.job.run

    @cached_property
    def target_knows_us(self) -> bool:
        """Whether an earlier run's markers are in the target; a first run needs no look-ups of histories."""
        return self.discovery.target_records.exclude(marker="").exists()

    def staged(self, keys: Sequence[str]) -> list[StagedProfile]:
        return list(self.discovery.profiles.filter(source_key__in=keys)) if keys else []

    def profile_of(self, row: StagedProfile) -> Profile:
        return self.job.source.profile_of(row)


def desk_for(job: Job) -> Desk:
    project, discovery = job.run.project, job.run.discovery
    field_map = map_queries.approved_field_map(project)
    if field_map is None or discovery is None:
        raise ConfigurationError("The field map is no longer signed. Sign it under Mapping, then resume.")
    decisions = fates.Decisions.of(job.resolutions)
    definitions = discovery.inventory.get("definitions", {})
    context = Context(
        field_map=field_map,
        resolutions=decisions.resolutions,
        tools=TOOLS,
        section_names=definitions.get("sections", {}),
        currency=project.setting("currency"),
        known=_known(job),
        companies=decisions.companies,
    )
    rules = {r.source.removeprefix("event:"): r for r in field_map.of_kind(SourceKind.EVENT)}
    events = histories.EventPlan(
        rules, definitions.get("events", {}), histories.Fidelity(job.run.params["fidelity"])
    )
    return Desk(
        job=job,
        discovery=discovery,
        context=context,
        decisions=decisions,
        modes=match.update_modes(field_map),
        pairs=match.consent_pairs(field_map),
        events=events,
        option_refs=plans.option_refs(field_map),
        used=plans.Used.from_json(job.phase.cursor.get("used", {})),
        tally=Counter(job.phase.cursor.get("tally", {})),
    )


def _known(job: Job) -> Known:
    resolver = job.target.resolver
    users = [u for u in resolver.read("users") if u.get("active_flag") is not False]
    names = {row.get("id"): str(row.get("name", "")).casefold() for row in resolver.read("pipelines")}
    stages: dict[str, set[str]] = {name: set() for name in names.values()}
    for row in resolver.read("stages"):
        stages.setdefault(names.get(row.get("pipeline_id"), ""), set()).add(
            str(row.get("name", "")).casefold()
        )
    return Known(
        owners=frozenset(email_key(str(u.get("email", ""))) for u in users),
        fallback_owner=email_key(job.run.project.setting("fallback_owner")),
        stages={name: frozenset(found) for name, found in stages.items()},
    )
