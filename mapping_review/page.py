"""What the map page and its parts show, read once: groups, filters, figures, the sign-off button, the last
act."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.http import HttpRequest
from django.urls import reverse

from mapping_review import fences, queries
from mapping_review.cells import GROUP_NOTES, Cell, percent
from mapping_review.choices import Act, Group, RowState
from mapping_review.fences import DEFAULT_THRESHOLD
from mapping_review.models import MapVersion
from mapping_review.policies import why_not_signable
from mapping_review.queries import Row
from migrator import charts
from migrator import policies as roles
from migrator.engine.inventory import SourceKind
from migrator.texts import TOOLS

_KINDS: tuple[tuple[str, str, frozenset[SourceKind]], ...] = (
    ("", "Open first", frozenset(SourceKind)),
    ("attribute", "Profile attributes", frozenset({SourceKind.ATTRIBUTE})),
    ("consent", "Consent", frozenset({SourceKind.CONSENT, SourceKind.CHANNEL})),
    ("tag", "Tags and Sections", frozenset({SourceKind.TAG, SourceKind.SECTION})),
    ("event", "Events", frozenset({SourceKind.EVENT})),
)


class MapPage:
    """One reading of a version for one request."""

    def __init__(self, request: HttpRequest, version: MapVersion) -> None:
        self.request, self.version, self.project = request, version, version.project
        self.rows = queries.rows_of(version)
        self.may_edit = version.is_draft and roles.can_edit_fields(request.user, self.project)
        self.home = reverse("mapping_review:map", args=[self.project.slug])
        self.filters = {name: request.GET.get(name, "") for name in ("kind", "state", "q")}

    def shown(self) -> list[Row]:
        """The rows that the filters let through."""
        wanted = next(
            (kinds for value, _, kinds in _KINDS if value == self.filters["kind"]), frozenset(SourceKind)
        )
        needle = self.filters["q"].casefold().strip()
        return [
            row
            for row in self.rows
            if row.field.kind in wanted
            and self.filters["state"] in ("", row.group)
            and needle in row.decision.name.casefold()
        ]

    def cells(self, pks: Sequence[int]) -> list[Cell]:
        return [Cell(row, self.project.slug) for row in self.rows if row.decision.pk in pks]

    def list_context(self, shown: Sequence[Row]) -> dict[str, Any]:
        slug = self.project.slug
        return {
            "groups": [
                {
                    "key": group.value,
                    "label": group.label,
                    "count": len(members),
                    "note": GROUP_NOTES[group],
                    "rows": [Cell(row, slug) for row in members],
                }
                for group, members in queries.grouped(shown)
            ],
            "chips": [self._chip(*kind) for kind in _KINDS],
            "hidden": [(name, value) for name, value in self.filters.items() if value and name != "q"],
            "q": self.filters["q"],
            "list_url": self.home,
            "bulk_rows_url": reverse("mapping_review:rows-decide", args=[slug]),
        }

    def frame_context(self) -> dict[str, Any]:
        """Everything around the rows that a decision may change."""
        version = self.version
        return {
            "project": self.project,
            "version": version,
            "version_label": str(version),
            "signed": not version.is_draft,
            "may_edit": self.may_edit,
            "client_key": uuid4(),
            "summary": self._summary(),
            "bulk": self._bulk() if self.may_edit else None,
            "links": self._links(),
            "workbook": self._workbook(),
            "sign": self._sign(),
            "draft_url": self._draft_url(),
            "last_action": self._last_action(),
        }  # fmt: skip

    def _links(self) -> list[dict[str, str]]:
        slug, number = self.project.slug, self.version.number
        versions = reverse("mapping_review:versions", args=[slug])
        links = [{"url": versions, "label": "Versions", "icon": "history"}]
        if number > 1:
            url = reverse("mapping_review:compare", args=[slug, number - 1, number])
            links.append({"url": url, "label": f"Compare with v{number - 1}", "icon": "git-compare"})
        return links

    def _workbook(self) -> dict[str, str]:
        """The addresses of the workbook menu; whoever may not edit may not upload."""
        slug, number = self.project.slug, self.version.number
        may_upload = roles.can_edit_fields(self.request.user, self.project)
        return {
            "xlsx_url": reverse("mapping_review:version-xlsx", args=[slug, number]),
            "json_url": reverse("mapping_review:version-json", args=[slug, number]),
            "upload_url": reverse("mapping_review:import", args=[slug]) if may_upload else "",
        }

    def _chip(self, value: str, label: str, kinds: frozenset[SourceKind]) -> dict[str, Any]:
        kept = {name: v for name, v in self.filters.items() if v and name != "kind"}
        query = urlencode(kept | ({"kind": value} if value else {}))
        count = sum(row.field.kind in kinds for row in self.rows) if value else None
        url = f"{self.home}?{query}" if query else self.home
        return {"label": label, "count": count, "url": url, "current": value == self.filters["kind"]}

    def _summary(self) -> dict[str, Any]:
        found = queries.summary_of(self.rows)
        label = (
            f"{found.approved} approved, {found.skipped} not migrated, {found.review} to review, "
            f"{found.conflicts} conflicts"
        )
        return {
            "approved": found.approved,
            "skipped": found.skipped,
            "review": found.review,
            "conflicts": found.conflicts,
            "settled": found.settled,
            "total": found.total,
            "left": found.undecided,
            "label": label,
        } | {f"{g}_url": f"{self.home}?state={g}" for g in ("approved", "skipped", "review", "conflicts")}

    def _bulk(self) -> dict[str, Any]:
        settings = queries.settings_for(self.project)
        fields = {row.field.key: row.field for row in self.rows}
        decisions = [row.decision for row in self.rows]
        values = [percent(r.confidence) for r in fences.bulk_rows(decisions, fields, 0.0, settings, TOOLS)]
        at = round(DEFAULT_THRESHOLD * 100)
        every = [percent(d.confidence) for d in decisions if d.state == RowState.PROPOSED]
        label = f"Proposals by confidence: {sum(v >= at for v in every)} of {len(every)} at {at}% or more"
        return {
            "url": reverse("mapping_review:bulk-confirm", args=[self.project.slug]),
            "threshold": at,
            "values": ",".join(map(str, values)),
            "count": sum(value >= at for value in values),
            "histogram": charts.histogram(label, every, at=at),
        }

    def _sign(self) -> dict[str, Any] | None:
        """Absent where the role forbids it, blocked with its reason where the state does."""
        if not self.version.is_draft or not roles.can_sign_map(self.request.user, self.project):
            return None
        conflicts = sum(row.group == Group.CONFLICT for row in self.rows)
        return {
            "url": reverse("mapping_review:sign-off", args=[self.project.slug]),
            "reason": why_not_signable(self.version, conflicts),
            "count": len(self.rows),
        }

    def _draft_url(self) -> str:
        is_newest = queries.current_version(self.project) == self.version
        if (
            self.version.is_draft
            or not is_newest
            or not roles.can_edit_fields(self.request.user, self.project)
        ):
            return ""
        return reverse("mapping_review:open-draft", args=[self.project.slug, self.version.number])

    def _last_action(self) -> dict[str, Any]:
        """What this person did last, with the address that takes it back while the version is a draft."""
        event = queries.last_event(self.version, self.request.user)
        if event is None:
            return {"text": ""}
        slug, key = self.project.slug, uuid4()
        if event.bulk:
            count = queries.batch_size(event)
            url = reverse("mapping_review:undo-batch", args=[slug, self.version.number, event.batch])
            how = "" if event.act == Act.IMPORT else " in bulk"
            text = f"{count} field{'' if count == 1 else 's'}, {Act(event.act).label.lower()}{how}"
        else:
            url = reverse("mapping_review:row-decide", args=[slug, event.decision_id])
            url += f"?action=undo&expected_version={event.decision.lock_version}"
            text = f"{event.decision.name}, {Act(event.act).label.lower()}"
        return {"text": text, "undo_url": url if self.may_edit else "", "client_key": key}
