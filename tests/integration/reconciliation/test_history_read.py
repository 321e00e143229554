"""What was decided, read back: the history batch by batch, and the last decision that an undo takes back."""

from uuid import uuid4

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from migrator.engine.cases import CaseKind, Decide
from reconciliation import queries, services
from reconciliation.filters import Filters
from reconciliation.models import Waiver
from tests import factories_reconciliation as made

SKIP = services.Choice(Decide.SKIP, {"reason": "Nothing is known."})


def decided(project, user, *items):
    batch = services.decide_many(
        project,
        project.review_items.filter(pk__in=[i.pk for i in items]),
        SKIP,
        user=user,
        client_key=uuid4(),
    )
    assert len(batch.decided) == len(items)
    return batch.key


def test_each_batch_is_one_line_newest_first_with_how_many_stand(project, sofia, erik):
    a, b, c = (made.make_item(project) for _ in range(3))
    many = decided(project, sofia, a, b)
    single = decided(project, erik, c)
    first = project.decisions.get(item=a)
    services.undo(project, many, user=sofia, client_key=uuid4(), decision=first.pk)
    undo, one, two = queries.history(project)
    assert [one.batch, two.batch] == [single, many]
    assert (one.who, one.standing, one.gone) == ("Erik", 1, "")
    assert (two.what, two.standing) == ("decided 2 cases: skipped.", 1)
    assert two.gone == "1 of them undone."
    assert undo.what.startswith("undid the decision on")
    assert (undo.standing, undo.gone) == (0, "")


def test_the_history_goes_on_page_by_page_in_one_query_each(project, sofia):
    batches = [decided(project, sofia, made.make_item(project)) for _ in range(5)]
    with CaptureQueriesContext(connection) as seen:
        newest = queries.history(project, size=2)
    assert len(seen) == 1
    older = queries.history(project, before=newest[-1].first, size=50)
    assert [line.batch for line in (*newest, *older)] == batches[::-1]


def test_the_last_decision_is_found_behind_a_long_batch_that_was_taken_back(project, sofia, monkeypatch):
    monkeypatch.setattr(queries, "LOOKED_AT", 4)
    kept = made.make_item(project)
    decided(project, sofia, kept)
    many = decided(project, sofia, *(made.make_item(project) for _ in range(9)))
    services.undo(project, many, user=sofia, client_key=uuid4())
    last = queries.last_decision(project, sofia)
    assert last is not None
    assert last.item_id == kept.pk


def test_another_persons_decision_is_not_the_one_to_take_back(project, sofia, erik):
    decided(project, erik, made.make_item(project))
    assert queries.last_decision(project, sofia) is None


def test_a_waiver_stands_until_a_case_opens_after_it_or_somebody_takes_it_back(project, erik):
    item = made.make_item(project)
    assert queries.standing_waiver(project) is None
    waiver = Waiver.objects.create(project=project, by=erik, cases=1, profiles=1, reason="Later.")
    assert queries.standing_waiver(project) == waiver
    made.make_item(project, made.rare_tag())
    assert queries.standing_waiver(project) is None
    newer = Waiver.objects.create(project=project, by=erik, cases=2, profiles=2, reason="Later.")
    assert queries.standing_waiver(project) == newer
    services.decide(
        item.pk,
        Decide.SKIP,
        {"reason": "No."},
        user=erik,
        expected_version=item.lock_version,
        client_key=uuid4(),
    )
    assert queries.standing_waiver(project) == newer
    newer.withdrawn_at = timezone.now()
    newer.save()
    assert queries.standing_waiver(project) is None


def test_what_is_chosen_is_counted_up_to_where_a_person_has_to_confirm(project, sofia):
    for _ in range(3):
        made.make_item(project)
    chosen = queries.open_items_of(project, CaseKind.NO_EMAIL, Filters())
    assert queries.count_to_confirm(chosen, "skip") == 0
    assert queries.count_to_confirm(chosen, "merge") == 0
    for _ in range(23):
        made.make_item(project)
    assert queries.count_to_confirm(chosen, "skip") == 26
    few = chosen.filter(pk__in=[item.pk for item in chosen[:6]])
    assert queries.count_to_confirm(few, "merge") == 6
