"""What the map page and its parts show, read once: the list, filters, figures, the sign-off button, the last
act."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, cast
from uuid import uuid4

from django.http import HttpRequest
from django.urls import reverse

from mapping_review import fences, outlines, queries
from mapping_review.cells import GROUP_NOTES, Cell, percent
from mapping_review.choices import Act, RowState
from mapping_review.fences import DEFAULT_THRESHOLD
from mapping_review.filters import KINDS, MARKS, STATES, filters_of
from mapping_review.listing import Listing, Part, listed
from mapping_review.models import DecisionEvent, FieldDecision, MapVersion
from mapping_review.outlines import Outline
from mapping_review.queries import Row
from mapping_review.signing import why_not_signable
from migrator import charts
from migrator import policies as roles


class MapPage:
    """One reading of a version for one request. `newest` is false for an earlier version's own page;
    `just_done` is what this request did to one row."""

    def __init__(
        self,
        request: HttpRequest,
        version: MapVersion,
        *,
        newest: bool = True,
        just_done: DecisionEvent | None = None,
    ) -> None:
        self.request, self.version, self.project = request, version, version.project
        self.newest, self.just_done = newest, just_done
        self.may_edit = version.is_draft and roles.can_edit_fields(request.user, self.project)
        self.filters = filters_of(request.GET)

    @cached_property
    def home(self) -> str:
        if self.newest:
            return reverse("mapping_review:map", args=[self.project.slug])
        return reverse("mapping_review:version", args=[self.project.slug, self.version.number])

    @cached_property
    def outlines(self) -> list[Outline]:
        return outlines.outlines_of(self.version)

    @cached_property
    def matching(self) -> list[Outline]:
        """The rows that the filters let through."""
        return [row for row in self.outlines if self.filters.lets_through(row)]

    @cached_property
    def listing(self) -> Listing:
        return listed(self.matching, self.filters)

    # The list

    def row_to_open(self, wanted: str) -> int | None:
        """The row that the inspector shows: the one asked for, else the first of the list."""
        if wanted.isdecimal() and any(row.pk == int(wanted) for row in self.outlines):
            return int(wanted)
        rows = self.listing.rows or self.matching
        return rows[0].pk if rows else None

    def next_open(self, decision: FieldDecision) -> int:
        """The undecided row that follows, and the row itself where it was the last."""
        still = [row for row in self.matching if row.is_undecided and row.pk != decision.pk]
        here = (decision.confidence, decision.source_key)
        return next((row.pk for row in still if row.place[1:] > here), still[0].pk if still else decision.pk)

    def cells(self, rows: Iterable[Row]) -> list[Cell]:
        known = {row.pk: row for row in self.outlines}
        query = self.filters.query()
        return [
            Cell(row, self.project.slug, query=query, comments=known[row.decision.pk].comments)
            for row in rows
        ]

    def list_context(self, rows: Sequence[Row]) -> dict[str, Any]:
        cells = {cell.id: cell for cell in self.cells(rows)}
        query = self.filters.query()
        return {
            "groups": [self._group(part, cells) for part in self.listing.parts],
            "chips": [self._chip(*kind) for kind in KINDS],
            "marks": self._marks(),
            "hidden": [(name, v) for name in ("kind", "state") if (v := getattr(self.filters, name))],
            "q": self.filters.q,
            "filtered": self.filters.words,
            "list_url": self.home,
            "more": self._more(),
            "bulk_rows_url": reverse("mapping_review:rows-decide", args=[self.project.slug]) + query,
        }

    def _group(self, part: Part, cells: Mapping[int, Cell]) -> dict[str, Any]:
        rows = [cells[row.pk] for row in part.rows]
        return {
            "key": part.group.value,
            "label": part.group.label,
            "count": part.total,
            "shown": part.shown if part.shown < part.total else None,
            "rest": part.total - part.shown,
            "note": GROUP_NOTES[part.group],
            "rows": rows,
            "selectable": part.shown,
            "is_continued": part.is_continued,
            "folded_url": self.home + self.filters.query(state=part.folded) if part.folded else "",
        }

    def _more(self) -> dict[str, Any]:
        listing = self.listing
        return {
            "left": listing.left,
            "url": self.home + self.filters.query(page=listing.after) if listing.left else "",
            "first_url": self.home + self.filters.query() if listing.starts_later else "",
        }

    def _chip(self, value: str, label: str, kinds: Iterable[str]) -> dict[str, Any]:
        count = sum(row.kind in kinds for row in self.outlines) if value else None
        url = self.home + self.filters.query(kind=value)
        return {"label": label, "count": count, "url": url, "current": value == self.filters.kind}

    def _marks(self) -> list[dict[str, Any]]:
        """A chip for each state that a row is in, and one for the state that is chosen, which takes it away."""
        chosen = self.filters.state
        counts = {name: sum(STATES[name][1](row) for row in self.outlines) for name in MARKS}
        offered = [name for name in MARKS if counts[name] or name == chosen]
        offered += [chosen] if chosen and chosen not in MARKS else []
        return [
            {
                "label": STATES[name][0],
                "count": counts.get(name),
                "url": self.home + self.filters.query(state="" if name == chosen else name),
                "current": name == chosen,
            }
            for name in offered
        ]

    # Around the list

    def edge_context(self) -> dict[str, Any]:
        """What the list itself shows besides its rows."""
        return {
            "project": self.project,
            "may_edit": self.may_edit,
            "client_key": uuid4(),
            "summary": self._summary(),
            "last_action": self._last_action(),
        }

    def frame_context(self) -> dict[str, Any]:
        """Everything around the rows that a decision may change."""
        version = self.version
        return self.edge_context() | {
            "version": version,
            "version_label": str(version),
            "signed": not version.is_draft,
            "bulk": self._bulk() if self.may_edit else None,
            "links": self._links(),
            "workbook": self._workbook(),
            "sign": self._sign(),
            "draft_url": self._draft_url(),
        }

    def _links(self) -> list[dict[str, str]]:
        slug, number = self.project.slug, self.version.number
        versions = reverse("mapping_review:versions", args=[slug])
        links = [{"url": versions, "label": "Versions", "icon": "history"}]
        if number > 1:
            url = reverse("mapping_review:compare", args=[slug, number - 1, number])
            links.append({"url": url, "label": f"Compare with v{number - 1}", "icon": "git-compare"})
        waiting = sum(row.waits_for_second_look for row in self.outlines) if self.may_edit else 0
        if waiting:
            url = reverse("mapping_review:second-looks", args=[slug])
            links.insert(0, {"url": url, "label": f"Second look, {waiting} left", "icon": "eye"})
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

    @cached_property
    def counts(self) -> queries.Summary:
        return queries.summary_of(self.outlines)

    def _summary(self) -> dict[str, Any]:
        found = self.counts
        label = (
            f"{found.approved} approved, {found.skipped} not migrated, {found.review} to review, "
            f"{found.conflicts} conflicts"
        )
        states = {"approved": "approved", "skipped": "skipped", "review": "open", "conflicts": "conflicts"}
        return {
            "approved": found.approved,
            "skipped": found.skipped,
            "review": found.review,
            "conflicts": found.conflicts,
            "settled": found.settled,
            "total": found.total,
            "left": found.undecided,
            "label": label,
        } | {f"{name}_url": self.home + self.filters.query(state=state) for name, state in states.items()}

    def _bulk(self) -> dict[str, Any]:
        # Outlines have every column that the fences look at.
        rows = cast(Sequence[FieldDecision], self.outlines)
        values = [percent(row.confidence) for row in fences.bulk_rows(rows, self._facts(), 0.0)]
        at = round(DEFAULT_THRESHOLD * 100)
        every = [percent(row.confidence) for row in self.outlines if row.state == RowState.PROPOSED]
        label = f"Proposals by confidence: {sum(v >= at for v in every)} of {len(every)} at {at}% or more"
        return {
            "url": reverse("mapping_review:bulk-confirm", args=[self.project.slug]),
            "threshold": at,
            "values": ",".join(map(str, values)),
            "count": sum(value >= at for value in values),
            "histogram": charts.histogram(label, every, at=at),
        }

    def _facts(self) -> fences.Facts:
        """As `bulk.facts_for` reads them, from what is here already."""
        losses = {key: loss for row in self.outlines for key, loss in row.counted().items()}
        return fences.Facts(
            fields={row.source_key: row.source for row in self.outlines if row.conflict is not None},
            settings=queries.settings_for(self.project),
            losses=losses,
            contradicted=frozenset(row.source_key for row in self.outlines if row.contradicts_precedent),
        )

    def _sign(self) -> dict[str, Any] | None:
        """Absent where the role forbids it, blocked with its reason where the state does."""
        if not self.version.is_draft or not roles.can_sign_map(self.request.user, self.project):
            return None
        return {
            "url": reverse("mapping_review:sign-off", args=[self.project.slug]),
            "reason": why_not_signable(self.version, self.counts.conflicts, self.counts.undecided),
            "count": len(self.outlines),
        }

    def _draft_url(self) -> str:
        if self.version.is_draft or not roles.can_edit_fields(self.request.user, self.project):
            return ""
        if queries.current_version(self.project) != self.version:
            return ""
        return reverse("mapping_review:open-draft", args=[self.project.slug, self.version.number])

    def _last_action(self) -> dict[str, Any]:
        """What this person did last, with the address that takes it back while the version is a draft."""
        event = self.just_done or queries.last_event(self.version, self.request.user)
        if event is None:
            return {"text": ""}
        slug, query = self.project.slug, self.filters.query()
        if event.bulk:
            count: int = event.batch_size  # type: ignore[attr-defined]  # counted by last_event
            url = reverse("mapping_review:undo-batch", args=[slug, self.version.number, event.batch]) + query
            how = "" if event.act == Act.IMPORT else " in bulk"
            text = f"{count} field{'' if count == 1 else 's'}, {Act(event.act).label.lower()}{how}"
        else:
            url = reverse("mapping_review:row-decide", args=[slug, event.decision_id])
            url += f"?action=undo&expected_version={event.decision.lock_version}"
            url += query.replace("?", "&", 1)
            text = f"{event.decision.name}, {Act(event.act).label.lower()}"
        return {"text": text, "undo_url": url if self.may_edit else "", "client_key": uuid4()}
