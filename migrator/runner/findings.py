"""What a discovery says in sentences: what will be hard, and what the move will cost. Reads only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Sum

from mapping_review.proposers.proposal import Proposal
from migrator.engine.field_map import Action
from migrator.engine.forecast import forecast
from migrator.engine.inventory import SourceField
from migrator.engine.operations import Act
from migrator.engine.phases.histories import PAGE_EVENTS
from migrator.engine.records import Kind
from migrator.models import Discovery, Project
from migrator.runner.job import Job
from migrator.runner.pricing import share_for

SIMPLE, MEDIUM = 20, 200


def findings(
    project: Project, discovery: Discovery, sources: Sequence[SourceField], tags: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Sentences with their number, the largest effect first; `link` names the stop where it is settled."""
    limit = project.setting("rare_tag_limit")
    rare = sum(1 for count in tags.values() if count < limit)
    conflicts = sum(1 for source in sources if source.conflict)
    asked = _asked(project, discovery)
    found = [
        _no_email(discovery),
        _line(
            "no-name",
            discovery.profiles.filter(name="").count(),
            "profiles have no name",
            "queue",
        ),
        _line("duplicates", asked["duplicates"], "profiles may be the same person as another one", "queue"),
        _line("type-conflicts", conflicts, "attributes share a name but not a type", "queue"),
        _line("tags", rare, f"tags are on fewer than {limit} profiles", "queue"),
        _line(
            "organizations", asked["organizations"], "profiles are at a company with several names", "queue"
        ),
        _line("consents", asked["consents"], "profiles have consents that disagree", "queue"),
        _long_history(discovery),
    ]
    return sorted((f for f in found if f["count"]), key=lambda f: -f["count"])


def _line(kind: str, count: int, text: str, link: str) -> dict[str, Any]:
    """`text` is written for several; one reads "1 profile has"."""
    if count == 1:
        text = text.replace("profiles have", "profile has", 1).replace("tags are", "tag is", 1)
        text = text.replace("profiles may", "profile may", 1).replace("profiles are", "profile is", 1)
        text = text.replace("attributes share", "attribute shares", 1)
    return {"kind": kind, "count": count, "text": f"{count:,} {text}", "link": link}


def _no_email(discovery: Discovery) -> dict[str, Any]:
    # Whoever has no name either is counted, and asked about, under "no name".
    count = discovery.profiles.filter(email="").exclude(name="").count()
    return _line("no-email", count, "profiles have no email", "queue")


def _asked(project: Project, discovery: Discovery) -> Counter[str]:
    """How many profiles the cases of this discovery hold up, by kind; call it when all are open."""
    rows = project.review_items.filter(scan=str(discovery.pk)).order_by().values_list("kind")
    return Counter(dict(rows.annotate(n=Sum("impact_profiles"))))


def _long_history(discovery: Discovery) -> dict[str, Any]:
    longest = discovery.profiles.order_by("-event_count").values_list("event_count", flat=True).first() or 0
    if longest <= PAGE_EVENTS:
        return _line("history", 0, "", "")
    count = discovery.profiles.filter(event_count__gt=PAGE_EVENTS).count()
    text = (
        f"profiles have more than {PAGE_EVENTS:,} events (up to {longest:,}); their history is cut into pages"
    )
    return _line("history", count, text, "")


def estimate(job: Job, discovery: Discovery, proposals: Sequence[Proposal], profiles: int) -> dict[str, Any]:
    """Tokens and days on the first day, before anything is decided: one history per profile with events."""
    with_events = discovery.profiles.filter(event_count__gt=0).count()
    companies = discovery.profiles.exclude(company="").values("company").distinct().count()
    created = sum(1 for p in proposals if p.rule.action == Action.CREATE)
    counts = {
        (Kind.FIELD, Act.CREATE): created,
        (Kind.ORGANIZATION, Act.CREATE): companies,
        (Kind.PERSON, Act.CREATE): profiles,
        (Kind.ACTIVITY, Act.CREATE): with_events,
    }
    share = share_for(job.run.project)
    priced = forecast(counts, job.target.costs, daily_tokens=job.target.daily_tokens, share=share)
    hard = sum(f["count"] for f in discovery.findings)
    grade = "simple" if hard < SIMPLE else "medium" if hard < MEDIUM else "complex"
    mapped = sum(1 for p in proposals if not p.rule.is_left)
    return {
        "tokens": priced.tokens,
        "days": priced.days,
        "grade": grade,
        "one_to_one": mapped,
        "total": len(proposals),
    }
