"""What the inspector shows of a row's comments. One query for them, and one for the role of whoever may not edit."""

from typing import Any
from uuid import uuid4

from django import forms
from django.http import HttpRequest
from django.urls import reverse

from mapping_review import comments
from mapping_review.cells import detail_of, name_of
from mapping_review.filters import filters_of
from mapping_review.models import Comment, FieldDecision
from mapping_review.policies import can_propose
from migrator import policies as roles
from migrator.engine.field_map import rule_from_json
from migrator.engine.transforms.registry import REGISTRY


class CommentForm(forms.Form):
    """Something to say, and the key of the request."""

    text = forms.CharField(
        label="Comment", max_length=2000, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Write something first. Nothing was saved."},
    )  # fmt: skip
    client_key = forms.UUIDField(widget=forms.HiddenInput)


def panel(
    request: HttpRequest,
    row: FieldDecision,
    *,
    may_edit: bool | None = None,
    form: CommentForm | None = None,
) -> dict[str, Any]:
    """`may_edit` where somebody has asked for the role already."""
    version, user = row.version, request.user
    if may_edit is None:
        may_edit = version.is_draft and roles.can_edit_fields(user, version.project)
    may_propose = version.is_draft and not may_edit and can_propose(user, version.project)
    address, query = [version.project.slug, row.pk], filters_of(request.GET).query()
    lines = [_line(comment, row, user, may_edit, query) for comment in comments.comments_of(row)]
    return {
        "lines": lines,
        "count": sum(not line["withdrawn"] for line in lines),
        "form": form or CommentForm(initial={"client_key": uuid4()}, auto_id="id_comment_%s"),
        "add_url": reverse("mapping_review:comment-add", args=address) + query,
        "propose_url": reverse("mapping_review:propose", args=address) + query if may_propose else "",
        "version": row.lock_version,
    }


def _line(comment: Comment, row: FieldDecision, user: Any, may_edit: bool, query: str) -> dict[str, Any]:
    address = [row.version.project.slug, row.pk, comment.pk]
    rule = rule_from_json(comment.rule) if comment.rule else None
    is_taken = bool(rule) and row.is_settled and comment.rule == row.rule
    is_mine = comment.author_id == user.pk and not comment.withdrawn_at
    return {
        "author": comment.author,
        "who": comment.author.get_full_name() or comment.author.get_username(),
        "at": comment.at,
        "text": comment.text,
        "withdrawn": comment.withdrawn_at,
        "rule": _words_of(comment) if rule else None,
        "is_taken": is_taken,
        "withdraw_url": reverse("mapping_review:comment-withdraw", args=address) + query if is_mine else "",
        "approve_url": (
            reverse("mapping_review:comment-approve", args=address) + query
            if rule and may_edit and not is_taken
            else ""
        ),
    }


def _words_of(comment: Comment) -> dict[str, str]:
    rule = rule_from_json(comment.rule or {})
    known, detail = REGISTRY.get(rule.transform), detail_of(rule)
    converts = not rule.is_left and known is not None and known.title not in detail
    return {"name": name_of(rule), "detail": f"{detail} · {known.title}" if known and converts else detail}
