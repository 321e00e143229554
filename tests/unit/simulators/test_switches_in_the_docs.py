"""Nobody may read "passes on the simulator" as "true of the service": every switch stands in the page that says so."""

import dataclasses
from pathlib import Path

import pytest

from migrator.simulators.apsis_one.settings import ApsisSettings
from migrator.simulators.pipedrive.settings import PipedriveSettings

PAGE = Path(__file__).parents[3] / "docs" / "simulators.md"
SWITCHES = [
    pytest.param(kind, field.name, id=f"{kind.__name__}.{field.name}")
    for kind in (PipedriveSettings, ApsisSettings)
    for field in dataclasses.fields(kind)
]


@pytest.mark.parametrize(("kind", "name"), SWITCHES)
def test_a_switch_stands_in_its_simulators_part_of_the_page(kind: type, name: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    target, source = page.split("## Assumed of APSIS One")
    assert f"`{name}`" in (target if kind is PipedriveSettings else source), f"{name} is not explained"
