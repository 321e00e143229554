"""Whatever two people and the discoveries do in whatever order: the history replays to the state that is there.

Each walk follows from its seed alone. A seed that fails is written into SAVED and walked for ever.
"""

from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from django.db import transaction
from django.db.models import Count, F, Sum
from django.utils import timezone

from migrator.engine.cases import Case, CaseKind, Decide
from migrator.engine.errors import RefusedError
from reconciliation import bulks, dependence, holds
from reconciliation.arguments import InvalidDecisionError
from reconciliation.choices import BulkState, ItemState
from reconciliation.models import Bulk, Decision, QueueCount, ReviewItem
from reconciliation.policies import ALLOWED
from reconciliation.replay import replayed, state_checksum
from reconciliation.services import Choice, Decided, close_missing, decide, decide_many, open_items, undo
from tests import factories_reconciliation as made

pytestmark = pytest.mark.django_db

SAVED = Path(__file__).parents[2] / "data" / "any_sequence_seeds.txt"
QUICK, MANY = 25, 1000
STEPS = 15
TAGS = ("vip", "vips", "v.i.p")
VERSIONS = (1, 2)


def cases(number: int) -> list[Case]:
    """Every case that may be reported, in one of two versions of its evidence."""
    phone = f"+47 {number}"
    people = [("p1", "p2"), ("p2", "p3"), ("p3", "p1")]
    other = {"name": "Astrid Lindqvist", "email": "", "phone": phone, "company": "", "event_count": 1}
    return [
        *(
            made.no_email(key, phone=phone, candidates=[{"source_key": into, "why": "phone", **other}])
            for key, into in people
        ),
        *(
            made.rare_tag(tag, number + 1, similar=[(other, number) for other in TAGS if other != tag])
            for tag in TAGS
        ),
        made.type_conflict(name=f"size {number}"),
        made.no_name("n1", company=f"Fjell {number}"),
        made.duplicate(made.member("a"), made.member("b", filled=number)),
        made.no_email("p4", phone="", event_count=number),
    ]


