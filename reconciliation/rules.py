"""Rules from like decisions: offered with their figures, applied or put off on a click, never by themselves.

Reads what people decided one by one or in small batches, has `learning` look for patterns, and keeps the ones that
hold. What is left to decide is counted where it is shown, so that an offer never names a number of yesterday.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from migrator import policies as roles
from migrator import trail
from migrator.engine.cases import CaseKind, Decide
from migrator.engine.errors import PermanentError
from migrator.models import Project
from reconciliation import bulks, learning, rule_words
from reconciliation.choices import KINDS, KindWords, RuleState
from reconciliation.counts import Counted, Counts, counts_of
from reconciliation.filters import Filters
from reconciliation.learning import Act, Pattern, Seen
from reconciliation.models import Bulk, Decision, ReviewItem, Rule
from reconciliation.outcomes import Choice
from reconciliation.rule_history import decided_cases, filters_for, left_of
from reconciliation.searching import Search

# So many like decisions more bring back a rule that somebody put off, and the look for rules is as rare.
AGAIN = 8
SHOWN = 100


class LapsedRuleError(PermanentError):
    """What was decided since speaks against the rule. Nothing was changed."""


# Offering


def is_due(decision: Decision) -> bool:
    """Whether to look for rules after this decision: one in eight, told by its number and without a query."""
    return decision.pk % AGAIN == 0


@transaction.atomic
def offer(project: Project, kind: CaseKind) -> list[Rule]:
    """Look for rules in the decisions as they stand: offer new ones, bring the figures of the others up to date,
    and withdraw offers that later decisions speak against. Returns what is offered now.

    Safe to repeat, and to call by two at once. A rule that was applied or put off comes back only after eight more
    decisions that it is right about.
    """
    seen, counts = decided_cases(project, kind), counts_of(project, kind)
    patterns = [
        pattern
        for pattern in learning.find(seen, left_of(counts, kind))
        if count_left(project, kind, pattern.condition, counts).n
    ]
    known = {_key(r.condition, r.action): r for r in _rules(project, kind).select_for_update().order_by("pk")}
    found = {_key(p.condition, p.act.action): p for p in patterns}
    put_off = [rule for rule in known.values() if rule.state == RuleState.DISMISSED]
    fresh = [
        _new_rule(project, kind, pattern)
        for key, pattern in found.items()
        if key not in known and not _is_put_off(pattern, put_off, seen)
    ]
    Rule.objects.bulk_create(fresh, ignore_conflicts=True)
    for key, rule in known.items():
        if (pattern := found.get(key)) is None:
            _withdraw(rule)
        elif rule.state == RuleState.OFFERED or _is_wanted_again(rule, pattern, seen):
            _update(rule, pattern)
    return offered(project, kind)


def _rules(project: Project, kind: CaseKind) -> Any:
    return Rule.objects.filter(project=project, kind=kind.value)


def _key(condition: Iterable[str], action: str) -> tuple[tuple[str, ...], str]:
    return tuple(condition), str(action)


def _new_rule(project: Project, kind: CaseKind, pattern: Pattern) -> Rule:
    rule = Rule(
        project=project, kind=kind.value, condition=list(pattern.condition), action=pattern.act.action
    )
    _carry(rule, pattern)
    return rule


def _carry(rule: Rule, pattern: Pattern) -> None:
    rule.state, rule.args = RuleState.OFFERED, pattern.args
    rule.support, rule.held_back, rule.agreed = pattern.support, pattern.held_back, pattern.agreed
    rule.exceptions = list(pattern.exceptions)


def _update(rule: Rule, pattern: Pattern) -> None:
    _carry(rule, pattern)
    rule.save(update_fields=["state", "args", "support", "held_back", "agreed", "exceptions"])


def _is_wanted_again(rule: Rule, pattern: Pattern, seen: Sequence[Seen]) -> bool:
    since: datetime | None = rule.settled_at
    like = (c for c in seen if c.act == pattern.act and c.words.issuperset(pattern.condition))
    return since is None or sum(bool(c.at and c.at > since) for c in like) >= AGAIN


def _is_put_off(pattern: Pattern, put_off: Iterable[Rule], seen: Sequence[Seen]) -> bool:
    """Whether somebody just put this act off: the same under another condition would be asked again."""
    like = (rule for rule in put_off if rule.action == pattern.act.action)
    return any(not _is_wanted_again(rule, pattern, seen) for rule in like)


def _withdraw(rule: Rule) -> None:
    """An offer that no longer holds goes; what somebody did with it before stays."""
    if rule.state != RuleState.OFFERED:
        return
    if rule.settled_at is None:
        rule.delete()
        return
    rule.state = RuleState.APPLIED if rule.bulks.exists() else RuleState.DISMISSED
    rule.save(update_fields=["state"])


# Reading


@dataclass(frozen=True)
class Offer:
    """A rule as the screen shows it. `left` counts the open cases that it would decide now."""

    rule: Rule
    left: Counted
    exceptions: tuple[ReviewItem, ...] = ()
    bulks: tuple[Bulk, ...] = ()

    @cached_property
    def kind(self) -> CaseKind:
        return CaseKind(self.rule.kind)

    @property
    def seen(self) -> str:
        """What was done so far, in a sentence."""
        agreed = self.rule.support + self.rule.agreed
        figures = (agreed, agreed + len(self.rule.exceptions))
        rule = self.rule
        return rule_words.seen_sentence(self.kind, rule.condition, Decide(rule.action), rule.args, figures)

    @property
    def check(self) -> str:
        return rule_words.check_sentence(self.rule.agreed, self.rule.held_back)

    @property
    def more(self) -> str:
        return rule_words.more_sentence(str(self.left), self.left.n == 1)

    @property
    def exceptions_text(self) -> str:
        return rule_words.exceptions_sentence(len(self.rule.exceptions))

    @property
    def words(self) -> KindWords:
        return KINDS[self.kind]

    @property
    def reason(self) -> str:
        return str(self.rule.args.get("reason", ""))

    @property
    def may_apply(self) -> bool:
        return self.left.n > 0

    @property
    def matching_url(self) -> str:
        """The list of what it would decide."""
        query = filters_of(self.rule).as_query() if self.may_apply else ""
        return reverse("reconciliation:queue-kind", args=[self.rule.project.slug, self.rule.kind]) + query


def filters_of(rule: Rule) -> Filters:
    """The filter of a stored rule. Raises LapsedRuleError where no filter says any more what it says."""
    found = filters_for(rule.condition)
    if found is None:
        raise LapsedRuleError("No filter says what this rule says any more. Decide its cases by hand.")
    return found


def choice_of(rule: Rule) -> Choice:
    """The act of a rule; without arguments each case takes its own suggestion's."""
    return Choice(Decide(rule.action), rule.args)


