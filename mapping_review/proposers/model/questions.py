"""The questions: which fields a model is asked about, and among which closed choices it may answer."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from mapping_review.proposers.candidates import Candidate
from mapping_review.proposers.confidence import Case
from mapping_review.proposers.hostile import is_suspicious
from mapping_review.proposers.model.masking import (
    LONGEST_NAME,
    name_shown,
    shapes_of,
    share_word,
    shares_of,
    variety_of,
)
from mapping_review.proposers.names import Reading
from mapping_review.proposers.proposal import Proposal
from mapping_review.proposers.scoring import can_hold, option_overlap
from mapping_review.proposers.targets import Target
from mapping_review.proposers.vetoes import allows
from migrator.engine.canonical import JsonValue
from migrator.engine.field_map import Action
from migrator.engine.inventory import TargetObject

# Surer proposals are not asked about: they are right more often than a model is.
SURE = 0.9
MOST_CHOICES, BATCH = 10, 15
_MOST_SECTIONS = 3
SKIP, UNSURE = "skip", "unsure"
CREATE = {f"create_{where}": where for where in TargetObject}
_PERMISSIONS = ("consent", "opt_", "newsletter", "suppress")
_STEERING = frozenset(
    {
        *("owner", "status", "stage", "pipeline", "currency", "id"),
        *("marketing_status", "probability", "lost_reason", "origin", "channel"),
    }
)
FIXED_CHOICES = (*CREATE, SKIP, UNSURE)


@dataclass(frozen=True, slots=True)
class Question:
    """One uncertain field. `choices` are the homes it may go to beside a new field and being left behind."""

    key: str
    case: Case
    choices: tuple[Candidate, ...]
    is_hostile: bool = False

    def ordered(self, turn: int) -> list[tuple[str, Candidate]]:
        """The choices under their ids, in an order that tells nothing; at the second turn the other way round."""
        mixed = sorted(self.choices, key=lambda c: _mark(self.key, c), reverse=turn % 2 == 0)
        return [(f"c{number}", choice) for number, choice in enumerate(mixed, start=1)]

    def asked(self, turn: int) -> dict[str, JsonValue]:
        """What is shown of the field: no value, no count, no key."""
        field, evidence = self.case.subject.field, self.case.subject.evidence
        sections = {name_shown(v.section_name) for v in field.variants if v.filled} - {""}
        detected = next((v.shapes for v in field.variants if v.filled == evidence.filled), {})
        return {
            "name": name_shown(field.name),
            "sections": list(sorted(sections)[:_MOST_SECTIONS]),
            "declared": name_shown(evidence.declared),
            "reads_as": evidence.type.value,
            "detected": dict(shares_of(detected)),
            "filled": share_word(evidence.filled, max(field.profiles, evidence.filled)),
            "values": variety_of(evidence.filled, evidence.distinct),
            "shapes": [list(pair) for pair in shapes_of(evidence.values)],
            "choices": [_shown(name, choice) for name, choice in self.ordered(turn)],
        }


def questions_in(
    cases: Mapping[str, Case],
    proposals: Mapping[str, Proposal],
    targets: Sequence[Target],
    keys: Collection[str] | None = None,
) -> list[Question]:
    """The uncertain fields in a fixed order, among `keys` where they are given. Sensitive ones and
    consents are never asked about: a model has no say in whether they move."""
    wanted = sorted(cases if keys is None else set(cases) & set(keys))
    return [
        Question(key, cases[key], _choices(cases[key], targets), "hostile_name" in proposals[key].flags)
        for key in wanted
        if proposals[key].confidence < SURE and not _is_closed(cases[key], proposals[key])
    ]


def batches_of(questions: Sequence[Question]) -> list[list[Question]]:
    """Some fifteen to a request; a hostile name goes last and alone, so that it reaches no other's answer."""
    calm = [question for question in questions if not question.is_hostile]
    alone = [[question] for question in questions if question.is_hostile]
    return [calm[start : start + BATCH] for start in range(0, len(calm), BATCH)] + alone


def may_be_offered(target: Target) -> bool:
    """Whether a model may bring a field up that the rules did not. Never what says who may be written to, and never
    what steers a deal or names its owner: a wrong word there does more than stand in a wrong place."""
    if not target.field.custom and target.key in _STEERING:
        return False
    return not any(_is_permission(reading) for reading in target.readings)


def _is_permission(reading: Reading) -> bool:
    return any(word in concept for concept in reading.concepts for word in _PERMISSIONS)


def _is_closed(case: Case, proposal: Proposal) -> bool:
    subject, evidence = case.subject, case.subject.evidence
    if "sensitive" in proposal.flags or subject.is_sensitive or _is_permission(subject.reading):
        return True
    return evidence.is_hash or evidence.is_token


def _choices(case: Case, targets: Sequence[Target]) -> tuple[Candidate, ...]:
    """The likeliest existing fields, the one that the rules chose first among them; then such as could hold the
    values though no word of the names is alike, because there a model may know what the rules do not."""
    homes = [
        c for c in case.ranked if c.target is not None and (c is case.candidate or may_be_offered(c.target))
    ]
    found = [c for c in homes if c is case.candidate] + [c for c in homes if c is not case.candidate]
    if not is_suspicious(case.subject.field.name):
        known = {c.target.place for c in found if c.target is not None}
        found += _further(case, [target for target in targets if target.place not in known])
    return tuple(found[:MOST_CHOICES])


def _further(case: Case, targets: Sequence[Target]) -> list[Candidate]:
    subject = case.subject
    fitting = [
        Candidate(Action.MAP, t.field.object, 0.0, t, overlap=option_overlap(subject.evidence, t)[0])
        for t in targets
        if t.readings and not t.shared and not t.is_address and may_be_offered(t)
        if allows(subject.evidence.type, t) and can_hold(subject.evidence, t)
    ]
    return sorted(fitting, key=lambda c: (-c.overlap, -_alike(subject.field.name, c), c.order))


def _alike(name: str, choice: Candidate) -> float:
    assert choice.target is not None
    one, other = name[:LONGEST_NAME].casefold(), choice.target.field.name[:LONGEST_NAME].casefold()
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _shown(name: str, choice: Candidate) -> JsonValue:
    assert choice.target is not None
    field = choice.target.field
    shown: dict[str, JsonValue] = {
        "id": name,
        "field": name_shown(field.name),
        "on": field.object.value,
        "type": field.type.value,
        "custom": field.custom,
    }
    if field.options:
        shown["labels_in_common"] = share_word(choice.overlap, 1.0)
    return shown | ({"part": choice.component} if choice.component else {})


def _mark(key: str, choice: Candidate) -> str:
    assert choice.target is not None
    place = "|".join((*choice.target.place, choice.component))
    return hashlib.sha256(f"{key}|{place}".encode("utf-8", "replace")).hexdigest()
