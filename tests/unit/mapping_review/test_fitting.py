"""The fit of the confidence and the measures, on rows made up for them."""

import pytest

from mapping_review.proposers.accounts import accounts_in, source_fields_of
from mapping_review.proposers.confidence import AGAINST, FEATURES, fitted
from mapping_review.proposers.fitting.answers import read_gold
from mapping_review.proposers.fitting.logistic import fitted_on
from mapping_review.proposers.fitting.measures import Scored, calibration_error, measured
from mapping_review.proposers.fitting.trials import OBJECTS_MOVED, WORDS_GONE, thinned, weights_on
from mapping_review.proposers.fitting.trials import scored as scored_rows
from mapping_review.proposers.lexicon import lexicon, using
from tests.unit.mapping_review.gold import (
    DEV,
    FRESH,
    GENERATED,
    INDEPENDENT,
    TRADES,
    Answer,
    accounts,
    answers_for,
)

pytestmark = pytest.mark.slow


def scored(confidence: float, right: bool, **changes: object) -> Scored:
    fixed = {"id": "a", "is_default": False, "in_three": True, "is_map": True, "leaks": False}
    counted = {"type_right": None, "part_right": None}
    return Scored(**{**fixed, **counted, "confidence": confidence, "right": right, **changes})  # type: ignore[arg-type]


def test_the_measures_count_as_the_gold_sets_readme_says() -> None:
    rows = [
        scored(0.95, True, type_right=True),
        scored(0.95, False, id="b"),
        scored(0.95, False, id="c", is_map=False, leaks=True),
        scored(0.5, True, type_right=False, part_right=True),
    ]
    assert measured(rows) == {
        "attributes": 4,
        "top-1": 0.5,
        "top-3": 1.0,
        "precision at 0.9": pytest.approx(1 / 3),
        "coverage at 0.9": 0.75,
        "calibration error": pytest.approx((abs(3 * 0.95 - 1) + 0.5) / 4),
        "type of a new field": 0.5,
        "component": 1.0,
        "sensitive leaks": ["c"],
        "sure and wrong": ["b"],
    }


def test_confidence_that_comes_true_has_no_calibration_error() -> None:
    rows = [scored(0.75, True)] * 3 + [scored(0.75, False)]
    assert calibration_error(rows) == pytest.approx(0.0)
    assert calibration_error([scored(1.0, False)]) == 1.0
    assert calibration_error([]) == 0.0


def test_the_fit_finds_what_speaks_for_being_right() -> None:
    examples = [({"good": 1.0, "idle": i % 2}, i % 10 != 0) for i in range(200)]
    examples += [({"good": 0.0, "idle": i % 2}, i % 10 == 0) for i in range(200)]
    weights = fitted_on(examples, ridge=0.01)
    assert weights["good"] == pytest.approx(4.39, abs=0.1)
    assert weights[""] == pytest.approx(-2.2, abs=0.1)


def test_a_strong_ridge_leaves_only_the_constant() -> None:
    examples = [({"good": float(i % 2)}, i % 2 == 1) for i in range(100)]
    assert abs(fitted_on(examples, ridge=1e6)["good"]) < 0.01


def test_the_same_seed_thins_the_lexicon_in_the_same_way() -> None:
    one, other = thinned(lexicon(), 1), thinned(lexicon(), 2)
    words = len(list(lexicon().terms()))
    assert one.checksum == thinned(lexicon(), 1).checksum != other.checksum
    assert len(list(one.terms())) / words == pytest.approx(1 - WORDS_GONE, abs=0.02)
    moved = [name for name, c in one.concepts.items() if c.object != lexicon().concepts[name].object]
    assert len(moved) / len(one.concepts) == pytest.approx(OBJECTS_MOVED, abs=0.03)


def test_every_shipped_weight_belongs_to_a_feature() -> None:
    assert set(fitted()) == {"", *FEATURES}


def test_what_speaks_against_a_proposal_never_raises_its_confidence() -> None:
    assert set(FEATURES) >= AGAINST
    assert {name: fitted()[name] for name in AGAINST if fitted()[name] > 0} == {}


def test_a_feature_that_speaks_against_gets_no_weight_from_chance() -> None:
    examples = [({"new: guessed": float(i % 2), "values agree": 1.0}, i % 2 == 1) for i in range(100)]
    assert fitted_on(examples, ridge=1.0)["new: guessed"] > 0
    assert weights_on(examples)["new: guessed"] == 0


def test_without_the_words_learned_from_it_an_account_is_as_strange_as_when_it_was_new() -> None:
    gold = read_gold([INDEPENDENT])[5]
    known = scored_rows(gold)
    with using(lexicon().thinned(gold.learned, {})):
        fresh = scored_rows(gold)
    assert sum(row.right for row in fresh) < sum(row.right for row in known)
    assert read_gold([DEV])[0].learned == frozenset()


def own(path: object) -> list[Answer]:
    answers = [a for raw in accounts(path) for a in answers_for(raw)]
    return [a for a in answers if not a.attribute["default"]]


@pytest.mark.parametrize(
    ("path", "least"), [(DEV, 0.97), (GENERATED, 0.96), (TRADES, 0.96), (INDEPENDENT, 0.94), (FRESH, 0.95)]
)
def test_what_was_learned_is_not_unlearned(path: object, least: float) -> None:
    """Figures on accounts that rules were improved on: they guard against steps back, and prove no more."""
    answers = own(path)
    assert sum(a.is_right for a in answers) / len(answers) >= least


@pytest.mark.parametrize("path", [DEV, GENERATED, TRADES, INDEPENDENT, FRESH])
def test_no_sensitive_attribute_is_proposed_to_move(path: object) -> None:
    fenced = [a for a in own(path) if "sensitive" in a.attribute["flags"] and a.wanted == {("skip",)}]
    assert fenced or path == DEV
    assert [a.attribute["name"] for a in fenced if a.places[0] != ("skip",)] == []


def test_one_name_with_two_types_in_two_sections_is_a_conflict() -> None:
    (account,) = accounts_in({"accounts": [next(a for a in accounts(DEV) if a["id"] == "dev-02")]})
    fields = source_fields_of(account)
    assert {f.name for f in fields if f.conflict} == {"Startdato"}
