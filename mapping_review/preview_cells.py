"""How a preview reads on a screen: sentences, lines and addresses out of the counts. No query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.urls import reverse

from mapping_review.becoming import Becoming, known_options
from mapping_review.measuring import Loss, is_counted, rule_sha
from mapping_review.preview import MOST_LABELS, Preview, PreviewRow, preview
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceField, TargetField
from migrator.engine.phases.plan import option_key
from migrator.texts import TOOLS

LINES = 12
_NEW_SHOWN = 8
_MOST_OPTIONS = 10_000


@dataclass(frozen=True)
class Line:
    """One value before and after. `profiles` is None where nothing was counted."""

    before: str
    after: str
    profiles: int | None
    tone: str = ""
    note: str = ""
    url: str = ""


@dataclass(frozen=True)
class PreviewCell:
    """The preview of one rule. `note` is the tag beside the heading; `poll_url` is set while it is counted."""

    lines: tuple[Line, ...] = ()
    note: str = ""
    tone: str = "line"
    sentences: tuple[str, ...] = ()
    unit: str = "Profiles"
    all_url: str = ""
    all_words: str = ""
    poll_url: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.lines or self.sentences)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row's sheet stands, for the addresses of its preview."""

    slug: str
    row: int

    def values_url(self, sha: str) -> str:
        return reverse("mapping_review:row-values", args=[self.slug, self.row, sha])

    def poll_url(self, sha: str) -> str:
        return reverse("mapping_review:row-preview", args=[self.slug, self.row, sha])

    def profile_url(self, example: str) -> str:
        return reverse("map-try", args=[self.slug], query={"item": self.row, "key": example})


def cell_of(
    rule: FieldRule,
    field: SourceField,
    counted: Preview | None,
    catalogue: Sequence[TargetField],
    place: Place,
) -> PreviewCell:
    """The preview of an attribute's rule: over all values where they are counted, else over the most frequent
    ones, which it says."""
    if not is_counted(rule):
        return PreviewCell(sentences=(_left_behind(field),))
    found, known = counted or preview(rule, field, TOOLS), known_options(rule, catalogue)
    cell = PreviewCell(
        lines=tuple(line_of(row, rule, known, place) for row in found.rows[:LINES]),
        note=_note(found),
        tone="warn" if found.emptied else "line",
        sentences=tuple(_sentences(rule, field, found, counted is not None, known)),
    )
    if counted is None:
        return cell
    sha = rule_sha(rule)
    more = found.distinct > LINES
    return replace(
        cell,
        all_url=place.values_url(sha) if more else "",
        all_words=f"See all {found.distinct:,} values" if found.is_whole else "See the values counted so far",
        poll_url="" if found.is_whole else place.poll_url(sha),
    )


def cell_of_becoming(found: Becoming) -> PreviewCell:
    """The preview of a row that is no attribute."""
    more = (f"{found.more:,} more are not listed here.",) if found.more else ()
    lines = (Line(b.before, b.after, b.count, "bad" if b.is_lost else "", b.note) for b in found.lines)
    return PreviewCell(
        lines=tuple(lines),
        note=f"{found.lost:,} would be lost" if found.lost else "",
        tone="warn" if found.lost else "line",
        sentences=(*found.sentences, *more),
        unit=found.unit,
    )


def line_of(row: PreviewRow, rule: FieldRule, known: frozenset[str], place: Place) -> Line:
    note = row.lost.removesuffix(", would be empty") or _new_option(row.after, rule, known)
    url = place.profile_url(row.example) if row.example else ""
    return Line(row.before, row.after, row.profiles, "bad" if row.is_emptied else "", note, url)


def loss_words(loss: Loss | None) -> str:
    """ "18 empty, 3 changed": beside an alternative, before it is chosen."""
    if loss is None:
        return "not counted yet"
    parts = [f"{loss.emptied:,} would be empty" if loss.emptied else ""]
    parts += [f"{loss.changed:,} would change" if loss.changed else ""]
    return ", ".join(part for part in parts if part) or "loses nothing"


