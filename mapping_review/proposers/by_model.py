"""Asks a language model about the fields that the rules are unsure of, and takes from its answers what holds.

The rules propose first and everything stands without a model. A model may only choose among what the rules would
allow; it never makes a row surer, takes no field from another row and cannot pass a veto. It is asked twice, with the
choices in another order, before it changes anything.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mapping_review.proposers.by_rules import apart, cases_for, proposal_of, propose_from
from mapping_review.proposers.candidates import Candidate
from mapping_review.proposers.confidence import Case
from mapping_review.proposers.model.answer import Given
from mapping_review.proposers.model.limits import ModelSettings
from mapping_review.proposers.model.questions import (
    CREATE,
    SKIP,
    UNSURE,
    Question,
    batches_of,
    may_be_offered,
    questions_in,
)
from mapping_review.proposers.model.request import AS_IS, PROMPT_VERSION, Outgoing, request_for
from mapping_review.proposers.proposal import FOR, Proposal, ProposerSettings, Reason
from mapping_review.proposers.rules import create_rule
from mapping_review.proposers.targets import targets_in
from mapping_review.proposers.vetoes import LABELLED, allows
from mapping_review.rulebook import why_impossible
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceField, TargetField
from migrator.engine.transforms.registry import convert
from migrator.texts import TOOLS

_UNTRUSTED = 0.35
_WHY = {
    "name": "by the name",
    "values": "by the form of the values",
    "name_and_values": "by the name and the form of the values",
    "section": "by the Section",
    "nothing_fits": "because nothing that exists fits",
    "not_customer_data": "because it is no data about a customer",
}


class GaveUp(Exception):
    """There is no use in asking further; the text is one sentence that says why. What was answered counts."""


class Paused(Exception):
    """Time is up or somebody paused the run; asking again later begins with what was answered."""


Ask = Callable[[Outgoing], Mapping[str, Given]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the rules made of the fields, and what a model may be asked about it."""

    fields: Sequence[SourceField]
    catalogue: Sequence[TargetField]
    settings: ProposerSettings
    cases: Mapping[str, Case]
    proposals: Sequence[Proposal]

    @property
    def by_key(self) -> dict[str, Proposal]:
        return {proposal.rule.source: proposal for proposal in self.proposals}

    def questions(self, keys: Collection[str] | None = None) -> list[Question]:
        targets = targets_in(self.catalogue, self.settings)
        return questions_in(self.cases, self.by_key, targets, keys)


@dataclass(frozen=True, slots=True)
class Outcome:
    """All proposals in the order of the fields. `problem` is the sentence with which asking ended early."""

    proposals: Sequence[Proposal]
    asked: int = 0
    agreed: int = 0
    changed: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Pick:
    """What a model chose for one field, and with which request."""

    question: Question
    candidate: Candidate
    type: str
    reason: str
    sha: str

    def is_like(self, other: "_Pick | None") -> bool:
        return other is not None and (self.candidate, self.type) == (other.candidate, other.type)


def prepare(
    fields: Sequence[SourceField], catalogue: Sequence[TargetField], settings: ProposerSettings
) -> Prepared:
    """The proposals by rules, with the cases behind them."""
    cases = cases_for(fields, catalogue, settings)
    return Prepared(fields, catalogue, settings, cases, propose_from(cases, fields, catalogue, settings))


def requests_in(
    questions: Sequence[Question], settings: ModelSettings, turn: int = 1
) -> list[tuple[list[Question], Outgoing]]:
    """The requests about these questions, each with the questions in it."""
    return [(batch, request_for(batch, settings, turn)) for batch in batches_of(questions)]


def propose_with_model(
    prepared: Prepared, settings: ModelSettings, ask: Ask, keys: Collection[str] | None = None
) -> Outcome:
    """The proposals after asking. `ask` may raise GaveUp, after which the rest stays as the rules have it, and
    Paused, which goes through."""
    questions = prepared.questions(keys)
    first: dict[str, _Pick] = {}
    second: dict[str, _Pick] = {}
    problem = ""
    try:
        for pick in _picks(questions, settings, ask, 1):
            first[pick.question.key] = pick
        disputed = [q for q in questions if q.key in first and not _agrees(first[q.key], prepared)]
        for pick in _picks(disputed, settings, ask, 2):
            second[pick.question.key] = pick
    except GaveUp as reason:
        problem = str(reason)
    firm = {
        key: pick for key, pick in first.items() if _agrees(pick, prepared) or pick.is_like(second.get(key))
    }
    return replace(_applied(prepared, firm, settings), asked=len(questions), problem=problem)


def _picks(questions: Sequence[Question], settings: ModelSettings, ask: Ask, turn: int) -> Iterator[_Pick]:
    for batch, outgoing in requests_in(questions, settings, turn):
        given = ask(outgoing)
        by_key = {question.key: question for question in batch}
        for name, key in outgoing.keys.items():
            if name in given and given[name].choice != UNSURE:
                yield _pick(by_key[key], given[name], turn, outgoing.sha)


def _pick(question: Question, given: Given, turn: int, sha: str) -> _Pick:
    candidate = dict(question.ordered(turn)).get(given.choice) or _without_target(question.case, given.choice)
    kind = given.type if candidate.action == Action.CREATE else AS_IS
    return _Pick(question, candidate, kind, given.reason, sha)


def _without_target(case: Case, choice: str) -> Candidate:
    """The rules' own candidate for a new field on that object, or for leaving the field behind."""
    if choice == SKIP:
        return next(c for c in case.ranked if c.action not in (Action.MAP, Action.CREATE))
    where = CREATE[choice]
    return next(c for c in case.ranked if c.action == Action.CREATE and c.object == where)


