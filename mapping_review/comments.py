"""What people write about a source field, and what they propose for it. The only writer of Comment.

A comment belongs to the field and not to one version of the map. With a rule it is a proposal: it decides
nothing until an engineer takes it. The trail says that there was a comment, never what it says.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from mapping_review import queries, services
from mapping_review.models import Comment, FieldDecision
from mapping_review.policies import check_can_comment, check_can_propose, check_can_withdraw
from mapping_review.rulebook import check_rule
from migrator import trail
from migrator.engine.errors import RefusedError
from migrator.engine.field_map import FieldRule, rule_from_json
from migrator.models import Project

# Reading


def comments_of(row: FieldDecision) -> list[Comment]:
    """Everything that was said about a field, oldest first; withdrawn ones without their text. One query."""
    found = Comment.objects.filter(project=row.version.project_id, source_key=row.source_key)
    return list(found.select_related("author"))


def counts(project: Project) -> dict[str, int]:
    """How many comments stand on each source field that has any. One query."""
    standing = Comment.objects.filter(project=project, withdrawn_at__isnull=True)
    found = standing.order_by().values("source_key").annotate(count=Count("pk"))
    return {each["source_key"]: each["count"] for each in found}


def count_of(row: FieldDecision) -> int:
    standing = Comment.objects.filter(project=row.version.project_id, withdrawn_at__isnull=True)
    return standing.filter(source_key=row.source_key).count()


# Writing


def add(
    row: FieldDecision, text: str, *, user: Any, client_key: UUID, rule: FieldRule | None = None
) -> Comment:
    """Write a comment, with a rule a proposal. A repeated request is one comment.

    Raises RefusedError where the role, the rule or the key of the request forbids it.
    """
    project = row.version.project
    (check_can_comment if rule is None else check_can_propose)(user, project)
    own = _rule_for(row, rule) if rule else None
    with transaction.atomic():
        comment, is_new = Comment.objects.get_or_create(
            project=project,
            client_key=client_key,
            defaults={
                "source_key": row.source_key,
                "author": user,
                "at": timezone.now(),
                "text": text.strip(),
                "rule": own.to_json() if own else None,
            },
        )
        if (comment.source_key, comment.author_id) != (row.source_key, user.pk):
            raise RefusedError("This request was used for another comment. Write it again.")
        if is_new:
            what = "Proposed another rule for" if own else "Commented on"
            _note(comment, user, "map_propose" if own else "map_comment", f"{what} field {row.source_key}.")
    return comment


@transaction.atomic
def withdraw(comment: Comment, *, user: Any) -> Comment:
    """Take back one's own comment: the text and the rule go, that there was one stays. Twice is once."""
    comment = Comment.objects.select_for_update(of=("self",)).select_related("project").get(pk=comment.pk)
    check_can_withdraw(user, comment)
    if comment.withdrawn_at:
        return comment
    comment.text, comment.rule, comment.withdrawn_at = "", None, timezone.now()
    comment.save()
    _note(comment, user, "map_withdraw", f"Withdrew a comment on field {comment.source_key}.")
    return comment


def approve(
    comment: Comment, row: FieldDecision, *, user: Any, expected_version: int, client_key: UUID
) -> services.Applied:
    """Take a proposed rule as the decision. Raises RefusedError where it was withdrawn or cannot work now."""
    comment.refresh_from_db()
    if comment.rule is None:
        raise RefusedError("This proposal was withdrawn. Nothing was changed. Choose a field yourself.")
    rule = rule_from_json(comment.rule)
    return services.edit(row.pk, rule, user=user, expected_version=expected_version, client_key=client_key)


def _rule_for(row: FieldDecision, rule: FieldRule) -> FieldRule:
    found = queries.row_of(row)
    own = replace(rule, source=row.source_key, kind=found.field.kind, sources=found.now.proposal.rule.sources)
    check_rule(own)
    return own


def _note(comment: Comment, user: Any, verb: str, sentence: str) -> None:
    trail.append(comment.project, user, verb, "map_comment", comment.pk, sentence)
