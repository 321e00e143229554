"""Versions of a project's field map, the decision on each row, every act ever taken, and what people and
machines said about a row. `services` writes them."""

import uuid
from functools import cached_property

from django.conf import settings
from django.db import models

from mapping_review.choices import SETTLED, Act, RowState, VersionState
from mapping_review.proposers.proposal import Proposal, proposal_from_json
from migrator import staging
from migrator.engine.field_map import FieldRule, rule_from_json
from migrator.engine.inventory import SourceKind, TargetField
from migrator.models import Discovery, Project

_KINDS = [(kind.value, kind.value) for kind in SourceKind]
_UNDECIDED = models.Q(state=RowState.PROPOSED, decided_by__isnull=True, decided_at__isnull=True)
_DECIDED = models.Q(
    state__in=[*SETTLED, RowState.REJECTED], decided_by__isnull=False, decided_at__isnull=False
)


class MapVersion(models.Model):
    """One draft at a time is worked on; a signed version never changes again."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="map_versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=VersionState.choices, default=VersionState.DRAFT)
    discovery = models.ForeignKey(Discovery, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    checksum = models.CharField(max_length=64, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    signed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_map_version_per_number"),
            models.UniqueConstraint(
                fields=["project"], condition=models.Q(state=VersionState.DRAFT), name="one_draft_per_project"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state=VersionState.SIGNED,
                    checksum__gt="",
                    signed_by__isnull=False,
                    signed_at__isnull=False,
                )
                | models.Q(
                    state=VersionState.DRAFT, checksum="", signed_by__isnull=True, signed_at__isnull=True
                ),
                name="signed_has_who_when_and_checksum",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} v{self.number}"

    @property
    def is_draft(self) -> bool:
        return self.state == VersionState.DRAFT

    @cached_property
    def catalogue(self) -> list[TargetField]:
        """The target's fields as the current discovery found them, read once for many rows."""
        return staging.target_fields(self.project)


class FieldDecision(models.Model):
    """One row of the map: what the machine proposes and what a person decided.

    `rule` is the decided rule. A field that was split by type has further rules in `more_rules`.
    """

    version = models.ForeignKey(MapVersion, on_delete=models.CASCADE, related_name="decisions")
    source_key = models.CharField(max_length=300)
    kind = models.CharField(max_length=10, choices=_KINDS)
    name = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=RowState.choices, default=RowState.PROPOSED)
    proposal = models.JSONField()
    rule = models.JSONField(null=True, blank=True)
    more_rules = models.JSONField(default=list, blank=True)
    confidence = models.FloatField()
    # What the proposal and the decision rest on; a decision counts for this evidence only.
    evidence_sha = models.CharField(max_length=64)
    # The same in words (`drift`), with the target's fields that the decided rules write into.
    evidence = models.JSONField(default=dict, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    bulk = models.BooleanField(default=False)
    # Why an earlier approval no longer counts; the next decision clears it.
    lapsed = models.CharField(max_length=300, blank=True)
    lock_version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "source_key"], name="one_decision_per_source_field"),
            models.CheckConstraint(condition=_UNDECIDED | _DECIDED, name="decided_row_has_who_and_when"),
            models.CheckConstraint(
                condition=models.Q(state__in=SETTLED, rule__isnull=False)
                | models.Q(~models.Q(state__in=SETTLED), rule__isnull=True),
                name="settled_row_has_a_rule",
            ),
            models.CheckConstraint(
                condition=models.Q(confidence__gte=0, confidence__lte=1), name="row_confidence_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_key} in v{self.version_id}"

    @property
    def is_settled(self) -> bool:
        return self.state in SETTLED

    @cached_property
    def proposed(self) -> Proposal:
        """Parsed once for each row read: the page asks for it many times."""
        return proposal_from_json(self.proposal)

    @property
    def rules(self) -> tuple[FieldRule, ...]:
        """The decided rules; empty while the row is undecided."""
        if self.rule is None:
            return ()
        return tuple(rule_from_json(raw) for raw in [self.rule, *self.more_rules])


class DecisionEvent(models.Model):
    """One act on one row. Rows are only ever added: an undo is a row that names the one it takes back."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="map_events")
    decision = models.ForeignKey(FieldDecision, on_delete=models.CASCADE, related_name="events")
    act = models.CharField(max_length=10, choices=Act.choices)
    # None means that Crosswalk acted itself: an approval lapsed.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField()
    # The row as it stood before and after: state, rules, bulk.
    before = models.JSONField()
    after = models.JSONField()
    bulk = models.BooleanField(default=False)
    # Made up by the browser, or from it and the row where one request decides many.
    client_key = models.UUIDField()
    batch = models.UUIDField()
    undoes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="undone_by"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "client_key"], name="one_map_event_per_client_key"),
            models.CheckConstraint(
                condition=models.Q(act=Act.UNDO, undoes__isnull=False)
                | models.Q(~models.Q(act=Act.UNDO), undoes__isnull=True),
                name="map_event_undoes_or_not",
            ),
        ]
        indexes = [
            # The last act on a row, for its history and for undo.
            models.Index(fields=["decision", "-id"], name="map_event_by_row"),
            # All acts of one batch: undo, and the answer to a repeated request.
            models.Index(fields=["project", "batch"], name="map_event_by_batch"),
        ]

    def __str__(self) -> str:
        return f"{self.act} on row {self.decision_id}"


class MapImport(models.Model):
    """An uploaded file as it was previewed: what is applied is what stands here, and not the file read again.

    It expires, because the map goes on without it; `review` is a `workbook_review.Review`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="map_imports")
    version = models.ForeignKey(MapVersion, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=120)
    file_sha = models.CharField(max_length=64)
    review = models.JSONField()
    expires_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # The expired ones of a project, which the next upload clears away.
            models.Index(fields=["project", "expires_at"], name="map_import_by_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} for v{self.version_id}"


class Comment(models.Model):
    """What somebody wrote about a source field. It belongs to the field and not to one version of the map, so
    it is still there in the next draft. With a `rule` it is a proposal that an engineer may take."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="map_comments")
    source_key = models.CharField(max_length=300)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.CharField(max_length=2000, blank=True)
    rule = models.JSONField(null=True, blank=True)
    client_key = models.UUIDField()
    # Taken back by its author: the text is gone, that there was one stays.
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "client_key"], name="one_map_comment_per_client_key"),
            models.CheckConstraint(
                condition=models.Q(text__gt="")
                | models.Q(rule__isnull=False)
                | models.Q(withdrawn_at__isnull=False),
                name="map_comment_says_something",
            ),
        ]
        indexes = [models.Index(fields=["project", "source_key"], name="map_comment_by_field")]

    def __str__(self) -> str:
        return f"comment {self.pk} on {self.source_key}"


class SecondLook(models.Model):
    """A row of a bulk approval that comes back to be decided once more without seeing what was approved.

    `answer` is what the person chose, as a rule; `agrees` whether that is the approved one.
    """

    version = models.ForeignKey(MapVersion, on_delete=models.CASCADE, related_name="second_looks")
    decision = models.ForeignKey(FieldDecision, on_delete=models.CASCADE, related_name="second_looks")
    event = models.OneToOneField(DecisionEvent, on_delete=models.CASCADE, related_name="second_look")
    drawn_at = models.DateTimeField()
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.JSONField(null=True, blank=True)
    agrees = models.BooleanField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    answered_at__isnull=True,
                    answered_by__isnull=True,
                    agrees__isnull=True,
                    answer__isnull=True,
                )
                | models.Q(answered_at__isnull=False, answered_by__isnull=False, agrees__isnull=False),
                name="second_look_answered_or_not",
            ),
        ]
        indexes = [
            # The open ones of a version, which keep it from being signed.
            models.Index(
                fields=["version"], condition=models.Q(answered_at__isnull=True), name="open_second_look"
            ),
        ]

    def __str__(self) -> str:
        return f"second look at row {self.decision_id}"


class Precedent(models.Model):
    """What a person once decided against the proposal, remembered when the map was signed.

    Shown beside later proposals, never applied. `title` is the source field's name, `name` the same without
    case, blanks and signs; `concepts` what it means in no language, so that Kundnr. and "Customer ID" meet.
    `may_share` is false where other customers must learn nothing of it. A newer answer replaces an older one.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="precedents")
    source_key = models.CharField(max_length=300)
    kind = models.CharField(max_length=10, choices=_KINDS)
    title = models.CharField(max_length=300)
    name = models.CharField(max_length=300)
    discriminator = models.CharField(max_length=300, blank=True)
    concepts = models.JSONField(default=list, blank=True)
    value_type = models.CharField(max_length=20, blank=True)
    proposed = models.JSONField()
    rule = models.JSONField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    version_number = models.PositiveIntegerField()
    may_share = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "source_key"], name="one_precedent_per_field"),
        ]
        # Names that several customers share.
        indexes = [models.Index(fields=["kind", "name"], name="precedent_by_name")]

    def __str__(self) -> str:
        return f"{self.source_key} in project {self.project_id}"


