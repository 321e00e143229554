"""Lists: what each filter finds, in which order, page by page, and how many; each told by counting in plain Python."""

import itertools
import random
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from migrator.engine.cases import CaseKind
from reconciliation import counts as counting
from reconciliation import facets, listing, matching, queries, searching
from reconciliation.choices import GROUP_ORDER
from reconciliation.counts import Counted, counts_of
from reconciliation.filters import Filters
from reconciliation.models import CaseFacet, QueueCount, ReviewItem
from tests import factories_reconciliation as made

KIND = CaseKind.NO_EMAIL
SECTIONS = ("Denmark", "Norway", "")
NAMES = ("Astrid Lindqvist", "Bjørn Ødegård", "100% Ull AS", "Karin Holm-Ek")


def planted(project, sofia, number: int = 120) -> list[ReviewItem]:
    """Cases with every mix of what can be filtered by; the mix is random, and the same in each run."""
    rng = random.Random(7)
    items = [an_item(project, sofia, rng, n) for n in range(number)]
    ReviewItem.objects.bulk_create(items)
    facets.write(items)
    return items


def an_item(project, sofia, rng, number: int) -> ReviewItem:
    evidence = {
        "name": f"{rng.choice(NAMES)} {number}",
        "phone": rng.choice(("+46 70 555 01 24", "")),
        "company": rng.choice(("Fjell AS", "")),
        "last_event": rng.choice(("2024-05-01T08:00:00+00:00", "2026-03-12T08:00:00+00:00", "")),
        "tags": rng.sample(["vip", "winter", "a b"], rng.randrange(3)),
    }
    action, sure = rng.choice(("name_only", "merge", "skip")), rng.choice((50, 70, 89, 90, 100))
    state = rng.choice(("open", "open", "open", "unsure", "decided"))
    item = ReviewItem(project=project, kind=KIND.value, key=f"p{number}", title=evidence["name"])
    item.evidence, item.confidence, item.suggested_action = evidence, sure, action
    item.group_order, item.rank = GROUP_ORDER[action], rng.randrange(-9, 0)
    item.section, item.traits = rng.choice(SECTIONS), facets.traits_of(KIND, evidence, sure)
    item.assigned_to = rng.choice((sofia, None, None))
    item.changed = rng.choice(("phone", "", "", ""))
    item.opened_at = timezone.now() - timedelta(minutes=rng.randrange(500))
    item.state = state
    if state != "open":
        item.action, item.decided_by, item.decided_at = "skip", sofia, timezone.now()
    return item


def passes(item: ReviewItem, filters: Filters) -> bool:
    """The filters in plain words, apart from how they are asked of the database."""
    evidence = item.evidence
    seen = evidence["last_event"][:4] or "never"
    level = "high" if item.confidence >= 90 else "medium" if item.confidence >= 70 else "low"
    text = facets.folded(item.title)
    wanted = {
        "section": lambda v: item.section == v,
        "suggestion": lambda v: item.suggested_action == v,
        "assignee": lambda v: item.assigned_to_id == (None if v == "none" else int(v)),
        "sure": lambda v: level == v,
        "phone": lambda v: bool(evidence["phone"]) == (v == "yes"),
        "company": lambda v: bool(evidence["company"]) == (v == "yes"),
        "seen": lambda v: seen == v,
        "tag": lambda v: v in evidence["tags"],
        "changed": lambda v: bool(item.changed),
        "q": lambda v: all(word in text for word in facets.folded(v).split()),
    }
    return item.state == filters.state and all(wanted[n](v) for n, v in filters.narrowing.items())


def in_order(items: list[ReviewItem], filters: Filters) -> list[int]:
    level = lambda i: 0 if i.confidence >= 90 else 1 if i.confidence >= 70 else 2  # noqa: E731
    orders = {
        "impact": lambda i: (i.group_order, i.rank, i.pk),
        "sure": lambda i: (i.group_order, level(i), i.rank, i.pk),
        "newest": lambda i: (-i.opened_at.timestamp(), -i.pk),
    }
    name = "impact" if filters.sort == "newest" and filters.state == "decided" else filters.sort
    return [i.pk for i in sorted((i for i in items if passes(i, filters)), key=orders[name])]


def walked(project, filters: Filters, size: int) -> list[int]:
    """Every id of a list, page after page as a person would turn them."""
    found: list[int] = []
    after = ""
    while True:
        page = listing.queue_page(project, KIND, filters, after=after, size=size)
        found += [item.pk for item in page.items]
        if not page.after:
            return found
        after = page.after


ASKED = {
    "section": ("Denmark",),
    "suggestion": ("merge", "name_only"),
    "assignee": ("none", "me"),
    "sure": ("high", "medium", "low"),
    "phone": ("yes", "no"),
    "company": ("yes", "no"),
    "seen": ("2024", "never"),
    "tag": ("vip", "a b"),
    "changed": ("yes",),
    "q": ("astrid", "ODEGARD bjorn", "100%", "holm-ek"),
}


