"""What stands between a draft and its signature: every reason at once, each with its rows. Reads only."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from mapping_review import queries, second_looks
from mapping_review.cells import name_of
from mapping_review.choices import BY_PERSON_ONLY, Act, Group, RowState
from mapping_review.drafting import why_lapsed
from mapping_review.models import DecisionEvent, FieldDecision, MapVersion
from mapping_review.proposers.by_rules import fits
from mapping_review.settling import is_open_conflict
from migrator import policies as roles
from migrator import staging
from migrator.engine.errors import CrosswalkError, RefusedError
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import SourceField
from migrator.engine.merging import Clash, clashes, is_address

_MOST_LINKS = 12


class ContentChangedError(CrosswalkError):
    """The map is no longer what the person who signs was shown."""


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Blocker:
    """One reason why a map cannot be signed yet: how many rows it concerns, and where they are."""

    key: str
    count: int
    text: str
    links: tuple[Link, ...] = ()


def check_can_sign(user: Any, version: MapVersion) -> None:
    """Everything that has to be true before a map is signed. The sentence names the first reason and how many
    more there are."""
    roles.check_can_sign_map(user, version.project)
    if not version.is_draft:
        raise RefusedError(f"v{version.number} is signed already. Nothing was changed.", version=version.pk)
    if found := blockers(version):
        raise RefusedError(_together(found), version=version.pk)


def check_same_content(version: MapVersion, seen: str, content: str) -> None:
    """Raises ContentChangedError where somebody saw other content than what would be signed; "" saw none."""
    if seen and seen != content and version.is_draft:
        raise ContentChangedError(
            "The map changed since this page was opened. Nothing was signed. Look at what changed.",
            version=version.pk,
        )


def why_not_signable(version: MapVersion, open_conflicts: int, undecided: int | None = None) -> str:
    """The sentence beside the button, without reading the rows where their counts say enough; "" where
    nothing stands in the way."""
    waiting = queries.undecided_count(version) if undecided is None else undecided
    if open_conflicts:
        return _CONFLICTS.format(_fields(open_conflicts), _have(open_conflicts))
    if waiting:
        return _UNDECIDED.format(_fields(waiting), _have(waiting))
    found = _among_the_decided(decisions_of(version), version, _Pages(version))
    return _together(found) if found else ""


def blockers(version: MapVersion, known: list[FieldDecision] | None = None) -> list[Blocker]:
    """Every reason, the first to settle first; an empty list means that the map can be signed. `known` are the
    decisions where somebody has read them already."""
    decisions, pages = decisions_of(version) if known is None else known, _Pages(version)
    if not decisions:
        return [Blocker("empty", 0, "The map has no rows yet. Run a discovery first.")]
    fields = {field.key: field for field in staging.source_fields(version.project)}
    stale = stale_rows(version, fields, decisions)
    found = (
        *_undecided(decisions, fields, pages),
        _stale(stale, pages),
        _missing(decisions, {row.pk for row, _ in stale}, version, pages),
    )
    rest = _among_the_decided(decisions, version, pages)
    return [*(blocker for blocker in found if blocker is not None), *rest]


def _among_the_decided(
    decisions: Sequence[FieldDecision], version: MapVersion, pages: "_Pages"
) -> list[Blocker]:
    """What does not ask for the source's fields, which are long to read."""
    found = (*_clashes(decisions, pages), _second_looks(version, pages), _room(decisions, version))
    return [blocker for blocker in found if blocker is not None]


def decisions_of(version: MapVersion) -> list[FieldDecision]:
    """Without the proposals: what was decided is signed, and nothing else."""
    return list(version.decisions.defer("proposal").order_by("source_key"))


