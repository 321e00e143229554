"""The demo as a newcomer starts it, and the people who use it in a real browser."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

REPOSITORY = Path(__file__).resolve().parents[2]
SHOTS = Path(__file__).parent / "shots"
PASSWORD = "crosswalk-demo"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES: dict[str, ViewportSize] = {
    "1440": {"width": 1440, "height": 900},
    "390": {"width": 390, "height": 844},
}
THEMES = ("light", "dark")


@contextmanager
def running_demo() -> Iterator[str]:
    """A demo on a data directory of its own; gives its address, and ends it as Ctrl-C does."""
    data = Path(tempfile.mkdtemp(prefix="crosswalk-walk-"))
    data.chmod(0o711)
    command = [sys.executable, "manage.py", "demo", "--data", str(data / "demo")]
    with (data / "progress.txt").open("w") as progress:
        process = subprocess.Popen(
            command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=progress, text=True
        )
        try:
            yield _address(process)
        finally:
            process.terminate()
            process.communicate(timeout=60)
            shutil.rmtree(data, ignore_errors=True)


def _address(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.match(r"Open (http://\S+?)/?$", line.strip()):
            return found[1]
    raise AssertionError("The demo ended without an address.")


@dataclass
class Person:
    """Somebody signed in, with a page; remembers what the browser complained of."""

    context: BrowserContext
    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.address}{path}")

    def shoot(self, name: str) -> None:
        """Keep the present page in both themes and both widths."""
        SHOTS.mkdir(exist_ok=True)
        for width, size in SIZES.items():
            self.page.set_viewport_size(size)
            for theme in THEMES:
                self.page.emulate_media(color_scheme=theme)
                # Hiding the caret would leave a style on every input, and a swap would carry it on against the policy.
                self.page.screenshot(path=SHOTS / f"{name}-{width}-{theme}.png", caret="initial")
            overflow = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert overflow <= 0, f"{name} scrolls sideways by {overflow} px at {width} px"
        self.page.set_viewport_size(SIZES["1440"])
        self.page.emulate_media(color_scheme="light")


def sign_in(browser: Browser, address: str, name: str, *, javascript: bool = True) -> Person:
    # Colours change at once, so that neither a picture nor a contrast check catches them half-way.
    context = browser.new_context(
        viewport=SIZES["1440"], java_script_enabled=javascript, reduced_motion="reduce"
    )
    person = Person(context, context.new_page(), address)
    person.page.on("console", lambda m: person.complaints.append(m.text) if m.type == "error" else None)
    person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
    person.go("/sign-in/")
    person.page.get_by_label("Email").fill(f"{name}@nordlys.example")
    person.page.get_by_label("Password", exact=True).fill(PASSWORD)
    person.page.keyboard.press("Enter")
    person.page.wait_for_url(lambda url: "sign-in" not in url)
    return person
