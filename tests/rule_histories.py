"""Decisions one after the other, from which a rule may be learned."""

from itertools import count
from uuid import UUID, uuid4

from django.utils import timezone

from migrator.engine.cases import CaseKind, Decide
from reconciliation import rules
from reconciliation.services import decide
from tests import factories_reconciliation as made

NO_EMAIL = CaseKind.NO_EMAIL
_numbers = count(1)


def key(*, held_back):
    """A key of a request that is held back, or not."""
    return UUID(int=3 * next(_numbers) + (0 if held_back else 1) + 3 * 2**64)


def decided(item, user, action=Decide.NAME_ONLY, args=None, *, held_back=False):
    item.refresh_from_db()
    outcome = decide(
        item.pk,
        action,
        args or {},
        user=user,
        expected_version=item.lock_version,
        client_key=key(held_back=held_back),
    )
    return outcome.decision


def no_phone(**known):
    return made.no_email(**({"phone": ""} | known))


def history(project, user, number=18, action=Decide.NAME_ONLY, make=no_phone, args=None):
    """Decisions one by one, every third of them held back."""
    items = [made.make_item(project, make()) for _ in range(number)]
    return [decided(item, user, action, args, held_back=n % 3 == 0) for n, item in enumerate(items)]


def left_open(project, number=4, make=no_phone):
    return [made.make_item(project, make()) for _ in range(number)]


def with_phone():
    return made.no_email()


def mixed_history(project, user):
    """No phone is imported by name only, a phone is skipped; some of both are left."""
    history(project, user)
    history(project, user, action=Decide.SKIP, make=with_phone)
    left_open(project, 4)
    left_open(project, 3, with_phone)


def the_rule(project, word="phone:no"):
    return next(rule for rule in rules.offer(project, NO_EMAIL) if word in rule.condition)


def apply(rule, user, client_key=None, expected=None):
    return rules.apply(
        rule.project,
        rule.pk,
        user=user,
        seen_at=timezone.now(),
        expected=expected,
        client_key=client_key or uuid4(),
    )
