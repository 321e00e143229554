"""What the state of a map forbids; the role table is in `migrator.policies`. Each check has a sentence."""

from typing import Any

from mapping_review import queries
from mapping_review.models import Comment, MapVersion
from mapping_review.settling import is_open_conflict
from migrator import policies as roles
from migrator.engine.errors import RefusedError
from migrator.models import Project


def check_can_edit_version(user: Any, version: MapVersion) -> None:
    roles.check_can_edit_fields(user, version.project)
    if not version.is_draft:
        raise RefusedError(
            f"v{version.number} is signed and never changes. Open a new draft to change it.",
            version=version.pk,
        )


def check_has_looked(unopened: int) -> None:
    """A bulk approval waits until the drawn rows were opened by the person who gives it."""
    if unopened:
        rows = "1 drawn row is" if unopened == 1 else f"{unopened} drawn rows are"
        raise RefusedError(f"{rows} not looked at yet. Nothing was approved. Open each of them first.")


def check_can_comment(user: Any, project: Project) -> None:
    """Everybody who sees the project may say something about a field."""
    roles.check_can("view", user, project)


def check_can_propose(user: Any, project: Project) -> None:
    """To propose another rule is not to approve it: whoever decides the queue's items may do it too."""
    roles.check_can("comment_fields", user, project)


def can_propose(user: Any, project: Project) -> bool:
    return roles.can_comment_fields(user, project)


def check_can_withdraw(user: Any, comment: Comment) -> None:
    """People take back what they wrote themselves, and nobody else's."""
    check_can_comment(user, comment.project)
    if comment.author_id != user.pk:
        raise RefusedError("Somebody else wrote this. Only they can withdraw it. Nothing was changed.")


def check_can_approve(row: queries.Row) -> None:
    """A row whose Sections disagree waits for the type."""
    if is_open_conflict(row.field):
        raise RefusedError(
            f"The Sections disagree about the type of {row.decision.name}. "
            "Settle its type in the queue first.",
            row=row.decision.pk,
        )
