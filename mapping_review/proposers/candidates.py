"""One home that a source field may get, with its score. A value: nothing here scores or decides."""

from dataclasses import dataclass

from mapping_review.proposers.proposal import Reason
from mapping_review.proposers.targets import Target
from migrator.engine.field_map import Action
from migrator.engine.inventory import TargetObject


@dataclass(frozen=True, slots=True)
class Candidate:
    """`name` is what a new field is called where not after the source; `why` comes before all other reasons."""

    action: Action
    object: TargetObject
    score: float
    target: Target | None = None
    alike: float = 0.0
    overlap: float = 0.0
    component: str = ""
    name: str = ""
    why: tuple[Reason, ...] = ()

    @property
    def order(self) -> tuple[float, str, str, tuple[str, str]]:
        """Best first; equal scores in a fixed order."""
        return (-self.score, self.action, self.object, self.target.place if self.target else ("", ""))
