"""measure_proposals: the measures of the gold set, each account left out of the fit, and weights anew."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from mapping_review.proposers import confidence
from mapping_review.proposers.fitting import trials
from migrator.management.commands import measure_proposals
from tests.unit.mapping_review.gold import DEV

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def one_thinning(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thinned lexicon instead of eight: these tests look at the way, not at the figures."""
    monkeypatch.setattr(trials, "SEEDS", range(1))


def measured(*paths: Path, **options: Any) -> dict[str, Any]:
    out = StringIO()
    call_command("measure_proposals", *paths, stdout=out, **options)
    return json.loads(out.getvalue())


def test_it_reports_all_measures_with_each_account_left_out() -> None:
    report = measured(DEV)
    assert list(report["custom top-1 by account"]) == ["dev-01", "dev-02", "dev-03", "dev-04"]
    assert (report["all"]["attributes"], report["custom"]["attributes"]) == (133, 108)
    assert report["custom"]["top-1"] >= 0.95
    assert 0 < report["custom"]["coverage at 0.9"] < 1


def test_left_out_figures_are_not_those_of_the_shipped_weights() -> None:
    assert measured(DEV)["custom"] != measured(DEV, shipped=True)["custom"]


def test_fitting_writes_weights_that_are_the_same_every_time(tmp_path: Path) -> None:
    golds = measure_proposals.read_gold([DEV])
    for name in ("one", "two"):
        measure_proposals.write_weights(golds, tmp_path / name)
    written = json.loads((tmp_path / "one").read_text())
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert written["fitted on"] == ["dev-01", "dev-02", "dev-03", "dev-04"]
    assert set(written["weights"]) == {"", *confidence.FEATURES}


def test_a_file_without_answers_is_told(tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    path.write_text('{"accounts": [{"id": "a"}]}')
    with pytest.raises(CommandError, match="destination should be an object") as told:
        measured(path)
    assert told.value.returncode == 2
    path.write_text(
        '{"accounts": [{"id": "a", "profile_count": 1, "destination": {},'
        ' "attributes": [{"id": "1", "name": "x"}]}]}'
    )
    with pytest.raises(CommandError, match="holds no accounts with answers"):
        measured(path)
