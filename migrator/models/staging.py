"""What one discovery read on both sides. Rows of a discovery are dropped together when it is purged."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from migrator.models.project import Project


class Discovery(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="discoveries")
    started_at = models.DateTimeField(auto_now_add=True)
    # Set once both sides were read whole; only then may anything be planned on it.
    completed_at = models.DateTimeField(null=True, blank=True)
    inventory = models.JSONField(default=dict, blank=True)
    findings = models.JSONField(default=list, blank=True)

    class Meta:
        indexes = [models.Index(fields=["project", "-completed_at"], name="discovery_newest_first")]

    def __str__(self) -> str:
        return f"discovery {self.pk} of {self.project_id}"


class SourceFieldRow(models.Model):
    discovery = models.ForeignKey(Discovery, on_delete=models.CASCADE, related_name="source_fields")
    key = models.CharField(max_length=300)
    payload = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["discovery", "key"], name="one_source_field_per_key")]

    def __str__(self) -> str:
        return self.key


class TargetFieldRow(models.Model):
    discovery = models.ForeignKey(Discovery, on_delete=models.CASCADE, related_name="target_fields")
    position = models.PositiveIntegerField()
    payload = models.JSONField()

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.discovery_id}:{self.position}"


class TypeSettlement(models.Model):
    """The type a person chose for an attribute whose Sections disagree. It outlives discoveries."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="type_settlements")
    key = models.CharField(max_length=300)
    settled = models.CharField(max_length=20)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="one_settlement_per_key")]

    def __str__(self) -> str:
        return f"{self.key}: {self.settled}"


class StagedValue(models.Model):
    """One distinct value of one attribute in one Section, with the number of profiles that hold it.

    Types are inferred and conversions are counted over these, so both see every value and no sample of them.
    `value` is as received (a text, a number, a list); `digest` its checksum; `example` one profile that holds
    it.
    """

    discovery = models.ForeignKey(Discovery, on_delete=models.CASCADE, related_name="values")
    section = models.CharField(max_length=300)
    discriminator = models.CharField(max_length=300)
    digest = models.BinaryField(max_length=16)
    value = models.JSONField()
    profiles = models.PositiveIntegerField()
    example = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["discovery", "section", "discriminator", "digest"], name="one_staged_value_per_digest"
            )
        ]

    def __str__(self) -> str:
        return f"{self.discriminator} in {self.section}"


class StagedProfile(models.Model):
    """One profile as received, with the few columns that duplicates and the queue are found by."""

    discovery = models.ForeignKey(Discovery, on_delete=models.CASCADE, related_name="profiles")
    source_key = models.CharField(max_length=120)
    raw = models.JSONField()
    raw_sha = models.CharField(max_length=64)
    name = models.CharField(max_length=300, blank=True)
    email = models.CharField(max_length=320, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    crm_id = models.CharField(max_length=300, blank=True)
    company = models.CharField(max_length=300, blank=True)
    event_count = models.PositiveIntegerField(default=0)
    last_event_at = models.DateTimeField(null=True, blank=True)
    has_consents = models.BooleanField(default=False)
    consents_read = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["discovery", "source_key"], name="one_staged_profile_per_key")
        ]
        indexes = [
            # Duplicate detection groups by these; matching looks merged members up by them.
            models.Index(fields=["discovery", "email"], name="staged_profile_by_email"),
            models.Index(fields=["discovery", "phone"], name="staged_profile_by_phone"),
            models.Index(fields=["discovery", "crm_id"], name="staged_profile_by_crm_id"),
            # Reading consents walks the profiles that still lack them.
            models.Index(
                fields=["discovery", "source_key"],
                condition=models.Q(has_consents=True, consents_read=False),
                name="staged_profile_consents_due",
            ),
        ]

    def __str__(self) -> str:
        return self.source_key


class StagedEvent(models.Model):
    discovery = models.ForeignKey(Discovery, on_delete=models.CASCADE, related_name="events")
    source_key = models.CharField(max_length=120)
    event_key = models.CharField(max_length=64)
    type = models.CharField(max_length=200)
    section = models.CharField(max_length=200)
    occurred_at = models.DateTimeField()
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["discovery", "source_key", "event_key"], name="one_staged_event_per_profile_and_key"
            )
        ]
        indexes = [
            # The planner reads one profile's history in order of time.
            models.Index(fields=["discovery", "source_key", "occurred_at"], name="staged_event_history")
        ]

    def __str__(self) -> str:
        return self.event_key


class StagedTarget(models.Model):
    """One record that was in the target at discovery, as listed, with what it can be matched by."""

    discovery = models.ForeignKey(Discovery, on_delete=models.CASCADE, related_name="target_records")
    kind = models.CharField(max_length=14)
    target_id = models.CharField(max_length=40)
    marker = models.CharField(max_length=120, blank=True)
    name_key = models.CharField(max_length=300, blank=True)
    emails = ArrayField(models.CharField(max_length=320), default=list, blank=True)
    phones = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    body = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["discovery", "kind", "target_id"], name="one_staged_target_per_id"
            )
        ]
        indexes = [
            GinIndex(fields=["emails"], name="staged_target_by_email"),
            GinIndex(fields=["phones"], name="staged_target_by_phone"),
            models.Index(fields=["discovery", "kind", "name_key"], name="staged_target_by_name"),
            models.Index(fields=["discovery", "kind", "marker"], name="staged_target_by_marker"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target_id}"
