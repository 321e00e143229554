"""The bar over the list: states, filters and orders to choose from, as values for its template. Asks nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from migrator.engine.cases import CaseKind
from reconciliation.choices import ItemState, heading_of
from reconciliation.counts import Counts
from reconciliation.facets import NEVER, OF_ONE_PROFILE, OF_PROFILES
from reconciliation.filters import Filters
from reconciliation.policies import ALLOWED

SURE_WORDS = {"high": "90% and more", "medium": "70 to 89%", "low": "Under 70%"}
SORT_WORDS = {"impact": "Most held up first", "sure": "Surest first", "newest": "Newest first"}
STATE_WORDS = {"open": "Open", "unsure": "Unsure", "decided": "Decided"}


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Picker:
    """One filter that is chosen from a list; its first choice takes the filter away."""

    name: str
    label: str
    options: tuple[Option, ...]

    @property
    def is_set(self) -> bool:
        return any(option.chosen for option in self.options)


@dataclass(frozen=True, slots=True)
class StateTab:
    state: str
    label: str
    cases: int
    query: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """`first` is always in sight, `more` unfolds; `mine` toggles the person's own cases."""

    states: tuple[StateTab, ...]
    first: tuple[Picker, ...]
    more: tuple[Picker, ...]
    sort: Picker
    mine: str
    is_mine: bool
    has_tags: bool
    unfolded: bool


def bar_of(kind: CaseKind, filters: Filters, counts: Counts, people: Sequence[Any], user: Any) -> Bar:
    first = [_sections(kind, filters, counts), _suggestions(kind, filters), _sure(filters)]
    more = [*_of_profiles(kind, filters, counts), _people(filters, people), _changed(filters)]
    own = str(user.pk)
    is_mine = filters.assignee == own
    return Bar(
        states=tuple(_state(kind, state, filters, counts) for state in STATE_WORDS),
        first=tuple(picker for picker in first if picker.options),
        more=tuple(picker for picker in more if picker.options),
        sort=_picker("sort", "Order", filters.sort, SORT_WORDS.items()),
        mine=filters.as_query(assignee="" if is_mine else own) or "?",
        is_mine=is_mine,
        has_tags=kind in OF_ONE_PROFILE,
        unfolded=bool(filters.tag) or any(p.is_set for p in more if not (p.name == "assignee" and is_mine)),
    )


def in_words(kind: CaseKind, filters: Filters, people: Sequence[Any]) -> list[tuple[str, str]]:
    """What narrows, as (label, value), in the words of the bar; `people` are those to whom one can assign."""
    pickers = [_suggestions(kind, filters), _sure(filters), *_of_profiles(kind, filters, Counts(()))]
    pickers += [_people(filters, people), _changed(filters)]
    chosen = {p.name: (p.label, o.label) for p in pickers for o in p.options if o.chosen}
    typed = {"q": "Found by", "section": "Section", "tag": "Tag", "assignee": "Assigned to"}
    return [
        chosen.get(name) or (typed.get(name, name), "Somebody who left" if name == "assignee" else value)
        for name, value in filters.narrowing.items()
    ]


def _state(kind: CaseKind, state: str, filters: Filters, counts: Counts) -> StateTab:
    number = counts.cases(kind, ItemState(state))
    query = filters.as_query(state=state) or "?"
    return StateTab(state, STATE_WORDS[state], number, query, filters.state == state)


def _picker(name: str, label: str, chosen: str, pairs: Iterable[tuple[str, str]]) -> Picker:
    return Picker(name, label, tuple(Option(value, text, value == chosen) for value, text in pairs))


def _sections(kind: CaseKind, filters: Filters, counts: Counts) -> Picker:
    found = [(name, f"{name} ({number:,})") for name, number in counts.sections(kind, filters.state)]
    if filters.section and filters.section not in dict(found):
        found.append((filters.section, f"{filters.section} (0)"))
    return _picker("section", "Section", filters.section, found)


def _suggestions(kind: CaseKind, filters: Filters) -> Picker:
    pairs = [(act.value, heading_of(kind.value, act.value)) for act in ALLOWED[kind]]
    return _picker("suggestion", "Suggestion", filters.suggestion, pairs)


def _sure(filters: Filters) -> Picker:
    return _picker("sure", "Confidence", filters.sure, SURE_WORDS.items())


def _of_profiles(kind: CaseKind, filters: Filters, counts: Counts) -> list[Picker]:
    if kind not in OF_PROFILES:
        return []
    years = [year for year, _ in counts.years(kind, filters.state)]
    if filters.seen and filters.seen not in years:
        years.append(filters.seen)
    seen = [(year, "Never" if year == NEVER else year) for year in years]
    return [
        _picker("phone", "Phone", filters.phone, (("yes", "Has a phone"), ("no", "No phone"))),
        _picker("company", "Company", filters.company, (("yes", "Has a company"), ("no", "No company"))),
        _picker("seen", "Last seen", filters.seen, seen),
    ]


def _people(filters: Filters, people: Sequence[Any]) -> Picker:
    pairs = [(str(user.pk), user.get_full_name() or user.get_username()) for user in people]
    return _picker("assignee", "Assigned to", filters.assignee, [("none", "Nobody"), *pairs])


def _changed(filters: Filters) -> Picker:
    return _picker("changed", "Evidence", filters.changed, (("yes", "Changed since decided"),))
