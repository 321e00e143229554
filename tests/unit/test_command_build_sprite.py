"""build_sprite: the icons that are there and those that are named, from a folder of outline icons."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

ICON = '<svg><path d="M0 0h24v24H0z" fill="none" /><path d="M1 1l2 2" /></svg>'


@pytest.fixture
def base(tmp_path: Path, settings: object) -> Path:
    (tmp_path / "static").mkdir()
    (tmp_path / "check.svg").write_text(ICON)
    settings.BASE_DIR = tmp_path  # type: ignore[attr-defined]
    return tmp_path


def test_it_writes_a_symbol_without_the_frame(base: Path) -> None:
    call_command("build_sprite", base, "check")
    text = (base / "static/icons.svg").read_text()
    assert '<symbol id="i-check" viewBox="0 0 24 24"><path d="M1 1l2 2"/></symbol>' in text
    assert "M0 0h24v24H0z" not in text


def test_an_icon_that_is_not_there_is_named_and_nothing_is_written(base: Path) -> None:
    with pytest.raises(CommandError, match="no icon rocket"):
        call_command("build_sprite", base, "rocket")
    assert not (base / "static/icons.svg").exists()
