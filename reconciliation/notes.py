"""What people write beside a case. A note is added and never changed, and settles nothing."""

from typing import Any
from uuid import UUID

from django.db import transaction

from migrator import policies as roles
from migrator import trail
from reconciliation.arguments import InvalidDecisionError
from reconciliation.models import Note, ReviewItem

LONGEST = 2000


@transaction.atomic
def add(item: ReviewItem, user: Any, text: str, client_key: UUID) -> Note:
    """Write a note; the same key again gives the first one. Lines are kept, other blanks at the ends are not.

    Raises RefusedError by role, InvalidDecisionError where there is no text, too much, or more than text.
    """
    roles.check_can_decide_items(user, item.project)
    clean = _checked(text)
    # The key alone decides: two requests at once would both find nothing.
    note, fresh = Note.objects.get_or_create(
        client_key=client_key, defaults={"item": item, "author": user, "text": clean}
    )
    if note.item_id != item.pk or note.author_id != user.pk:
        raise InvalidDecisionError("client_key", "This request was used for another note. Write it again.")
    if fresh:
        trail.append(
            item.project, user, "note", "review_item", item.pk, f"Wrote a note on a {item.words.noun}."
        )
    return note


def _checked(text: str) -> str:
    clean = "\n".join(line.rstrip() for line in text.strip().splitlines())
    if not clean:
        raise InvalidDecisionError("text", "Write something first.")
    if len(clean) > LONGEST:
        raise InvalidDecisionError("text", f"That is {len(clean):,} characters. Use {LONGEST:,} or fewer.")
    if not clean.replace("\n", " ").replace("\t", " ").isprintable():
        raise InvalidDecisionError("text", "That holds a character that cannot be printed. Type it again.")
    return clean
