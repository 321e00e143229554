"""What rules are learned from: the decisions that somebody took with the case in view, the words of those cases, and
the words of what is left.
"""

from collections.abc import Iterable

from django.db import connection

from migrator.engine.cases import CaseKind, Decide
from migrator.models import Project
from reconciliation import learning
from reconciliation.counts import Cell, Counts
from reconciliation.facets import OF_PROFILES, facets_of, read_traits
from reconciliation.filters import Filters
from reconciliation.learning import Left, Seen
from reconciliation.models import Decision, ReviewItem

# A request that decided more cases was not a look at each of them.
SMALL = 10
# The newest decisions that count, and among how many batches of all kinds they are looked for.
NEWEST, READ = 400, 1_000
# The filter that finds the cases with a word of this name.
FILTERS = {"suggest": "suggestion"} | {
    name: name for name in ("section", "sure", "phone", "company", "seen", "tag")
}

# The first decision of a batch carries the batch's own key (writing.keys_for): so batches are found, newest first, and
# no bulk lies between them.
_BY_HAND = """
with settled as materialized (
    select batch from reconciliation_bulk where project_id = %(project)s
    union all
    select batch from reconciliation_queueimport where project_id = %(project)s and batch is not null
), heads as (
    select batch from reconciliation_decision
    where project_id = %(project)s and client_key = batch and undoes_id is null
        and batch not in (select batch from settled)
    order by id desc limit %(read)s
), recent as (
    select taken.*, count(*) over (partition by taken.batch) in_batch
    from heads cross join lateral (
        select id, item_id, actor_id, action, at, batch from reconciliation_decision
        where project_id = %(project)s and batch = heads.batch
        limit %(small)s + 1
    ) taken
)
select recent.id
from recent join reconciliation_reviewitem item on item.id = recent.item_id
where item.kind = %(kind)s and in_batch <= %(small)s
    and item.decided_at = recent.at and item.decided_by_id = recent.actor_id and item.action = recent.action
order by recent.id desc limit %(newest)s
"""


def decided_cases(project: Project, kind: CaseKind) -> list[Seen]:
    """The newest decisions on cases of a kind that still stand and that somebody took with the case in view.

    What a bulk, a rule or a spreadsheet decided is left out: a rule never confirms itself.
    """
    rows = Decision.objects.filter(pk__in=_by_hand(project, kind)).select_related("item").order_by("-pk")
    return [_seen(row, kind) for row in rows]


def _by_hand(project: Project, kind: CaseKind) -> list[int]:
    limits: dict[str, int | str] = {"small": SMALL, "newest": NEWEST, "read": READ}
    with connection.cursor() as cursor:
        cursor.execute(_BY_HAND, limits | {"project": project.pk, "kind": kind.value})
        return [row[0] for row in cursor.fetchall()]


def _seen(row: Decision, kind: CaseKind) -> Seen:
    return Seen(
        row.item_id,
        frozenset(words_of(row.item)),
        learning.act_of(kind, Decide(row.action), row.args, row.item.suggestion),
        learning.is_held_back(row.batch),
        row.at,
        str(row.args.get("reason", "")),
    )


def words_of(item: ReviewItem) -> list[str]:
    """The words of a case that a filter can find it by."""
    kind = CaseKind(item.kind)
    _, words = facets_of(
        kind, item.evidence, item.title, item.key, item.section, item.suggested_action, item.confidence
    )
    return [word for word in words if filters_for([word])]


def filters_for(condition: Iterable[str]) -> Filters | None:
    """The filter that finds exactly the cases with these words; None where no address can say it."""
    pairs = [word.partition(":")[::2] for word in condition]
    if not all(name in FILTERS for name, _ in pairs):
        return None
    asked = {FILTERS[name]: value for name, value in pairs}
    found = Filters.from_query(asked)
    return found if found.narrowing == asked else None


def left_of(counts: Counts, kind: CaseKind) -> list[Left]:
    """What is open, with the words that the counts know of it."""
    cells = counts.of(kind, Filters())
    return [Left(frozenset(_words_of(cell, kind)), cell.cases) for cell in cells if cell.cases > 0]


def _words_of(cell: Cell, kind: CaseKind) -> list[str]:
    traits = read_traits(cell.traits)
    words = [f"suggest:{cell.action or 'none'}", f"sure:{traits.sure}"]
    words += [f"section:{cell.section}"] if cell.section else []
    if kind not in OF_PROFILES:
        return words
    has = {"phone": traits.phone, "company": traits.company}
    return [*words, f"seen:{traits.seen}", *(f"{n}:{'yes' if known else 'no'}" for n, known in has.items())]