def stale_rows(
    version: MapVersion, fields: Mapping[str, SourceField], rows: Sequence[FieldDecision] | None = None
) -> list[tuple[FieldDecision, str]]:
    """Approved rows that rest on what is no longer so, each with what changed."""
    every = version.decisions.select_related("version__project") if rows is None else rows
    settled = [row for row in every if row.is_settled]
    whys = ((row, _why_stale(row, version, fields)) for row in settled)
    return [(row, why) for row, why in whys if why]


def _why_stale(row: FieldDecision, version: MapVersion, fields: Mapping[str, SourceField]) -> str:
    field = fields.get(row.source_key)
    return why_lapsed(row, field, version.catalogue) if field else "The field is no longer in APSIS One"


def changes_since(version: MapVersion, event_id: int) -> list[DecisionEvent]:
    """What was done to a version after an event, oldest first."""
    rows = DecisionEvent.objects.filter(decision__version=version, pk__gt=event_id)
    return list(rows.select_related("decision", "actor").order_by("pk"))


def newest_event_id(version: MapVersion) -> int:
    rows = DecisionEvent.objects.filter(decision__version=version).order_by("-pk")
    return rows.values_list("pk", flat=True).first() or 0


def line_of(event: DecisionEvent) -> str:
    """ "Medlemsnr: edited and approved, Karin"."""
    who = (event.actor.first_name or event.actor.get_username()) if event.actor else "Crosswalk"
    return f"{event.decision.name}: {Act(event.act).label.lower()}, {who}"


def tally(rules: Iterable[FieldRule]) -> dict[str, int]:
    """How many fields end as what."""
    counts = dict.fromkeys(("mapped", "created", "merged", "archived", "dropped"), 0)
    words = {
        Action.MAP: "mapped",
        Action.CREATE: "created",
        Action.ARCHIVE: "archived",
        Action.DROP: "dropped",
    }
    for rule in rules:
        counts["merged" if rule.merge and not rule.is_left else words[rule.action]] += 1
    return counts


_CONFLICTS = "{} {} an open type conflict. The queue is where it is settled."
_UNDECIDED = "{} {} no decision yet. Approve them or leave them out first."
_CONSENTS = "{} of consent {} no decision yet. A person looks at each of them."


class _Pages:
    """Where the rows of a reason are shown."""

    def __init__(self, version: MapVersion) -> None:
        self.slug = version.project.slug
        self.home = reverse("mapping_review:map", args=[self.slug])

    def filtered(self, state: str, label: str) -> tuple[Link, ...]:
        return (Link(label, f"{self.home}?state={state}"),)

    def rows(self, named: Iterable[tuple[int, str]]) -> tuple[Link, ...]:
        every = list(named)
        links = [Link(name, f"{self.home}?item={pk}") for pk, name in every[:_MOST_LINKS]]
        more = [Link(f"and {len(every) - _MOST_LINKS} more", self.home)] if len(every) > _MOST_LINKS else []
        return (*links, *more)


def _together(found: Sequence[Blocker]) -> str:
    more = len(found) - 1
    return found[0].text + (
        f" {more} more reason{'s' if more > 1 else ''} on the sign-off page." if more else ""
    )


_WAITING = (
    (Group.CONFLICT, _CONFLICTS, "Show the conflicts"),
    (Group.REVIEW, _UNDECIDED, "Show them"),
    (Group.PERSON, _CONSENTS, "Show the consent fields"),
)


def _undecided(
    decisions: Sequence[FieldDecision], fields: Mapping[str, SourceField], pages: _Pages
) -> Iterator[Blocker]:
    """Each group of the page that still waits for somebody is behind a filter of its own."""
    groups = Counter(_group_of(row, fields.get(row.source_key)) for row in decisions)
    for group, words, label in _WAITING:
        if count := groups[group]:
            text = words.format(_fields(count), _have(count))
            yield Blocker(group.value, count, text, pages.filtered(group.value, label))


