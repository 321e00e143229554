"""Staged accounts for tests of detection: only what a test is about, and the rest filled in."""

import time
from itertools import count
from typing import Any

from migrator import staging
from migrator.choices import RunKind, Side
from migrator.engine.cases import Case
from migrator.engine.matching import company_key, phone_key
from migrator.models import Connection, Discovery, Run, RunPhase
from migrator.runner import detecting
from migrator.runner.inventorying import Totals
from migrator.runner.job import Job
from tests import factories as made

_numbers = count(1)
SWEDEN, NORWAY = "usercreated.sections.sweden", "usercreated.sections.norway"
DEFINITIONS: dict[str, Any] = {
    "sections": {SWEDEN: "Sweden", NORWAY: "Norway"},
    "attributes": {},
    "types": {},
}
CHANNELS = {"email": "com.apsis1.channels.email", "sms": "com.apsis1.channels.sms"}


def account() -> Discovery:
    project = made.project()
    Connection.objects.create(project=project, side=Side.SOURCE, base_url="https://source.example")
    return made.discovery(project, completed=False, inventory={"definitions": DEFINITIONS})


def profile(discovery: Discovery, key: str = "", *, company: str = "", events: int = 0, **values: Any) -> str:
    """One staged profile; `raw` as the export gives it, the other values as columns."""
    key = key or f"k{next(_numbers):05}"
    row = {"source_key": key, "raw": {"sections": {SWEDEN: {"attributes": {}}}}, "raw_sha": "0" * 64} | values
    staging.store_profiles(discovery, [row])
    discovery.profiles.filter(source_key=key).update(company=company, event_count=events)
    return key


def target(discovery: Discovery, kind: str, number: int, name: str, **values: Any) -> None:
    """One record of the target; `phones` and `emails` are lists, `organization` is an id."""
    body = {"id": number, "name": name} | (
        {"org_id": values["organization"]} if "organization" in values else {}
    )
    row = {
        "kind": kind,
        "target_id": str(number),
        "marker": values.get("marker", ""),
        "name_key": company_key(name) if kind == "organization" else name,
        "emails": values.get("emails", []),
        "phones": [phone_key(p) for p in values.get("phones", [])],
        "body": body,
    }
    staging.store_targets(discovery, [row])


def job_of(discovery: Discovery, seconds: float = 30.0) -> Job:
    run = Run.objects.filter(discovery=discovery).first() or made.run(
        discovery.project, RunKind.DISCOVERY, discovery=discovery
    )
    phase, _ = RunPhase.objects.get_or_create(run=run, name="inventory", defaults={"number": 1})
    run = Run.objects.select_related("project", "discovery").get(pk=run.pk)
    return Job(run, phase, time.monotonic() + seconds)


def found(discovery: Discovery, part: str, totals: Totals | None = None) -> list[Case]:
    return list(detecting.cases_of(part, job_of(discovery), (), totals or Totals()))


def consents(
    section_answers: dict[str, str], channel: str = "email", suppressed: bool = False
) -> dict[str, Any]:
    """The raw consents of a profile, by Section, for one channel."""
    rows = {
        section: [{"channel_discriminator": CHANNELS[channel], "type": state}]
        for section, state in section_answers.items()
    }
    raw: dict[str, Any] = {"sections": {s: {"attributes": {}} for s in section_answers}, "consents": rows}
    return raw | ({"suppression": [{"channel_discriminator": CHANNELS[channel]}]} if suppressed else {})
