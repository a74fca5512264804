"""A dispatcher at the console: from an incident that appears to one that is closed, and when the line is cut."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from browser.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

AXE = Path(__file__).parents[2] / "pages/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag22aa"]
APPEARS_MS = 90_000
ARRIVES_MS = 180_000
STALE_MS = 8_000


def test_an_incident_appears_is_attended_and_closed(console: Page) -> None:
    console.evaluate("window.since = 'the first load'")
    title = _take_the_next_incident(console)
    _watch_its_clip(console)
    unit = _assign_by_key(console)
    _see_it_drive(console, unit)
    expect(_units_on_it(console).filter(has_text="on scene")).to_be_visible(timeout=ARRIVES_MS)
    _close_as_confirmed(console)
    expect(_queue(console).get_by_role("button").filter(has_text=title).filter(has_text="confirmed")).to_be_visible()
    assert console.evaluate("window.since") == "the first load"


def test_what_was_done_can_be_taken_back(console: Page) -> None:
    _take_the_next_incident(console)
    _close_as_confirmed(console, and_look=False)
    console.keyboard.press("z")
    expect(_panel(console).get_by_text("Waits for the desk")).to_be_visible()


def test_a_note_stands_on_the_timeline(console: Page) -> None:
    _take_the_next_incident(console)
    console.keyboard.press("n")
    console.keyboard.type("Gate 4 is open, and a key like x is only a letter here")
    console.keyboard.press("Enter")
    expect(_panel(console).get_by_text("Gate 4 is open")).to_be_visible()


def test_the_finder_leads_to_a_unit(console: Page) -> None:
    unit = _units(console)[0]["name"]
    console.keyboard.press("Control+k")
    console.keyboard.type(unit)
    console.keyboard.press("Enter")
    expect(console.get_by_role("complementary", name=unit)).to_be_visible()
    console.keyboard.press("Escape")
    expect(console.get_by_role("complementary")).to_have_count(0)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing(console: Page, theme: str) -> None:
    console.evaluate("theme => localStorage.setItem('saqta-theme', theme)", theme)
    console.reload()
    console.get_by_text("Live", exact=True).wait_for()
    assert console.locator("html").get_attribute("data-theme") == theme
    _take_the_next_incident(console)
    console.keyboard.press("x")
    assert _violations(console) == []
    console.keyboard.press("Escape")
    for key, dialog in (("?", "Keys"), ("Control+k", "Find anything")):
        console.keyboard.press(key)
        expect(console.get_by_role("dialog", name=dialog)).to_be_visible()
        assert _violations(console) == []
        console.keyboard.press("Escape")


def test_axe_finds_nothing_at_the_door(context: BrowserContext, server: Server) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/sign-in?link=spent")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("used already or is too old")
    assert _violations(page) == []


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (3840, 2160)])
def test_nothing_sticks_out(console: Page, size: tuple[int, int]) -> None:
    console.set_viewport_size({"width": size[0], "height": size[1]})
    _take_the_next_incident(console)
    console.keyboard.press("x")
    assert console.evaluate(STICKING_OUT) == []


def test_old_is_never_shown_as_live(console: Page, server: Server) -> None:
    """The last of the module: it stops the server."""
    _take_the_next_incident(console)
    server.stop()
    expect(console.get_by_role("alert").filter(has_text="Not live: this is how it stood at")).to_be_visible(
        timeout=STALE_MS
    )
    for button in _panel(console).get_by_role("contentinfo").get_by_role("button").all():
        expect(button).to_be_disabled()
    age = _queue(console).get_by_role("button").first.inner_text()
    console.wait_for_timeout(2_500)
    assert _queue(console).get_by_role("button").first.inner_text() == age, (
        "clocks stand still on a board that is not live"
    )
    assert _violations(console) == []


STICKING_OUT = """() => [...document.querySelectorAll('body *')].filter(element => {
  const box = element.getBoundingClientRect()
  const clips = element.closest('.list, .body, .unseen, .canvas, [class*=cut], .title, .where') !== null
  return !clips && box.width > 0 && (box.right > innerWidth + 0.5 || box.bottom > innerHeight + 0.5)
}).map(element => element.outerHTML.slice(0, 120))"""


def _queue(page: Page) -> Locator:
    return page.get_by_role("region", name="Incidents")


def _panel(page: Page) -> Locator:
    return page.get_by_role("region", name="Incident", exact=True)


def _units_on_it(page: Page) -> Locator:
    return _panel(page).locator("section").filter(has_text="On this incident")


def _take_the_next_incident(page: Page) -> str:
    """Waits for an incident that nobody touched, opens it with the keyboard, acknowledges it; returns its title."""
    row = _queue(page).get_by_role("listitem").filter(has=page.locator(".title.untouched")).first
    row.wait_for(timeout=APPEARS_MS)
    row.get_by_role("button").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("c")
    expect(_panel(page).get_by_role("button", name="Acknowledge")).to_have_count(0)
    return _panel(page).get_by_role("heading", level=1).inner_text()


def _watch_its_clip(page: Page) -> None:
    play = _panel(page).get_by_role("button", name="Play the clip")
    play.wait_for(timeout=APPEARS_MS)
    page.keyboard.press("v")
    video = _panel(page).locator("video")
    video.wait_for()
    page.wait_for_function("() => document.querySelector('video')?.currentTime > 0.5", timeout=20_000)


def _assign_by_key(page: Page) -> str:
    button = _panel(page).get_by_role("button", name=re.compile("^Assign .+A$")).first
    button.wait_for(timeout=APPEARS_MS)
    page.keyboard.press("a")
    expect(page.get_by_role("status").filter(has_text="is assigned to")).to_be_visible()
    return _units_on_it(page).get_by_role("listitem").first.get_by_role("button").first.inner_text()


def _see_it_drive(page: Page, name: str) -> None:
    expect(_units_on_it(page).filter(has_text=re.compile("en route|on scene"))).to_be_visible(timeout=ARRIVES_MS)
    places = set()
    for _ in range(60):
        places.add(_place_of(page, name))
        if len(places) >= 3:
            return
        page.wait_for_timeout(500)
    pytest.fail(f"{name} did not move: {places}")


def _place_of(page: Page, name: str) -> tuple[float, float]:
    place = next(unit["place"] for unit in _units(page) if unit["name"] == name)
    return place["lat"], place["lon"]


def _units(page: Page) -> list[dict[str, Any]]:
    units: list[dict[str, Any]] = page.evaluate("async () => (await (await fetch('/api/v1/units')).json()).items")
    return units


def _close_as_confirmed(page: Page, and_look: bool = True) -> None:
    page.keyboard.press("x")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="closed: confirmed")).to_be_visible()
    if and_look:
        page.keyboard.press("h")


def _violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "async rules => (await axe.run(document, {runOnly: {type: 'tag', values: rules}})).violations", RULES
    )
    return [f"{one['id']}: {node['html'][:160]} {node['failureSummary']}" for one in found for node in one["nodes"]]
