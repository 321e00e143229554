"""The field map on one named profile: what every row would make of it. Reads and converts, writes nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import OperationalError, connection, transaction
from django.db.models import Count, Q

from mapping_review.cells import detail_of, name_of
from mapping_review.preview import shown
from mapping_review.queries import Row
from mapping_review.settling import is_open_conflict
from migrator.engine.canonical import JsonValue
from migrator.engine.cases import Resolutions
from migrator.engine.field_map import FieldMap, FieldRule
from migrator.engine.inventory import SourceKind
from migrator.engine.matching import email_key, phone_key
from migrator.engine.phases.context import Context, Supplied
from migrator.engine.phases.transform import Transformed, transform
from migrator.engine.records import Profile
from migrator.engine.transforms.converted import text_of
from migrator.engine.transforms.registry import convert
from migrator.models import Discovery, StagedProfile
from migrator.texts import TOOLS

HITS = 10
_FEWEST_DIGITS = 4
_FEWEST_LETTERS = 2
# A part of a name is looked for in every profile; in a very large account that is given up.
_LONGEST_SEARCH_MS = 2_000
_LONGEST_SHOWN = 300
NOT_WRITTEN = "not written"
UNSETTLED = "its type is not settled yet"
# Before, after, what is lost, whether the value is lost.
Fate = tuple[str, str, str, bool]


@dataclass(frozen=True, slots=True)
class Hits:
    """Profiles that were found; `is_cut` says that the search for parts of names took too long."""

    profiles: tuple[StagedProfile, ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class TriedLine:
    """One rule on one profile. `state` is the row's, such as "proposed"."""

    row: int
    source: str
    before: str
    after: str
    target: str
    detail: str
    state: str
    note: str = ""
    is_lost: bool = False

    @property
    def is_quiet(self) -> bool:
        """The profile has nothing for this row, and nothing comes of it."""
        return not self.before and self.after in ("empty", NOT_WRITTEN)


def find_profiles(discovery: Discovery, text: str) -> Hits:
    """Up to ten profiles by email, phone, CRM id or profile key, or else by a part of a name or of an email."""
    text = text.strip()
    if len(text) < _FEWEST_LETTERS:
        return Hits()
    rows = discovery.profiles.defer("raw").order_by("source_key")
    exact = list(rows.filter(_exactly(text))[:HITS])
    if len(exact) == HITS:
        return Hits(tuple(exact))
    known = [row.pk for row in exact]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("set local statement_timeout = %s", [_LONGEST_SEARCH_MS])
            similar = list(rows.filter(_partly(text)).exclude(pk__in=known)[: HITS - len(exact)])
            cursor.execute("set local statement_timeout to default")
    except OperationalError:
        return Hits(tuple(exact), is_cut=True)
    return Hits((*exact, *similar))


def lines_of(
    profile: Profile, events: Mapping[str, int], rows: Sequence[Row], context: Context
) -> Iterator[TriedLine]:
    """What each row of the map makes of the profile, decided or proposed, in the order given. `events` counts the
    profile's events by type."""
    made = transform([profile], Supplied(), context)
    for row in rows:
        for rule in row.decision.rules or row.now.rules:
            fate = _of_events(rule, row, events) if row.field.kind == SourceKind.EVENT else None
            yield _line(row, rule, fate or _fate(row, rule, profile, made, context))


def event_counts(discovery: Discovery, source_key: str) -> dict[str, int]:
    rows = discovery.events.filter(source_key=source_key).order_by().values_list("type")
    return dict(rows.annotate(n=Count("id")))


def context_for(rows: Iterable[Row], section_names: dict[str, str], currency: str) -> Context:
    """Every rule of the map as it stands, decided or proposed, without the queue's decisions."""
    rules = [rule for row in rows for rule in row.decision.rules or row.now.rules]
    return Context(FieldMap(tuple(rules)), Resolutions(()), TOOLS, section_names, currency)


