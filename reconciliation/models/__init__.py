"""The state of the queue, one module per subject. `services` and the modules that it names are the only writers."""

from reconciliation.models.cases import CaseFacet, QueueCount, ReviewItem
from reconciliation.models.decisions import Bulk, BulkMember, Decision, Rule
from reconciliation.models.desk import Hold, Note, QueueImport, SavedView, Waiver

__all__ = [
    "Bulk",
    "BulkMember",
    "CaseFacet",
    "Decision",
    "Hold",
    "Note",
    "QueueCount",
    "QueueImport",
    "ReviewItem",
    "Rule",
    "SavedView",
    "Waiver",
]
