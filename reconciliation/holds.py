"""Leases on cases: who has one open now, so that two people never work on the same one.

A lease ends by itself; a page that stays open renews it. One person holds one case of a project at a time.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from migrator import policies as roles
from migrator.models import Project
from reconciliation.models import Hold, ReviewItem
from reconciliation.outcomes import name_of

SECONDS = 45

# Atomic by itself: of two people at once, one gets the row, and the other one's update finds a live lease.
_TAKE = """
insert into reconciliation_hold (item_id, project_id, user_id, until)
values (%(item)s, %(project)s, %(user)s, %(until)s)
on conflict (item_id) do update set user_id = excluded.user_id, until = excluded.until
where reconciliation_hold.until <= %(now)s or reconciliation_hold.user_id = excluded.user_id
returning item_id
"""


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody else has the case open."""

    name: str
    initials: str

    @property
    def sentence(self) -> str:
        return f"{self.name} has this case open. Take it over, or go on with the next."


def take(item: ReviewItem, user: Any, seconds: int = SECONDS) -> Hold | Other:
    """Hold or renew the case for so many seconds, and let go of the person's other case; or say who has it.

    Raises RefusedError where the person may not decide cases: who only looks holds nobody up.
    """
    roles.check_can_decide_items(user, item.project)
    now = timezone.now()
    until = now + timedelta(seconds=seconds)
    values = {"item": item.pk, "project": item.project_id, "user": user.pk, "until": until, "now": now}
    # First, and whatever follows: the person left the case before. Two windows of one person could otherwise
    # each wait for the lease that the other one lets go.
    Hold.objects.filter(project=item.project_id, user=user.pk).exclude(item=item.pk).delete()
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        taken = cursor.fetchone() is not None
    if taken:
        return Hold(item=item, project_id=item.project_id, user=user, until=until)
    return held_by_others(item.project, [item.pk], user).get(item.pk) or take(item, user, seconds)


def take_over(item: ReviewItem, user: Any) -> Hold | Other:
    """End whatever lease there is, and hold the case; the other person's page says so with its next renewal."""
    roles.check_can_decide_items(user, item.project)
    with transaction.atomic():
        Hold.objects.filter(item=item.pk).delete()
        return take(item, user)


def release(user: Any, project: Project) -> None:
    """The person looks at no case any more."""
    Hold.objects.filter(project=project, user=user.pk).delete()


def held_by_others(project: Project, item_ids: Collection[int], user: Any) -> dict[int, Other]:
    """Which of these cases somebody else has open, in one query."""
    live = Hold.objects.filter(project=project, item__in=item_ids, until__gt=timezone.now())
    return {hold.item_id: other_of(hold) for hold in live.exclude(user=user.pk).select_related("user")}


def other_holding(item: ReviewItem, user: Any) -> Other | None:
    """Who else has the case open; asks nothing where `hold` was read along with the item."""
    hold = getattr(item, "hold", None)
    if hold is None or hold.user_id == user.pk or hold.until <= timezone.now():
        return None
    return other_of(hold)


def other_of(hold: Hold) -> Other:
    name = name_of(hold.user)
    return Other(name, "".join(word[0] for word in name.split()[:2]).upper())


def let_go(items: Collection[ReviewItem]) -> None:
    """What is settled needs no lease; `hold` was read along with the items."""
    held = [item.pk for item in items if getattr(item, "hold", None) is not None]
    if held:
        Hold.objects.filter(item__in=held).delete()
