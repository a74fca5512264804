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
PLAYS = """(video, waitMs) => new Promise((seen) => {
  setTimeout(() => seen(false), waitMs)
  setInterval(() => video.currentTime > 0.5 && seen(true), 50)
})"""
TRIES_MAX = 5
STALE_MS = 8_000


def test_an_incident_appears_is_attended_and_closed(console: Page) -> None:
    console.evaluate("window.since = 'the first load'")
    title = _take_the_next_incident(console)
    _watch_its_clip(console)
    unit = _assign_by_key(console)
    _see_it_drive(console, unit)
    expect(_units_on_it(console).filter(has_text="on scene")).to_be_visible(timeout=ARRIVES_MS)
    _close_as_confirmed(console)
    _take_the_closing_back(console)
    _close_as_confirmed(console)
    console.keyboard.press("h")
    expect(_queue(console).get_by_role("button").filter(has_text=title).filter(has_text="confirmed")).to_be_visible()
    assert console.evaluate("window.since") == "the first load"


def test_a_note_stands_on_the_timeline(console: Page) -> None:
    _open_an_incident(console)
    console.keyboard.press("n")
    console.keyboard.type("Gate 4 is open, and a key like x is only a letter here")
    console.keyboard.press("Enter")
    expect(_panel(console).get_by_text("Gate 4 is open")).to_be_visible()


def test_the_finder_leads_to_a_unit(console: Page) -> None:
    card = _find_a_unit(console)
    expect(card.get_by_text(re.compile(r"\d\d:\d\d ago"))).to_be_visible()
    console.keyboard.press("Escape")
    expect(card).to_have_count(0)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing(console: Page, theme: str) -> None:
    console.evaluate("theme => localStorage.setItem('saqta-theme', theme)", theme)
    console.reload()
    console.get_by_text("Live", exact=True).wait_for()
    assert console.locator("html").get_attribute("data-theme") == theme
    _open_an_incident(console)
    console.keyboard.press("n")
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
    _open_an_incident(console)
    console.keyboard.press("n")
    assert console.evaluate(STICKING_OUT) == []


def test_old_is_never_shown_as_live(console: Page, server: Server) -> None:
    """The last of the module: it stops the server."""
    _open_an_incident(console)
    card = _find_a_unit(console)
    server.stop()
    expect(console.get_by_role("alert").filter(has_text="Not live: this is how it stood at")).to_be_visible(
        timeout=STALE_MS
    )
    commands = _panel(console).locator("footer").get_by_role("button")
    assert commands.count() > 0
    assert [each.is_disabled() for each in commands.all()] == [True] * commands.count()
    told = card.inner_text()
    console.wait_for_timeout(2_500)
    assert card.inner_text() == told, "the ages of what is not live stand still"
    assert _violations(console) == []


QUICK_HAND = """timeoutMs => new Promise((done, failed) => {
  const until = performance.now() + timeoutMs
  const look = () => {
    const titles = [...document.querySelectorAll('.queue .title.untouched')]
    const row = titles.find(title => !title.textContent.includes('campaign'))?.closest('button')
    if (!row) return performance.now() < until ? setTimeout(look, 10) : failed(new Error('no new incident appeared'))
    row.click()
    setTimeout(() => done(window.dispatchEvent(new KeyboardEvent('keydown', {key: 'c', code: 'KeyC'}))))
  }
  look()
})"""
"""Opens the first incident of a camera that nobody touched and presses the key that acknowledges it, all in the page:
the simulated desk waits for two seconds only."""

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


def _open_an_incident(page: Page) -> None:
    """Opens the first incident of the queue, or of the closed ones where none is open."""
    page.get_by_role("tab").filter(has_text=re.compile("[1-9]")).first.click(timeout=APPEARS_MS)
    _queue(page).get_by_role("listitem").first.get_by_role("button").click()
    expect(_panel(page).get_by_role("listitem").filter(has=page.locator("time")).first).to_be_visible()


def _find_a_unit(page: Page) -> Locator:
    """Opens the card of a unit by its name."""
    unit = _units(page)[0]["name"]
    page.keyboard.press("Control+k")
    page.keyboard.type(unit)
    page.keyboard.press("Enter")
    card = page.get_by_role("complementary", name=unit)
    expect(card).to_be_visible()
    return card


def _take_the_next_incident(page: Page) -> str:
    """Waits for an incident that nobody touched and takes it before the simulated desk does; returns its title."""
    handled = _panel(page).get_by_text("Handled by")
    for _ in range(TRIES_MAX):
        page.evaluate(QUICK_HAND, APPEARS_MS)
        handled.wait_for()
        if "desk" not in handled.inner_text():
            return _panel(page).get_by_role("heading", level=1).inner_text()
        page.keyboard.press("Escape")
    pytest.fail(f"the simulated desk was faster {TRIES_MAX} times")


def _watch_its_clip(page: Page) -> None:
    play = _panel(page).get_by_role("button", name="Play the clip")
    play.wait_for(timeout=APPEARS_MS)
    page.keyboard.press("v")
    video = _panel(page).locator("video")
    video.wait_for()
    assert video.evaluate(PLAYS, 20_000), "the clip does not play"


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


def _close_as_confirmed(page: Page) -> None:
    page.keyboard.press("x")
    page.keyboard.press("1")
    assert _violations(page) == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="closed: confirmed")).to_be_visible()


def _take_the_closing_back(page: Page) -> None:
    page.keyboard.press("z")
    expect(_panel(page).get_by_text("Waits for the desk")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="goes on")).to_be_visible()


def _violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "async rules => (await axe.run(document, {runOnly: {type: 'tag', values: rules}})).violations", RULES
    )
    return [f"{one['id']}: {node['html'][:160]} {node['failureSummary']}" for one in found for node in one["nodes"]]