def _agrees(pick: _Pick, prepared: Prepared) -> bool:
    """Whether a model chose what the rules propose; a type that it did not name agrees with any."""
    case = pick.question.case
    if not _is_same(pick.candidate, case.candidate):
        return False
    return pick.type in (AS_IS, prepared.by_key[pick.question.key].rule.type.value)


def _is_same(one: Candidate, other: Candidate) -> bool:
    if one.action != other.action:
        return False
    if one.target is None or other.target is None:
        return one.action != Action.CREATE or one.object == other.object
    return (one.target.place, one.component) == (other.target.place, other.component)


# What becomes of the answers


def _applied(prepared: Prepared, picks: Mapping[str, _Pick], settings: ModelSettings) -> Outcome:
    agreed = {key: pick for key, pick in picks.items() if _agrees(pick, prepared)}
    taken = _allowed(prepared, [pick for key, pick in picks.items() if key not in agreed])
    proposals = prepared.by_key
    changed = {key: _changed(pick, proposals[key], prepared, settings) for key, pick in taken.items()}
    changed = {key: proposal for key, proposal in changed.items() if not why_impossible(proposal.rule)}
    for proposal in _apart_from(changed.values(), prepared):
        proposals[proposal.rule.source] = proposal
    for key, pick in agreed.items():
        proposals[key] = _confirmed(proposals[key], pick, settings)
    ordered = [proposals[proposal.rule.source] for proposal in prepared.proposals]
    return Outcome(ordered, agreed=len(agreed), changed=len(changed))


def _allowed(prepared: Prepared, picks: Sequence[_Pick]) -> dict[str, _Pick]:
    """The changes that take nothing from any other row. One row's change may free what another's wants, so they are
    tried until nothing moves; a hostile name goes last."""
    held = {key: case.candidate for key, case in prepared.cases.items()}
    waiting = sorted(picks, key=lambda p: (p.question.is_hostile, p.question.key))
    found: dict[str, _Pick] = {}
    while (free := next((p for p in waiting if _may_take(p, held, prepared)), None)) is not None:
        waiting.remove(free)
        found[free.question.key] = free
        held[free.question.key] = free.candidate
    return found


def _may_take(pick: _Pick, held: Mapping[str, Candidate], prepared: Prepared) -> bool:
    subject, target = pick.question.case.subject, pick.candidate.target
    if target is None:
        return True
    if not allows(subject.evidence.type, target) or not may_be_offered(target):
        return False
    if target.shared or target.is_address:
        return True
    others = (
        prepared.cases[key].subject
        for key, other in held.items()
        if key != pick.question.key and other.target is not None and other.target.place == target.place
    )
    return not any(other.layer == subject.layer and other.sections & subject.sections for other in others)


def _changed(pick: _Pick, before: Proposal, prepared: Prepared, settings: ModelSettings) -> Proposal:
    """The model's choice in front, the rules' first beside it, and neither surer than the rules were."""
    case = replace(pick.question.case, candidate=pick.candidate)
    made = proposal_of(case, prepared.settings)
    rule = _typed(made.rule, pick, prepared.settings)
    sure = min(made.confidence, before.confidence)
    reason = Reason(FOR, f"A language model chose this instead of {_words(before.rule)}, {_WHY[pick.reason]}")
    return replace(
        made,
        rule=rule,
        confidence=sure,
        abstained=sure < _UNTRUSTED,
        reasons=(reason, *made.reasons),
        alternatives=tuple(replace(a, confidence=min(a.confidence, sure)) for a in made.alternatives),
        provenance={**before.provenance, **_provenance(pick, settings)},
    )


def _confirmed(proposal: Proposal, pick: _Pick, settings: ModelSettings) -> Proposal:
    reason = Reason(FOR, f"A language model chose this too, {_WHY[pick.reason]}")
    return replace(
        proposal,
        reasons=(*proposal.reasons, reason),
        provenance={**proposal.provenance, **_provenance(pick, settings)},
    )


def _typed(rule: FieldRule, pick: _Pick, settings: ProposerSettings) -> FieldRule:
    """A new field in the type that the model chose, where no value that is known would be lost by it."""
    if rule.action != Action.CREATE or pick.type in (AS_IS, rule.type.value):
        return rule
    subject, kind = pick.question.case.subject, FieldType(pick.type)
    made = create_rule(subject.field, subject.evidence, rule.object, kind, settings, rule.field)
    lost = any(
        convert(made.transform, value, dict(made.args), TOOLS).is_emptied
        for value, _ in subject.evidence.values
    )
    # Labels can be listed only where all of them are known.
    unlisted = kind in LABELLED and subject.evidence.distinct > len(subject.evidence.values)
    return rule if lost or unlisted or why_impossible(made) else made


def _apart_from(changed: Iterable[Proposal], prepared: Prepared) -> list[Proposal]:
    """New fields with names that neither the account nor another row has."""
    moved = list(changed)
    keys = {proposal.rule.source for proposal in moved}
    others = [
        TargetField(p.rule.object, p.rule.field, p.rule.type, custom=True)
        for p in prepared.proposals
        if p.rule.action == Action.CREATE and p.rule.source not in keys
    ]
    return apart(moved, [*prepared.catalogue, *others])


def _provenance(pick: _Pick, settings: ModelSettings) -> dict[str, str]:
    return {
        "provider": settings.provider,
        "model": settings.model,
        "prompt": PROMPT_VERSION,
        "request": pick.sha,
    }


def _words(rule: FieldRule) -> str:
    if rule.action == Action.MAP:
        return f"the {rule.object.value} field “{rule.field}”"
    where = f"a new {rule.object.value} field"
    return where if rule.action == Action.CREATE else "leaving it behind"
