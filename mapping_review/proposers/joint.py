"""The joint step: a field that holds one value takes one source field of each Section, and the best claim
wins it."""

from collections.abc import Mapping, Sequence

from mapping_review.proposers.candidates import Candidate
from mapping_review.proposers.subjects import Subject

Ranked = Mapping[str, tuple[Subject, Sequence[Candidate]]]
_Taken = dict[tuple[tuple[str, str], str], set[str]]


def assigned(ranked: Ranked) -> dict[str, Candidate]:
    """The candidate for each key. The strongest claims choose first, so the outcome does not depend on the
    order of the fields; losers fall to their next candidate.

    Fields of different Sections may share a target: "Kön" in one and "Sukupuoli" in another are one thing.
    """
    claims = sorted(
        (candidate.order, key, place)
        for key, (_, candidates) in ranked.items()
        for place, candidate in enumerate(candidates)
    )
    chosen: dict[str, Candidate] = {}
    taken: _Taken = {}
    for _, key, place in claims:
        subject, candidates = ranked[key]
        candidate = candidates[place]
        if key in chosen or any(_is_free(c, subject, taken) for c in candidates[:place]):
            continue
        if _is_free(candidate, subject, taken):
            chosen[key] = candidate
            _take(candidate, subject, taken)
    return chosen


def _is_free(candidate: Candidate, subject: Subject, taken: _Taken) -> bool:
    if candidate.target is None or candidate.target.shared or candidate.target.is_address:
        return True
    # A default attribute, the customer's own copy of it and the CRM's may fill the same field, one after the
    # other.
    return not subject.sections & taken.get((candidate.target.place, subject.layer), set())


def _take(candidate: Candidate, subject: Subject, taken: _Taken) -> None:
    if candidate.target is not None:
        taken.setdefault((candidate.target.place, subject.layer), set()).update(subject.sections)
