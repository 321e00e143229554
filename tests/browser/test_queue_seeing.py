"""What a person sees of the queue: it fits 320 px, breaks no rule of axe, and stays light."""

import gzip
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client

from migrator.models import Preference, Project
from reconciliation.models import ReviewItem
from tests import factories_reconciliation as made
from tests.browser.demo import THEMES
from tests.browser.test_inspectors import CASES, WIDTHS
from tests.browser.visitors import RULES, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.slow]
LIST = "/m/nordlys/queue/no-email/"
ALL_RULES = [*RULES, "best-practice"]
PAGES = (
    *(f"/m/nordlys/queue/{kind}/" for kind in CASES),
    "/m/nordlys/queue/history/",
    "/m/nordlys/queue/rules/",
    "/m/nordlys/queue/workbook/",
    "/m/nordlys/queue/bulk/?kind=no-email",
)
# A link inside a sentence may be lower than 24 px (WCAG 2.5.8); what stands alone may not.
TOO_SMALL = """() => [...document.querySelectorAll("button, summary, select, a.btn, .dock button")]
  .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.closest(".sr"))
  .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && (box.width < 24 || box.height < 24))
  .map(([text]) => text)"""


@pytest.fixture
def cases(project: Project) -> list[ReviewItem]:
    return [made.make_item(project, case) for case in CASES.values()]


@pytest.fixture
def fifty(project: Project) -> list[ReviewItem]:
    sections = ("Sweden", "Norway")
    return [
        made.make_item(project, made.no_email(f"p-{n}", name=f"Person {n}", sections=[sections[n % 2]]))
        for n in range(50)
    ]


@pytest.mark.parametrize("address", PAGES)
def test_it_breaks_no_rule_in_any_size_and_theme(
    sofia: Visitor, cases: list[ReviewItem], address: str
) -> None:
    sofia.go(address)
    for width, height in WIDTHS.values():
        sofia.page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            sofia.page.emulate_media(color_scheme=theme)
            found = Axe().run(sofia.page, options={"runOnly": ALL_RULES})
            assert found.violations_count == 0, f"{width} px, {theme}: {found.generate_report()}"
        assert sofia.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, width
        assert sofia.page.evaluate(TOO_SMALL) == [], f"at {width} px"


def test_with_shortcuts_off_no_single_key_does_anything(sofia: Visitor, fifty: list[ReviewItem]) -> None:
    Preference.objects.update_or_create(user=sofia.user, defaults={"shortcuts": False})
    sofia.go(LIST)
    before = sofia.page.locator("main").inner_text()
    for key in "jkxzunmsaceo.?123":
        sofia.page.keyboard.press(key)
    assert sofia.page.locator("main").inner_text() == before
    assert sofia.page.url.endswith(LIST)
    assert not ReviewItem.objects.exclude(state="open").exists()


def test_a_full_page_of_the_queue_and_its_style_and_scripts_stay_light(
    sofia: Visitor, fifty: list[ReviewItem]
) -> None:
    client = Client()
    client.force_login(sofia.user)
    assert len(gzip.compress(client.get(LIST).content)) <= 40_000
    static = Path(settings.BASE_DIR) / "static"
    assert len(gzip.compress((static / "css/app.css").read_bytes())) <= 14_000
    scripts: list[bytes] = []
    sofia.page.on(
        "response",
        lambda r: scripts.append(r.body()) if "javascript" in r.headers.get("content-type", "") else None,
    )
    sofia.go(LIST)
    sofia.page.wait_for_load_state("networkidle")
    assert scripts
    assert sum(len(gzip.compress(script)) for script in scripts) <= 30_000