def losses_in(counted: Mapping[str, Preview], rule: FieldRule) -> str:
    """The words for one alternative; "" where there is nothing to convert."""
    if not is_counted(rule):
        return ""
    found = counted.get(rule_sha(rule))
    whole = found if found and found.is_whole else None
    return loss_words(Loss(whole.emptied, whole.changed, whole.seen) if whole else None)


def _note(found: Preview) -> str:
    if found.emptied:
        return f"{found.emptied:,} would be empty"
    return f"{found.changed:,} would change" if found.changed else ""


def _sentences(
    rule: FieldRule, field: SourceField, found: Preview, is_kept: bool, known: frozenset[str]
) -> list[str]:
    if not field.filled and not found.seen:
        return ["No profile has a value."]
    said = [_total(rule, field, found)]
    if not is_kept and not found.is_whole:
        said.append("Only the most frequent values were looked at. The next discovery counts all of them.")
    elif not found.is_whole:
        about = max(found.distinct, sum(v.distinct for v in field.variants))
        said.append(f"Counting: {found.distinct:,} of about {about:,} different values so far.")
    return said + _option_sentences(rule, found, known)


def _total(rule: FieldRule, field: SourceField, found: Preview) -> str:
    several = len(rule.sources or field.sources) > 1
    of = f"{found.seen:,} profiles" + (", counted once in each Section," if several else "")
    if found.emptied and found.changed:
        return f"{found.emptied:,} of {of} would be empty, {found.changed:,} would change."
    if found.emptied:
        return f"{found.emptied:,} of {of} would be empty."
    if found.changed:
        return f"{found.changed:,} of {of} would change, none would be empty."
    return f"Nothing would be lost on {of.removesuffix(',')}."


def _option_sentences(rule: FieldRule, found: Preview, known: frozenset[str]) -> list[str]:
    if found.labels is None:
        return []
    if found.labels_cut:
        most = f"There are more than {MOST_LABELS} different options."
        return [f"{most} Pipedrive takes {_MOST_OPTIONS:,}; text may fit better."]
    new = [(label, count) for label, count in found.labels if option_key(label) not in known]
    total, added = (
        len({option_key(label) for label, _ in found.labels}),
        {option_key(label) for label, _ in new},
    )
    there = f"{total - len(added):,} of {total:,} options are in Pipedrive already"
    said = [f"{there}, {len(added):,} would be added{_listed(new)}."]
    return said + _alike(found.labels) + _unused(rule, found.labels)


def _listed(new: Sequence[tuple[str, int]]) -> str:
    if not new:
        return ""
    more = f" and {len(new) - _NEW_SHOWN:,} more" if len(new) > _NEW_SHOWN else ""
    return ": " + ", ".join(f"{label[:40]} ({count:,})" for label, count in new[:_NEW_SHOWN]) + more


def _alike(labels: Sequence[tuple[str, int]]) -> list[str]:
    groups: dict[str, list[str]] = {}
    for label, _ in labels:
        groups.setdefault(option_key(label), []).append(label)
    same = [names for names in groups.values() if len(names) > 1]
    return [f"“{names[0]}” and “{names[1]}” become one option." for names in same[:3]]


def _unused(rule: FieldRule, labels: Sequence[tuple[str, int]]) -> list[str]:
    if rule.action != Action.CREATE:
        return []
    used = {option_key(label) for label, _ in labels}
    idle = [option for option in rule.options if option_key(option) not in used]
    return (
        [f"No profile has {', '.join(idle[:_NEW_SHOWN])}; the new field lists it all the same."]
        if idle
        else []
    )


def _new_option(after: str, rule: FieldRule, known: frozenset[str]) -> str:
    return "new option" if rule.type == FieldType.ENUM and option_key(after) not in known else ""


def _left_behind(field: SourceField) -> str:
    if not field.filled:
        return "Nothing is written. No profile has a value."
    return f"Nothing is written. The values of {field.filled:,} profiles stay in the archive file."