def _group_of(row: FieldDecision, field: SourceField | None) -> Group:
    """An open conflict counts whatever was decided before it came up."""
    if field is not None and is_open_conflict(field):
        return Group.CONFLICT
    if row.is_settled:
        return Group.APPROVED
    return Group.PERSON if row.kind in BY_PERSON_ONLY else Group.REVIEW


def _stale(stale: Sequence[tuple[FieldDecision, str]], pages: _Pages) -> Blocker | None:
    if not stale:
        return None
    first = f" {stale[0][0].name[:80]}: {stale[0][1]}." if len(stale) == 1 else ""
    verb = "rests" if len(stale) == 1 else "rest"
    text = (
        f"{_fields(len(stale))} {verb} on what changed since the approval.{first} Signing opens them again."
    )
    return Blocker("stale", len(stale), text, pages.rows((row.pk, row.name) for row, _ in stale))


def _missing(
    decisions: Sequence[FieldDecision], known: set[int], version: MapVersion, pages: _Pages
) -> Blocker | None:
    """Rows whose field in the target is not there, and nothing else said so."""
    there = {(f.object, f.name, f.type) for f in version.catalogue if f.custom}
    gone = [
        row
        for row in decisions
        if row.pk not in known and any(_is_missing(rule, there) for rule in row.rules)
    ]
    if not gone:
        return None
    verb = "writes" if len(gone) == 1 else "write"
    text = f"{_fields(len(gone))} {verb} into a field that Pipedrive does not have. Choose another one."
    return Blocker("missing", len(gone), text, pages.rows((row.pk, row.name) for row in gone))


def _is_missing(rule: FieldRule, there: set[Any]) -> bool:
    own = rule.action == Action.MAP and rule.custom
    return own and (rule.object, rule.field, rule.type) not in there


def _clashes(decisions: Sequence[FieldDecision], pages: _Pages) -> Iterator[Blocker]:
    approved = [(row, row.rules) for row in decisions if row.state == RowState.APPROVED]
    owners = {rule.source: row for row, rules in approved for rule in rules}
    for clash in clashes(rule for _, rules in approved for rule in rules):
        members = {owners[rule.source].pk: owners[rule.source].name for rule in clash.rules}
        yield Blocker("clash", len(members), _clash_text(clash), pages.rows(members.items()))


def _clash_text(clash: Clash) -> str:
    where = name_of(clash.rules[0])
    if clash.needs_part:
        return (
            f"{_fields(len(clash.rules))} write into {where}. Say which part of the address each one fills."
        )
    part = " the same part of" if is_address(clash.rules[0]) else ""
    return (
        f"{_fields(len(clash.rules))} write into{part} {where}. Choose how they merge on all but one of them."
    )


def _second_looks(version: MapVersion, pages: _Pages) -> Blocker | None:
    count = second_looks.open_count(version)
    if not count:
        return None
    text = f"{_fields(count)} approved in bulk {'waits' if count == 1 else 'wait'} for a second look."
    url = reverse("mapping_review:second-looks", args=[pages.slug])
    return Blocker("second_looks", count, text, (Link("Take the second look", url),))


def _room(decisions: Sequence[FieldDecision], version: MapVersion) -> Blocker | None:
    made = {rule.ref for row in decisions for rule in row.rules if rule.action == Action.CREATE}
    existing, cap = room_in(version)
    if fits(len(made), existing, cap):
        return None
    over = existing + len(made) - (cap or 0)
    text = (
        f"The map creates {len(made)} custom fields, {existing} exist, and the plan of the Pipedrive account "
        f"allows {cap}. Leave out {over} or choose existing fields for them."
    )
    return Blocker("room", over, text)


def room_in(version: MapVersion) -> tuple[int, int | None]:
    """Custom fields that the target has, and how many its plan allows (None: no limit is known)."""
    discovery = staging.current_discovery(version.project)
    target = (discovery.inventory if discovery else {}).get("target", {})
    return int(target.get("custom_fields") or 0), target.get("field_cap")


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count} fields"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
