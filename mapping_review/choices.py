"""States and acts of the field map review, each with the words and the tone that screens use."""

from dataclasses import dataclass

from django.db import models

from migrator.engine.inventory import SourceKind

# No bulk approval and no shortcut ever decides these.
BY_PERSON_ONLY = (SourceKind.CONSENT, SourceKind.CHANNEL)


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
    DROP = "drop", "Left behind"
    UNDO = "undo", "Undone"
    LAPSE = "lapse", "Approval lapsed"
    IMPORT = "import", "Changed by workbook"
    SECOND = "second", "Opened again by a second look"
    REOPEN = "reopen", "Opened again"


class Fence(models.TextChoices):
    """Why a proposal is kept back from a bulk approval. The label is the reason, in the order of the page."""

    CONSENT = "consent", "Consent always stays with a person"
    CONFLICT = "conflict", "The Sections hold different types"
    SENSITIVE = "sensitive", "The values look sensitive"
    HOSTILE = "hostile", "The name reads like an instruction or holds hidden characters"
    EXISTING = "existing", "The field in Pipedrive already holds data"
    LOSSY = "lossy", "Values would be lost"
    NOT_COUNTED = "not_counted", "Not counted over all values yet"
    LEFT_OUT = "left_out", "The proposal is to leave the field out"
    LAPSED = "lapsed", "An earlier approval lapsed"
    ABSTAINED = "abstained", "There is no good guess"
    PRECEDENT = "precedent", "A person once decided otherwise"
    GONE = "gone", "The field is no longer in APSIS One"


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
