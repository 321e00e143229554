"""The joint step: a field that holds one value takes one source field, and the best claim wins it."""

from collections.abc import Mapping, Sequence

from mapping_review.proposers.scoring import Candidate, Subject

Ranked = Mapping[str, tuple[Subject, Sequence[Candidate]]]


def assigned(ranked: Ranked) -> dict[str, Candidate]:
    """The candidate for each key. Greedy over regret-free order: strongest claims choose first, so the
    outcome does not depend on the order of the fields; losers fall to their next candidate."""
    claims = sorted(
        (candidate.order, key, place)
        for key, (_, candidates) in ranked.items()
        for place, candidate in enumerate(candidates)
    )
    chosen: dict[str, Candidate] = {}
    taken: dict[tuple[str, str], str] = {}
    for _, key, place in claims:
        candidate = ranked[key][1][place]
        if key in chosen or not _is_best_left(key, place, ranked, taken):
            continue
        if _is_free(candidate, key, ranked, taken):
            chosen[key] = candidate
            _take(candidate, key, ranked, taken)
    return chosen


def _is_best_left(key: str, place: int, ranked: Ranked, taken: Mapping[tuple[str, str], str]) -> bool:
    """No better candidate of the same field is still free."""
    return not any(_is_free(c, key, ranked, taken) for c in ranked[key][1][:place])


def _is_free(candidate: Candidate, key: str, ranked: Ranked, taken: Mapping[tuple[str, str], str]) -> bool:
    if candidate.target is None or candidate.target.shared or candidate.target.is_address:
        return True
    # A default attribute and the customer's own copy of it may fill the same field, one after the other.
    return ranked[key][0].field.is_default or taken.get(candidate.target.place, key) == key


def _take(candidate: Candidate, key: str, ranked: Ranked, taken: dict[tuple[str, str], str]) -> None:
    if candidate.target is not None and not ranked[key][0].field.is_default:
        taken[candidate.target.place] = key