def questions(sofia) -> list[Filters]:
    """Each filter alone, and some hundred random mixes with every state and order."""
    rng = random.Random(11)
    asked = [{name: value} for name, values in ASKED.items() for value in values]
    asked += [
        {name: rng.choice(ASKED[name]) for name in rng.sample(sorted(ASKED), rng.randrange(4))}
        for _ in range(20)
    ]
    found = []
    for more, (state, sort) in zip(
        asked, itertools.cycle(itertools.product(("open", "unsure", "decided"), ("impact", "sure", "newest")))
    ):
        values = more | {"state": state, "sort": sort}
        found.append(Filters.from_query(values, me=sofia.pk))
    return found


CEILINGS = pytest.mark.parametrize(
    "ceilings",
    [(10_000, 10_000, 10_000), (5, 5, 10_000), (5, 5, 5)],
    ids=["few are looked up", "some are put in order", "many are walked"],
)


def lower(monkeypatch, ceilings) -> None:
    """Where a list is read another way because there is more of it."""
    for name, value in zip(("MOST_COUNTED", "PROBED", "SORTED"), ceilings, strict=True):
        monkeypatch.setattr(searching, name, value)
    monkeypatch.setattr(searching, "WALKED", min(ceilings[0], 20))
    monkeypatch.setattr(searching, "SAMPLED", min(ceilings[0], 4))


@CEILINGS
def test_every_filter_finds_what_it_says_in_the_order_that_it_says(project, sofia, monkeypatch, ceilings):
    lower(monkeypatch, ceilings)
    items = planted(project, sofia)
    for filters in questions(sofia):
        expected = in_order(items, filters)
        assert walked(project, filters, size=7) == expected, filters
        everything = listing.open_items_of(project, KIND, filters)
        assert list(everything.values_list("pk", flat=True)) == expected, filters