class ModelExchange(models.Model):
    """One request to a language model, to the byte, and what came of it. Written before it is sent.

    `request` is the body exactly as sent; money is in micro-units of the configured price's currency.
    """

    class State(models.TextChoices):
        PREPARED = "prepared", "Not sent"
        SENT = "sent", "Sent, no answer yet"
        ANSWERED = "answered", "Answered"
        FAILED = "failed", "Failed"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="model_exchanges")
    discovery = models.ForeignKey(Discovery, null=True, on_delete=models.SET_NULL, related_name="+")
    prepared_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PREPARED)
    endpoint = models.CharField(max_length=300)
    model = models.CharField(max_length=200)
    request_sha = models.CharField(max_length=64)
    request = models.BinaryField()
    response = models.BinaryField(default=bytes, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    fields = models.PositiveIntegerField(default=0)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cost_micros = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["project", "-id"], name="model_exchange_newest")]

    def __str__(self) -> str:
        return f"request {self.pk} to {self.model}"


class MeasuredPreview(models.Model):
    """What one rule does to all values of its field in one discovery, counted once and kept.

    Counts are profiles, `distinct` values. `lines` holds the worst and the most frequent values, as
    `preview.Tally` keeps them. Until `counted_at` all of it is true of the values up to `cursor` only.
    """

    discovery = models.ForeignKey(Discovery, on_delete=models.CASCADE, related_name="measured_previews")
    source_key = models.CharField(max_length=300)
    rule_sha = models.CharField(max_length=64)
    rule = models.JSONField()
    seen = models.PositiveIntegerField(default=0)
    emptied = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    distinct = models.PositiveIntegerField(default=0)
    lines = models.JSONField(default=dict, blank=True)
    # The digest of the last value that was counted, in hex.
    cursor = models.CharField(max_length=32, blank=True)
    counted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["discovery", "source_key", "rule_sha"], name="one_measured_preview_per_rule"
            ),
        ]
        indexes = [
            # The counts that were asked for and are not finished: the sweeper goes on with them.
            models.Index(
                fields=["id"], condition=models.Q(counted_at__isnull=True), name="open_measured_preview"
            ),
        ]

    def __str__(self) -> str:
        return f"preview of {self.source_key}"