def preview_query(rule: Rule) -> str:
    """The end of the address that shows what applying would do."""
    return filters_of(rule).as_query(kind=rule.kind, action=rule.action, **rule.args, rule=rule.pk)


def count_left(project: Project, kind: CaseKind, condition: Iterable[str], counts: Counts) -> Counted:
    """How many open cases have all of these words; none where no filter says so."""
    filters = filters_for(condition)
    return Search(project, kind, filters, counts).totals()[0] if filters else Counted(0)


def offered(project: Project, kind: CaseKind) -> list[Rule]:
    """The stored offers of a kind, surest first, in one query; nothing is looked for."""
    rules = _rules(project, kind).filter(state=RuleState.OFFERED).order_by("-support", "pk")
    return list(rules.select_related("project")[: learning.MOST])


def offers(project: Project, kind: CaseKind) -> tuple[Offer, ...]:
    """What the list of a kind shows: offers that something is left for. One query where there is none."""
    rules = offered(project, kind)
    counts = counts_of(project, kind) if rules else Counts(())
    shown = (Offer(rule, count_left(project, kind, rule.condition, counts)) for rule in rules)
    return tuple(offer for offer in shown if offer.may_apply)


def every_rule(project: Project) -> dict[str, list[Offer]]:
    """All rules of a project by state, newest first, with their exceptions and what came of them."""
    rules = list(Rule.objects.filter(project=project).select_related("settled_by").order_by("-pk")[:SHOWN])
    ids = {pk for rule in rules for pk in rule.exceptions}
    items = project.review_items.filter(pk__in=ids).only("pk", "title", "kind", "action").in_bulk()
    counts = counts_of(project) if rules else Counts(())
    applied = _bulks_of(rules)
    found: dict[str, list[Offer]] = {state.value: [] for state in RuleState}
    for rule in rules:
        rule.project = project
        left = count_left(project, CaseKind(rule.kind), rule.condition, counts)
        known = tuple(items[pk] for pk in rule.exceptions if pk in items)
        found[rule.state].append(Offer(rule, left, known, tuple(applied.get(rule.pk, ()))))
    return found


