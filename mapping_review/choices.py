"""States and acts of the field map review, each with the words and the tone that screens use."""

from dataclasses import dataclass

from django.db import models

from migrator.engine.inventory import SourceKind


class VersionState(models.TextChoices):
    DRAFT = "draft", "Draft"
    SIGNED = "signed", "Signed"


class RowState(models.TextChoices):
    PROPOSED = "proposed", "Proposed"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    SKIPPED = "skipped", "Not migrated"


# A row in one of these has its answer; sign-off needs all rows to have one.
SETTLED = (RowState.APPROVED, RowState.SKIPPED)
UNDECIDED = (RowState.PROPOSED, RowState.REJECTED)


class Act(models.TextChoices):
    APPROVE = "approve", "Approved"
    EDIT = "edit", "Edited and approved"
    REJECT = "reject", "Rejected"
    SKIP = "skip", "Left out of the migration"
    UNDO = "undo", "Undone"
    LAPSE = "lapse", "Approval lapsed"
    IMPORT = "import", "Changed by workbook"


class Group(models.TextChoices):
    """The groups of the map page, in their order."""

    CONFLICT = "conflicts", "Conflicts"
    REVIEW = "review", "To review"
    PERSON = "person", "Always reviewed by a person"
    APPROVED = "approved", "Approved"
    SKIPPED = "skipped", "Not migrated"


@dataclass(frozen=True, slots=True)
class Kind:
    label: str
    icon: str


KINDS: dict[str, Kind] = {
    SourceKind.ATTRIBUTE: Kind("Profile attributes", "user"),
    SourceKind.CONSENT: Kind("Consent", "shield-check"),
    SourceKind.CHANNEL: Kind("Channels", "mail"),
    SourceKind.TAG: Kind("Tags", "tag"),
    SourceKind.EVENT: Kind("Events", "activity"),
    SourceKind.SECTION: Kind("Sections", "layout-list"),
}
