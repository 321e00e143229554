"""Turns what a view has found or done into a response: the whole page, or the parts of it that changed."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from mapping_review import fences, queries
from mapping_review.cells import GROUP_NOTES, Cell
from mapping_review.choices import Act, Group
from mapping_review.fences import DEFAULT_THRESHOLD
from mapping_review.forms import RuleForm
from mapping_review.models import FieldDecision, MapVersion
from mapping_review.policies import why_not_signable
from mapping_review.queries import Row
from migrator import charts, staging
from migrator import policies as roles
from migrator.engine.inventory import SourceKind
from migrator.models import Project
from migrator.texts import TOOLS
from migrator.web import render_page, wants_partial

_KIND_FILTERS = (
    ("", "Open first", None),
    ("attribute", "Profile attributes", SourceKind.ATTRIBUTE),
    ("consent", "Consent", SourceKind.CONSENT),
    ("tag", "Tags", SourceKind.TAG),
    ("event", "Events", SourceKind.EVENT),
)


class MapPage:
    """Everything the map page and its parts show, read once."""

    def __init__(self, request: HttpRequest, version: MapVersion) -> None:
        self.request, self.version, self.project = request, version, version.project
        self.rows = queries.rows_of(version)
        self.can_edit = version.is_draft and roles.can_edit_fields(request.user, self.project)

    def cell(self, row: Row) -> Cell:
        return Cell(row, self.project.slug, self.can_edit)

    def cell_of(self, pk: int) -> Cell | None:
        return next((self.cell(row) for row in self.rows if row.decision.pk == pk), None)

    def context(self, kind: str = "", state: str = "", item: Cell | None = None) -> dict[str, Any]:
        shown = [row for row in self.rows if _is_wanted(row, kind, state)]
        first = item or next((self.cell(row) for row in shown), None)
        return {
            "project": self.project,
            "version": self.version,
            "versions": self.project.map_versions.select_related("signed_by"),
            "can_edit": self.can_edit,
            "groups": [
                {
                    "value": group.value,
                    "label": group.label,
                    "note": GROUP_NOTES[group],
                    "rows": [self.cell(row) for row in members],
                }
                for group, members in queries.grouped(shown)
            ],
            "shown": len(shown),
            "kinds": self._kinds(kind),
            "state": state,
            "item": first,
            "own_page": False,
            **self.summary_context(),
            **self.last_context(),
        }

    def summary_context(self) -> dict[str, Any]:
        summary = queries.summary_of(self.rows)
        can_sign = roles.can_sign_map(self.request.user, self.project)
        conflicts = sum(row.group == Group.CONFLICT for row in self.rows)
        return {
            "project": self.project,
            "version": self.version,
            "summary": summary,
            "can_edit": self.can_edit,
            "can_sign": can_sign and self.version.is_draft,
            "why_not_sign": why_not_signable(self.version, conflicts) if self.version.is_draft else "",
            "bulk": self._bulk(),
        }

    def last_context(self) -> dict[str, Any]:
        """The last act of this person on this version, with the address that takes it back."""
        event = queries.last_event(self.version, self.request.user)
        if event is None:
            return {"last_action": {"text": ""}}
        slug = self.project.slug
        if event.bulk and event.act != Act.UNDO:
            count = queries.batch_size(event)
            url = reverse("mapping_review:undo-batch", args=[slug, self.version.number, event.batch])
            return _last(f"{count} fields approved in bulk", url if self.can_edit else "")
        url = reverse("mapping_review:row-undo", args=[slug, event.decision_id])
        can_undo = self.can_edit and event.act not in (Act.UNDO, Act.LAPSE)
        return _last(f"{event.decision.name}, {event.get_act_display().lower()}", url if can_undo else "", event)

    def _bulk(self) -> dict[str, Any]:
        settings = queries.settings_for(self.project)
        fields = {row.field.key: row.field for row in self.rows}
        decisions = [row.decision for row in self.rows]
        open_to_bulk = fences.bulk_rows(decisions, fields, 0.0, settings, TOOLS) if self.can_edit else []
        values = [round(row.confidence * 100) for row in open_to_bulk]
        at = round(DEFAULT_THRESHOLD * 100)
        return {
            "at": at,
            "values": ",".join(map(str, values)),
            "count": sum(value >= at for value in values),
            "chart": charts.histogram("Proposals by confidence", [r.decision.confidence * 100 for r in self.rows]),
        }

    def _kinds(self, current: str) -> list[dict[str, Any]]:
        counts = {kind: sum(row.field.kind == kind for row in self.rows) for kind in SourceKind}
        return [
            {"value": value, "label": label, "count": counts[kind] if kind else None, "current": value == current}
            for value, label, kind in _KIND_FILTERS
        ]


def map_page(request: HttpRequest, version: MapVersion, item: FieldDecision | None = None) -> HttpResponse:
    page = MapPage(request, version)
    cell = page.cell_of(item.pk) if item else None
    context = page.context(request.GET.get("kind", ""), request.GET.get("state", ""), cell)
    return render_page(request, "mapping_review/map.html", "mapping_review/_list.html", context)


def no_map(request: HttpRequest, project: Project) -> HttpResponse:
    return render(request, "mapping_review/no_map.html", {"project": project})


def row_page(
    request: HttpRequest, decision: FieldDecision, *, form: RuleForm | None = None, status: int = 200, **extra: Any
) -> HttpResponse:
    """One row on a page of its own, or as the inspector of the list."""
    project = decision.version.project
    can_edit = decision.version.is_draft and roles.can_edit_fields(request.user, project)
    cell = Cell(queries.row_of(decision), project.slug, can_edit)
    context = {
        "project": project, "version": decision.version, "item": cell, "can_edit": can_edit, "form": form,
        "history": queries.history_of(decision), "own_page": not wants_partial(request), **extra,
    }  # fmt: skip
    return render_page(request, "mapping_review/row.html", "mapping_review/_inspector.html", context, status=status)


def rule_form(decision: FieldDecision, data: Any = None) -> RuleForm:
    row = queries.row_of(decision)
    project = decision.version.project
    form = RuleForm(
        data, field=row.field, rule=row.rule, catalogue=staging.target_fields(project),
        settings=queries.settings_for(project),
    )  # fmt: skip
    form.initial["expected_version"] = decision.lock_version
    return form


def decided(request: HttpRequest, decision: FieldDecision, text: str, *, undone: bool = False) -> HttpResponse:
    """After an act: the changed parts for htmx, the list for everybody else.

    The inspector is sent after an undo only: after a decision the page shows the next row already.
    """
    if not wants_partial(request):
        messages.success(request, text)
        return redirect(_place_of(decision))
    return _parts(request, decision, text, show_inspector=undone)


def conflict(request: HttpRequest, decision: FieldDecision) -> HttpResponse:
    """409 with the row as it stands now; nothing was written."""
    who = decision.decided_by
    name = (who.first_name or who.get_username()) if who else "Crosswalk"
    text = f"{name} changed this field while you looked at it. Nothing of yours was saved. Look at it once more."
    if not wants_partial(request):
        return row_page(request, decision, status=409, conflict=text)
    return _parts(request, decision, text, status=409, conflict=text, show_inspector=True)


def bulk_page(
    request: HttpRequest, version: MapVersion, rows: Sequence[FieldDecision], form: Any, *, status: int = 200
) -> HttpResponse:
    """The rows that would be approved, with up to five of them to look at first."""
    page = MapPage(request, version)
    known = {row.decision.pk: page.cell(row) for row in page.rows}
    drawn = fences.drawn(rows, f"{version.pk}:{len(rows)}")
    context = {
        "project": version.project, "version": version, "form": form,
        "rows": [known[row.pk] for row in rows], "drawn": [known[row.pk] for row in drawn],
        "seen": ",".join(f"{row.pk}:{row.lock_version}" for row in rows), "client_key": uuid4(),
        "threshold": form["threshold"].value(),
    }  # fmt: skip
    return render_page(request, "mapping_review/bulk.html", "mapping_review/_bulk.html", context, status=status)


def _parts(
    request: HttpRequest, decision: FieldDecision, text: str, *, status: int = 200, **extra: Any
) -> HttpResponse:
    page = MapPage(request, decision.version)
    cell = page.cell_of(decision.pk)
    context = page.summary_context() | page.last_context()
    context |= {"cell": cell, "item": cell, "history": queries.history_of(decision), "text": text, "oob": True, **extra}
    response = HttpResponse(render_to_string("mapping_review/_decided.html", context, request), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _place_of(decision: FieldDecision) -> str:
    slug = decision.version.project.slug
    return f"{reverse('mapping_review:map', args=[slug])}?item={decision.pk}"


def _last(text: str, undo_url: str, event: Any = None) -> dict[str, Any]:
    if event and undo_url:
        undo_url = f"{undo_url}?expected_version={event.decision.lock_version}"
    return {"last_action": {"text": text, "undo_url": undo_url, "client_key": uuid4()}}


def _is_wanted(row: Row, kind: str, state: str) -> bool:
    wanted_kind = not kind or row.field.kind == kind or (kind == "consent" and row.field.kind == SourceKind.CHANNEL)
    return wanted_kind and (not state or row.group == state)