def _bulks_of(rules: Sequence[Rule]) -> dict[int | None, list[Bulk]]:
    found: dict[int | None, list[Bulk]] = {}
    rows = Bulk.objects.filter(rule__in=rules, undoes__isnull=True).select_related("actor")
    for bulk in rows.prefetch_related("undos").order_by("-pk"):
        found.setdefault(bulk.rule_id, []).append(bulk)
    return found


# Acts


def check_holds(rule: Rule) -> None:
    """Raises LapsedRuleError where the decisions of today, or what is left today, speak against the rule."""
    kind = CaseKind(rule.kind)
    act = Act(Decide(rule.action), str(rule.args.get("type", "")))
    seen = decided_cases(rule.project, kind)
    now = learning.check(rule.condition, act, seen)
    if not now.is_sound or learning.has_pocket(now, seen):
        raise LapsedRuleError(
            f"Later decisions speak against this rule: of {now.held_back:,} kept aside, {now.agreed:,} agree, "
            f"with {rule_words.exceptions_sentence(len(now.exceptions)).rstrip('.')}. "
            "Decide these cases by hand, or look for rules again.",
            rule=rule.pk,
        )
    if not learning.are_alike(now, seen, left_of(counts_of(rule.project), kind)):
        raise LapsedRuleError(
            "Cases unlike those that were decided came under this rule since. Decide some of them by hand, then "
            "look for rules again.",
            rule=rule.pk,
        )


def apply(
    project: Project, pk: int, *, user: Any, seen_at: datetime, expected: int, client_key: UUID
) -> Bulk:
    """Decide every open case that the rule speaks of, as one bulk that one undo takes back.

    The same client key again gives the first bulk. Raises Rule.DoesNotExist for a rule of another project,
    RefusedError where the role forbids it, LapsedRuleError where later decisions do, and what `bulks.start` raises.
    """
    roles.check_can_decide_items(user, project)
    with transaction.atomic():
        rule = (
            Rule.objects.select_for_update(of=("self",)).select_related("project").get(project=project, pk=pk)
        )
        if not rule.bulks.filter(client_key=client_key).exists():
            check_holds(rule)
        _settle(rule, RuleState.APPLIED, user)
        return bulks.start(
            project,
            CaseKind(rule.kind),
            filters_of(rule).as_query(),
            seen_at,
            choice_of(rule),
            user=user,
            client_key=client_key,
            rule=rule,
            expected=expected,
        )


def _settle(rule: Rule, state: RuleState, user: Any) -> None:
    rule.state, rule.settled_by, rule.settled_at = state, user, timezone.now()
    rule.save(update_fields=["state", "settled_by", "settled_at"])


@transaction.atomic
def dismiss(project: Project, pk: int, *, user: Any) -> Rule:
    """Put an offer off; it comes back after eight more like decisions. Again changes nothing.

    Raises Rule.DoesNotExist for a rule of another project, RefusedError where the role forbids it.
    """
    roles.check_can_decide_items(user, project)
    rule = Rule.objects.select_for_update(of=("self",)).select_related("project").get(project=project, pk=pk)
    if rule.state == RuleState.OFFERED:
        _settle(rule, RuleState.DISMISSED, user)
        said = f"Put a rule off: {rule.action}."
        trail.append(project, user, "dismiss", "review_rule", rule.pk, said, {"kind": rule.kind})
    return rule
