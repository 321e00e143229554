"""Clearing the queue in a real browser: two hundred by keys alone, a held key, a lost network, two people, undo."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Request, Route, expect

from migrator.models import Project
from reconciliation.models import Decision, ReviewItem
from tests import factories_reconciliation as made
from tests.browser.visitors import Visitor, posts, settled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.slow]
QUEUE, LIST = "/m/nordlys/queue/", "/m/nordlys/queue/no-email/"
# Keys of the second way out of each kind, and what it is called; all other cases take the suggestion.
OTHER_WAY = {
    "no-email": (("s", "Enter"), "skip"),
    "no-name": (("s", "Enter"), "skip"),
    "duplicates": (("n",), "keep_apart"),
    "tags": (("s",), "drop"),
    "organizations": (("n",), "keep_apart"),
    "consents": (("m",), "restrict_all"),
}
THINKING_S, MINUTES = 1.2, 10
# Counts what a mouse or a finger would cause, over all pages of a tab.
WATCH_POINTERS = """addEventListener("pointerdown", () => {
    sessionStorage.pointers = 1 + +(sessionStorage.pointers || 0); }, true);"""


def alone(project: Project, count: int, **known: Any) -> list[ReviewItem]:
    """Profiles without an email that take the same suggestion."""
    cases = [
        made.no_email(f"profile-{n:03}", name=f"Profile {n:03}", event_count=n % 9, **known)
        for n in range(count)
    ]
    return [made.make_item(project, case) for case in cases]


def two_hundred(project: Project) -> None:
    alone(project, 110)
    for n in range(30):
        made.make_item(project, made.no_name(f"nameless-{n}", company=f"Hagen Fritid {n}"))
        made.make_item(project, made.rare_tag(f"tag-{n}", 3, [(f"Tag {n}!", 80)]))
    for n in range(15):
        pair = (made.member(f"a{n}", f"Karin Holm {n}"), made.member(f"b{n}", f"Karin Holm {n}"))
        made.make_item(project, made.duplicate(*pair, key=f"email:karin{n}@example.com"))
    for n in range(10):
        both = (made.company(f"Hagen {n} AS", 9), made.company(f"HAGEN {n}", 4))
        made.make_item(project, made.organizations(*both, key=f"company:hagen {n}"))
    for n in range(5):
        made.make_item(project, made.consents(f"email:pattern-{n}"))


def names_in_order(person: Visitor) -> list[str]:
    rows = person.page.locator("[data-row]:not([hidden])")
    return [str(row.get_attribute("data-name")) for row in rows.all()]


def decided() -> Counter[str]:
    return Counter(ReviewItem.objects.exclude(state="open").values_list("title", flat=True))


def test_two_hundred_cases_are_cleared_by_keys_alone_in_less_than_ten_minutes(
    sofia: Visitor, project: Project
) -> None:
    """A person who thinks 1.2 s before each key: the keys are counted, and nobody waits here."""
    two_hundred(project)
    assert ReviewItem.objects.count() == 200
    sofia.page.add_init_script(WATCH_POINTERS)
    sofia.go(LIST)
    wanted, keys = cleared(sofia, 200)
    assert dict(ReviewItem.objects.values_list("pk", "action")) == wanted
    assert Decision.objects.count() == 200
    assert sofia.page.evaluate("sessionStorage.pointers || 0") == 0
    assert keys * THINKING_S < MINUTES * 60
    sofia.go(QUEUE)
    expect(sofia.page.get_by_role("heading", name="Queue clear").first).to_be_visible()


def cleared(person: Visitor, count: int) -> tuple[dict[int, str], int]:
    """What was decided of each case, every fourth in another way than suggested; and how many keys that took."""
    page, keys, wanted = person.page, 0, dict[int, str]()
    current = page.locator("[data-row][data-current]:not([hidden])")
    while len(wanted) < count:
        if not current.count():
            settled(person)  # a page that still sends warns before it is left
            page.locator("a[data-focus-next]").first.press("Enter")
            keys += 1
            expect(current).to_have_count(1)
        row = int(str(current.get_attribute("id")).removeprefix("row-"))
        expect(page.locator(f"#inspector [data-for='row-{row}']").first).to_be_attached()
        pressed, wanted[row] = way_out(row, is_other=len(wanted) % 4 == 3)
        for key in pressed:
            page.keyboard.press(key)
        keys += len(pressed)
        expect(page.locator(f"#row-{row}:not([hidden])")).to_have_count(0)
    settled(person)
    return wanted, keys


def way_out(pk: int, *, is_other: bool) -> tuple[tuple[str, ...], str]:
    """The keys to press, and what they decide."""
    item = ReviewItem.objects.get(pk=pk)
    return OTHER_WAY[item.kind] if is_other else (("Enter",), item.suggested_action)


def test_a_held_key_saves_every_decision_once_and_in_the_order_of_the_list(
    sofia: Visitor, project: Project
) -> None:
    alone(project, 45)
    sofia.go(LIST)
    order = names_in_order(sofia)
    rows = sofia.page.locator("[data-row]:not([hidden])")
    while rows.count():
        sofia.page.keyboard.down("Enter")  # again and again without a key that goes up: a repeat
    sofia.page.keyboard.up("Enter")
    settled(sofia)
    assert list(Decision.objects.order_by("pk").values_list("item__title", flat=True)) == order
    assert decided() == Counter(order)
    assert not sofia.focus_is_on_body


def keys_of(requests: list[Request]) -> list[str]:
    return [parse_qs(r.post_data or "")["client_key"][0] for r in requests if "/decide/" in r.url]


def forgive_the_network(person: Visitor) -> None:
    """The browser and htmx note that nobody answered."""
    expected = ("net::ERR_", "htmx:afterRequest", "htmx:sendError")
    person.complaints = [text for text in person.complaints if not any(word in text for word in expected)]


def test_decisions_without_a_network_wait_on_the_page_and_are_sent_with_the_same_keys(
    sofia: Visitor, project: Project
) -> None:
    alone(project, 8)
    sofia.go(LIST)
    sofia.page.wait_for_load_state("networkidle")
    order, sent = names_in_order(sofia), posts(sofia)
    sofia.context.set_offline(True)
    for name in order[:3]:
        sofia.press("Enter")
        expect(sofia.page.locator(f"[data-row][data-name='{name}']:not([hidden])")).to_have_count(0)
    bar = sofia.page.locator("#unsaved")
    expect(bar).to_contain_text("3 decisions are not saved yet")
    assert not Decision.objects.exists()
    sofia.context.set_offline(False)
    bar.locator("[data-retry]").press("Enter")
    settled(sofia)
    expect(bar).to_be_hidden()
    assert list(Decision.objects.order_by("pk").values_list("item__title", flat=True)) == order[:3]
    saved = {str(key) for key in Decision.objects.values_list("client_key", flat=True)}
    assert set(keys_of(sent)) == saved
    assert len(keys_of(sent)) > 3
    forgive_the_network(sofia)


def test_an_answer_that_is_lost_on_the_way_decides_nothing_twice(sofia: Visitor, project: Project) -> None:
    alone(project, 3)
    sofia.go(LIST)
    lost: list[Route] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            return route.continue_()
        lost.append(route)
        route.fetch()
        route.abort()

    sofia.page.route("**/decide/**", lose_the_first)
    sofia.press("Enter")
    settled(sofia)
    assert (len(lost), Decision.objects.count(), sum(decided().values())) == (1, 1, 1)
    expect(sofia.page.locator("#unsaved")).to_be_hidden()
    forgive_the_network(sofia)


def test_of_two_people_at_one_case_the_second_is_told_who_decided_what(
    sofia: Visitor, project: Project, erik: Visitor
) -> None:
    item = alone(project, 2)[0]
    address = f"{LIST}?item={item.pk}"
    sofia.go(address)
    settled(sofia)
    erik.go(address)
    expect(erik.page.locator("#inspector")).to_contain_text("Sofia has this case open")
    take_over = erik.page.get_by_role("button", name="Take it over")
    take_over.press("Enter")
    expect(take_over).to_have_count(0)
    erik.page.keyboard.press("s")
    expect(erik.page.get_by_label("Reason to skip")).to_be_focused()
    erik.press("Enter")
    settled(erik)
    sofia.press("Enter")
    expect(sofia.page.locator("#inspector [role=alert]")).to_contain_text("Erik chose Skip")
    item.refresh_from_db()
    assert (item.action, item.decided_by, Decision.objects.count()) == ("skip", erik.user, 1)
    sofia.page.get_by_role("button", name="Use mine").press("Enter")
    settled(sofia)
    item.refresh_from_db()
    assert (item.action, item.decided_by) == ("name_only", sofia.user)


def state() -> list[Any]:
    return list(ReviewItem.objects.order_by("pk").values_list("pk", "state", "action", "args"))


def press_and_wait(person: Visitor, keys: str, is_there: Callable[[], None]) -> None:
    for key in keys:
        person.press(key)
    is_there()
    settled(person)


def test_one_decision_and_twenty_are_undone_by_one_key_each(sofia: Visitor, project: Project) -> None:
    alone(project, 21)
    before = state()
    sofia.go(LIST)
    last, rows = sofia.page.locator("#last"), sofia.page.locator("[data-row]:not([hidden])")
    sofia.press("Enter")
    expect(rows).to_have_count(20)
    settled(sofia)
    press_and_wait(sofia, "z", lambda: expect(rows).to_have_count(21))
    assert state() == before
    sofia.press("Enter")
    expect(rows).to_have_count(20)
    settled(sofia)
    press_and_wait(sofia, "an", lambda: expect(rows).to_have_count(0))
    assert ReviewItem.objects.filter(state="decided").count() == 21
    expect(last).to_contain_text("20")
    press_and_wait(sofia, "z", lambda: expect(rows).to_have_count(20))
    assert ReviewItem.objects.filter(state="decided").count() == 1
