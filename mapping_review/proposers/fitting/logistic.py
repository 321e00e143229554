"""Logistic regression with a ridge, small enough to need no library: Newton's method on a few hundred rows."""

from collections.abc import Mapping, Sequence

from mapping_review.proposers.confidence import logistic

Example = tuple[Mapping[str, float], bool]
_STEPS = 25
_CONSTANT = ""


def fitted_on(examples: Sequence[Example], ridge: float) -> dict[str, float]:
    """The weights, with the constant under "". `ridge` pulls every weight but the constant towards nought."""
    names = [_CONSTANT, *sorted({name for features, _ in examples for name in features})]
    rows = [([1.0, *(features[name] for name in names[1:])], float(right)) for features, right in examples]
    weights = [0.0] * len(names)
    for _ in range(_STEPS):
        step = _solved(*_slope_and_bend(rows, weights, ridge))
        weights = [weight + change for weight, change in zip(weights, step, strict=True)]
    return dict(zip(names, weights, strict=True))


def _slope_and_bend(
    rows: Sequence[tuple[list[float], float]], weights: Sequence[float], ridge: float
) -> tuple[list[list[float]], list[float]]:
    size = len(weights)
    bend = [[ridge * (i == j and i > 0) + 1e-9 * (i == j) for j in range(size)] for i in range(size)]
    slope = [-ridge * weight * (i > 0) for i, weight in enumerate(weights)]
    for values, right in rows:
        expected = logistic(sum(w * v for w, v in zip(weights, values, strict=True)))
        spread = max(1e-6, expected * (1 - expected))
        present = [(i, v) for i, v in enumerate(values) if v]
        for i, value in present:
            slope[i] += (right - expected) * value
            for j, other in present:
                bend[i][j] += spread * value * other
    return bend, slope


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gauss with the largest pivot."""
    size = len(right)
    table = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda i: abs(table[i][column]))
        table[column], table[pivot] = table[pivot], table[column]
        for i in range(size):
            if i != column and table[i][column]:
                share = table[i][column] / table[column][column]
                table[i] = [a - share * b for a, b in zip(table[i], table[column], strict=True)]
    return [table[i][size] / table[i][i] for i in range(size)]
