"""People on the tests' own server, signed in without the form; each page is looked at once in every size and
theme."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Locator, Request, expect

from mapping_review.models import FieldDecision
from tests.browser.demo import SIZES, THEMES, Person

# A busy machine is no failure; whatever waits has come, or never will.
PATIENCE_MS = 60_000
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
HOME = "/m/nordlys/map/"


@dataclass
class Visitor(Person):
    """A person whose browser may run no scripts; an audit needs them."""

    user: Any = None
    scripts: bool = True

    @property
    def focus_is_on_body(self) -> bool:
        return bool(self.page.evaluate("document.activeElement === document.body"))

    def row(self, decision: FieldDecision) -> Locator:
        return self.page.locator(f"#row-{decision.pk}")

    def press(self, key: str) -> None:
        """One key; the focus is never lost by it."""
        self.page.keyboard.press(key)
        assert not self.focus_is_on_body, f"{key} left the focus on the body"


@contextmanager
def visiting(browser: Browser, address: str, user: Any, *, scripts: bool = True) -> Iterator[Visitor]:
    """Somebody who is signed in. Nothing may be in the console at the end."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context = browser.new_context(
        viewport=SIZES["1440"], reduced_motion="reduce", java_script_enabled=scripts
    )
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": address}])
    context.set_default_timeout(PATIENCE_MS)
    person = Visitor(context, context.new_page(), address, user=user, scripts=scripts)
    person.page.on("console", lambda m: person.complaints.append(m.text) if m.type == "error" else None)
    person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
    yield person
    context.close()
    # A refusal is told by the page itself; the browser notes its status besides.
    refused = ("status of 409", "status of 422", "status of 403")
    left = [text for text in person.complaints if not any(word in text for word in refused)]
    assert left == [], left


def look(person: Visitor, name: str) -> None:
    """A picture in every size and theme, and no violation of WCAG A and AA; once, where scripts run."""
    if not person.scripts:
        return
    person.shoot(name)
    for theme in THEMES:
        person.page.emulate_media(color_scheme=theme)
        found = Axe().run(person.page, options={"runOnly": RULES})
        assert found.violations_count == 0, f"{name}, {theme}: {found.generate_report()}"
    person.page.emulate_media(color_scheme="light")


def settled(person: Visitor) -> None:
    """Until nothing waits in the outbox any more."""
    expect(person.page.locator("[data-pending]")).to_have_count(0)
    person.page.wait_for_load_state("networkidle")


def posts(person: Visitor) -> list[Request]:
    """Every request from now on that may write."""
    found: list[Request] = []
    person.page.on("request", lambda r: found.append(r) if r.method == "POST" else None)
    return found
