"""Tables of the route's screens: one base, so that all of them sort, page and print alike."""

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from migrator.choices import RUN_TONES
from migrator.models import Operation, Run, TrailEntry
from migrator.templatetags import migrator_ui as ui
from migrator.views import words

RIGHT = {"th": {"class": "r"}, "td": {"class": "r"}}


class BaseTable(tables.Table):
    """Attributes and the empty text; the look lies in one template."""

    class Meta:
        attrs: dict[str, Any] = {"id": "table"}
        empty_text = "Nothing here yet"


class AttributeTable(BaseTable):
    name = tables.Column(verbose_name="Attribute")
    sections = tables.Column(verbose_name="Sections", order_by=("-section_count", "sections"))
    filled = tables.Column(verbose_name="Values", attrs=RIGHT)
    share = tables.Column(verbose_name="Filled", attrs=RIGHT)
    declared = tables.Column()
    inferred = tables.Column(verbose_name="Reads as")
    samples = tables.Column(verbose_name="Most common", orderable=False)

    class Meta(BaseTable.Meta):
        attrs = {"id": "attributes", "caption": "Attributes with fill rate and type"}
        order_by = "-share"

    def render_name(self, value: str, record: Any) -> SafeString:
        kind = "custom" if record.custom else "default"
        return format_html('<b class="b">{}</b><br><span class="small mut">{}</span>', value, kind)

    def render_filled(self, value: int) -> str:
        return f"{value:,}"

    def render_share(self, value: float) -> str:
        return ui.pct(value)

    def render_inferred(self, value: str, record: Any) -> SafeString | str:
        return (
            format_html("{} {}", value, ui.status("Conflict", "bad", "arrows-split"))
            if record.conflict
            else value
        )

    def render_samples(self, value: tuple[str, ...]) -> str:
        return ", ".join(sample if len(sample) < 28 else f"{sample[:27]}…" for sample in value)


class RunTable(BaseTable):
    kind = tables.Column(verbose_name="Run", accessor="pk", orderable=False)
    state = tables.Column(orderable=False)
    created_by = tables.Column(verbose_name="Started by", orderable=False, default="Crosswalk")
    created_at = tables.Column(verbose_name="Started", orderable=False)
    duration = tables.Column(accessor="pk", default="–", orderable=False, attrs=RIGHT)
    written = tables.Column(accessor="written", default="–", orderable=False, attrs=RIGHT)
    failed = tables.Column(accessor="failed", default="–", orderable=False, attrs=RIGHT)
    links = tables.Column(verbose_name="Afterwards", accessor="pk", orderable=False, attrs=RIGHT)

    class Meta(BaseTable.Meta):
        attrs = {"id": "runs-table", "caption": "Runs, newest first"}

    def __init__(self, *args: Any, slug: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slug = slug

    def render_kind(self, record: Run) -> SafeString:
        url = reverse("run", args=[self.slug, record.pk])
        below = f"of run {record.of_run_id}" if record.of_run_id else record.plan_checksum[:8]
        words_of = (url, f"{record.get_kind_display()} {record.pk}", below)
        return format_html(
            '<a class="b" href="{}">{}</a><br><span class="small mut mono">{}</span>', *words_of
        )

    def render_state(self, record: Run) -> SafeString:
        tone = RUN_TONES[record.state]
        return ui.status(record.get_state_display(), "plain" if tone == "ok" else tone)

    def render_created_by(self, value: Any) -> str:
        return str(value.get_full_name() or value.get_username())

    def render_created_at(self, value: Any) -> str:
        return ui.moment(value)

    def render_duration(self, record: Run) -> str:
        ended = record.finished_at
        return (
            ui.duration((ended - record.started_at).total_seconds()) if ended and record.started_at else "–"
        )

    def render_written(self, value: int) -> str:
        return f"{value:,}"

    def render_failed(self, value: int) -> SafeString | str:
        return format_html('<span class="bad-text b">{}</span>', f"{value:,}") if value else "0"

    def render_links(self, record: Run) -> SafeString:
        """The report of a run that wrote, and the way back."""
        if record.loading_since is None:
            return SafeString("")
        names = [("run-report", "Report")] if record.finished_at else []
        if record.kind == "trial" and record.finished_at:
            names.append(("run-rollback", "Roll back"))
        links = ((reverse(name, args=[self.slug, record.pk]), text) for name, text in names)
        return format_html_join("  ", '<a href="{}">{}</a>', links)


class RecordTable(BaseTable):
    """Rows of the ledger; `names` are the people behind the source keys of this page."""

    key = tables.Column(verbose_name="Record", orderable=False)
    kind = tables.Column(orderable=False)
    bucket = tables.Column(verbose_name="What became of it", accessor="act", orderable=False)
    reason = tables.Column(verbose_name="Why", orderable=False, default="–")
    target_id = tables.Column(verbose_name="In Pipedrive", orderable=False, default="–")

    class Meta(BaseTable.Meta):
        attrs = {"id": "records", "caption": "Records of this run"}

    def __init__(self, *args: Any, names: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = names

    def render_key(self, value: str) -> SafeString:
        name = self.names.get(value, "")
        key = format_html('<code class="small mut">{}</code>', value)
        return format_html('<b class="b">{}</b><br>{}', name, key) if name else key

    def render_kind(self, value: str) -> str:
        return words.SINGLE.get(value, value).capitalize()

    def render_bucket(self, record: Operation) -> SafeString:
        if record.state == "rejected":
            return ui.status("Rejected", "bad", "circle-x")
        tone = "warn" if record.act == "hold" else ""
        bucket = words.BUCKETS.get(record.act, record.act)
        return ui.status(words.SAID.get(bucket, bucket).capitalize(), tone)

    def render_reason(self, record: Operation) -> str:
        return record.reason or record.difference or "–"


class TrailTable(BaseTable):
    seq = tables.Column(verbose_name="No.", orderable=False, attrs=RIGHT)
    at = tables.Column(verbose_name="When", orderable=False)
    actor_label = tables.Column(verbose_name="Who", orderable=False)
    sentence = tables.Column(verbose_name="What", orderable=False)
    object_kind = tables.Column(verbose_name="On", orderable=False)
    hash = tables.Column(verbose_name="Seal", orderable=False)

    class Meta(BaseTable.Meta):
        attrs = {"id": "trail-table", "caption": "Audit trail, newest first"}

    def render_seq(self, value: int) -> str:
        return f"{value:,}"

    def render_at(self, value: Any) -> str:
        return ui.moment(value)

    def render_object_kind(self, record: TrailEntry) -> str:
        return f"{record.object_kind.replace('_', ' ')} {record.object_id}"

    def render_hash(self, value: str) -> SafeString:
        return format_html('<code title="{}">{}</code>', value, value[:10])