def facts_of(profile: Profile, context: Context) -> list[tuple[str, str, str]]:
    """The records that the profile would become, in few words."""
    made = transform([profile], Supplied(), context)
    body = made.person.body
    name = str(body["name"]) or "no name: it waits in the queue"
    facts = [("Person", name), ("Email", _addresses(body["emails"])), ("Phone", _addresses(body["phones"]))]
    if made.organization:
        facts.append(("Organization", str(made.organization.body["name"])))
    facts += [("Deal", str(deal.body["title"])) for deal in made.deals]
    return [(words, value, "") for words, value in facts]


def _exactly(text: str) -> Q:
    digits = phone_key(text)
    phone = Q(phone=digits) if len(digits) >= _FEWEST_DIGITS else Q()
    return Q(email=email_key(text)) | Q(crm_id=text) | Q(source_key=text) | phone


def _partly(text: str) -> Q:
    digits = phone_key(text)
    found = Q(name__icontains=text) | Q(email__contains=email_key(text)) | Q(crm_id__istartswith=text)
    return found | Q(phone__contains=digits) if len(digits) >= _FEWEST_DIGITS else found


def _line(row: Row, rule: FieldRule, fate: Fate) -> TriedLine:
    before, after, note, is_lost = fate
    waits = UNSETTLED if is_open_conflict(row.field) else ""
    return TriedLine(
        row.decision.pk,
        row.decision.name,
        before[:_LONGEST_SHOWN],
        after[:_LONGEST_SHOWN],
        name_of(rule),
        detail_of(rule),
        row.decision.state,
        waits or note.removesuffix(", would be empty"),
        is_lost,
    )


def _fate(row: Row, rule: FieldRule, profile: Profile, made: Transformed, context: Context) -> Fate:
    if row.field.kind == SourceKind.ATTRIBUTE:
        return _attribute(rule, row, profile)
    before = _held(row, profile, context)
    if not rule.field:
        return before, NOT_WRITTEN, "", False
    body = made.person.body
    custom = body["custom"]
    written = custom.get(rule.ref) if isinstance(custom, dict) else None
    if row.field.kind == SourceKind.TAG:
        written = body["labels"] or None
    return before, shown(written), "", False


def _of_events(rule: FieldRule, row: Row, events: Mapping[str, int]) -> Fate:
    count = events.get(row.field.key.removeprefix("event:"), 0)
    if not count:
        return "", "empty", "", False
    before = f"{count:,} event{'' if count == 1 else 's'}"
    note = "how many records is chosen when a run is planned" if rule.field else ""
    return before, name_of(rule) if rule.field else NOT_WRITTEN, note, False


def _attribute(rule: FieldRule, row: Row, profile: Profile) -> Fate:
    """The first Section whose value can be converted decides, as when the plan is computed."""
    sources = rule.sources or row.field.sources
    held = [value for ref in sources if (value := profile.values.get(ref)) not in (None, "")]
    if not held:
        return "", "empty", "", False
    if not rule.field:
        return text_of(held[0]), NOT_WRITTEN, "", False
    made = [convert(rule.transform, value, dict(rule.args), TOOLS) for value in held]
    best = next((n for n, converted in enumerate(made) if converted.value is not None), 0)
    return text_of(held[best]), shown(made[best].value), made[best].lost, made[best].is_emptied


def _held(row: Row, profile: Profile, context: Context) -> str:
    match row.field.kind:
        case SourceKind.TAG:
            return ", ".join(sorted({tag for _, tag in profile.tags}))
        case SourceKind.SECTION:
            return ", ".join(context.section_names.get(s, s) for s in profile.sections)
        case SourceKind.CONSENT | SourceKind.CHANNEL:
            return _consents(row, profile)
    return ""


def _consents(row: Row, profile: Profile) -> str:
    channel = "sms" if "sms" in row.field.key else "email"
    states = {c.state.value for c in profile.consents if c.channel == channel}
    suppressed = ["suppressed"] if channel in profile.suppressed else []
    return ", ".join([*sorted(states), *suppressed])


def _addresses(rows: JsonValue) -> str:
    found = rows if isinstance(rows, list) else []
    return ", ".join(f"{row['value']} ({row['label']})" for row in found if isinstance(row, dict))