class Walk:
    """One random sequence. Every step either is done, or is refused with a sentence and changes nothing."""

    def __init__(self, seed, project, people) -> None:
        self.random = Random(seed)
        self.project, self.people = project, people
        # The batches that may be undone, and every row of the history that somebody was told of.
        self.batches: list[UUID] = []
        self.told: list[int] = []
        self.scan = 0
        self.discover()

    def step(self) -> None:
        often = (self.decide,) * 5 + (self.undo,) * 3 + (self.decide_many, self.bulk) * 2
        act = self.random.choice(
            (*often, *(self.discover,) * 2, self.sway, self.undo_bulk, self.hold, self.repeat)
        )
        self.before = state_checksum(self.project)
        try:
            act()
        except (RefusedError, InvalidDecisionError):
            assert state_checksum(self.project) == self.before
            assert self.rows().count() == len(self.told)

    def rows(self):
        return Decision.objects.filter(project=self.project)

    def tell(self, decisions) -> None:
        self.told += [decision.pk for decision in decisions]

    def who(self):
        return self.random.choice(self.people)

    def key(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def item(self) -> ReviewItem:
        """One of a few, so that acts meet on the same case."""
        rows = self.project.review_items.exclude(state="gone").only("project_id", "kind", "lock_version")
        return self.random.choice(list(rows.order_by("pk")[: self.random.choice((2, 7))]))

    def kind(self) -> CaseKind:
        return self.random.choice(
            (CaseKind.NO_EMAIL, CaseKind.DUPLICATE, CaseKind.RARE_TAG, CaseKind.NO_NAME)
        )

    def act_and_args(self, kind: CaseKind):
        often = [act for act in ALLOWED[kind] if act in dependence.DEPENDENT]
        action = self.random.choice((*ALLOWED[kind], *often * 3, Decide.UNSURE))
        return action, {
            "email": self.random.choice(("a@example.com", "a@example.com", "b@example.com", "none")),
            "name": "Somebody",
            "reason": self.random.choice(("", "Left")),
            "into": self.random.choice(("p1", "p2", "p3", *TAGS)),
            "survivor": self.random.choice("ab"),
            "type": self.random.choice(("text", "number")),
        }

    def decide(self) -> None:
        item, user = self.item(), self.who()
        action, args = self.act_and_args(CaseKind(item.kind))
        stale = self.random.random() < 0.1
        outcome = decide(
            item.pk,
            self.random.choice((action, action, None)),
            args,
            user=user,
            expected_version=item.lock_version - stale,
            client_key=self.key(),
            take_over=self.random.random() < 0.5,
        )
        if isinstance(outcome, Decided):
            self.batches.append(outcome.decision.batch)
            self.tell([outcome.decision])

    def decide_many(self) -> None:
        kind = self.kind()
        rows = self.project.review_items.filter(kind=kind.value)
        key = self.key()
        action, args = self.act_and_args(kind)
        for choice in (Choice(action, args), Choice(action, args))[: self.random.choice((1, 2))]:
            batch = decide_many(self.project, rows, choice, user=self.who(), client_key=key)
            self.tell(d for d in batch.decided if d.item_id not in batch.repeated)
        self.batches.append(key)

    def bulk(self) -> None:
        kind, user = self.kind(), self.who()
        action, args = self.act_and_args(kind)
        choice = self.random.choice((Choice(), Choice(action, args), Choice(action)))
        bulk = bulks.start(self.project, kind, "", timezone.now(), choice, user=user, client_key=self.key())
        self.tell_of(bulk)
        if bulk.done and self.random.random() < 0.5:
            back = bulks.undo(bulk, user, self.key())
            self.tell_of(back)
            assert (back.done, back.conflicts) == (bulk.done, 0)
            assert state_checksum(self.project) == self.before

    def tell_of(self, bulk: Bulk) -> None:
        """A bulk tells numbers: they are those of its rows."""
        assert bulk.state == BulkState.FINISHED, bulk.message
        assert bulk.done + bulk.conflicts + bulk.refused == bulk.planned
        rows = list(self.rows().filter(batch=bulk.batch))
        assert len({row.item_id for row in rows}) == bulk.done
        assert bulk.undoes or len(rows) == bulk.done
        self.tell(rows)

    def undo_bulk(self) -> None:
        found = list(Bulk.objects.filter(project=self.project, undoes__isnull=True).order_by("pk"))
        if found:
            chosen = self.random.choice(found)
            self.tell_of(bulks.undo(chosen, self.who(), self.key(), also=self.ticked()))

    def undo(self) -> None:
        if self.batches:
            batch = self.random.choice(self.batches[-8:])
            done = undo(self.project, batch, user=self.who(), client_key=self.key(), also=self.ticked())
            self.tell(done.undone)

    def ticked(self) -> list[int]:
        ids = list(self.project.review_items.order_by("pk").values_list("pk", flat=True))
        return self.random.sample(ids, self.random.choice((0, 0, len(ids) // 2, len(ids))))

    def discover(self) -> None:
        """Each case unchanged, changed, changed back, or no longer there."""
        self.scan += 1
        chosen = [self.random.choice(forms) for forms in zip(*map(cases, VERSIONS), strict=True)]
        self.report([c for c in chosen if self.random.random() < 0.9])
        close_missing(self.project, str(self.scan))

    def sway(self) -> None:
        """An address is given; the evidence of its case changes and returns, and another case has the address."""
        given = self.project.review_items.filter(state=ItemState.DECIDED, action=Decide.SUPPLY_EMAIL)
        for item in given.order_by("pk")[:1]:
            forms = [
                c for number in VERSIONS for c in cases(number) if (c.kind, c.key) == (item.kind, item.key)
            ]
            self.report([c for c in forms if c.evidence_sha != item.evidence_sha])
            self.before = state_checksum(self.project)
            free = self.project.review_items.filter(kind=item.kind, state=ItemState.OPEN)
            rows = free.filter(pk__in=free.exclude(pk=item.pk).order_by("-pk").values("pk")[:1])
            key = self.key()
            choice = Choice(Decide.SUPPLY_EMAIL, item.args)
            self.tell(decide_many(self.project, rows, choice, user=self.who(), client_key=key).decided)
            self.batches.append(key)
            self.report([c for c in forms if c.evidence_sha == item.evidence_sha])

    def report(self, found) -> None:
        open_items(self.project, found, scan=str(self.scan))
        overtaken = self.rows().filter(actor=None).exclude(pk__in=self.told)
        assert all(row.undoes_id for row in overtaken)
        self.tell(overtaken)

    def hold(self) -> None:
        holds.take(self.item(), self.who())

    def repeat(self) -> None:
        """The last request of somebody once more: it gives the first answer and writes nothing."""
        row = self.rows().filter(client_key=F("batch"), action__gt="").last()
        if row and self.rows().filter(batch=row.batch).count() == 1:
            again = decide(
                row.item_id, row.action, {}, user=row.actor, expected_version=0, client_key=row.client_key
            )
            assert again.decision == row
            assert self.rows().count() == len(self.told)

    # What holds after every walk

    def check(self) -> None:
        items = list(self.project.review_items.all())
        decisions = list(self.rows().select_related("undoes"))
        assert replayed(items, decisions) == {
            i.pk: (i.state, i.action, i.args, i.decided_by_id, i.decided_at) for i in items
        }
        acts = [(d.batch, d.item_id) for d in decisions if d.action]
        assert len(acts) == len(set(acts)), "a decision was applied twice"
        assert sorted(self.told) == sorted(d.pk for d in decisions), (
            "the history is not what people were told"
        )
        assert all(d.undoes.pk < d.pk and d.undoes.item_id == d.item_id for d in decisions if d.undoes)
        heads = [d.batch for d in decisions if d.client_key == d.batch]
        assert sorted(heads) == sorted({d.batch for d in decisions}), "a batch has not one head"
        self.check_ends(items)
        self.check_counts()

    def check_ends(self, items) -> None:
        """Nobody is merged in a circle, and no address is given twice."""
        settled = {(i.kind, i.key): i for i in items if i.state == ItemState.DECIDED}
        into = {place: (place[0], i.args["into"]) for place, i in settled.items() if "into" in i.args}
        for start in into:
            at, steps = start, 0
            while (at := into.get(at)) and steps <= len(into):
                steps += 1
            assert at is None, f"{start} is merged in a circle"
        given = [i.args["email"] for i in settled.values() if i.action == Decide.SUPPLY_EMAIL]
        assert len(given) == len(set(given)), "an address was given twice"

    def check_counts(self) -> None:
        place = ("kind", "state", "suggested_action", "section", "traits")
        mine = QueueCount.objects.filter(project=self.project).values_list(*place).order_by()
        counted = mine.annotate(Sum("cases"), Sum("profiles"), Sum("events"), Sum("tokens"))
        rows = self.project.review_items.values_list(*place).order_by()
        there = rows.annotate(Count("pk"), Sum("impact_profiles"), Sum("impact_events"), Sum("impact_tokens"))
        assert {row for row in counted if any(row[len(place) :])} == set(there)


@pytest.fixture
def walk(project, sofia, erik):
    """Each walk is taken back when it has ended; the people and the empty project are there for all."""

    def once(seed: int) -> None:
        with transaction.atomic():
            going = Walk(seed, project, (sofia, erik))
            for _ in range(STEPS):
                going.step()
            going.check()
            transaction.set_rollback(True)

    return once


@pytest.fixture
def walk_all(walk):
    """Walks these; the first that fails is saved, and is the next to be walked."""

    def several(seeds) -> None:
        for seed in seeds:
            try:
                walk(seed)
            except Exception:
                save(seed)
                raise

    return several


def saved() -> list[int]:
    return [int(line) for line in SAVED.read_text().split()]


def save(seed: int) -> None:
    SAVED.write_text("".join(f"{number}\n" for number in sorted({*saved(), seed})))


def test_sequences_that_once_failed_replay_to_their_state(walk_all):
    walk_all(saved())


def test_some_sequences_replay_to_their_state(walk_all):
    walk_all(range(QUICK))


@pytest.mark.slow
@pytest.mark.parametrize("first", range(QUICK, MANY, 25))
def test_a_thousand_sequences_replay_to_their_state(walk_all, first):
    walk_all(range(first, first + 25))