@CEILINGS
def test_position_and_number_are_those_of_the_list_or_say_that_there_are_more(
    project, sofia, monkeypatch, ceilings
):
    lower(monkeypatch, ceilings)
    items = planted(project, sofia)
    for filters in questions(sofia):
        expected = in_order(items, filters)
        total = listing.queue_page(project, KIND, filters).total
        assert total == len(expected) or (total.more and total <= len(expected)), filters
        for place, pk in list(enumerate(expected, start=1))[:: max(1, len(expected) // 3)]:
            item = next(i for i in items if i.pk == pk)
            position, _ = listing.standing_in_list(item, filters)
            assert position == place or (position.more and position <= place), filters


def test_what_the_counts_tell_is_exact_however_many_there_are(project, sofia, monkeypatch):
    monkeypatch.setattr(searching, "MOST_COUNTED", 5)
    items = planted(project, sofia)
    filters = Filters(section="Denmark", sure="high")
    page = listing.queue_page(project, KIND, filters)
    assert page.total == len(in_order(items, filters))
    assert not page.total.more
    assert sum(group.total for group in page.groups) == page.total
    assert dict(page.years)["2024"] == sum(passes(i, Filters(seen="2024")) for i in items)
    assert dict(page.sections)["Norway"] == sum(passes(i, Filters(section="Norway")) for i in items)


def test_the_next_cases_follow_in_the_list_and_begin_anew_behind_the_last(project, sofia):
    items = planted(project, sofia, 30)
    filters = Filters(sort="sure")
    expected = in_order(items, filters)
    by_pk = {item.pk: item for item in items}
    assert [i.pk for i in listing.next_items(by_pk[expected[3]], filters)] == expected[4:6]
    assert [i.pk for i in listing.next_items(by_pk[expected[-1]], filters)] == expected[:2]


def test_a_search_too_short_for_the_index_finds_nothing_rather_than_everything(project, sofia):
    planted(project, sofia, 20)
    for text in ("as", "1 2", "%%%", "__", "é"):
        filters = Filters(q=text)
        assert filters.is_too_short
        assert bool(filters)
        assert listing.queue_page(project, KIND, filters).total == 0
        assert not listing.open_items_of(project, KIND, filters).exists()


def test_a_search_looks_only_into_its_own_queue(project, sofia):
    planted(project, sofia, 10)
    other = made.make_project()
    made_item = an_item(other, sofia, random.Random(1), 1)
    made_item.title, made_item.state, made_item.action = "Astrid elsewhere", "open", ""
    made_item.decided_by = made_item.decided_at = None
    made_item.save()
    facets.write([made_item])
    found = listing.queue_page(project, KIND, Filters(q="elsewhere"))
    assert found.total == 0
    assert listing.queue_page(other, KIND, Filters(q="elsewhere")).total == 1


def test_a_cursor_that_is_none_begins_at_the_first_page(project, sofia):
    items = planted(project, sofia, 20)
    expected = in_order(items, Filters())
    for cursor in ("nonsense", "1.2", "1.2.3.4", f"1.{2**70}.3", "-1..", "0.0.-1"):
        page = listing.queue_page(project, KIND, Filters(), after=cursor, size=50)
        assert {item.pk for item in page.items} <= set(expected)


def test_as_many_queries_for_many_cases_as_for_few(project, sofia):
    def asked(filters) -> int:
        with CaptureQueriesContext(connection) as seen:
            listing.queue_page(project, KIND, filters)
        return len(seen)

    lists = [Filters(), Filters(sure="high"), Filters(q="astrid"), Filters(tag="vip", sort="sure")]
    planted(project, sofia, 12)
    few = [asked(filters) for filters in lists]
    ReviewItem.objects.filter(project=project).delete()
    planted(project, sofia, 300)
    assert [asked(filters) for filters in lists] == few
    assert max(few) <= 4


# Counts


def exact(project) -> dict[tuple[str, ...], int]:
    found: dict[tuple[str, ...], int] = {}
    for item in ReviewItem.objects.filter(project=project):
        place = (item.kind, item.state, item.suggested_action, item.section, str(item.traits))
        found[place] = found.get(place, 0) + 1
    return found


def kept(project) -> dict[tuple[str, ...], int]:
    cells = counts_of(project).cells
    return {(c.kind, c.state, c.action, c.section, str(c.traits)): c.cases for c in cells}


def test_the_kept_counts_are_the_counts_before_and_after_they_are_folded(project, sofia, monkeypatch):
    monkeypatch.setattr(counting, "WORTH_FOLDING", 0)
    planted(project, sofia, 60)
    for pk in ReviewItem.objects.values_list("pk", flat=True)[:20]:
        ReviewItem.objects.filter(pk=pk).update(section="Iceland", impact_events=5)
    ReviewItem.objects.filter(section="Norway").delete()
    before = exact(project)
    assert kept(project) == before
    rows = QueueCount.objects.filter(project=project).count()
    gone = counting.compact(project.pk)
    assert gone > 0
    assert QueueCount.objects.filter(project=project).count() == rows - gone
    assert kept(project) == before
    assert counting.compact(project.pk) == 0


def test_the_counts_of_a_deleted_project_go_with_it(project, sofia):
    planted(project, sofia, 10)
    pk = project.pk
    project.delete()
    counting.compact()
    assert not QueueCount.objects.filter(project_id=pk).exists()


def test_parked_cases_count_as_waiting_and_not_as_decided(project, sofia):
    items = planted(project, sofia, 50)
    progress = queries.progress(project, sofia)
    waiting = [i for i in items if i.state in ("open", "unsure")]
    kind = progress.of(KIND)
    assert progress.left == kind.open == len(waiting)
    assert kind.unsure == sum(i.state == "unsure" for i in items)
    assert queries.held_back(project) == (len(waiting), sum(i.impact_profiles for i in waiting))


def test_a_person_begins_where_something_is_open_and_not_where_all_is_parked(project, sofia):
    parked = made.make_item(project, made.no_email())
    ReviewItem.objects.filter(pk=parked.pk).update(
        state="unsure", action="unsure", decided_by=sofia, decided_at=timezone.now()
    )
    assert queries.first_kind(project) == CaseKind.NO_EMAIL
    made.make_item(project, made.rare_tag())
    assert queries.first_kind(project) == CaseKind.RARE_TAG
    assert queries.progress(project, sofia).next_after(CaseKind.DUPLICATE).kind == CaseKind.RARE_TAG


# What is found by


def test_facets_are_written_once_and_anew_only_where_they_changed(project):
    item = made.make_item(project, made.no_email(name="Bjørn Ødegård", tags=["vip"]))
    facets.write([item])
    before = CaseFacet.objects.get(item=item)
    assert "bjorn odegard" in before.search
    assert {"tag:vip", "phone:yes", f"queue:{project.pk}:no-email"} <= set(before.facets)
    with connection.cursor() as cursor:
        cursor.execute("select xmin::text from reconciliation_casefacet where item_id = %s", [item.pk])
        written = cursor.fetchone()
        facets.write([item])
        cursor.execute("select xmin::text from reconciliation_casefacet where item_id = %s", [item.pk])
        assert cursor.fetchone() == written
    item.evidence = item.evidence | {"phone": ""}
    facets.write([item])
    assert "phone:no" in CaseFacet.objects.get(item=item).facets


def test_a_count_says_when_there_are_more():
    assert str(Counted(12_345)) == "12,345"
    assert str(Counted(10_000, more=True)) == "more than 10,000"
    assert Counted(3) + 1 == 4


def test_the_place_of_a_case_can_be_read_back_from_its_cursor(project, sofia):
    item = planted(project, sofia, 1)[0]
    for sort in ("impact", "sure", "newest"):
        filters = Filters(sort=sort)
        assert matching.read_cursor(matching.cursor_of(item, filters), filters) == matching.place_of(
            item, filters
        )
