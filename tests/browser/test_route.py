"""The whole route in a real browser on the demo account, by the people whose job each stop is."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.browser.demo import FLAGS, Person, running_demo, sign_in

HOME = "/m/nordlys/"
# The slowest stop is the sandbox run, which keeps to the made-up account's own request limits.
PATIENCE_MS = 360_000
MOST_KEYS = 400


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running_demo() as found:
        yield found


def check_accessible(person: Person, name: str) -> None:
    """No violation of WCAG A and AA in either theme."""
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    for theme in ("light", "dark"):
        person.page.emulate_media(color_scheme=theme)
        found = Axe().run(person.page, options=options)
        assert found.violations_count == 0, f"{name}, {theme}: {found.generate_report()}"
    person.page.emulate_media(color_scheme="light")


def seen(person: Person) -> str:
    """What tells that something happened: the address and the counts at the top of the page."""
    try:
        counts = person.page.locator("#progress, #summary, h1").all_inner_texts()
    except PlaywrightError:
        # The page is just being left for the next one.
        return "on the way"
    return " ".join([person.page.url, *counts])


def press_and_wait(person: Person, key: str) -> None:
    """One key, and the time that a person takes to see what it did."""
    before = seen(person)
    person.page.keyboard.press(key)
    for _ in range(60):
        person.page.wait_for_timeout(50)
        if seen(person) != before:
            return


def look(person: Person, name: str) -> None:
    person.shoot(name)
    check_accessible(person, name)


def discover(erik: Person) -> None:
    erik.go(f"{HOME}discovery/")
    look(erik, "discovery-empty")
    erik.page.get_by_role("button", name="Start the discovery").click()
    expect(erik.page.get_by_text("Phases", exact=True)).to_be_visible()
    erik.shoot("discovery-running")
    expect(erik.page.get_by_text(re.compile("Found 2,400 profiles")).first).to_be_visible(timeout=PATIENCE_MS)
    look(erik, "discovery")


def clear_queue(sofia: Person) -> None:
    """By keyboard alone: Enter accepts what is suggested, Z takes it back."""
    sofia.go(f"{HOME}queue/")
    look(sofia, "queue")
    left = sofia.page.locator("#progress")
    total = int(re.search(r"0 of (\d+)", left.inner_text())[1])  # type: ignore[index]
    sofia.page.keyboard.press("Enter")
    expect(left).to_contain_text(f"1 of {total} decided")
    sofia.page.keyboard.press("z")
    expect(left).to_contain_text(f"0 of {total} decided")
    for kind in ("no-name", "duplicates", "type-conflicts", "tags"):
        sofia.go(f"{HOME}queue/{kind}/")
        look(sofia, f"queue-{kind}")
    sofia.go(f"{HOME}queue/")
    for _ in range(MOST_KEYS):
        if f"{total} of {total} decided" in seen(sofia) or "Queue clear" in seen(sofia):
            break
        press_and_wait(sofia, "Enter")
    sofia.go(HOME)
    expect(sofia.page.get_by_text(f"All {total} cases are decided")).to_be_visible()
    sofia.go(f"{HOME}queue/history/")
    look(sofia, "queue-history")


def open_drawn_rows(erik: Person) -> None:
    """The approval is locked until each drawn row was opened; L says that it was looked at."""
    expect(erik.page.get_by_role("button", name=re.compile(r"Approve \d+ field"))).to_have_count(0)
    erik.page.get_by_role("link", name=re.compile("^Open ")).first.click()
    for number in range(1, 6):
        expect(
            erik.page.get_by_text(f"Drawn row {number} of 5").or_(erik.page.get_by_text("All opened"))
        ).to_be_visible()
        if number == 1:
            look(erik, "map-bulk-look")
        erik.page.keyboard.press("l")
    expect(erik.page.get_by_text("All opened")).to_be_visible()
    look(erik, "map-bulk-opened")


def take_second_looks(erik: Person) -> None:
    """By keyboard: a number chooses, Enter answers, Enter goes on."""
    erik.go(f"{HOME}map/second-look/")
    look(erik, "map-second-look")
    while erik.page.get_by_role("button", name="This one").count():
        erik.page.keyboard.press("1")
        erik.page.keyboard.press("Enter")
        expect(erik.page.get_by_text(re.compile(r"\d+ of \d+ agreed"))).to_be_visible()
        expect(erik.page.get_by_text("You chose", exact=True)).to_be_visible()
        look(erik, "map-second-look-told")
        erik.page.keyboard.press("Enter")
        erik.go(f"{HOME}map/second-look/")


def approve_map(erik: Person) -> None:
    erik.go(f"{HOME}map/")
    look(erik, "map")
    erik.page.get_by_role("button", name=re.compile(r"Approve \d+ fields")).click()
    look(erik, "map-bulk")
    open_drawn_rows(erik)
    erik.page.get_by_role("button", name=re.compile(r"Approve \d+ field")).last.click()
    take_second_looks(erik)
    erik.go(f"{HOME}map/")
    for _ in range(MOST_KEYS):
        if re.search(r"\b0 left", erik.page.inner_text("#summary")):
            break
        press_and_wait(erik, "a")
    erik.go(f"{HOME}map/")
    erik.page.get_by_role("link", name=re.compile("Sign off")).click()
    look(erik, "map-sign-off")
    erik.page.get_by_role("button", name=re.compile("Sign off")).click()
    erik.go(f"{HOME}map/")
    look(erik, "map-signed")


def run_in_sandbox(erik: Person) -> None:
    erik.go(f"{HOME}runs/new/")
    look(erik, "run-new")
    erik.page.get_by_role("button", name="Compute the plan").click()
    approve = erik.page.get_by_role("button", name=re.compile(r"Write [\d,]+ Persons"))
    expect(approve).to_be_visible(timeout=PATIENCE_MS)
    look(erik, "run-plan")
    approve.click()
    erik.page.wait_for_timeout(4000)
    expect(erik.page.get_by_text("Writing to Nordlys Outdoor Sandbox").first).to_be_visible()
    erik.shoot("run-live")
    expect(erik.page.get_by_text(re.compile("Every row is accounted for")).first).to_be_visible(
        timeout=PATIENCE_MS
    )
    look(erik, "run-finished")
    erik.page.goto(f"{erik.page.url.split('?')[0].rstrip('/')}/report/")
    expect(erik.page.get_by_text(re.compile("2,400 profiles read")).first).to_be_visible()
    look(erik, "report")


def roll_back(henrik: Person) -> None:
    henrik.go(f"{HOME}runs/")
    look(henrik, "runs")
    henrik.page.get_by_role("link", name=re.compile("Roll back|Rollback")).first.click()
    look(henrik, "rollback-start")
    henrik.page.get_by_role("button", name=re.compile("preview", re.IGNORECASE)).click()
    typed = henrik.page.get_by_label(re.compile("Type the number of records"))
    expect(typed).to_be_visible(timeout=PATIENCE_MS)
    look(henrik, "rollback-preview")
    label = henrik.page.locator("label[for=id_typed]").inner_text()
    typed.fill(re.search(r"([\d,]+)$", label)[1])  # type: ignore[index]
    henrik.page.get_by_role("button", name=re.compile(r"Roll back [\d,]+ records")).click()
    expect(henrik.page.get_by_text(re.compile(r"Rolled back [\d,]+ records")).first).to_be_visible(
        timeout=PATIENCE_MS
    )
    henrik.shoot("rollback-finished")


def test_four_people_walk_the_route_from_discovery_to_rollback(browser: Browser, address: str) -> None:
    erik = sign_in(browser, address, "erik")
    erik.go(HOME)
    look(erik, "home-start")
    discover(erik)
    sofia = sign_in(browser, address, "sofia")
    sofia.go(HOME)
    look(sofia, "home-admin")
    clear_queue(sofia)
    approve_map(erik)
    run_in_sandbox(erik)
    henrik = sign_in(browser, address, "henrik")
    roll_back(henrik)
    for name, path in (("trail", "trail/"), ("connections", "connections/"), ("home-end", "")):
        henrik.go(f"{HOME}{path}")
        look(henrik, name)
    aino = sign_in(browser, address, "aino")
    aino.go(f"{HOME}runs/new/")
    expect(aino.page.get_by_role("button", name="Compute the plan")).to_have_count(0)
    assert [*erik.complaints, *sofia.complaints, *henrik.complaints, *aino.complaints] == []


def test_the_screens_work_without_javascript(browser: Browser, address: str) -> None:
    """Runs after the walk: decides one case anew, and reads every stop by plain links and forms."""
    sofia = sign_in(browser, address, "sofia", javascript=False)
    sofia.go(f"{HOME}queue/history/")
    sofia.page.get_by_role("button", name=re.compile("Undo")).first.click()
    sofia.go(f"{HOME}queue/")
    expect(sofia.page.get_by_text("1 left").first).to_be_visible()
    sofia.page.locator("[data-row] a").first.click()
    sofia.page.get_by_role("button", name=re.compile("Accept")).first.click()
    sofia.go(HOME)
    expect(sofia.page.get_by_text("cases are decided").first).to_be_visible()
    for path in ("discovery/", "map/", "runs/", "trail/", "connections/"):
        sofia.go(f"{HOME}{path}")
        expect(sofia.page.locator("h1")).to_be_visible()
