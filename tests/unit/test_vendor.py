"""Static files: what others wrote is as recorded, what we wrote stays small, and every icon exists."""

import gzip
import hashlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
VENDOR = tomllib.loads((STATIC / "vendor" / "VENDOR.toml").read_text())
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
CODE = [
    path for app in ("migrator", "reconciliation", "mapping_review") for path in (ROOT / app).rglob("*.py")
]
ICON_IN_TEMPLATE = re.compile(
    r'{% icon "([a-z0-9-]+)"|{% status [^%]*? "[a-z]*" "([a-z0-9-]+)" %}|\bicon="([a-z0-9-]+)"'
)


@pytest.mark.parametrize("entry", VENDOR["file"], ids=lambda entry: entry["path"])
def test_a_vendored_file_is_the_one_that_was_recorded(entry: dict[str, str]) -> None:
    assert hashlib.sha256((STATIC / entry["path"]).read_bytes()).hexdigest() == entry["sha256"]


@pytest.mark.parametrize("entry", [*VENDOR["file"], *VENDOR["drawn"]], ids=lambda entry: entry["path"])
def test_what_others_wrote_comes_with_its_licence(entry: dict[str, str]) -> None:
    assert (STATIC / entry["licence_text"]).read_text().strip()


def test_nothing_lies_among_the_vendored_files_unrecorded() -> None:
    recorded = {e[key] for e in [*VENDOR["file"], *VENDOR["drawn"]] for key in ("path", "licence_text")}
    found = {
        f"{folder}/{path.name}" for folder in ("vendor", "fonts") for path in (STATIC / folder).iterdir()
    }
    assert found - {"vendor/VENDOR.toml"} <= recorded


@pytest.mark.parametrize(
    ("name", "raw", "packed"),
    [("css/app.css", 60_000, 14_000), ("js/app.js", 16_000, 6_000)],
    ids=["css", "js"],
)
def test_our_own_files_stay_small(name: str, raw: int, packed: int) -> None:
    body = (STATIC / name).read_bytes()
    assert len(body) <= raw
    assert len(gzip.compress(body, 9)) <= packed


def test_no_page_loads_anything_from_elsewhere() -> None:
    for path in [*TEMPLATES, STATIC / "css" / "app.css", STATIC / "js" / "app.js"]:
        assert not re.search(r"(?:src|href|url\()\s*=?\s*[\"']?(?:https?:)?//", path.read_text()), path.name


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_has_no_inline_style_and_no_inline_script(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"\son[a-z]+=", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="i-([a-z0-9-]+)"', (STATIC / "icons.svg").read_text()))
    named = {
        name
        for path in TEMPLATES
        for found in ICON_IN_TEMPLATE.findall(path.read_text())
        for name in found
        if name
    }
    assert named - drawn == set()


def test_every_icon_that_the_code_names_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="i-([a-z0-9-]+)"', (STATIC / "icons.svg").read_text()))
    named: set[str] = set()
    for path in CODE:
        named |= set(re.findall(r'\bicon\w*\s*=\s*"([a-z0-9-]+)"', path.read_text()))
    from mapping_review.choices import KINDS as FIELD_KINDS
    from reconciliation.choices import ACTIONS, KINDS

    named |= {words.icon for words in (*KINDS.values(), *ACTIONS.values(), *FIELD_KINDS.values())}
    assert named - drawn == set()
