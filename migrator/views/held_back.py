"""What a run left behind for the open cases, as its plan, its page and its report say it."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from migrator.choices import RunKind
from migrator.engine.operations import Act
from migrator.engine.records import Kind
from migrator.models import Run
from migrator.runner import held_back
from migrator.views import words


@dataclass(frozen=True, slots=True)
class HeldBack:
    """`url` lists the profiles, `queue_url` the cases that hold them; `waived` says that somebody let the run go on."""

    sentence: str
    events: int
    url: str
    queue_url: str
    waived: bool


def held_back_of(run: Run) -> HeldBack | None:
    """None where the plan held nothing back, and for runs that plan no profiles."""
    held = run.plan.get("held_back") if run.kind == RunKind.TRIAL else None
    sentence = held_back.sentence(held) if held else ""
    if not held or not sentence:
        return None
    slug = run.project.slug
    query = urlencode({"kind": Kind.PERSON.value, "state": words.BUCKETS[Act.HOLD]})
    url = f"{reverse('run-records', args=[slug, run.pk])}?{query}"
    queue_url = reverse("reconciliation:queue", args=[slug])
    return HeldBack(sentence, int(held.get("events", 0)), url, queue_url, bool(held.get("waiver")))
